"""What keeps a hostile or broken file from the spreadsheet parser: one clear reason each, before anything is opened."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from dagster_project.intake.guard import inspect
from dagster_project.limits import ReadLimits

LIMITS = ReadLimits()
#: With it a part is no small one any more.
_PADDING = ["", " " * 70_000]
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/xl/workbook.xml" ContentType="application/x"/></Types>'
)
_WORKBOOK = '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets/></workbook>'


def _xlsx(sheet: str | bytes, **parts: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("xl/workbook.xml", _WORKBOOK)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def _ods(content: str, manifest: str = "<manifest/>") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def _cells(*references: str) -> str:
    rows = "".join(
        f'<row r="{"".join(filter(str.isdigit, at))}"><c r="{at}"><v>1</v></c></row>' for at in references
    )
    return f"<worksheet><sheetData>{rows}</sheetData></worksheet>"


def _inspected(
    tmp_path: Path, content: bytes, name: str = "a.xlsx", limits: ReadLimits = LIMITS
) -> str | None:
    file = tmp_path / "landed"
    file.write_bytes(content)
    return inspect(file, limits, name).refusal


def test_an_ordinary_workbook_passes(tmp_path: Path) -> None:
    file = tmp_path / "landed"
    file.write_bytes(_xlsx(_cells("A1", "J60")))
    assert inspect(file, LIMITS, "a.xlsx").kind == "xlsx"


@pytest.mark.parametrize(
    "sheet",
    [
        _cells("A1", "XFD1048576"),
        '<worksheet><dimension ref="A1"/><row r="1048576"><c x=">" r="XFD1048576"><v>1</v></c></row></worksheet>',
        "<worksheet><row><c x=' r=\"A1\" ' r='XFD1048576'><v>1</v></c></row></worksheet>",
        '<x:worksheet><x:row r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row></x:worksheet>',
        '<worksheet><row r="0001048576"><c r="XFD0001048576"><v>1</v></c></row></worksheet>',
    ],
    ids=["plain", "hidden behind >", "false reference first", "other prefix", "zeros"],
)
@pytest.mark.parametrize("padding", _PADDING)
def test_a_small_file_that_stretches_over_the_whole_grid_is_refused(
    tmp_path: Path, sheet: str, padding: str
) -> None:
    content = _xlsx(sheet.replace("worksheet>", f"worksheet>{padding}"))
    assert len(content) < 5_000
    assert _inspected(tmp_path, content) == "FILE_SHEET_TOO_LARGE"


@pytest.mark.parametrize(
    "cell",
    ['<c r="XFD1048576" y="<"><v>1</v></c>', '<c r="A1" r="XFD1048576"><v>1</v></c>'],
    ids=["a tag in an attribute", "two references"],
)
@pytest.mark.parametrize("padding", _PADDING)
def test_what_only_looks_like_xml_is_damaged(tmp_path: Path, cell: str, padding: str) -> None:
    sheet = f'<worksheet><sheetData>{padding}<row r="1">{cell}</row>{padding}</sheetData></worksheet>'
    assert _inspected(tmp_path, _xlsx(sheet)) == "FILE_DAMAGED"


def test_a_picture_may_hold_any_bytes(tmp_path: Path) -> None:
    picture = {"xl__media__image1.png": b"\x89PNG\r\n<c \x01\x02<row \x03"}
    assert _inspected(tmp_path, _xlsx(_cells("A1"), **picture)) is None


def test_a_part_may_be_a_sheet_whatever_it_is_called(tmp_path: Path) -> None:
    content = _xlsx(_cells("A1"), **{"xl__worksheets__calcChain.xml": _cells("A1", "XFD1048576")})
    assert _inspected(tmp_path, content) == "FILE_SHEET_TOO_LARGE"


def test_a_chain_of_calculations_is_no_sheet(tmp_path: Path) -> None:
    chain = '<calcChain><c r="A1" i="1"/><c r="XFD1048576" l="1"/><c i="2" r="B7"/></calcChain>'
    assert _inspected(tmp_path, _xlsx(_cells("A1"), **{"xl__calcChain.xml": chain})) is None


def test_a_binary_sheet_that_begins_like_xml_is_binary(tmp_path: Path) -> None:
    row, cell = (1_048_575).to_bytes(4, "little"), (16_383).to_bytes(4, "little")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.bin", b"")
        archive.writestr("xl/worksheets/sheet1.bin", b"\x3c\x00" + b"\x00\x04" + row + b"\x01\x04" + cell)
    assert _inspected(tmp_path, buffer.getvalue(), "a.xlsb") == "FILE_SHEET_TOO_LARGE"


def test_what_is_remembered_of_a_part_is_of_its_own_kind_name_and_limit(tmp_path: Path) -> None:
    sheet = _cells("A1", "J60")
    shared = {"xl__sharedStrings.xml": sheet}
    assert _inspected(tmp_path, _xlsx(sheet, **shared)) is None
    strict = replace(LIMITS, sheet_cells=599)
    assert _inspected(tmp_path, _xlsx(sheet, **shared), limits=strict) == "FILE_SHEET_TOO_LARGE"
    assert _inspected(tmp_path, _xlsx(sheet, **shared)) is None


def test_styled_blank_cells_far_away_do_not_count(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="2"/></row>'
    sheet = f'<worksheet><row r="1"><c r="A1"><v>1</v></c></row>{far}</worksheet>'
    assert _inspected(tmp_path, _xlsx(sheet)) is None


def test_an_ods_that_repeats_a_filled_cell_without_end_is_refused(tmp_path: Path) -> None:
    attributes = 'a=">" table:number-columns-repeated="16000" office:value-type="float"'
    cell = f"<table:table-cell {attributes}><text:p>1</text:p></table:table-cell>"
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell}</table:table-row>'
    content = f"<table:table>{row}</table:table>"
    assert _inspected(tmp_path, _ods(content), "a.ods") == "FILE_SHEET_TOO_LARGE"


def test_an_ods_that_repeats_blank_cells_to_the_end_passes(tmp_path: Path) -> None:
    blank = '<table:table-cell table:number-columns-repeated="16000"/>'
    row = f'<table:table-row table:number-rows-repeated="1000000">{blank}</table:table-row>'
    assert _inspected(tmp_path, _ods(f"<table:table>{row}</table:table>"), "a.ods") is None


def test_a_zip_bomb_is_refused_by_what_comes_out_and_not_by_what_its_header_says(tmp_path: Path) -> None:
    limits = ReadLimits(inflated_bytes=20_000_000)
    bomb = _xlsx(b"<worksheet>" + b" " * 30_000_000)
    assert len(bomb) < 50_000
    assert _inspected(tmp_path, bomb, limits=limits) == "FILE_ZIP_BOMB"
    declared = (30_000_011).to_bytes(4, "little")
    assert declared in bomb
    assert (
        _inspected(tmp_path, bomb.replace(declared, (11).to_bytes(4, "little")), limits=limits)
        == "FILE_ZIP_BOMB"
    )


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"xl__p{number}.xml": "<a/>" for number in range(30)}
    assert (
        _inspected(tmp_path, _xlsx("<worksheet/>", **parts), limits=ReadLimits(zip_entries=20))
        == "FILE_ZIP_ENTRIES"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("padding", _PADDING)
def test_a_declaration_of_entities_is_refused(tmp_path: Path, encoding: str, padding: str) -> None:
    bomb = (
        f'<?xml version="1.0"?>{padding}<!DOCTYPE a [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]>'
        "<worksheet>&b;</worksheet>"
    )
    assert _inspected(tmp_path, _xlsx(bomb.encode(encoding))) == "FILE_XML_ENTITY"


def test_the_word_entity_in_a_cell_is_only_a_word(tmp_path: Path) -> None:
    shared = {"xl__sharedStrings.xml": "<sst><si><t>&lt;!ENTITY và &lt;!DOCTYPE</t></si></sst>"}
    assert _inspected(tmp_path, _xlsx(_cells("A1"), **shared)) is None


def test_encrypted_files_are_named_as_such(tmp_path: Path) -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le")
    assert _inspected(tmp_path, ole) == "FILE_ENCRYPTED"
    manifest = "<manifest><manifest:encryption-data/></manifest>"
    assert _inspected(tmp_path, _ods("\x00", manifest), "a.ods") == "FILE_ENCRYPTED"
    content = bytearray(_xlsx(_cells("A1")))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert _inspected(tmp_path, bytes(content)) == "FILE_ENCRYPTED"


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"", "a.xlsx", "FILE_EMPTY"),
        (b"\xef\xbb\xbf \r\n", "a.csv", "FILE_EMPTY"),
        (b"%PDF-1.7\n", "a.xlsx", "FILE_NOT_WORKBOOK"),
        (b"\xff\xd8\xff\xe0", "a.xlsx", "FILE_NOT_WORKBOOK"),
        (b"<html><table></table></html>", "a.xls", "FILE_NOT_WORKBOOK"),
        ("xin chào".encode(), "a.xlsx", "FILE_NOT_WORKBOOK"),
        ("Tên;Số\nHội;1\n".encode("utf-16"), "a.csv", None),
        ("Señor;café\nniño;1\n".encode("cp1252"), "a.csv", "FILE_ENCODING"),
        (b"PK\x03\x04 and nothing more", "a.xlsx", "FILE_DAMAGED"),
    ],
)
def test_what_is_no_workbook_is_told_apart(
    tmp_path: Path, content: bytes, name: str, refusal: str | None
) -> None:
    assert _inspected(tmp_path, content, name) == refusal


def test_a_plain_zip_is_no_workbook(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("notes.txt", "<a/>")
    assert _inspected(tmp_path, buffer.getvalue()) == "FILE_NOT_WORKBOOK"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7\n", "Biểu ký.PDF"),
        (b"\xff\xd8\xff\xe0", "a/anh.jpeg"),
        (b"\x89PNG\r\n", "anh.jpg"),
        (b"II*\x00", "quet.tif"),
        (b"\x00\x00\x00\x18ftypheic", "IMG_1.HEIC"),
    ],
)
def test_a_scan_or_a_photo_is_the_paper_copy_where_its_name_says_nothing_else(
    tmp_path: Path, content: bytes, name: str
) -> None:
    file = tmp_path / "landed"
    file.write_bytes(content)
    found = inspect(file, LIMITS, name)
    assert (found.kind, found.refusal) == ("paper", None)
    assert inspect(file, LIMITS, "a.xlsx").refusal == "FILE_NOT_WORKBOOK"


def test_a_file_over_the_size_limit_is_not_even_opened(tmp_path: Path) -> None:
    assert _inspected(tmp_path, b"PK" + b"0" * 100, limits=ReadLimits(file_bytes=50)) == "FILE_TOO_LARGE"


def test_a_part_cut_off_in_the_middle_is_damage(tmp_path: Path) -> None:
    content = _xlsx(_cells(*(f"A{row}" for row in range(1, 500))))
    assert _inspected(tmp_path, content[: len(content) // 2]) == "FILE_DAMAGED"


def test_macros_are_noticed_and_no_reason_to_refuse(tmp_path: Path) -> None:
    file = tmp_path / "landed"
    file.write_bytes(_xlsx(_cells("A1"), **{"xl__vbaProject.bin": b"\xd0\xcf\x11\xe0"}))
    found = inspect(file, LIMITS, "a.xlsm")
    assert (found.kind, found.has_macros) == ("xlsm", True)


@pytest.mark.parametrize(
    "piece", [b"a='1' ", b"<c ", b' r="', b" "], ids=["attributes", "tags", "quotes", "spaces"]
)
def test_a_tag_without_end_is_passed_over_in_one_go(tmp_path: Path, piece: bytes) -> None:
    """A search that went over the same bytes again and again would take hours here."""
    sheet = b"<worksheet><c " + piece * (2_000_000 // len(piece))
    assert _inspected(tmp_path, _xlsx(sheet)) is None
    sheet = sheet.replace(b"<worksheet>", b"<worksheet><sheetData>")
    assert _inspected(tmp_path, _xlsx(sheet)) == "FILE_DAMAGED"
