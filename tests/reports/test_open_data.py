"""Open data name nobody: what stays in the office is neither in the tables nor in what describes them."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from dagster_project.reports.open_data import write_open_data
from dagster_project.reports.release import open_release
from tests.reports.tiny_release import decided_commune, write_release

NAME = "chị Hà"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Open data of a round in which somebody sent, answered, decided, confirmed, entered and signed."""
    rows = decided_commune()
    (sent, told, corrected, held), findings = rows["fct_reported_value"], rows["fct_finding"]
    sent |= {"entered_how": "form", "source_text": "Sổ hộ tịch", "note_text": "Số cả năm"}
    for value in (told, corrected):
        value |= {"source_text": NAME, "note_text": f"{NAME} gọi điện"}
    held |= {"entered_how": "package", "source_text": "bieu-vp.xlsx", "note_text": f"{NAME} gọi điện"}
    rows["fct_reported_value_history"] = rows["fct_reported_value"]
    for finding in findings:
        finding |= {"unit_response": NAME, "decided_by": NAME, "decision_reason": NAME}
        if finding["rule_code"] == "ENTRY_UNCONFIRMED":
            finding |= {"message_vi": f"theo {NAME}", "message_en": f"as told by {NAME}"}
    for indicator in rows["dim_indicator"]:
        indicator |= {"confirmed_by": NAME}
    for rate in rows["fct_reporting_rate"]:
        rate |= {"note": NAME}
    rows["fct_round_state"] = [{"round_code": "T-X-2025", "act": "sign", "state": "draft", "set_by": NAME}]
    rows["fct_document"] = [{"round_code": "T-X-2025", "signer": NAME}]
    rows["fct_report_text"] = [{"round_code": "T-X-2025", "text": NAME, "written_by": NAME}]
    with open_release(write_release(tmp_path, rows)) as release:
        write_open_data(release, tmp_path / "open", "vi")
    return tmp_path / "open"


def test_nobody_is_named(folder: Path) -> None:
    for file in folder.rglob("*.csv"):
        assert NAME not in file.read_text(encoding="utf-8"), file.name
    for file in (folder / "parquet").iterdir():
        assert NAME.encode() not in pl.read_parquet(file).write_csv().encode(), file.name


@pytest.mark.parametrize("table", ["fct_reported_value", "fct_reported_value_history"])
def test_what_units_wrote_themselves_stays_beside_their_figures(folder: Path, table: str) -> None:
    values = pl.read_parquet(folder / "parquet" / f"{table}.parquet")
    assert values.select("entered_how", "source_text", "note_text").rows() == [
        ("form", "Sổ hộ tịch", "Số cả năm"),
        ("on_behalf", None, None),
        ("correction", None, None),
        ("package", "bieu-vp.xlsx", None),
    ]
    findings = pl.read_parquet(folder / "parquet" / "fct_finding.parquet")
    assert "Lần nộp đầu đã thay." in findings["message_vi"].to_list()


def test_manifest_and_dictionary_tell_just_what_is_there(folder: Path) -> None:
    told = pl.read_csv(folder / "columns.csv")
    files = {file.stem: pl.read_parquet(file).columns for file in (folder / "parquet").iterdir()}
    assert {
        table: list(part["column"]) for (table,), part in told.group_by("table", maintain_order=True)
    } == files
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {item["path"] for item in manifest["files"]}
    assert listed == {
        "columns.csv",
        *(f"{kind}/{name}.{kind}" for name in files for kind in ("csv", "parquet")),
    }
