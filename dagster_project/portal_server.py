"""The exported documents over HTTP, for people on this machine: a first page per language, files as they lie.

Reads the folder ``exports`` and the pointer to the current release at each request; makes and changes nothing. Which
pages a portal has is told in ``reports.portal``.
"""

from __future__ import annotations

import html
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import chain
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote, urlsplit

from dagster_project.ledger.rounds import FixedRound, Rounds, read_rounds
from dagster_project.ledger.store import open_ledger
from dagster_project.messages import message
from dagster_project.pipeline import Desk
from dagster_project.reports.export import PORTAL, exported_files
from dagster_project.reports.safe import file_part
from dagster_project.warehouse.releases import current_release

_STYLE = (
    "body{font:1.1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2733}"
    "h1{font-size:1.6rem}a{color:#0b5cad}.mark{background:#fff3cd;border:1px solid #d9b44a;padding:.3rem .8rem}"
)


class PortalServer(ThreadingHTTPServer):
    """A server of one office's documents; ``port`` 0 takes a free one."""

    daemon_threads = True

    def __init__(self, desk: Desk, host: str, port: int, links: Callable[[], list[tuple[str, str]]]) -> None:
        self.address_family = family_of(host)
        handler = partial(_Handler, desk=desk, links=links, is_open=not is_loopback(host))
        super().__init__((host, port), handler)

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return web_address(host if isinstance(host, str) else host.decode(), port)


def family_of(host: str) -> socket.AddressFamily:
    """How an address is listened on: only one of IPv6 has colons."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def web_address(host: str, port: int) -> str:
    """Where a browser finds what listens on ``host`` and ``port``."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Handler(SimpleHTTPRequestHandler):
    server_version = "kho"
    sys_version = ""

    def __init__(
        self, *asked: object, desk: Desk, links: Callable[[], list[tuple[str, str]]], is_open: bool
    ) -> None:
        self._desk, self._links, self._is_open = desk, links, is_open
        super().__init__(*asked, directory=str(desk.folder.exports))  # type: ignore[arg-type]  # the server's own

    def do_GET(self) -> None:
        if self._is_ours():
            self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        if self._is_ours():
            self._answer(super().do_HEAD)

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """What people look at is not written down."""

    def list_directory(self, _path: object) -> None:
        self.send_error(HTTPStatus.NOT_FOUND)

    def _answer(self, send_file: Callable[[], None]) -> None:
        path = unquote(urlsplit(self.path).path)
        if path == "/":
            self._send_page()
        elif any(part.startswith(".") for part in PurePosixPath(path).parts) or not self._is_inside():
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            send_file()

    def _is_inside(self) -> bool:
        top = self._desk.folder.exports.resolve()
        return Path(self.translate_path(self.path)).resolve().is_relative_to(top)

    def _is_ours(self) -> bool:
        """On this machine only: a page from elsewhere must not read through a name that it points here."""
        told = self.headers.get("Host", "")
        name = urlsplit(f"//{told}").hostname or ""
        if self._is_open or is_loopback(name):
            return True
        self.send_error(HTTPStatus.FORBIDDEN)
        return False

    def _send_page(self) -> None:
        content = first_page(self._desk, self._links()).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def first_page(desk: Desk, links: list[tuple[str, str]]) -> str:
    """The portals of the current release and those of fixed rounds' own releases, as links."""
    lang = desk.settings.lang
    portals = _portals(desk)
    items = [
        (message("serve.portal_of", lang, round=path.parent.name, release=release), _address(desk, path))
        for release, path in portals
    ]
    mark = (
        f'<p class="mark">{html.escape(message("cli.sample_mark", lang))}</p>'
        if desk.settings.office.is_sample
        else ""
    )
    listed = "".join(
        f'<li><a href="{html.escape(address)}">{html.escape(name)}</a></li>'
        for name, address in [*items, *links]
    )
    none = "" if portals else f"<p>{html.escape(message('serve.no_portal', lang))}</p>"
    title = html.escape(message("serve.title", lang))
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style>'
        f"<body><main><h1>{title}</h1>{mark}{none}<ul>{listed}</ul></main></body></html>"
    )


def _portals(desk: Desk) -> list[tuple[str, Path]]:
    """First pages with their releases: of a fixed round the newest of its own, else that of the current release."""
    own: dict[str, list[str]] = {}
    if desk.settings.has_ledger:
        rounds = read_rounds(open_ledger(desk.settings.ledger))
        own = {file_part(code): _own(rounds, fixed) for code, fixed in rounds.fixed().items()}
    current = current_release(desk.folder)
    releases = [*chain(*own.values()), *([current] if current else [])]
    pages = {release: _exported(desk, release) for release in releases}
    found = {name: (release, page) for release in releases for name, page in pages[release].items()}
    for name, of_round in own.items():
        for release in of_round:
            if name in pages[release]:
                found[name] = (release, pages[release][name])
    return [found[name] for name in sorted(found, reverse=True)]


def _own(rounds: Rounds, fixed: FixedRound) -> list[str]:
    """Releases of the acts since a round was fixed, oldest first; not each of them has documents."""
    acts = [act for act in rounds.acts if act.round_code == fixed.round_code]
    made = [rounds.releases.get(act.number) for act in acts if act.number >= fixed.fixed_by.number]
    return list(filter(None, [fixed.release_id, *made]))


def _exported(desk: Desk, release: str) -> dict[str, Path]:
    """First pages of a release's portals, by the name of their round."""
    files = exported_files(desk.folder.exports / release)
    return {file.path.parent.name: file.path for file in files if file.kind == PORTAL}


def _address(desk: Desk, path: Path) -> str:
    return "/" + quote(path.relative_to(desk.folder.exports).as_posix())
