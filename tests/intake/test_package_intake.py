"""A package of the level below is the same facts again, or says in one finding why it is not taken."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.intake.package_parts import checksum
from dagster_project.intake.take_in import Intake, ReceivedFile, take_in
from dagster_project.limits import ReadLimits
from dagster_project.settings import Office
from tests.package_office import write_catalogue
from tests.reports.tiny_package import FIGURES, changed, package, release_with_figures

OFFICE = Office(level="province", area_code="12", criteria_set_code="T")
CAME = datetime(2026, 4, 11, tzinfo=UTC)
FACTS = "csv/fct_element_value.csv"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load_catalogue(write_catalogue(tmp_path_factory.mktemp("catalogue") / "T"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return package(release_with_figures(folder), folder / "báo cáo năm.zip")


def _signed(parts: dict[str, bytes]) -> None:
    """Make the manifest agree with what the parts now are."""
    told = json.loads(parts["manifest.json"])
    for item in told["files"]:
        item["sha256"] = hashlib.sha256(parts[item["path"]]).hexdigest()
    parts["manifest.json"] = json.dumps({**told, "checksum": checksum(told)}, ensure_ascii=False).encode()


def _replace(path: str, old: str, new: str, *, signed: bool = True) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        before = parts[path]
        parts[path] = before.replace(old.encode(), new.encode(), 1)
        assert parts[path] != before
        if signed:
            _signed(parts)

    return change


def _about(parts: dict[str, bytes], **said: object) -> None:
    told = json.loads(parts["manifest.json"])
    told = {
        **told,
        **{key: {**told[key], **value} if isinstance(value, dict) else value for key, value in said.items()},
    }
    parts["manifest.json"] = json.dumps({**told, "checksum": checksum(told)}, ensure_ascii=False).encode()


def _far_annex(parts: dict[str, bytes]) -> None:
    """An annex whose one cell lies at the end of all sheets, which a spreadsheet reader would fill up to."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook><sheets/></workbook>")
        cells = '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")
    parts["annex.xlsx"] = buffer.getvalue()
    _signed(parts)


def _half_a_letter(parts: dict[str, bytes]) -> None:
    told = json.loads(parts["manifest.json"])
    parts["manifest.json"] = json.dumps({**told, "checksum": "\ud800"}).encode()


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "one byte": (_replace(FACTS, "1234.0", "1235.0", signed=False), "PACKAGE_DAMAGED"),
    "manifest": (_replace("manifest.json", "draft", "issued", signed=False), "PACKAGE_DAMAGED"),
    "missing": (lambda parts: parts.pop("parquet/dim_area.parquet"), "PACKAGE_PART_MISSING"),
    "added": (lambda parts: parts.update({"../../etc/passwd": b"x"}), "PACKAGE_PART_ADDED"),
    "round": (lambda parts: _about(parts, round={"period_code": "2019"}), "PACKAGE_OTHER_ROUND"),
    "set": (lambda parts: _about(parts, round={"criteria_set_code": "KHÁC"}), "PACKAGE_OTHER_ROUND"),
    "level": (lambda parts: _about(parts, round={"level": "province"}), "PACKAGE_OTHER_LEVEL"),
    "area": (lambda parts: _about(parts, area={"code": "99999"}), "PACKAGE_OTHER_UNIT"),
    "sample": (lambda parts: _about(parts, is_sample=True), "PACKAGE_IS_SAMPLE"),
    "annex": (_replace("csv/fct_indicator.csv", "37.5", "38.5"), "PACKAGE_ANNEX_DIFFERS"),
    "annex without end": (_far_annex, "FILE_UNREADABLE"),
    "half a letter": (_half_a_letter, "FILE_UNREADABLE"),
    "year": (lambda parts: _about(parts, round={"period_code": "2024"}), "LAYOUT_WRONG_YEAR"),
}


@pytest.fixture(scope="module")
def taken(catalogue: Catalogue, whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Intake:
    """The whole package and one for each change, in one batch; each file's sha256 is its name here."""
    folder = tmp_path_factory.mktemp("landed")
    files = {"whole": whole}
    for name, (change, _) in CHANGES.items():
        files[name] = folder / name
        files[name].write_bytes(changed(whole, change))
    return _take(files, catalogue)


def _take(files: dict[str, Path], catalogue: Catalogue) -> Intake:
    received = [
        ReceivedFile(name, name, f"{name} gửi.zip", path, CAME, "", "") for name, path in files.items()
    ]
    return take_in(received, catalogue, OFFICE, ReadLimits(), Wanted(2025))


def test_the_same_facts_come_out_as_went_in(taken: Intake) -> None:
    cells = taken.cells.filter(pl.col("sha256") == "whole", pl.col("role") == "value")
    columns = ("data_element_code", "category_code", "value", "value_exact", "value_text", "value_state")
    columns += ("value_status", "unit", "source_text")
    assert cells.select(columns).rows() == list(FIGURES)
    assert set(cells["disposition"]) == {"accepted"}
    assert set(cells["sheet"]) == {FACTS}
    (submission,) = taken.submissions.filter(sha256="whole").to_dicts()
    assert (submission["reporting_unit_code"], submission["round_code"], submission["blocked"]) == (
        "X03390",
        "T-T-2025",
        False,
    )


def test_what_the_level_below_has_not_settled_comes_along(taken: Intake) -> None:
    found = taken.findings.filter(sha256="whole").select("rule_code", "severity").rows()
    assert set(found) == {("PACKAGE_DRAFT", "info"), ("PACKAGE_BELOW_OPEN", "info")}


@pytest.mark.parametrize("name", CHANGES)
def test_a_package_that_was_changed_is_one_clear_finding_and_gives_no_figure(
    taken: Intake, name: str
) -> None:
    found = taken.findings.filter(pl.col("sha256") == name, pl.col("severity") == "blocking")
    assert found["rule_code"].to_list() == [CHANGES[name][1]]
    assert taken.cells.filter(pl.col("sha256") == name, pl.col("disposition") == "accepted").is_empty()
    assert not taken.submissions.filter(pl.col("sha256") == name, ~pl.col("blocked")).height


def test_another_unit_holds_the_figure_and_another_formula_is_told(
    catalogue: Catalogue, whole: Path, tmp_path: Path
) -> None:
    changes = {
        "unit": _replace("csv/dim_data_element.csv", "triệu đồng", "tỷ đồng"),
        "formula": _replace("csv/dim_indicator.csv", "100.0", "1000.0"),
        "name": _replace("csv/dim_data_element.csv", "Kinh phí", "Kinh phí khác"),
        "held": _replace(FACTS, '12.75,12.7500000000,,"value"', ',,,"held"'),
        "blocked below": _replace(
            "csv/fct_finding.csv",
            '"f3","JUMP","admission","fail","warning"',
            '"f3","JUMP","rules","fail","blocking"',
        ),
        "wrong": _replace(FACTS, '12.75,12.7500000000,,"value"', '12.75,13.7500000000,,"value"'),
        "unknown": _replace(FACTS, '"C.2.GT"', '"C.9.GT"'),
    }
    files = {}
    for name, change in changes.items():
        files[name] = tmp_path / name
        files[name].write_bytes(changed(whole, change))
    taken = _take(files, catalogue)
    told = taken.findings.filter(~pl.col("rule_code").is_in(["PACKAGE_DRAFT", "PACKAGE_BELOW_OPEN"]))
    rows = told.select(
        "sha256", "rule_code", pl.coalesce("data_element_code", "indicator_code", "observed")
    ).rows()
    assert {name: rest for name, *rest in rows} == {
        "unit": ["PACKAGE_OTHER_DEFINITION", "C.2.GT"],
        "formula": ["PACKAGE_OTHER_FORMULA", "A.2"],
        "name": ["PACKAGE_OTHER_NAME", "C.2.GT"],
        "held": ["PACKAGE_FIGURE_HELD", "C.2.GT"],
        "blocked below": ["PACKAGE_FIGURE_HELD", "A.2.MS"],
        "wrong": ["PACKAGE_VALUE_UNREADABLE", "C.2.GT"],
        "unknown": ["PACKAGE_ELEMENT_UNKNOWN", "C.9.GT"],
    }
    assert len(rows) == len(changes)
    accepted = taken.cells.filter(pl.col("disposition") == "accepted").group_by("sha256").len()
    assert dict(accepted.iter_rows()) == {name: 10 if name in ("formula", "name") else 9 for name in changes}
