"""``kho serve``: the portal, the pages of Dagster and its daemon from one command, until it is told to stop.

Options, words and signals belong here; the processes do not (``serve``), nor the portal's pages (``portal_server``).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project.cli_base import HELP_LANG, OPTIONS, office_told
from dagster_project.errors import UsageError
from dagster_project.messages import message

if TYPE_CHECKING:
    from dagster_project.pipeline import Desk
    from dagster_project.serve import Services
    from dagster_project.settings import Settings

_READY_SECONDS = 180
_LAST_PORT = 65535


def _help(code: str) -> str:
    return message(f"serve.help_{code}", HELP_LANG)


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("serve", help=_help("serve"))(serve)


def serve(
    host: Annotated[str, typer.Option("--host", help=_help("host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help=_help("port"), min=1, max=_LAST_PORT)] = 8600,
    dagster_host: Annotated[str, typer.Option("--dagster-host", help=_help("dagster_host"))] = "127.0.0.1",
    dagster_port: Annotated[
        int, typer.Option("--dagster-port", help=_help("dagster_port"), min=1, max=_LAST_PORT)
    ] = 3000,
    stop_seconds: Annotated[float, typer.Option("--stop-seconds", help=_help("stop_seconds"), min=1)] = 20,
) -> None:
    """Serve the office until SIGINT or SIGTERM."""
    from dagster_project.defs.failures import end_dead_runs
    from dagster_project.defs.run import open_instance
    from dagster_project.locks import serve_lock
    from dagster_project.office import make_dagster_home
    from dagster_project.portal_server import web_address
    from dagster_project.serve import services

    desk = office_told()
    desk.folder.make()
    with serve_lock(desk.folder.serve_lock), _stop_asked() as is_over, tempfile.TemporaryDirectory() as work:
        make_dagster_home(desk.folder)
        _check_free(dagster_host, dagster_port)
        end_dead_runs(desk, open_instance(desk.folder))
        pages = web_address(dagster_host, dagster_port)
        with (
            _portal(desk, host, port, pages) as address,
            services(
                desk.folder,
                _environment(desk),
                host=dagster_host,
                port=dagster_port,
                work=Path(work),
                stop_seconds=stop_seconds,
                is_over=is_over,
            ) as running,
        ):
            _say(desk.settings, "portal", address=address)
            for told in {host, dagster_host}:
                _warn_open(desk.settings, told)
            _watch(desk.settings, running, is_over, pages)
            _say(desk.settings, "stopping")
        end_dead_runs(desk, open_instance(desk.folder))
    _say(desk.settings, "stopped")


def _watch(settings: Settings, running: Services, is_over: Event, pages: str) -> None:
    def tell_when_ready() -> None:
        give_up = time.monotonic() + _READY_SECONDS
        while not is_over.wait(0.5) and time.monotonic() < give_up:
            if _answers(f"{pages}server_info"):
                _say(settings, "pages", address=pages)
                return

    Thread(target=tell_when_ready, daemon=True).start()
    running.watch(is_over, lambda name: _say(settings, "restarted", name=name))


def _answers(address: str) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


@contextmanager
def _portal(desk: Desk, host: str, port: int, pages: str) -> Iterator[str]:
    from dagster_project.portal_server import PortalServer

    name = message("serve.pages_name", desk.settings.lang)
    try:
        server = PortalServer(desk, host, port, lambda: [(name, pages)])
    except OSError as error:
        raise UsageError("serve.port_taken", host=host, port=port, detail=error.strerror or error) from error
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()


def _check_free(host: str, port: int) -> None:
    from dagster_project.portal_server import family_of

    with socket.socket(family_of(host)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            detail = error.strerror or error
            raise UsageError("serve.port_taken", host=host, port=port, detail=detail) from error


@contextmanager
def _stop_asked() -> Iterator[Event]:
    """An event that SIGINT and SIGTERM set; the second one no more than the first."""
    is_over = Event()
    kept = {number: signal.signal(number, lambda *_: is_over.set()) for number in _STOPPING}
    try:
        yield is_over
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


_STOPPING = (signal.SIGINT, signal.SIGTERM)


def _environment(desk: Desk) -> dict[str, str]:
    """What the processes are told of where the office lies; they start in another folder than ours."""
    settings = desk.settings
    is_told = OPTIONS.catalogue or os.environ.get("KHO_CATALOGUE")
    return {
        **os.environ,
        "KHO_DATA": str(settings.data),
        "KHO_LANG": settings.lang,
        "DAGSTER_HOME": str(desk.folder.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        **({"KHO_CATALOGUE": str(settings.catalogue)} if is_told else {}),
    }


def _warn_open(settings: Settings, host: str) -> None:
    from dagster_project.portal_server import is_loopback

    if not is_loopback(host):
        sys.stderr.write(message("serve.open", settings.lang, host=host) + "\n")


def _say(settings: Settings, code: str, **values: object) -> None:
    sys.stdout.write(message(f"serve.{code}", settings.lang, **values) + "\n")
    sys.stdout.flush()
