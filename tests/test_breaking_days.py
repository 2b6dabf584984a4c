"""Days when things break: each ends in the old or the new state, and in words that say what to do."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project import durable, fixed_rounds
from dagster_project.cli_base import say_clock
from dagster_project.cli_failures import explain
from dagster_project.errors import ExitCode, KhoError, UsageError
from dagster_project.ledger import store
from dagster_project.ledger.rounds import RoundAct, add_round_act, read_rounds
from dagster_project.ledger.store import Receipt, add_receipts, list_receipts, log_act, open_ledger
from dagster_project.locks import build_lock
from dagster_project.paths import DataFolder
from dagster_project.pipeline import Desk, Inputs, needs_build, publish, read_inputs, receive, write_catalogue
from dagster_project.settings import Settings, read_settings
from dagster_project.warehouse.releases import current_release
from tests.command import kho
from tests.warehouse.tiny import make_build
from tests.working_office import Office

NOON = datetime(2026, 4, 9, 5, tzinfo=UTC)
SECRET = "mat-khau-rat-dai"  # noqa: S105  # a made-up password that must not be repeated
LIMIT = 40_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(Settings(data=tmp_path / "data", catalogue=tmp_path, person="Lan"), now=lambda: NOON)
    made.folder.make()
    return made


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond ``size`` bytes: what a full disk does to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_takes_nothing_in_and_the_next_run_takes_it_all(desk: Desk, tmp_path: Path) -> None:
    big = tmp_path / "lớn.xlsx"
    big.write_bytes(bytes(2 * LIMIT))
    with room_for(LIMIT), pytest.raises(OSError, match="File too large") as error:
        receive(desk, [big])
    told = explain(error.value, desk.folder.root)
    assert told is not None
    assert (told.code, told.exit_code) == ("days.full", ExitCode.FAILED)
    assert [path for path in desk.folder.landing.rglob("*") if path.is_file()] == []
    assert [receipt.file_name for receipt in receive(desk, [big])] == ["lớn.xlsx"]


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    first = Receipt("a" * 64, "biểu.xlsx", 1, NOON)
    add_receipts(ledger, [first])
    many = [Receipt(f"{number:064d}", "biểu.xlsx", 1, NOON) for number in range(2000)]
    with room_for((tmp_path / "ledger.sqlite").stat().st_size), pytest.raises(Exception) as error:  # noqa: PT011
        add_receipts(ledger, many)
    told = explain(error.value, tmp_path)
    assert told is not None
    assert told.code in {"days.full", "days.io"}
    assert list_receipts(ledger) == [first]
    assert len(add_receipts(ledger, many)) == len(many)


def test_a_folder_that_may_not_be_written_is_named() -> None:
    with pytest.raises(OSError, match=r"not permitted|denied|[Rr]ead-only") as error:
        DataFolder(Path("/sys/kho")).make()
    told = explain(error.value, Path("/sys/kho"))
    assert told is not None
    assert told.code == "days.no_right"
    assert "/sys" in told.text("vi")


def test_a_ledger_held_by_another_program_is_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_BUSY_MILLISECONDS", 20)
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    receipt = Receipt("a" * 64, "biểu.xlsx", 1, NOON)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute("begin immediate")
        with pytest.raises(Exception, match="locked") as error:
            add_receipts(ledger, [receipt])
    told = explain(error.value, tmp_path)
    assert told is not None
    assert (told.code, told.exit_code) == ("days.locked", ExitCode.LOCKED)
    assert add_receipts(ledger, [receipt]) == [receipt]


def test_a_damaged_ledger_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "ledger.sqlite").write_bytes(b"no database" * 500)
    printed = kho(data, "log")
    assert printed.code == ExitCode.FAILED
    assert "kho restore" in printed.err
    assert (data / "ledger.sqlite").read_bytes() == b"no database" * 500


def test_a_second_build_takes_nothing_and_says_who_works(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"a")
    with build_lock(desk.folder.build_lock):
        printed = kho(desk.folder.root, "run", tmp_path / "a.xlsx")
    assert printed.code == ExitCode.LOCKED
    assert "tiến trình" in printed.err
    assert [path for path in desk.folder.landing.rglob("*") if path.is_file()] == []


def test_a_release_is_of_the_catalogue_it_was_built_from_and_a_damaged_one_is_made_again(
    desk: Desk, catalogues: Path
) -> None:
    from dagster_project.catalogue.load import load_catalogue

    catalogue = load_catalogue(catalogues / "pci")
    inputs = read_inputs(desk, catalogue)
    make_build(
        desk.folder,
        "create table marts.dim_round as select null::varchar as round_code, null::varchar as state where false",
    )
    desk.folder.build_inputs.mkdir(parents=True)
    write_catalogue(desk, catalogue)
    # what was built is of a catalogue that is there no more
    with pytest.raises(KhoError) as error:
        publish(desk, replace(inputs, catalogue_hash="of-another"))
    assert error.value.code == "catalogue.edited_meanwhile"
    assert needs_build(desk, inputs)
    made = publish(desk, inputs)
    assert not needs_build(desk, inputs)
    file = desk.folder.release(made.release_id) / "kho.duckdb"
    file.chmod(0o644)
    with file.open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"x" * 100)
    assert needs_build(desk, inputs)
    again = publish(desk, inputs)
    assert (again.release_id != made.release_id, again.content_hash) == (True, made.content_hash)


@pytest.mark.parametrize("stopped_in", ["ledger", "pointer"])
def test_wherever_a_crash_stops_it_an_act_gets_its_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stopped_in: str
) -> None:
    office = Office(tmp_path)
    office.work()
    ledger = open_ledger(office.folder.ledger_file)
    act = RoundAct(round_code="R", act="review", state="reviewed", reason="", set_by="Lan", set_at=NOON)
    number = add_round_act(ledger, act)

    write_text = durable.write_text

    def stop(*told: object) -> None:
        raise SystemExit(told)

    def stop_at_pointer(file: Path, content: str) -> None:
        (stop if file == office.folder.current_release else write_text)(file, content)

    with monkeypatch.context() as crash, pytest.raises(SystemExit):
        if stopped_in == "ledger":
            crash.setattr(fixed_rounds, "add_round_release", stop)
        else:
            crash.setattr(durable, "write_text", stop_at_pointer)
        office.work()
    inputs = Inputs(str(office.number), "c", "v")
    assert needs_build(office.desk, inputs)
    made = publish(office.desk, inputs)
    assert read_rounds(ledger).releases == {number: made.release_id}
    assert current_release(office.folder) == made.release_id
    assert not needs_build(office.desk, inputs)


def test_a_clock_that_jumped_back_is_told(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = open_ledger(desk.folder.ledger_file)
    log_act(ledger, at=NOON, actor="Lan", act="receive", subject="a.xlsx")
    say_clock(desk)
    assert capsys.readouterr().err == ""
    log_act(ledger, at=NOON + timedelta(days=1), actor="Lan", act="receive", subject="b.xlsx")
    say_clock(desk)
    assert "10/04/2026 12:00" in capsys.readouterr().err


def test_what_has_its_words_keeps_them(tmp_path: Path) -> None:
    locked = KhoError("cli.no_release", folder=tmp_path)
    locked.__cause__ = OSError(28, "No space left on device")
    assert explain(locked, tmp_path) is None
    vague = KhoError("cli.run_failed", stages="landing")
    vague.__cause__ = OSError(28, "No space left on device", str(tmp_path / "landing" / "x"))
    told = explain(vague, tmp_path)
    assert told is not None
    assert str(tmp_path / "landing") in told.text("vi")


def test_settings_with_a_password_that_others_can_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'ledger_url = "postgresql://kho:{SECRET}@may-chu/kho"\n', encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path, environment={})
    assert error.value.code == "days.open_secret"
    assert SECRET not in error.value.text("vi")
    file.chmod(0o600)
    assert read_settings(tmp_path, environment={}).ledger_url is not None


def test_a_password_stands_in_no_message_log_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHO_LEDGER_URL", f"postgresql://kho:{SECRET}@127.0.0.1:1/kho")
    data = tmp_path / "data"
    told = [kho(data, *command) for command in (("init", "--sample"), ("run",), ("status",))]
    assert [printed.code for printed in told] == [ExitCode.DONE, ExitCode.FAILED, ExitCode.FAILED]
    assert SECRET not in "".join(printed.out + printed.err for printed in told)
    assert [path for path in data.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()] == []


def test_an_office_is_open_to_its_own_account_and_group_only(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert kho(data, "init", "--sample").code == ExitCode.DONE
    assert [oct(path.stat().st_mode & 0o007) for path in (data, data / "landing", data / "inbox")] == [
        "0o0"
    ] * 3
    assert oct((data / "settings.toml").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    ("detail", "is_told"),
    [
        ("IO Error: The file exists, but it is not a valid DuckDB database file!", True),
        ("Parser Error: syntax error at or near 'no space left on device'", False),
    ],
)
def test_a_query_over_a_damaged_release_says_what_to_do(tmp_path: Path, detail: str, is_told: bool) -> None:
    told = explain(UsageError("warehouse.query_wrong", detail=detail), tmp_path)
    assert (told is not None and "kho run" in told.text("vi")) == is_told
