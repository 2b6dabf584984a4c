"""``python -m tests.season.daemon``: the real daemon takes a file that was moved in, and nothing is left of it.

Starts ``kho serve`` on an office of the season's catalogue, moves one form into the inbox, waits for its receipt, stops
the command and looks for what is left. 1 where something is not as it must be.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dagster_project.ledger.notices import list_notices
from dagster_project.ledger.store import open_ledger
from dagster_project.limits import adopt_orphans
from dagster_project.paths import DataFolder
from tests.command import kho_inside
from tests.season.play import Office, fill, open_office

_WAIT_SECONDS = 900
_STOP_SECONDS = 20


def main() -> int:
    """Serve, send, wait, stop, look."""
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        office = open_office(Office, Path(folder))
        assert kho_inside(office.data, "forms", "issue", "--year", "2025").code == 0
        file = fill(office, "BL-KT", "BL-KT.xlsx", 2244)
        ports = [_free_port(), _free_port()]
        served = _serve(office.data, ports)
        try:
            _say("serving")
            file.replace(office.data / "inbox" / file.name)
            begun = time.monotonic()
            while not _is_told(office.data) and time.monotonic() < begun + _WAIT_SECONDS:
                time.sleep(1)
            told = _is_told(office.data)
            _say(f"receipt {'written' if told else 'MISSING'} after {time.monotonic() - begun:.0f} s")
        finally:
            begun = time.monotonic()
            served.send_signal(signal.SIGTERM)
            code = served.wait()
        seconds = time.monotonic() - begun
        is_left = _left()
        open_ports = [port for port in ports if _answers(port)]
        _say(f"stopped in {seconds:.1f} s with code {code}; processes left: {is_left}, ports: {open_ports}")
        return int(
            not (told and code == 0 and seconds < _STOP_SECONDS + 10 and not is_left and not open_ports)
        )


def _serve(data: Path, ports: list[int]) -> subprocess.Popen[bytes]:
    told = ("--data", str(data), "serve", "--port", str(ports[0]), "--dagster-port", str(ports[1]))
    code = "from dagster_project.cli import main; main()"
    served = subprocess.Popen([sys.executable, "-c", code, *told, "--stop-seconds", str(_STOP_SECONDS)])
    give_up = time.monotonic() + _WAIT_SECONDS
    while not all(_answers(port) for port in ports):
        assert served.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.5)
    return served


def _is_told(data: Path) -> bool:
    notices = list_notices(open_ledger(DataFolder(data).ledger_file))
    return any(notice.kind == "receipt" for notice in notices)


def _left() -> bool:
    """Whether something has us for a parent now: whatever outlived the command."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
