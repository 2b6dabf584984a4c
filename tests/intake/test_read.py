"""What intake relies on when it reads: cells verbatim with their coordinates, and a child that may die alone."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from dagster_project.errors import KhoError
from dagster_project.intake import read
from dagster_project.intake.cell_names import a1, column_letters
from dagster_project.intake.delimited import OpenQuoteError, UnclearDelimiterError, read_delimited
from dagster_project.intake.read import RAW, UNREAD, FileToRead, Read, read_files
from dagster_project.intake.read_child import number_text
from dagster_project.limits import ReadLimits

_NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def _read(*files: Path, limits: ReadLimits | None = None) -> Read:
    """Read ``files``, which the guard must let through; a file's sha256 is its name here."""
    done = read_files([FileToRead(file.name, file.name, file) for file in files], limits or ReadLimits())
    assert all(seen.kind is not None for seen in done.inspections.values()), done.inspections
    assert done.raw.schema == RAW
    assert done.unread.schema == UNREAD
    return done


def _cells(file: Path) -> dict[str, tuple[str, str]]:
    raw = _read(file).raw
    return {
        cell: (kind, text) for cell, kind, text in raw.select("cell", "cell_type", "raw_text").iter_rows()
    }


@pytest.fixture
def book(tmp_path: Path) -> Path:
    file = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(file) as workbook:
        page = workbook.add_worksheet("Biểu")
        page.write_string("B3", " Tổng\u00a0số ")
        page.write_number("C3", 1234)
        page.write_number("D3", 60.251552999999994)
        page.write_number("E3", 0.125, workbook.add_format({"num_format": "0.0%"}))
        page.write_datetime("F3", dt.date(2026, 2, 1), workbook.add_format({"num_format": "dd/mm/yyyy"}))
        page.write_boolean("G3", True)
        page.write_formula("H3", "=1/0", None, "#DIV/0!")
        page.write_formula("I3", "=SUM(C3:D3)", None, 1294.25)
        page.write_string("K3", "03390")
        page.write_string("L3", "   ")
        workbook.add_worksheet("_kho").hide()
        workbook.worksheets()[1].write_string("A1", "form_code")
    return file


def test_cells_are_verbatim_at_their_own_place(book: Path) -> None:
    assert _cells(book) == {
        "B3": ("text", " Tổng\u00a0số "),
        "C3": ("number", "1234"),
        "D3": ("number", "60.251553"),
        "E3": ("number", "0.125"),
        "F3": ("date", "2026-02-01"),
        "G3": ("boolean", "TRUE"),
        "H3": ("error", "#DIV/0!"),
        "I3": ("number", "1294.25"),
        "K3": ("text", "03390"),
        "A1": ("text", "form_code"),
    }
    raw = _read(book).raw
    assert raw.filter(pl.col("cell") == "E3")["number_format"].item() == "0.0%"
    assert raw.filter(pl.col("cell") == "C3")["number_format"].item() == ""
    assert dict(raw.select("sheet", "sheet_hidden").unique().iter_rows()) == {"Biểu": False, "_kho": True}


def test_a_formula_that_nobody_computed_is_no_blank(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["B2"] = "=SUM(A1:A9)"
    book.save(tmp_path / "a.xlsx")
    assert _cells(tmp_path / "a.xlsx") == {"B2": ("formula_no_value", "=SUM(A1:A9)")}


def test_styled_blanks_far_away_cost_nothing(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = 1
    book.active["XFD1048576"].number_format = "0.00"
    book.save(tmp_path / "a.xlsx")
    assert _cells(tmp_path / "a.xlsx") == {"A1": ("number", "1")}


def test_files_that_stop_the_child_cost_only_themselves(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the child dies at one file and falls silent at another; the rest is read."""
    _stand_in(
        tmp_path,
        monkeypatch,
        "def fake(file, seen, limits):\n"
        "    if file.name == 'dies.xlsx': os.abort()\n"
        "    if file.name == 'hangs.xlsx': time.sleep(60)\n"
        "    if file.name == 'leaves.xlsx': sys.exit(0)\n"
        "    return real(file, seen, limits)\n"
        "look = child.inspect\n"
        "def fake_look(file, limits, name):\n"
        "    if file.name == 'stuck.xlsx': time.sleep(60)\n"
        "    return look(file, limits, name)\n"
        "child.read_cells = fake\n"
        "child.inspect = fake_look\n",
    )
    names = ["ok1.xlsx", "dies.xlsx", "hangs.xlsx", "stuck.xlsx", "ok2.xlsx", "leaves.xlsx"]
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_bytes(book.read_bytes())
    done = _read(*files, limits=ReadLimits(file_wall_seconds=2))

    assert set(done.raw["file_name"]) == {"ok1.xlsx", "ok2.xlsx"}
    assert dict(done.unread.select("sha256", "rule_code").iter_rows()) == {
        "dies.xlsx": "FILE_UNREADABLE",
        "hangs.xlsx": "FILE_TOO_SLOW",
        "stuck.xlsx": "FILE_TOO_SLOW",
        "leaves.xlsx": "FILE_UNREADABLE",
    }


#: What stops a child that writes the cells of one file, and the rule by which that file is told.
_STOPS = {
    "'\\ud800'.encode()": "FILE_UNREADABLE",
    "os.abort()": "FILE_UNREADABLE",
    "time.sleep(60)": "FILE_TOO_SLOW",
}


@pytest.mark.parametrize("batch", [100_000, 25])
@pytest.mark.parametrize("stops", _STOPS)
def test_a_file_that_cannot_be_written_costs_no_file_that_was_read_with_it(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stops: str, batch: int
) -> None:
    """A stand-in for the child cannot write what it read of the third file, with all files or as a batch fills."""
    _stand_in(
        tmp_path,
        monkeypatch,
        "real_frame = child._Batch._frame\n"
        "def fake_frame(batch):\n"
        f"    if 2 in batch._files: {stops}\n"
        "    return real_frame(batch)\n"
        "child._Batch._frame = fake_frame\n"
        f"child._BATCH = {batch}\n",
    )
    names = ["ok1.xlsx", "ok2.xlsx", "odd.xlsx", "ok3.xlsx", "ok4.xlsx"]
    files = [tmp_path / name for name in names]
    for file in files:
        file.write_bytes(book.read_bytes())
    done = _read(*files, limits=ReadLimits(file_wall_seconds=2))

    assert done.unread.select("sha256", "rule_code").rows() == [("odd.xlsx", _STOPS[stops])]
    assert dict(done.raw.group_by("file_name").len().iter_rows()) == {
        name: 10 for name in names if name != "odd.xlsx"
    }


def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: str) -> None:
    """Start, in the place of the child, one with ``changes`` made to its module."""
    stand_in = tmp_path / "child.py"
    stand_in.write_text(
        "import os, sys, time\n"
        "from dagster_project.intake import read_child as child\n"
        "real = child.read_cells\n"
        f"{changes}"
        "child.main(sys.argv[1])\n"
    )
    popen = subprocess.Popen

    def start(command: list[str], **options: object) -> subprocess.Popen[bytes]:
        return popen([sys.executable, "-I", str(stand_in), command[-1]], **options)

    monkeypatch.setattr(read.subprocess, "Popen", start)


@pytest.mark.parametrize("checksum", ["\ud800", {"\ud800": 1}])
def test_a_package_with_half_a_letter_is_refused_while_it_is_read(
    book: Path, tmp_path: Path, checksum: object
) -> None:
    package = tmp_path / "half.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "kho-package/1", "checksum": checksum}))
    done = _read(book, package)
    assert set(done.raw["file_name"]) == {"a.xlsx"}
    ((sha256, rule_code, detail),) = done.unread.rows()
    assert (sha256, rule_code) == ("half.zip", "FILE_UNREADABLE")
    assert "surrogates" in detail


def test_a_file_that_needs_more_memory_than_allowed_is_refused_alone(book: Path, tmp_path: Path) -> None:
    wide = tmp_path / "wide.xlsx"
    with zipfile.ZipFile(book) as archive, zipfile.ZipFile(wide, "w", zipfile.ZIP_DEFLATED) as big:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith("sheet1.xml"):
                cells = (
                    b'<row r="1"><c r="A1"><v>1</v></c></row><row r="60000"><c r="ZZ60000"><v>1</v></c></row>'
                )
                content = b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (_NAMESPACE, cells)
            big.writestr(name, content)
    limits = ReadLimits(sheet_cells=100_000_000, child_memory_bytes=1_200_000_000)
    done = _read(wide, book, limits=limits)
    assert done.unread["sha256"].to_list() == ["wide.xlsx"]
    assert set(done.raw["file_name"]) == {"a.xlsx"}


def test_the_child_starts_without_the_environment_or_the_current_folder(
    book: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "polars.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "PYTHONPATH", str(tmp_path))
    assert len(_read(book).raw) == 10


def test_a_reader_that_cannot_start_is_not_blamed_on_the_files(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_CHILD", "dagster_project.intake.not_there")
    with pytest.raises(KhoError) as error:
        _read(book)
    assert error.value.code == "intake.reader_failed"


def test_no_files_give_empty_frames() -> None:
    assert _read().raw.is_empty()


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("Tên;Số\r\nHội;1,5\r\n".encode("utf-8-sig"), [["Tên", "Số"], ["Hội", "1,5"]]),
        ("Tên\tSố\nHội, đoàn\t1\n".encode("utf-16"), [["Tên", "Số"], ["Hội, đoàn", "1"]]),
        (b'"a\nb",c\n\n1,2', [["a\nb", "c"], [], ["1", "2"]]),
        (b"Source,x,\n\n" + b"a,1,2,\n" * 30, [["Source", "x", ""], [], *[["a", "1", "2", ""]] * 30]),
        (b"one\ntwo\n", [["one"], ["two"]]),
    ],
)
def test_the_delimiter_is_the_one_that_splits_all_rows_alike(content: bytes, rows: list[list[str]]) -> None:
    assert read_delimited(content) == rows


def test_a_file_that_two_delimiters_split_alike_is_not_guessed() -> None:
    with pytest.raises(UnclearDelimiterError):
        read_delimited(b"1,5;2,5\n3,5;4,5\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('Tỉnh;A 2011\nHà Nội;1\n"Hải Phòng;2\nHCM;3\nCần Thơ;4', 3),
        ('Tỉnh;A 2011\nHà Nội;1\n"Hải Phòng;2\nHCM;3\n"Cần Thơ;4\n', 3),
        ('Tỉnh;A 2011\nHà Nội;1\nHCM;3\n"Cần Thơ;4', 4),
        ('Tỉnh;A 2011\nHà Nội;1,5\n"Hải Phòng;2,5\nHCM;3,5\n', 3),
        ('Tỉnh\n"Hà Nội\nHCM\n', 2),
    ],
    ids=["to the end", "to the next quote", "in the last line", "with decimals", "one column"],
)
def test_a_quote_that_is_not_closed_takes_no_lines_in(text: str, line: int) -> None:
    with pytest.raises(OpenQuoteError) as error:
        read_delimited(text.encode())
    assert error.value.line == line


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,"b\nc, ""d"""\n1,2\n', [["a", 'b\nc, "d"'], ["1", "2"]]),
        ('a,b\n"1" ,2\n3" x 4",5\n', [["a", "b"], ["1 ", "2"], ['3" x 4"', "5"]]),
        ('a,b\n1,"2"', [["a", "b"], ["1", "2"]]),
    ],
    ids=["several lines", "text after a quote", "the last field"],
)
def test_quotes_that_take_no_line_in_are_read(text: str, rows: list[list[str]]) -> None:
    assert read_delimited(text.encode()) == rows


def test_a_file_with_an_open_quote_is_refused_and_the_line_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('Tỉnh;A 2011\nHà Nội;1\n"Hải Phòng;2\nHCM;3\n', encoding="utf-8")
    done = _read(tmp_path / "a.csv")
    assert done.raw.is_empty()
    assert done.unread.rows() == [("a.csv", "FILE_QUOTE_OPEN", "3")]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1234.0, "1234"),
        (0.1 + 0.2, "0.3"),
        (1e15, "1000000000000000"),
        (1e-7, "0.0000001"),
        (2.5e30, "2.5E+30"),
    ],
)
def test_a_number_is_written_in_full(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize(
    ("col", "letters"), [(1, "A"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16384, "XFD")]
)
def test_columns_have_their_usual_letters(col: int, letters: str) -> None:
    assert column_letters(col) == letters
    assert pl.select(a1(pl.lit(7), pl.lit(col))).item() == f"{letters}7"


def test_workbooks_of_others_are_read_or_refused_with_one_reason(third_party: Path) -> None:
    folder = third_party / "calamine"
    with (folder / "_baseline_calamine.csv").open(encoding="utf-8") as stream:
        baseline = {row["file"]: row for row in csv.DictReader(stream)}
    done = read_files([FileToRead(name, name, folder / "tests" / name) for name in baseline], ReadLimits())
    refused = {name for name, seen in done.inspections.items() if seen.refusal}
    failed = refused | set(done.unread["sha256"])
    assert failed == {name for name, row in baseline.items() if row["calamine_status"] == "error"}
    counts = dict(
        done.raw.filter(~pl.col("cell_type").is_in(["error", "formula_no_value"]))
        .group_by("sha256")
        .len()
        .iter_rows()
    )
    off = {
        name: (counts.get(name, 0), int(row["non_empty_cells"]))
        for name, row in baseline.items()
        if row["calamine_status"] == "ok"
        and not 0 <= int(row["non_empty_cells"]) - counts.get(name, 0) <= 300
    }
    assert not off


def test_one_book_gives_the_same_dates_in_every_kind_and_date_base(third_party: Path) -> None:
    folder = third_party / "sheetjs_1904"
    files = [
        folder / f"{base}.{kind}"
        for base in ("1900", "1904")
        for kind in ("xls", "biff5", "xlsx", "xlsb", "ods")
    ]
    raw = _read(*files).raw.filter(pl.col("cell_type") == "date")
    found = raw.group_by("sha256").agg("raw_text").with_columns(base=pl.col("sha256").str.slice(0, 4))
    assert len(found) == len(files)
    assert found.group_by("base").agg(pl.col("raw_text").n_unique())["raw_text"].to_list() == [1, 1]
    assert raw.filter(pl.col("sha256") == "1900.xls")["raw_text"].to_list()[:2] == [
        "1900-01-01",
        "1900-01-11",
    ]
    assert raw.filter(pl.col("sha256") == "1904.xls")["raw_text"].to_list()[:2] == [
        "1904-01-02",
        "1904-01-12",
    ]


def test_csv_files_of_others_give_exactly_the_fields_that_they_should(third_party: Path) -> None:
    folder = third_party / "csv_spectrum"
    for expected in sorted((folder / "json").glob("*.json")):
        if expected.stem == "location_coordinates":
            continue  # its expected result holds another phone number than its file
        rows = read_delimited((folder / "csvs" / f"{expected.stem}.csv").read_bytes())
        header, *lines = [row for row in rows if row]
        found = [dict(zip(header, line, strict=True)) for line in lines]
        # The stored files end every line with LF, those named after CRLF too.
        told = expected.read_text(encoding="utf-8").replace("\\r\\n", "\\n")
        assert found == json.loads(told), expected.stem
