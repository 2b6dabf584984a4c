"""What is served on this machine, to whom, and that nothing is left running behind it."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from dagster_project.cli_serve import _environment
from dagster_project.errors import KhoError
from dagster_project.ledger.rounds import RoundAct, add_round_act, add_round_release
from dagster_project.ledger.store import open_ledger
from dagster_project.pipeline import Desk
from dagster_project.portal_server import PortalServer
from dagster_project.serve import Part, Services
from dagster_project.settings import Settings, read_settings
from dagster_project.warehouse.releases import Manifest
from tests.command import kho
from tests.test_notices import NOW

RELEASE = "R0001-0123abcd"
#: Starts a child of its own in a session with itself, tells both ids, and pays no heed to what it is asked.
DEAF = """
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(2, signal.SIG_IGN); signal.pause()"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
child.wait()
"""


def export_portal(data: Path, release: str, round_code: str) -> None:
    """What an export of a round's portal leaves, of the portal its first page."""
    page = f"cong-thong-tin/{round_code}/index.html"
    file = data / "exports" / release / page
    file.parent.mkdir(parents=True)
    file.write_text("<p>Xã Bình Lư</p>", encoding="utf-8")
    index = json.dumps([{"kind": "portal", "path": page, "sha256": ""}])
    (data / "exports" / release / "index.json").write_text(index, encoding="utf-8")


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    export_portal(tmp_path, RELEASE, "T1")
    (folder / ".aside").write_text("half", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / RELEASE / "way-out").symlink_to(tmp_path / "secret.txt")
    release = tmp_path / "releases" / RELEASE
    release.mkdir(parents=True)
    (release / "kho.duckdb").touch()
    manifest = Manifest(RELEASE, NOW.isoformat(), *["0"] * 4, is_sample=False, sha256="0")
    (release / "manifest.json").write_text(json.dumps(manifest.as_json()), encoding="utf-8")
    (tmp_path / "releases" / "CURRENT").write_text(RELEASE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def server(exports: Path) -> Iterator[PortalServer]:
    desk = Desk(settings=Settings(data=exports, catalogue=exports), now=lambda: NOW)
    with PortalServer(desk, "127.0.0.1", 0, lambda: [("Dagster", "http://127.0.0.1:3000/")]) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def ask(server: PortalServer, path: str, host: str = "localhost", method: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request(method, path, headers={"Host": host})
    answer = connection.getresponse()
    return answer.status, answer.read().decode("utf-8", errors="replace")


def test_the_first_page_leads_to_the_portal_of_the_current_release_and_to_dagster(
    server: PortalServer,
) -> None:
    status, page = ask(server, "/")
    assert status == 200
    for word in (
        'href="/R0001-0123abcd/cong-thong-tin/T1/index.html"',
        "T1",
        'href="http://127.0.0.1:3000/"',
    ):
        assert word in page
    assert ask(server, "/R0001-0123abcd/cong-thong-tin/T1/index.html") == (200, "<p>Xã Bình Lư</p>")


def test_a_fixed_round_leads_to_the_newest_documents_that_were_made_of_it(
    server: PortalServer, exports: Path
) -> None:
    """Sent for signature and issued with documents, each in a release of its own; locked without any."""
    ledger = open_ledger(exports / "ledger.sqlite")
    steps = (
        ("sign", "for_signature", "R0002-0123abcd", "R0002-0123abcd"),
        ("issue", "issued", "R0003-0123abcd", "R0003-0123abcd"),
        ("lock", "locked", "R0004-0123abcd", "R0003-0123abcd"),
    )
    follows = 0
    for act, state, release, shown in steps:
        done = RoundAct(
            round_code="T1", act=act, state=state, reason="", set_by="Lan", set_at=NOW, follows=follows
        )
        follows = add_round_act(ledger, done)
        add_round_release(ledger, follows, release, NOW)
        if shown == release:
            export_portal(exports, release, "T1")
        page = ask(server, "/")[1]
        assert page.count("cong-thong-tin/T1/index.html") == 1, act
        assert f'href="/{shown}/cong-thong-tin/T1/index.html"' in page, act


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/R0001-0123abcd/%2e%2e/%2e%2e/secret.txt",
        "/R0001-0123abcd/way-out",
        "/.aside",
        "/R0001-0123abcd/",
        "//secret.txt",
    ],
)
def test_nothing_but_exported_files_is_served(server: PortalServer, path: str) -> None:
    status, text = ask(server, path)
    assert (status, "secret" in text.replace(path, "")) == (404, False)


def test_a_page_from_elsewhere_cannot_read_through_a_name_that_it_points_here(server: PortalServer) -> None:
    assert ask(server, "/", host="evil.example")[0] == 403


def test_nothing_can_be_changed_through_it(server: PortalServer) -> None:
    assert ask(server, "/R0001-0123abcd/cong-thong-tin/T1/index.html", method="POST")[0] == 501


def test_an_address_of_ipv6_is_served_too(exports: Path) -> None:
    desk = Desk(settings=Settings(data=exports, catalogue=exports), now=lambda: NOW)
    with PortalServer(desk, "::1", 0, list) as server:
        assert server.address == f"http://[::1]:{server.server_address[1]}/"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with urllib.request.urlopen(server.address, timeout=10) as answer:  # noqa: S310 - our own address
            assert answer.status == 200
        server.shutdown()


@pytest.mark.parametrize("option", ["--port", "--dagster-port"])
def test_a_port_that_there_is_not_is_wrong_usage(tmp_path: Path, option: str) -> None:
    printed = kho(tmp_path / "data", "serve", option, "70000")
    assert printed.code == 2
    assert "65535" in printed.err


def test_folders_told_by_the_environment_are_found_from_the_processes_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("danh-muc", "so-lieu"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KHO_CATALOGUE", "danh-muc")
    monkeypatch.setenv("KHO_DATA", "so-lieu")
    settings = read_settings()
    told = _environment(Desk(settings=settings, now=lambda: NOW))
    monkeypatch.chdir("/")
    assert read_settings(environment=told) == settings


def _part(folder: Path, code: str) -> Part:
    told = (sys.executable, "-c", code, str(folder / "ids"))
    return Part("deaf", told, {"PATH": os.environ["PATH"]}, folder / "part.log")


def test_processes_that_pay_no_heed_are_gone_when_their_time_is_over(tmp_path: Path) -> None:
    services = Services()
    services.start(_part(tmp_path, DEAF))
    give_up = time.monotonic() + 60
    while not (tmp_path / "ids").is_file() or len((tmp_path / "ids").read_text().split()) < 2:
        assert time.monotonic() < give_up
        Event().wait(0.02)
    services.stop(0.1)
    for pid in map(int, (tmp_path / "ids").read_text().split()):
        assert not Path(f"/proc/{pid}").exists()


def test_a_process_that_dies_again_and_again_is_told_with_its_log(tmp_path: Path) -> None:
    part = _part(tmp_path, "raise SystemExit('no such thing')")
    services = Services(parts=[part])
    services.start(part)
    told: list[str] = []
    with pytest.raises(KhoError, match=r"part\.log"):
        services.watch(Event(), told.append)
    assert set(told) == {"deaf"}
    assert "no such thing" in part.log.read_text()
    services.stop(0.1)
