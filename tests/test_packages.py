"""A province puts packages and files of communes without kho into one release, and sends back what is open."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document

from tests.command import Printed, kho, kho_inside
from tests.package_office import PROVINCE_ROUND, write_catalogue
from tests.province_catalogue import COMMUNES
from tests.reports.tiny_package import FIGURES, package, release_with_figures
from tests.sample.workbook import Form

PACKED = ("03390", "03394", "03405")
WORD = (("STT", "Chỉ tiêu", "ĐVT", "Năm 2025"), ("A.1", "Nhân lực", "người", "6"))


def rows(data: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    (file,) = (data / "releases").rglob("kho.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        return connection.execute(query, list(values)).fetchall()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Printed]:
    folder = tmp_path_factory.mktemp("province")
    data, catalogue = folder / "data", write_catalogue(folder / "catalogue")
    told = ("init", "--level", "province", "--area", "12", "--criteria-set", "T")
    assert kho_inside(data, *told, catalogue=catalogue).code == 0
    assert kho_inside(data, "forms", "issue", "--year", "2025").code == 0
    for code in PACKED:
        release = release_with_figures(folder / code, area=(code, COMMUNES[code]))
        package(release, data / "inbox" / f"goi {code}.zip")
    form = Form(data / "forms" / PROVINCE_ROUND / f"B-T_X03388_{PROVINCE_ROUND}.xlsx")
    form.put("A.1.GT", 10)
    form.save(data / "inbox" / "form.xlsx")
    document = Document()
    table = document.add_table(rows=0, cols=4)
    for texts in WORD:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = text
    document.save(str(data / "inbox" / "bao-cao_03424_2025.docx"))
    return data, kho(data, "run", "--year", "2025", "--json")


def test_packages_and_other_files_make_one_release(ran: tuple[Path, Printed]) -> None:
    data, printed = ran
    for file in printed.json["files"]:
        assert file["cells"] == file["accepted"] + file["quarantined"] + file["ignored"]
        assert file["status"] == "received"
    asked = (
        "select indicator_code, coalesce(value, partial_value), n_areas, n_areas_expected from fct_indicator "
        "where area_code = '12' and category_code = '_T' order by 1"
    )
    # three packages of 1,234 beside 10 of a form and 6 of a Word table; one commune is silent
    assert rows(data, asked) == [
        ("A.1", 3 * 1234 + 10 + 6, 5, 6),
        ("A.2", pytest.approx(37.5), 3, 6),
        ("B.1", 0, 3, 6),
    ]


def test_every_fact_of_a_package_is_a_fact_of_the_province(ran: tuple[Path, Printed]) -> None:
    asked = (
        "select data_element_code, category_code, value, value_decimal, value_text, value_state, value_status, "
        "unit, source_text, sheet, file_name, entered_how from fct_reported_value where area_code = ?"
    )
    for code in PACKED:
        found = {row[:2]: row[2:] for row in rows(ran[0], asked, code)}
        assert len(found) == len(FIGURES)
        for element, category, value, exact, text, state, status, unit, place in FIGURES:
            figure, decimal, *others = found[element, category]
            assert (figure, None if decimal is None else float(decimal)) == (value, exact and float(exact))
            where = ("csv/fct_element_value.csv", f"goi {code}.zip", "package")
            assert tuple(others) == (text, state, status, unit, place, *where)


def test_a_total_is_traced_through_the_package_to_the_communes_own_cell(ran: tuple[Path, Printed]) -> None:
    text = kho_inside(ran[0], "trace", "A.1", "--area", "12", "--year", "2025").out
    assert "goi 03394.zip" in text
    assert "bieu-vp.xlsx · Biểu · E15" in text


def test_each_commune_gets_a_return_whether_it_has_kho_or_not(ran: tuple[Path, Printed]) -> None:
    data, _ = ran
    printed = kho_inside(data, "feedback", "--year", "2025")
    assert printed.code == 0
    returns = {file.name: file for file in (data / "feedback" / PROVINCE_ROUND).glob("*.zip")}
    assert set(returns) == {f"tra-lai_X{code}.zip" for code in (*PACKED, "03388", "03424")}
    with zipfile.ZipFile(returns["tra-lai_X03390.zip"]) as archive:
        assert {"manifest.json", "csv/returned_findings.csv", "phan-hoi-1.xlsx"} == set(archive.namelist())
    once = returns["tra-lai_X03390.zip"].read_bytes()
    kho_inside(data, "feedback", "--year", "2025")
    assert returns["tra-lai_X03390.zip"].read_bytes() == once


def test_the_command_packs_the_same_bytes_as_the_run_and_sdmx_where_asked(ran: tuple[Path, Printed]) -> None:
    pytest.importorskip("pysdmx", reason="the extra sdmx is not installed")
    data, _ = ran
    (exported,) = (data / "exports").rglob(f"goi-so-lieu-{PROVINCE_ROUND}.zip")
    before = exported.read_bytes()
    assert kho_inside(data, "package", "--year", "2025", "--sdmx", "--to", data / "out").code == 0
    assert kho_inside(data, "package", "--year", "2025").code == 0
    assert exported.read_bytes() == before
    with zipfile.ZipFile(data / "out" / f"goi-so-lieu-{PROVINCE_ROUND}-sdmx.zip") as archive:
        assert {"sdmx/structure.xml", "sdmx/data.xml"} < set(archive.namelist())
