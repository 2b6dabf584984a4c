"""The set as a whole: the same bytes for the same release, whole or not there, figures equal everywhere."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from docx import Document

from dagster_project.errors import KhoError
from dagster_project.reports import export
from dagster_project.reports.export import ExportedFile, export_release, exported_files, is_exported
from dagster_project.reports.official_template import make_template
from dagster_project.side_by_side import side_by_side
from tests.reports.documents import period_rows
from tests.reports.tiny_release import HOSTILE, MARTS, ROUND


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_equal_releases_give_equal_bytes_and_the_release_is_only_read(
    release_dir: Path, exported: dict[str, ExportedFile], tmp_path: Path
) -> None:
    before = _bytes(release_dir)
    with duckdb.connect(str(release_dir / "kho.duckdb"), read_only=True):
        export_release(release_dir, tmp_path, round_code=ROUND, lang="vi")
    assert _bytes(release_dir) == before
    again, first = _bytes(tmp_path / release_dir.name), _bytes(exported["annex"].path.parent)
    assert [name for name in again if again[name] != first.get(name)] == []
    assert set(again) == set(first)


def test_the_manifest_names_every_file_of_the_open_data_with_its_sha256(
    exported: dict[str, ExportedFile],
) -> None:
    manifest = exported["open_data"].path
    told = json.loads(manifest.read_text(encoding="utf-8"))
    found = _bytes(manifest.parent)
    assert {item["path"] for item in told["files"]} == set(found) - {"manifest.json"}
    for item in told["files"]:
        assert item["sha256"] == hashlib.sha256(found[item["path"]]).hexdigest()
    assert told["mark"] == "SỐ LIỆU MINH HỌA"


def test_each_document_is_listed_with_its_sha256(exported: dict[str, ExportedFile]) -> None:
    folder = exported["annex"].path.parent
    assert {(file.kind, file.path) for file in exported_files(folder)} == {
        (file.kind, file.path) for file in exported.values()
    }
    for file in exported_files(folder):
        assert file.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()


def test_report_annex_and_open_data_show_the_same_figures(exported: dict[str, ExportedFile]) -> None:
    report = period_rows(Document(str(exported["official_report"].path)))
    letters = {code: row[-1] for code, row in report.items()}
    page = openpyxl.load_workbook(exported["annex"].path)["Tổng hợp"]
    cells = {row[0]: row[5] for row in page.iter_rows(min_row=6, values_only=True)}
    folder = exported["open_data"].path.parent
    with (folder / "csv" / "fct_indicator_harmonised.csv").open(encoding="utf-8-sig", newline="") as stream:
        open_csv = {
            row["indicator_code"]: float(row["value"])
            for row in csv.DictReader(stream)
            if row["data_year"] == "2025"
        }
    parquet = pl.read_parquet(folder / "parquet" / "fct_indicator_harmonised.parquet").filter(data_year=2025)
    assert (letters["A.1"], letters["A.2"]) == ("1.234", "37,5")
    for found in (cells, open_csv, dict(parquet.select("indicator_code", "value").iter_rows())):
        assert (found["A.1"], found["A.2"]) == (1234, 37.5)


def test_parquet_keeps_text_verbatim_and_csv_disarms_it(exported: dict[str, ExportedFile]) -> None:
    folder = exported["open_data"].path.parent
    assert HOSTILE in pl.read_parquet(folder / "parquet" / "fct_reported_value.parquet")["raw_text"].to_list()
    with (folder / "csv" / "fct_reported_value.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert f"'{HOSTILE}" in {row["raw_text"] for row in csv.DictReader(stream)}


def test_open_data_name_no_senders_and_hold_no_raw_cells(exported: dict[str, ExportedFile]) -> None:
    folder = exported["open_data"].path.parent
    inside = {"fct_receipt", "fct_reported_cell", "fct_round_state", "fct_document", "fct_report_text"}
    assert {path.stem for path in (folder / "csv").iterdir()} == set(MARTS) - inside
    assert b"vanphong@example.vn" not in b"".join(_bytes(folder).values())


def test_every_column_of_the_open_data_is_described(exported: dict[str, ExportedFile]) -> None:
    folder = exported["open_data"].path.parent
    columns = pl.read_csv(folder / "columns.csv")
    frame = pl.read_parquet(folder / "parquet" / "fct_indicator.parquet")
    told = columns.filter(table="fct_indicator")
    assert told["column"].to_list() == frame.columns
    assert told.filter(column="value")["description"].item() == "Giá trị | Value"


def test_a_second_round_joins_the_first_and_the_same_round_takes_its_place(
    release_dir: Path, exported: dict[str, ExportedFile], tmp_path: Path
) -> None:
    folder = tmp_path / release_dir.name
    shutil.copytree(exported["annex"].path.parent, folder)
    for code in ("T-X-2024", ROUND):
        export_release(release_dir, tmp_path, round_code=code, lang="vi")
        assert is_exported(folder, code)
    assert not is_exported(folder, "T-X-2023")
    assert not is_exported(folder, None)
    kinds = [file.kind for file in exported_files(folder)]
    assert sorted(kinds) == sorted(
        ["annex", "official_pdf", "official_report", "portal", "quality_report", "summary_pdf", "summary_png"]
        * 2
        + ["open_data"]
    )


def test_two_processes_write_what_one_writes(
    release_dir: Path, exported: dict[str, ExportedFile], tmp_path: Path
) -> None:
    written = export_release(release_dir, tmp_path, round_code=ROUND, lang="vi", processes=2)
    assert [file.kind for file in written] == list(exported)
    assert _bytes(tmp_path / release_dir.name) == _bytes(exported["annex"].path.parent)


def test_what_cannot_be_loaded_early_is_told_where_it_is_needed_and_not_before(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(export, "_LOADED", ("one", "two"))

    def load(name: str) -> None:
        loaded.append(name)
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", load)
    export.start_early(1)
    _join_threads()
    assert (loaded, capfd.readouterr()) == (["one"], ("", ""))


def test_the_process_that_was_started_early_is_there_for_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_load", partial(time.sleep, 1))
    export.start_early(2)
    _join_threads()
    # Each piece waits, or one process could do all of them before the other has begun.
    told = side_by_side(subprocess.getoutput, ["sleep 0.2; echo $PPID"] * 6, 2)
    assert len(set(told)) == 2


def _join_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def test_a_failure_half_way_leaves_what_was_there(
    release_dir: Path,
    exported: dict[str, ExportedFile],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(exported["annex"].path.parent, tmp_path / release_dir.name)
    before = _bytes(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(export, "write_open_data", fail)
    with pytest.raises(OSError, match="disk full"):
        export_release(release_dir, tmp_path, round_code="T-X-2024", lang="vi")
    assert _bytes(tmp_path) == before


@pytest.mark.parametrize("code", ["X", "' or 1=1 --", "../X"])
def test_an_unknown_round_and_a_broken_release_are_told_in_words(
    release_dir: Path, tmp_path: Path, code: str
) -> None:
    with pytest.raises(KhoError) as unknown:
        export_release(release_dir, tmp_path, round_code=code, lang="vi")
    assert code in unknown.value.text("vi")
    with pytest.raises(KhoError):
        export_release(tmp_path / "nothing", tmp_path, round_code=None, lang="vi")
    assert exported_files(tmp_path / "nothing") == []


def test_the_template_that_ships_is_the_one_that_is_made(tmp_path: Path) -> None:
    from dagster_project.reports.official_template import TEMPLATE

    make_template(tmp_path / "made.docx")
    assert (tmp_path / "made.docx").read_bytes() == TEMPLATE.read_bytes()
