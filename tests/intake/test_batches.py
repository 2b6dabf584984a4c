"""Files that come by the hundred give what they would give alone, however they are parted among readers."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.intake import read
from dagster_project.intake.extents import TooWideError, XlsxExtent, plain_rows
from dagster_project.intake.land import land_all
from dagster_project.intake.sheet_xml import _cell_formats, _scan
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in, take_in_batches
from dagster_project.limits import ReadLimits
from dagster_project.paths import DataFolder, Project
from dagster_project.settings import Office

OFFICE = Office(level="commune", area_code="03390", criteria_set_code="2244", is_sample=True)
INBOX = Project().root / "seeds/sample/inbox"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue(Project().reference)


@pytest.fixture(scope="module")
def files() -> list[ReceivedFile]:
    """The sample's inbox: forms of several years, some of them wrong or not to be read at all."""
    with (INBOX / "receipts.csv").open(encoding="utf-8") as stream:
        names = [row["file"] for row in csv.DictReader(stream)]
    return [
        ReceivedFile(
            f"r-{number}",
            hashlib.sha256((INBOX / name).read_bytes()).hexdigest(),
            name,
            INBOX / name,
            datetime(2026, 4, 1, 8, number % 60, tzinfo=UTC),
            "",
            "",
        )
        for number, name in enumerate(names)
    ]


def test_batches_of_any_size_give_what_one_gives(
    catalogue: Catalogue, files: list[ReceivedFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_LEAST", 5)
    whole = take_in(files, catalogue, OFFICE, ReadLimits(), ANYTHING)
    parts = list(take_in_batches(files, catalogue, OFFICE, ReadLimits(), ANYTHING, processes=2, batch=17))
    assert max(len(part.files) for part in parts) == 17
    assert [name for part in parts for name in part.files] == list(whole.files)
    for name in ("cells", "submissions", "findings", "answers"):
        _assert_same(name, whole, parts)


@pytest.mark.parametrize(("files", "sizes"), [(0, [0]), (3, [3]), (5, [5]), (6, [2, 4]), (25, [2, 5, 10, 8])])
def test_of_many_files_the_first_batches_are_small(files: int, sizes: list[int]) -> None:
    batches = read.batches_of(files, 10)
    assert [len(batch) for batch in batches] == sizes
    assert [number for batch in batches for number in batch] == list(range(files))


def _assert_same(name: str, whole: Intake, parts: list[Intake]) -> None:
    one: pl.DataFrame = getattr(whole, name)
    several = pl.concat([getattr(part, name) for part in parts])
    assert_frame_equal(one.sort(pl.all()), several.sort(pl.all()))


def test_an_interrupted_reading_leaves_no_child(
    catalogue: Catalogue, files: list[ReceivedFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    real = read.subprocess.Popen

    def start(*arguments: object, **options: object) -> object:
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(read.subprocess, "Popen", start)
    batches = take_in_batches(files, catalogue, OFFICE, ReadLimits(), ANYTHING, batch=2)
    next(batches)
    batches.close()
    assert started
    assert all(child.poll() is not None for child in started)


def test_the_end_of_a_row_may_stand_in_a_cell() -> None:
    held = b'<row r="3"><c r="B3" t="str"><v><![CDATA[</row><row r="9"><c r="D9">]]></v></c></row>'
    sheet = b'<sheetData><row r="2"><c r="A2" s="1"><v>1</v></c></row>' + held + b"</sheetData>"
    assert plain_rows(sheet) is None
    assert _largest(sheet, _feed_chunks) == _largest(sheet, XlsxExtent.feed_whole)


#: One sheet, written plainly and as other programs may write it.
_ROWS = (
    '<row r="2" spans="1:3"><c r="A2" s="1"/><c r="C2" s="1" t="s"><v>0</v></c><c r="D2" s="2"><v>0.5</v></c></row>',
    '<row r="7"><c r="B7"><f>1/0</f></c><c r="C7" t="e"><v>#N/A</v></c><c r="D7" s="0"><f>1</f><v>1</v></c></row>',
    '<row r="9"><c r="AB9" s="1"></c><c r="AC9" s="2"><is><t>x</t></is></c></row>',
)
_OTHERWISE = (
    lambda sheet: sheet.replace("<c r=", "<c  r="),
    lambda sheet: sheet.replace("<row r=", "<row ht='3' r="),
    lambda sheet: sheet.replace("<c ", "<x:c ").replace("</c>", "</x:c>"),
    lambda sheet: sheet.replace("<c ", "<c\n"),
    lambda sheet: sheet.replace('"/>', '" />'),
)
_STYLES = (
    b'<styleSheet xmlns="x"><cellXfs><xf numFmtId="0"/><xf numFmtId="10"/><xf numFmtId="9"/>'
    b"</cellXfs></styleSheet>"
)


@pytest.mark.parametrize("otherwise", _OTHERWISE)
def test_a_sheet_written_in_another_way_is_as_large_and_says_the_same(otherwise: object) -> None:
    sheet = f"<sheetData>{''.join(_ROWS)}</sheetData>"
    other = otherwise(sheet)  # type: ignore[operator]
    assert other != sheet
    for written in (sheet.encode(), other.encode()):
        assert _largest(written, _feed_chunks) == _largest(written, XlsxExtent.feed_whole) == 9 * 29
    formats = _cell_formats(_STYLES)
    told = dict(_scan(sheet.encode(), formats))
    assert {at: detail.number_format for at, detail in told.items() if detail.number_format} == {
        (2, 3): "0.00%",
        (2, 4): "0%",
        (9, 29): "0%",
    }
    assert dict(_scan(other.encode(), formats)) == told


def _largest(sheet: bytes, feed: Callable[[XlsxExtent, bytes], None]) -> int:
    """Rows × columns by the limit that just lets the sheet through."""
    for limit in range(1, 1000):
        try:
            feed(XlsxExtent(limit), sheet)
        except TooWideError:
            continue
        return limit
    raise AssertionError


def _feed_chunks(extent: XlsxExtent, sheet: bytes) -> None:
    for at in range(0, len(sheet), 40):
        extent.feed(sheet[at : at + 40])
    extent.feed(b"")


def test_many_files_land_whole_with_their_doubles(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    sources = []
    for number in range(40):
        sources.append(tmp_path / f"{number}.bin")
        sources[-1].write_bytes(b"x" * (number % 30))
    landed = land_all(sources, folder)
    assert [file.sha256 for file in landed] == [
        hashlib.sha256(source.read_bytes()).hexdigest() for source in sources
    ]
    assert all(
        file.path.read_bytes() == source.read_bytes() for file, source in zip(landed, sources, strict=True)
    )
    assert len([path for path in folder.landing.rglob("*") if path.is_file()]) == 30
    assert {path.stat().st_mode & 0o777 for path in folder.landing.rglob("*") if path.is_file()} == {0o444}
