"""What the level above sends back stands at the units that answer for it, and a later return takes its place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.frames import FINDINGS, conform
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.quality.returned import keep_newest
from dagster_project.reports.release import open_release
from dagster_project.reports.return_package import areas_below, write_return
from dagster_project.settings import Office
from tests.package_office import COMMUNE_ROUND, PROVINCE_ROUND, write_catalogue
from tests.reports.tiny_package import changed
from tests.reports.tiny_release import write_release

OFFICE = Office(level="commune", area_code="03390", criteria_set_code="T")
HOSTILE = '=HYPERLINK("http://x.example") <script>alert(1)</script> ../../ {{7*7}}'
#: rule, severity, indicator, data element, observed, message
FOUND = (
    ("JUMP_A_2", "blocking", "A.2", "A.2.TS", "3", f"Tăng đột biến. {HOSTILE}"),
    ("JUMP_C_2", "warning", "A.1", "C.2.GT", "12.75", "Giảm mạnh."),
    ("PACKAGE_OTHER_FORMULA", "warning", "B.1", None, "x", "Cách tính khác."),
    ("SUBMISSION_LATE", "warning", None, None, None, "Nộp muộn."),
    ("PACKAGE_DRAFT", "info", None, None, None, "Bản nháp."),
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_catalogue(tmp_path_factory.mktemp("catalogue") / "T"))


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = {
        "dim_round": [
            {
                "round_code": PROVINCE_ROUND,
                "criteria_set_code": "T",
                "level": "province",
                "period_code": "2025",
                "data_year": 2025,
                "period_end": date(2025, 12, 31),
            }
        ],
        "dim_reporting_unit": [
            {"reporting_unit_code": "SO", "level": "province", "area_code": "12"},
            {"reporting_unit_code": "X03390", "level": "province", "area_code": "03390"},
            {"reporting_unit_code": "BL-VP", "level": "commune", "area_code": "03390"},
        ],
        "dim_area": [{"area_code": "03390", "name_vi": "Xã Bình Lư", "level": "commune"}],
    }
    return write_release(tmp_path_factory.mktemp("province"), rows, is_sample=False)


@pytest.fixture(scope="module")
def returned(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _return(release, tmp_path_factory.mktemp("return"), FOUND)


def _return(
    release: Path,
    folder: Path,
    found: tuple[tuple[str | None, ...], ...],
    created: datetime = datetime(2026, 4, 19),  # noqa: DTZ001  # openpyxl takes naive moments
) -> Path:
    columns = ("rule_code", "severity", "indicator_code", "data_element_code", "observed", "message_vi")
    frame = pl.DataFrame(found, schema=dict.fromkeys(columns, pl.String), orient="row")
    frame = frame.with_columns(
        pl.col("message_vi").alias("message_en"),
        pl.int_range(pl.len()).cast(pl.String).alias("finding_id"),
        pl.lit("_T").alias("category_code"),
    )
    book = openpyxl.Workbook()
    book.properties.created = created
    book.save(folder / "X03390.xlsx")
    with open_release(release) as opened:
        write_return(
            opened,
            PROVINCE_ROUND,
            areas_below(opened, PROVINCE_ROUND, "12")["X03390"],
            findings=[conform(frame, FINDINGS)],
            workbooks=[folder / "X03390.xlsx"],
            file=folder / "tra-lai.zip",
            lang="vi",
        )
    return folder / "tra-lai.zip"


def _take(catalogue: Catalogue, office: Office, **files: Path) -> Intake:
    came = datetime(2026, 4, 20, tzinfo=UTC)
    received = [ReceivedFile(name, name, f"{name}.zip", path, came, "", "") for name, path in files.items()]
    return take_in(received, catalogue, office, ReadLimits(), ANYTHING)


def test_only_units_of_the_areas_below_get_a_return(release: Path) -> None:
    with open_release(release) as opened:
        assert areas_below(opened, PROVINCE_ROUND, "12") == {"X03390": ("03390", "Xã Bình Lư")}
        assert areas_below(opened, PROVINCE_ROUND, "03390") == {"SO": ("12", "")}


def test_each_finding_goes_to_who_answers_for_the_figure(catalogue: Catalogue, returned: Path) -> None:
    taken = _take(catalogue, OFFICE, tra=returned)
    rows = taken.findings.select("rule_code", "reporting_unit_code", "data_element_code", "severity").rows()
    assert sorted(rows, key=str) == sorted(
        [
            ("RETURN_RECEIVED", "BL-VP", None, "info"),
            ("RETURNED_TO_MEND", "BL-VP", "A.2.TS", "warning"),
            # a sum over units is asked of each of them
            ("RETURNED_TO_EXPLAIN", "BL-KT", "C.2.GT", "warning"),
            ("RETURNED_TO_EXPLAIN", "BL-VP", "C.2.GT", "warning"),
            # an indicator is asked of who leads its figures, the rest of the focal unit
            ("RETURNED_TO_EXPLAIN", "BL-KT", None, "warning"),
            ("RETURNED_TO_EXPLAIN", "BL-VP", None, "warning"),
        ],
        key=str,
    )
    assert set(taken.findings["stage"]) == {"returned"}
    assert set(taken.findings["round_code"]) == {COMMUNE_ROUND}
    (mend,) = taken.findings.filter(rule_code="RETURNED_TO_MEND").to_dicts()
    assert mend["message_vi"] == f"Cấp trên trả lại, đề nghị sửa: Tăng đột biến. {HOSTILE}"
    (came,) = taken.findings.filter(rule_code="RETURN_RECEIVED").to_dicts()
    assert came["observed"] == "4"
    assert taken.cells.is_empty()
    assert taken.submissions.is_empty()


def test_a_return_of_another_office_or_changed_on_the_way_is_refused(
    catalogue: Catalogue, returned: Path, tmp_path: Path
) -> None:
    def alter(parts: dict[str, bytes]) -> None:
        parts["csv/returned_findings.csv"] += b"x"

    broken = tmp_path / "broken.zip"
    broken.write_bytes(changed(returned, alter))
    for office, rule in (
        (OFFICE.model_copy(update={"area_code": "03394"}), "RETURN_OTHER_OFFICE"),
        (OFFICE.model_copy(update={"is_sample": True}), "PACKAGE_IS_SAMPLE"),
        (Office(level="province", area_code="12", criteria_set_code="T"), "RETURN_OTHER_OFFICE"),
    ):
        found = _take(catalogue, office, tra=returned).findings
        assert found.select("rule_code", "stage", "severity").rows() == [(rule, "guard", "blocking")]
    found = _take(catalogue, OFFICE, broken=broken).findings
    assert found["rule_code"].to_list() == ["PACKAGE_DAMAGED"]


def test_the_last_return_of_a_round_stands_alone_even_where_it_asks_nothing(
    catalogue: Catalogue, release: Path, returned: Path, tmp_path: Path
) -> None:
    clean = _return(release, tmp_path, ())
    taken = _take(catalogue, OFFICE, first=returned, last=clean).findings
    other = taken.head(1).with_columns(stage=pl.lit("intake"))
    left = keep_newest(pl.concat([taken, other]), {"first": 1, "last": 2})
    assert left.select("sha256", "rule_code", "stage", "observed").rows() == [
        ("first", "RETURN_RECEIVED", "returned", "4"),
        ("last", "RETURN_RECEIVED", "returned", "0"),
        other.select("sha256", "rule_code", "stage", "observed").row(0),
    ]


def test_equal_findings_give_equal_bytes_whenever_their_workbook_was_made(
    release: Path, tmp_path: Path
) -> None:
    made = []
    for name, year in (("one", 2001), ("two", 2002)):
        (tmp_path / name).mkdir()
        made.append(_return(release, tmp_path / name, FOUND, created=datetime(year, 1, 1)).read_bytes())  # noqa: DTZ001
    assert made[0] == made[1]
