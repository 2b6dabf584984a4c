"""What a unit relies on that sends what it has: Word tables, old encodings, old fonts; nothing is lost in silence."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from pathlib import Path

import docx
import openpyxl
import polars as pl
import pytest
from openpyxl.styles import Font

from dagster_project.intake.encodings import UnknownEncodingError, decode
from dagster_project.intake.legacy_text import decode_texts
from dagster_project.intake.read import RAW, Read, read_files
from dagster_project.intake.read import FileToRead as Wanted
from dagster_project.intake.syllables import is_syllable
from dagster_project.limits import ReadLimits

_TONES = "\u0300\u0301\u0303\u0309\u0323"


def _read(*files: Path) -> Read:
    return read_files([Wanted(file.name, file.name, file) for file in files], ReadLimits())


def _cells(raw: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {(sheet, cell): text for sheet, cell, text in raw.select("sheet", "cell", "raw_text").iter_rows()}


def test_tables_of_a_word_document_are_sheets_with_coordinates(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Ngoài bảng")
    first = document.add_table(rows=3, cols=3)
    first.cell(0, 0).merge(first.cell(0, 1)).text = "Chung"
    first.cell(0, 2).text = "C"
    first.cell(1, 0).merge(first.cell(2, 0)).text = "Dọc"
    first.cell(1, 2).text = "1.234"
    first.cell(2, 1).text = "dòng 1\ndòng 2"
    document.add_paragraph()
    document.add_table(rows=1, cols=1).cell(0, 0).text = "Bảng sau"
    document.save(str(tmp_path / "a.docx"))
    assert _cells(_read(tmp_path / "a.docx").raw) == {
        ("Bảng 1", "A1"): "Chung",
        ("Bảng 1", "C1"): "C",
        ("Bảng 1", "A2"): "Dọc",
        ("Bảng 1", "C2"): "1.234",
        ("Bảng 1", "B3"): "dòng 1\ndòng 2",
        ("Bảng 2", "A1"): "Bảng sau",
    }


def test_a_table_within_a_cell_is_part_of_the_cell(tmp_path: Path) -> None:
    document = docx.Document()
    outer = document.add_table(rows=1, cols=2)
    outer.cell(0, 0).add_table(rows=1, cols=1).cell(0, 0).text = "trong"
    outer.cell(0, 1).text = "ngoài"
    document.save(str(tmp_path / "a.docx"))
    assert {cell: text.strip() for (_, cell), text in _cells(_read(tmp_path / "a.docx").raw).items()} == {
        "A1": "trong",
        "B1": "ngoài",
    }


def test_a_word_document_with_entities_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><w:document>&b;</w:document>')
    (tmp_path / "a.docx").write_bytes(buffer.getvalue())
    assert _read(tmp_path / "a.docx").inspections["a.docx"].refusal == "FILE_XML_ENTITY"


def _as_1258(text: str) -> bytes:
    """As a Windows program of Việt Nam saves it: vowels with their sign, the tone as a mark of its own."""
    out = []
    for char in text:
        parts = unicodedata.normalize("NFD", char)
        tones = "".join(part for part in parts if part in _TONES)
        plain = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        out.append((plain + tones).encode("cp1258"))
    return b"".join(out)


def test_windows_1258_is_read_where_its_words_are_vietnamese(tmp_path: Path) -> None:
    text = "Tên đơn vị;Số lượng\nHội Nông dân xã Bình Lư;12\nỦy ban Mặt trận;5\n"
    (tmp_path / "a.csv").write_bytes(_as_1258(text))
    done = _read(tmp_path / "a.csv")
    assert done.inspections["a.csv"].encoding == "cp1258"
    assert _cells(done.raw)["", "A3"] == "Ủy ban Mặt trận"
    assert decode(text.encode()).encoding == "utf-8"


@pytest.mark.parametrize(
    "content",
    ["Señor;café;niño".encode("cp1252"), "größe;Gebäude".encode("cp1252"), b"X\xe3;1", b"\x81\xfe\xff;1"],
    ids=["Spanish", "German", "two readings", "noise"],
)
def test_an_encoding_that_nothing_proves_is_not_guessed(content: bytes) -> None:
    with pytest.raises(UnknownEncodingError):
        decode(content)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            ["Tû lÖ hå s¬ trùc tuyÕn", "Kh«ng ph¸t sinh", "B¸o c¸o tµi chÝnh"],
            ["Tỷ lệ hồ sơ trực tuyến", "Không phát sinh", "Báo cáo tài chính"],
        ),
        (["Toång soá nhaân löïc", "Khoâng aùp duïng"], ["Tổng số nhân lực", "Không áp dụng"]),
    ],
    ids=["TCVN3", "VNI"],
)
def test_texts_that_the_whole_file_proves_to_be_in_an_old_font_are_decoded(
    tmp_path: Path, typed: list[str], meant: list[str]
) -> None:
    book = openpyxl.Workbook()
    for row, text in enumerate([*typed, "A.2.TS", "Xã"], start=1):
        book.active.cell(row, 1).value = text
    book.save(tmp_path / "a.xlsx")
    raw = _read(tmp_path / "a.xlsx").raw
    assert raw["raw_text"].to_list()[: len(typed)] == typed
    assert decode_texts(raw).sort("row")["decoded"].to_list() == meant


def test_a_font_proves_a_single_cell_and_nothing_else_does(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row, font in enumerate((".VnTime", "Times New Roman"), start=1):
        cell = book.active.cell(row, 1)
        cell.value, cell.font = "Ghi chó", Font(name=font)
    book.save(tmp_path / "a.xlsx")
    assert decode_texts(_read(tmp_path / "a.xlsx").raw).select("row", "decoded").rows() == [(1, "Ghi chú")]


@pytest.mark.parametrize(
    "texts",
    [
        ["Xã Bình Lư", "Phòng Văn hóa", "Hòa", "Là gì"],
        ["Señor niño año", "El café", "«été» à côté"],
        ["größe", "Gebäude", "5 m²", "20 °C", "± 3"],
        ["B¸o"],
    ],
    ids=["Unicode", "Spanish and French", "signs", "one word"],
)
def test_text_that_may_be_as_it_stands_is_left_alone(texts: list[str]) -> None:
    raw = pl.DataFrame(
        [
            {"sha256": "f", "sheet": "s", "row": row, "col": 1, "raw_text": text, "cell_type": "text"}
            for row, text in enumerate(texts)
        ]
    )
    frame = raw.select(
        pl.col(name).cast(dtype) if name in raw.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in RAW.items()
    )
    assert decode_texts(frame).is_empty()


@pytest.mark.parametrize("word", ["nghiêng", "Quyết", "gìn", "khuỷu", "ƯỚC", "thuở", "giết"])
def test_vietnamese_words_are_known(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["café", "größe", "Señor", "cát2", "mạtt", "bc", "mãt"])
def test_other_words_are_not(word: str) -> None:
    assert not is_syllable(word)
