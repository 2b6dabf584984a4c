"""The small criteria set with the twelve units of the sample and a timetable; two units have figures of their own."""

from __future__ import annotations

import csv
from pathlib import Path

from dagster_project.paths import Project
from tests.forms.small_catalogue import write_small_catalogue

ROUND = "T1-X-2025"
AREA = "03390"

_ROUNDS = f"""
round_code,criteria_set_code,level,period_code,data_year,period_type,request_number,period_start,period_end,opens_on,forms_on,remind_before,name_vi
{ROUND},T1,commune,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,2026-02-02,10 5 1,Báo cáo năm 2025
"""
_DUES = f"""
round_code,level,due_date,inclusive
{ROUND},unit,2026-04-10,false
{ROUND},commune,2026-04-12,false
{ROUND},province,2026-04-15,true
"""
_AREAS = f"""
area_code,name_vi,area_type,level,parent_code,valid_from,valid_to
{AREA},Xã Bình Lư,xa,commune,,2025-07-01,
"""


def units() -> list[str]:
    """The units of the sample's commune that report today."""
    return [row["reporting_unit_code"] for row in _sample_units()]


def write_season_catalogue(folder: Path) -> Path:
    """The tables as CSV files in ``folder``; every unit gives its part of A.1, two of them a figure more."""
    write_small_catalogue(folder)
    rows = _sample_units()
    shown = (
        "reporting_unit_code",
        "name_vi",
        "level",
        "area_code",
        "is_focal",
        "email",
        "valid_from",
        "valid_to",
    )
    with (folder / "reporting_units.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, shown, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            code = row["reporting_unit_code"]
            writer.writerow({**row, "email": f"{code.lower()}@xa.example" if code != "BL-QS" else ""})
    lines = ["reporting_unit_code,data_element_code,form_code,role,status"]
    for number, code in enumerate(units()):
        lines.append(f"{code},A.1.GT,F1,{'contributor' if number else 'lead'},confirmed")
    lines += [
        "BL-VP,B.1.GT,F1,lead,confirmed",
        *(f"BL-HCC,A.2.{part},F1,lead,confirmed" for part in ("TS", "MS", "TL")),
    ]
    _write(folder, "assignments", "\n".join(lines))
    _write(folder, "rounds", _ROUNDS)
    _write(folder, "round_due_dates", _DUES)
    _write(folder, "areas", _AREAS)
    indicators = folder / "indicators.csv"
    indicators.write_text(indicators.read_text("utf-8").replace("candidate", "official"), encoding="utf-8")
    (folder / "holidays.csv").write_bytes((Project().reference / "holidays.csv").read_bytes())
    return folder


def _sample_units() -> list[dict[str, str]]:
    with (Project().reference / "reporting_units.csv").open(encoding="utf-8", newline="") as stream:
        return [
            row
            for row in csv.DictReader(stream)
            if row["area_code"] == AREA and row["level"] == "commune" and not row["valid_to"]
        ]


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.csv").write_text(text.strip() + "\n", encoding="utf-8")
