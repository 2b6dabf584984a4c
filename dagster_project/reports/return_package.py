"""The return package: what a unit of the level below has to mend or explain, for people and for its own kho.

One zip: the feedback workbooks, the findings as CSV, a manifest with the sha256 of each part. Which findings go back
is decided by who calls; how a return package is taken in belongs to ``intake``.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from dagster_project.durable import replaced
from dagster_project.frames import RETURN_PACKAGE
from dagster_project.intake.package_parts import RETURNED, checksum
from dagster_project.reports.open_data import MANIFEST, Written, tell_manifest, write_csv
from dagster_project.reports.packing import pack, settle
from dagster_project.reports.release import Release, valid_at

_COLUMNS = (
    *("finding_id", "rule_code", "severity", "indicator_code", "data_element_code", "category_code"),
    *("observed", "expected", "message_vi", "message_en", "advice_vi", "advice_en"),
    *("file_name", "sheet", "cell"),
)
#: What is only told needs no answer from below.
_SENT_BACK = ("blocking", "warning")


def areas_below(release: Release, round_code: str, area_code: str) -> dict[str, tuple[str, str]]:
    """Code and name of the area of each unit of a round that reports for another area than the office's own."""
    (chosen,) = release.mart("dim_round", round_code=round_code).to_dicts()
    units = valid_at(release.mart("dim_reporting_unit"), chosen["period_end"])
    names = valid_at(release.mart("dim_area"), chosen["period_end"]).select(
        "area_code", pl.col("name_vi").alias("area_name")
    )
    below = units.filter(
        pl.col("level") == chosen["level"], pl.col("area_code") != area_code, pl.lit(bool(area_code))
    ).join(names, on="area_code", how="left")
    return {
        row["reporting_unit_code"]: (row["area_code"], row["area_name"] or "")
        for row in below.iter_rows(named=True)
    }


def write_return(
    release: Release,
    round_code: str,
    area: tuple[str, str],
    *,
    findings: Sequence[pl.DataFrame],
    workbooks: Sequence[Path],
    file: Path,
    lang: str,
) -> int:
    """Write what goes back to the unit of ``area`` (code, name) and say how much that is.

    ``findings``: frames with columns of ``fct_finding``. None is told too: it ends what an earlier package returned.
    """
    with tempfile.TemporaryDirectory(prefix="kho-return-") as aside:
        folder = Path(aside)
        (folder / "csv").mkdir()
        everything = pl.concat(
            [
                pl.DataFrame(schema=dict.fromkeys((*_COLUMNS,), pl.String)),
                *(part.select(_COLUMNS) for part in findings),
            ]
        )
        sent = everything.filter(pl.col("severity").is_in(_SENT_BACK)).unique("finding_id").sort("finding_id")
        table = f"csv/{RETURNED}.csv"
        write_csv(sent, folder / table)
        written = [Written(table, sent.height)]
        for number, workbook in enumerate(workbooks, start=1):
            name = f"phan-hoi-{number}{workbook.suffix}"
            settle(Path(shutil.copyfile(workbook, folder / name)), release.stamp.created_at)
            written.append(Written(name, None))
        told = {**_about(release, round_code, area), **tell_manifest(release, folder, written, lang)}
        content = json.dumps({**told, "checksum": checksum(told)}, ensure_ascii=False, indent=2)
        (folder / MANIFEST).write_text(content + "\n", encoding="utf-8")
        with replaced(file) as beside:
            pack(folder, beside)
    return sent.height


def _about(release: Release, round_code: str, area: tuple[str, str]) -> Mapping[str, object]:
    (chosen,) = release.mart("dim_round", round_code=round_code).to_dicts()
    names = ("round_code", "criteria_set_code", "level", "period_code", "data_year")
    return {
        "format": RETURN_PACKAGE,
        "round": {name: chosen[name] for name in names},
        "area": {"code": area[0], "name": area[1]},
    }
