"""An office served from one command: code server, daemon and pages of Dagster as processes of their own, watched.

Which processes run, with what, and how they end belongs here; Dagster itself is only started, never imported. A
process that dies is started again, a few times; at the end none is left.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from dagster_project.errors import KhoError
from dagster_project.limits import adopt_orphans, children, dying_with_parent
from dagster_project.paths import DataFolder

#: Only what runs our code needs them.
_SECRETS = ("KHO_SMTP_PASSWORD", "KHO_LEDGER_URL", "KHO_POSTGRES_URL")
_RESTARTS = 5
_LOOK_SECONDS = 0.5
_PAUSE = 0.1


@dataclass
class Part:
    """One process: how it is started, and the one that runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    socket: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class Services:
    """The processes of Dagster for one data folder, each in a session with whatever it starts."""

    parts: list[Part] = field(default_factory=list)
    sessions: list[int] = field(default_factory=list)

    def watch(self, is_over: Event, on_restart: Callable[[str], None]) -> None:
        """Look after the processes until ``is_over``; raises ``KhoError`` where one dies again and again."""
        while not is_over.wait(_LOOK_SECONDS):
            for part in self.parts:
                if part.process is not None and part.process.poll() is not None:
                    if part.starts > _RESTARTS:
                        raise KhoError("serve.part_died", name=part.name, log=part.log)
                    on_restart(part.name)
                    self.start(part)
            self._left(but={part.process.pid for part in self.parts if part.process is not None})

    def stop(self, seconds: float) -> None:
        """Ask every process to end, with what it started; what is still there after ``seconds`` is killed."""
        give_up = time.monotonic() + seconds
        for session in reversed(self.sessions):
            with suppress(ProcessLookupError):
                os.killpg(session, signal.SIGINT)
        while self._left() and time.monotonic() < give_up:
            time.sleep(_PAUSE)
        # One that is killed leaves its own children to us, and they come next.
        while left := self._left():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_PAUSE)
        for part in self.parts:
            if part.process is not None:
                part.process.poll()

    def start(self, part: Part) -> None:
        """Start one process, or start it again; what it leaves behind becomes ours."""
        adopt_orphans()
        if part.socket is not None:
            part.socket.unlink(missing_ok=True)
        with part.log.open("ab") as log:
            part.process = subprocess.Popen(  # noqa: S603 - this interpreter, modules of our own and of Dagster
                part.command,
                env=dict(part.environment),
                cwd=part.log.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal is ours to pass on.
                start_new_session=True,
                preexec_fn=dying_with_parent(),  # noqa: PLW1509 - one call into the kernel, nothing that could wait
            )
        self.sessions.append(part.process.pid)
        part.starts += 1

    def _left(self, but: Collection[int] = ()) -> list[int]:
        """Take note of processes of ours that ended; those that did not."""
        return [
            pid for pid in children(self.sessions) if pid not in but and os.waitpid(pid, os.WNOHANG)[0] == 0
        ]


@contextmanager
def services(
    folder: DataFolder,
    environment: Mapping[str, str],
    *,
    host: str,
    port: int,
    work: Path,
    stop_seconds: float,
    is_over: Event,
) -> Iterator[Services]:
    """Start the processes; they are stopped when the block ends, however it ends.

    ``environment`` tells them where the office lies; ``work`` is a folder for the socket between them, whose path is
    short. Nothing but Dagster's pages listens on the network, on ``host`` and ``port``.
    """
    socket = work / "code.sock"
    workspace = work / "workspace.yaml"
    location = {"grpc_server": {"socket": str(socket), "location_name": "kho"}}
    workspace.write_text(json.dumps({"load_from": [location]}), encoding="utf-8")
    bare = {name: value for name, value in environment.items() if name not in _SECRETS}
    code = ("dagster", "api", "grpc", "--socket", str(socket), "--module-name", "dagster_project.definitions")
    told = ("--attribute", "defs", "--location-name", "kho", "--log-level", "warning")
    pages = ("dagster_webserver", "--host", host, "--port", str(port), "--dagster-log-level", "warning")
    running = Services()
    for name, arguments, own in (
        ("code", (*code, *told), environment),
        ("daemon", ("dagster._daemon", "run", "--log-level", "warning", "-w", str(workspace)), bare),
        ("pages", (*pages, "-w", str(workspace)), bare),
    ):
        part = Part(name, (sys.executable, "-m", *arguments), own, folder.logs / f"serve-{name}.log")
        part.socket = socket if name == "code" else None
        running.parts.append(part)
    try:
        for part in running.parts:
            part.log.unlink(missing_ok=True)
            running.start(part)
            if part.socket is not None:
                # The others would start without any code to look at.
                _wait_for(part.socket, part, is_over)
        yield running
    finally:
        running.stop(stop_seconds)


def _wait_for(socket: Path, part: Part, is_over: Event) -> None:
    """Until the code is loaded, or its process ended, which ``watch`` then sees."""
    while not socket.exists() and not is_over.wait(_PAUSE):
        if part.process is None or part.process.poll() is not None:
            return
