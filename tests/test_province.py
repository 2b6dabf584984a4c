"""A province with communes that have no kho: forms, an annex of another kho, a Word table, and one that is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document

from dagster_project.reports.export import export_release
from tests.command import Printed, kho
from tests.province_catalogue import COMMUNES, ROUND, write_catalogue
from tests.reports.tiny_release import ROUND as ROUND_OF_THE_COMMUNE
from tests.reports.tiny_release import commune, write_release
from tests.sample.workbook import Form

FILLED: dict[str, dict[str, object]] = {
    "X03388": {"A.1.GT": 10, "A.2.TS": 30, "A.2.MS": 40, "B.1.GT": 1},
    "X03394": {"A.1.GT": 20, "A.2.TS": 10, "A.2.MS": 60, "B.1.GT": 2},
    "X03405": {"A.1.GT": 30, "A.2.TS": 0, "A.2.MS": 100, "B.1.GT": "không phát sinh"},
    "SO": {"A.1.GT": 9999},
}
WORD = (
    ("STT", "Chỉ tiêu", "ĐVT", "Năm 2025"),
    ("A.1", "tên gì cũng được, vì có mã", "người", "6"),
    ("", "Tỷ lệ hồ sơ trực tuyến", "%", "45,5"),
    ("", "Đơn đăng kí sáng chế của xã", "đơn", "7"),
)


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    (file,) = (data / "releases").rglob("kho.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_catalogue(tmp_path_factory.mktemp("catalogue") / "T")


@pytest.fixture(scope="module")
def annexes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The annex of one commune's release, once of real figures and once of sample ones."""
    folder = tmp_path_factory.mktemp("annexes")
    made = {}
    for name, is_sample in (("real", False), ("sample", True)):
        release = write_release(folder / name, commune(), is_sample=is_sample)
        files = export_release(
            release, folder / f"{name}-exports", round_code=ROUND_OF_THE_COMMUNE, lang="vi"
        )
        made[name] = next(file.path for file in files if file.kind == "annex")
    return made


@pytest.fixture(scope="module")
def ran(
    catalogue: Path, annexes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Printed]:
    data = tmp_path_factory.mktemp("province") / "data"
    settings = ("init", "--level", "province", "--area", "12", "--criteria-set", "T")
    assert kho(data, *settings, catalogue=catalogue).code == 0
    assert kho(data, "forms", "issue", "--year", "2025").code == 0
    for unit, figures in FILLED.items():
        form = Form(data / "forms" / ROUND / f"B-T_{unit}_{ROUND}.xlsx")
        for code, value in figures.items():
            form.put(code, value)
        form.save(data / "inbox" / f"{unit}.xlsx")
    (data / "inbox" / "phu-luc.xlsx").write_bytes(annexes["real"].read_bytes())
    (data / "inbox" / "minh-hoa.xlsx").write_bytes(annexes["sample"].read_bytes())
    document = Document()
    table = document.add_table(rows=0, cols=4)
    for texts in WORD:
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            cell.text = text
    document.save(str(data / "inbox" / "bao-cao_03424_2025.docx"))
    return data, kho(data, "run", "--year", "2025", "--json")


def test_every_file_is_taken_in_or_says_why_not(ran: tuple[Path, Printed]) -> None:
    data, printed = ran
    assert printed.code == 1  # the annex of sample figures
    refused = "select file_name from fct_submission where status = 'refused'"
    assert rows(data, refused) == [("minh-hoa.xlsx",)]
    for file in printed.json["files"]:
        assert file["cells"] == file["accepted"] + file["quarantined"] + file["ignored"]
    found = rows(
        data, "select rule_code, cell, observed from fct_finding where rule_code like 'REPORT%' order by 1, 2"
    )
    assert found == [
        ("REPORT_IS_DRAFT", None, None),
        ("REPORT_IS_DRAFT", None, None),
        ("REPORT_IS_SAMPLE", None, None),
        ("REPORT_RATE_WITHOUT_PARTS", "D3", "45,5"),
        ("REPORT_ROW_UNKNOWN", "D4", "Đơn đăng kí sáng chế của xã"),
    ]


def test_an_annex_gives_the_figures_of_the_release_that_it_was_made_from(ran: tuple[Path, Printed]) -> None:
    fields = ("indicator_code", "numerator", "denominator", "value")
    told = [
        tuple(row.get(name) for name in fields)
        for row in commune()["fct_indicator"]
        if row["period_code"] == "2025" and row["indicator_code"] != "B.2"
    ]
    asked = (
        "select indicator_code, numerator, denominator, value from fct_indicator "
        "where area_code = '03390' order by 1"
    )
    assert rows(ran[0], asked) == sorted(told)


def test_totals_say_how_many_communes_are_in(ran: tuple[Path, Printed]) -> None:
    asked = (
        "select indicator_code, value, partial_value, value_state, origin, n_areas, n_areas_expected "
        "from fct_indicator where area_code = '12' order by 1"
    )
    whole = (None, "partial", "aggregated")
    assert rows(ran[0], asked) == [
        ("A.1", None, 10 + 20 + 30 + 1234 + 6, *whole[1:], 5, 6),
        # a rate without parts counts for nothing here: (30 + 10 + 0 + 3) of (40 + 60 + 100 + 8)
        ("A.2", None, pytest.approx(100 * 43 / 208), *whole[1:], 4, 6),
        # the annex holds none, since the commune's own was held
        ("B.1", None, 3, *whole[1:], 3, 6),
    ]


def test_the_typed_total_and_the_bare_rate_stay_as_told(ran: tuple[Path, Printed]) -> None:
    asked = (
        "select reporting_unit_code, data_element_code, value from fct_reported_value "
        "where data_element_code = 'A.2.TL' and value is not null or reporting_unit_code = 'SO' order by 1"
    )
    assert rows(ran[0], asked) == [
        ("SO", "A.1.GT", 9999),
        # beside its parts in the annex
        ("X03390", "A.2.TL", 37.5),
        ("X03424", "A.2.TL", 45.5),
    ]


def test_status_has_a_row_per_commune_and_a_total_is_traced_to_each_cell(ran: tuple[Path, Printed]) -> None:
    data, _ = ran
    status: Any = kho(data, "status", "--year", "2025", "--json").json
    assert {unit["reporting_unit_code"] for unit in status["units"]} == {
        "SO",
        *(f"X{code}" for code in COMMUNES),
    }
    waiting = [unit["reporting_unit_code"] for unit in status["units"] if unit["state"] != "sent"]
    assert waiting == ["X03430"]
    text = kho(data, "trace", "A.1", "--area", "12", "--year", "2025").out
    assert "= 1.300 người cộng từ 5/6 địa bàn cấp dưới" in text
    for file in ("X03388.xlsx", "X03394.xlsx", "X03405.xlsx", "phu-luc.xlsx", "bao-cao_03424_2025.docx"):
        assert file in text
    assert "SO.xlsx" not in text


def test_the_provinces_report_shows_how_many_communes_each_total_has(ran: tuple[Path, Printed]) -> None:
    (report,) = (ran[0] / "exports").rglob("bao-cao-T-T-2025.docx")
    document = Document(str(report))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert "1.300 (5/6)" in cells
    assert "20,7 (4/6)" in cells
    assert any(paragraph.text.startswith("(n/m):") for paragraph in document.paragraphs)
