"""Whatever a user gets wrong ends in words and the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult

from dagster_project.errors import ExitCode, UsageError
from dagster_project.messages import message
from dagster_project.paths import DataFolder, Project
from dagster_project.pipeline import Desk, not_received, receive
from dagster_project.settings import Settings, read_settings
from dagster_project.warehouse import build
from tests.command import kho

NOON = datetime(2026, 4, 9, 5, tzinfo=UTC)
AT = "2026-04-09T16:30:00+07:00"


def _desk(folder: Path) -> Desk:
    return Desk(Settings(data=folder / "data", catalogue=folder), now=lambda: NOON)


def _inbox(folder: Path, receipts: bytes) -> Path:
    inbox = folder / "data" / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "a.xlsx").write_bytes(b"a")
    (inbox / "receipts.csv").write_bytes(receipts)
    return inbox


def test_an_unknown_language_is_named_in_words(tmp_path: Path) -> None:
    printed = kho(tmp_path / "data", "releases", lang="fr")
    assert printed.code == ExitCode.WRONG_USAGE
    assert '"fr"' in printed.err


def test_a_file_in_place_of_the_data_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x", encoding="utf-8")
    printed = kho(tmp_path / "data", "init")
    assert printed.code == ExitCode.WRONG_USAGE
    assert str(tmp_path / "data") in printed.err


@pytest.mark.parametrize("letter", ["'", "{", "*", "[", "\n", "\udcff"])
def test_a_folder_name_that_would_break_the_build_is_refused_at_once(tmp_path: Path, letter: str) -> None:
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path / f"a{letter}b", None, None, {})
    assert error.value.code == "cli.wrong_folder_name"
    error.value.text("vi").encode()


def test_spaces_quotes_and_letters_of_any_script_may_stand_in_a_folder_name(tmp_path: Path) -> None:
    assert read_settings(tmp_path / 'Số liệu "2025" #1 %s 😀', None, None, {}).lang == "vi"


def test_what_the_disk_refuses_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "inbox").write_text("x", encoding="utf-8")
    printed = kho(tmp_path / "data", "init")
    assert printed.code == ExitCode.FAILED
    assert str(tmp_path / "data" / "inbox") in printed.err


@pytest.mark.parametrize("line", [["run", ""], ["portal", "--out", ""], ["--catalogue", "", "status"]])
def test_an_empty_path_is_not_taken_for_the_current_folder(tmp_path: Path, line: list[str]) -> None:
    (tmp_path / "hop-dong.xlsx").write_bytes(b"not for the office")
    printed = kho(tmp_path / "data", *line)
    assert (printed.code, printed.err) == (ExitCode.WRONG_USAGE, message("cli.empty_path", "vi") + "\n")
    assert [path.name for path in tmp_path.iterdir()] == ["hop-dong.xlsx"]


@pytest.mark.parametrize("release", ["R9999-00000000", "../inbox"])
def test_a_release_that_is_not_there_is_wrong_usage(tmp_path: Path, release: str) -> None:
    printed = kho(tmp_path / "data", "report", "--release", release)
    assert printed.code == ExitCode.WRONG_USAGE
    assert release in printed.err


@pytest.mark.parametrize(
    "receipts",
    [
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        b"file,received_at\na.xlsx,09/04/2026\n",
        b"file,received_at\na.xlsx,2026-04-09T16:30:00\n",
        b"file,received_at\na.xlsx,0001-01-01T00:00:00+07:00\n",
        f"file,received_at\na.xlsx,{AT}\na.xlsx,{AT}\n".encode(),
    ],
    ids=["encoding", "columns", "date", "no offset", "year one", "twice"],
)
def test_receipts_that_do_not_tell_one_moment_per_file_take_nothing_in(
    tmp_path: Path, receipts: bytes
) -> None:
    inbox = _inbox(tmp_path, receipts)
    with pytest.raises(UsageError) as error:
        receive(_desk(tmp_path), [inbox])
    assert "receipts.csv" in error.value.text("vi")
    assert not [path for path in DataFolder(tmp_path / "data").landing.rglob("*") if path.is_file()]


def test_a_file_name_of_broken_letters_stops_no_other_file(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path, f"file,received_at\na.xlsx,{AT}\n".encode())
    Path(os.fsdecode(os.fsencode(inbox) + b"/bi\xe9u\n\x01.xlsx")).write_bytes(b"b")
    names = [receipt.file_name for receipt in receive(_desk(tmp_path), [inbox])]
    assert sorted(names) == ["a.xlsx", "bi\ufffdu\ufffd\ufffd.xlsx"]


def test_named_files_that_may_not_be_read_are_told_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = _inbox(tmp_path, f"file,received_at\na.xlsx,{AT}\n".encode())
    (inbox / "b.xlsx").write_bytes(b"b")
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    with pytest.raises(UsageError) as error:
        receive(_desk(tmp_path), [inbox / "a.xlsx", inbox / "b.xlsx"])
    assert "a.xlsx" in error.value.text("vi")
    assert "b.xlsx" in error.value.text("vi")


def test_what_may_not_be_read_in_the_inbox_is_told_and_stops_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = _inbox(tmp_path, f"file,received_at\na.xlsx,{AT}\n".encode())
    (inbox / "b.xlsx").write_bytes(b"b")
    (inbox / "khóa").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name not in ("b.xlsx", "khóa"))
    assert [receipt.file_name for receipt in receive(_desk(tmp_path), [inbox])] == ["a.xlsx"]
    (problem,) = not_received(_desk(tmp_path), [inbox])
    assert "b.xlsx" in problem.text("vi")
    assert "khóa" in problem.text("vi")
    assert "a.xlsx" not in problem.text("vi")


def test_a_receipt_without_its_file_is_told_unless_the_file_came_before(tmp_path: Path) -> None:
    inbox = _inbox(tmp_path, f"file,received_at\na.xlsx,{AT}\nlạc.xlsx,{AT}\n".encode())
    receive(_desk(tmp_path), [inbox])
    (inbox / "a.xlsx").unlink()
    (problem,) = not_received(_desk(tmp_path), [inbox])
    assert "lạc.xlsx" in problem.text("vi")
    assert "a.xlsx" not in problem.text("vi")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--area", "99999"), ("--area", '03390"'), ("--area", "12"), ("--criteria-set", "2245")],
)
def test_an_office_of_a_code_that_the_catalogue_lacks_is_not_made(
    tmp_path: Path, option: str, value: str
) -> None:
    printed = kho(tmp_path / "data", "init", option, value)
    assert printed.code == ExitCode.WRONG_USAGE
    assert value in printed.err
    assert not (tmp_path / "data").exists()


def test_init_of_an_office_with_other_settings_changes_nothing_and_says_which(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert kho(data, "init").code == ExitCode.DONE
    before = (data / "settings.toml").read_bytes()
    printed = kho(data, "init", "--level", "commune", "--reference-areas", "national")
    assert printed.code == ExitCode.WRONG_USAGE
    assert "reference_areas = own (≠ national)" in printed.err
    assert "level" not in printed.err
    assert (data / "settings.toml").read_bytes() == before
    assert kho(data, "init", "--reference-areas", "own").code == ExitCode.DONE


def test_init_once_more_needs_no_option_of_the_first_time(tmp_path: Path, catalogues: Path) -> None:
    told = ("init", "--level", "province", "--area", "01", "--criteria-set", "PCI")
    assert kho(tmp_path / "data", *told, catalogue=catalogues / "pci").code == ExitCode.DONE
    assert kho(tmp_path / "data", "init").code == ExitCode.DONE


def test_an_offices_catalogue_starts_from_the_one_that_was_named(tmp_path: Path, catalogues: Path) -> None:
    told = ("init", "--level", "province", "--area", "01", "--criteria-set", "PCI")
    assert kho(tmp_path / "data", *told, catalogue=catalogues / "pci").code == ExitCode.DONE
    copied = (tmp_path / "data" / "catalogue" / "indicators.csv").read_bytes()
    assert copied == (catalogues / "pci" / "indicators.csv").read_bytes()


def test_a_unit_that_does_not_report_is_wrong_usage(tmp_path: Path) -> None:
    assert kho(tmp_path / "data", "init").code == ExitCode.DONE
    printed = kho(tmp_path / "data", "forms", "issue", "--year", "2025", "--unit", "BL-XX")
    assert printed.code == ExitCode.WRONG_USAGE
    assert "BL-XX" in printed.err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("respond", "Thiếu finding, --text, --by."),
        ("correct I.1.GT --unit A --value 3 --by Lan", "Thiếu --expect, --reason, --said-by."),
        ("status --year hai", "Giá trị của --year phải là một số nguyên."),
        ("status --year", "Tùy chọn --year cần một giá trị đi kèm."),
        ("sql --csv=3", "Tùy chọn --csv không nhận giá trị."),
        ("sql x --csv --json", "Chỉ chọn một dạng kết quả: --json hoặc --csv."),
        ("status --yer 2025", "Không có tùy chọn --yer. Gần giống: --year,"),
        ("statu", "Không có lệnh statu. Gần giống: status"),
        ("status a b", "Thừa: a b."),
        ("", "Chưa ghi lệnh nào."),
    ],
)
def test_a_wrong_line_is_told_in_the_users_language(tmp_path: Path, line: str, told: str) -> None:
    printed = kho(tmp_path / "data", *line.split())
    assert printed.code == ExitCode.WRONG_USAGE
    assert printed.err.startswith(told)
    assert printed.err.count("\n") == 1


def test_a_group_without_a_command_shows_its_help(tmp_path: Path) -> None:
    printed = kho(tmp_path / "data", "catalogue")
    assert printed.code == ExitCode.WRONG_USAGE
    assert "confirm" in printed.out + printed.err


def test_the_command_starts_without_what_only_its_work_needs() -> None:
    code = (
        "import sys, dagster_project.cli;"
        "print(sorted({'polars', 'duckdb', 'sqlalchemy', 'pydantic', 'dagster', 'dbt', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_ctrl_c_is_answered_in_words(tmp_path: Path) -> None:
    code = (
        "import os, signal; from dagster_project.warehouse import releases;"
        "releases.list_releases = lambda _folder: os.kill(os.getpid(), signal.SIGINT);"
        "from dagster_project.cli import main; main()"
    )
    told = [sys.executable, "-c", code, "--data", str(tmp_path / "data"), "releases"]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.FAILED
    assert done.stderr == message("cli.interrupted", "vi") + "\n"


def test_ctrl_c_while_dbt_works_is_not_told_as_a_fault_of_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(_self: object, _arguments: object) -> dbtRunnerResult:
        return dbtRunnerResult(success=False, exception=KeyboardInterrupt())

    monkeypatch.setattr(dbtRunner, "invoke", stopped)
    monkeypatch.setattr(build, "_models_hash", lambda _project: "none")
    with pytest.raises(KeyboardInterrupt):
        build.ensure_manifest(Project(tmp_path))


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("forms", "issue", "--year", "2025"),
        ("signed", "--unit", "BL-QS", "--year", "2025", "--by", "Lan"),
    ],
    ids=lambda command: command[0],
)
def test_a_mistyped_data_folder_is_told_and_not_made(tmp_path: Path, command: tuple[str, ...]) -> None:
    printed = kho(tmp_path / "dta", *command)
    assert printed.code == ExitCode.WRONG_USAGE
    assert str(tmp_path / "dta") in printed.err
    assert not (tmp_path / "dta").exists()
