"""Machine packages of releases made by hand: one commune's figures that count, and zips with one thing changed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dagster_project.reports.package import write_package
from dagster_project.reports.release import open_release
from tests.reports.tiny_release import ROUND, commune, write_release

#: data element, category, value, decimal digits, text, state, status, unit, place
FIGURES: tuple[tuple[Any, ...], ...] = (
    ("A.1.GT", "_T", 1234.0, "1234", None, "value", "final", "người", "bieu-vp.xlsx · Biểu · E15"),
    ("A.1.GT", "NAM", 700.0, "700", None, "value", "estimate", "người", "bieu-vp.xlsx · Biểu · E16"),
    ("A.1.GT", "NU", 534.0, "534", None, "value", None, "người", "bieu-vp.xlsx · Biểu · E17"),
    ("A.2.TS", "_T", 3.0, "3", None, "value", "preliminary", "hồ sơ", "bieu-vp.xlsx · Biểu · E18"),
    ("A.2.MS", "_T", 8.0, "8", None, "value", None, "hồ sơ", "a.xlsx · Biểu · E19; b.xlsx · Biểu · E2"),
    ("A.2.TL", "_T", None, None, None, "missing", None, "%", None),
    ("B.1.GT", "_T", 0.0, "0", None, "zero", None, "đơn", "bieu-kt.xlsx · Biểu · E20"),
    ("C.1.VB", "_T", None, None, "@SUM(1+1) Nghị quyết 12", "value", None, None, "bieu-vp.xlsx · Biểu · E21"),
    ("C.2.GT", "_T", 12.75, "12.75", None, "value", None, "triệu đồng", "bieu-vp.xlsx · Biểu · E22"),
    ("C.3.GT", "_T", None, None, None, "not_applicable", None, "lớp", "bieu-vp.xlsx · Biểu · E23"),
)
NOTE = '=HYPERLINK("http://x.example";"<script>alert(1)</script>") ../../{{7*7}}'
_COLUMNS = ("data_element_code", "category_code", "value", "value_decimal", "value_text", "value_state")
_COLUMNS += ("value_status", "unit", "source_places")
_ELEMENTS = (
    ("A.1.GT", "A.1", "Nhân lực", "người", "count", "GIOI"),
    ("A.2.TS", "A.2", "Hồ sơ nộp trực tuyến", "hồ sơ", "count", None),
    ("A.2.MS", "A.2", "Hồ sơ đã nhận", "hồ sơ", "count", None),
    ("A.2.TL", "A.2", "Tỷ lệ đơn vị tự tính", "%", "percent", None),
    ("B.1.GT", "B.1", "Đơn đăng ký sáng chế", "đơn", "count", None),
    ("C.1.VB", "A.1", "Văn bản đã ban hành", None, "text", None),
    ("C.2.GT", "A.1", "Kinh phí", "triệu đồng", "money", None),
    ("C.3.GT", "A.1", "Số lớp", "lớp", "count", None),
)
_FORMULAS = {"A.1": ("A.1.GT", None, 1.0), "A.2": ("A.2.TS", "A.2.MS", 100.0), "B.1": ("B.1.GT", None, 1.0)}


def release_with_figures(
    folder: Path,
    *,
    area: tuple[str, str] = ("03390", "Xã Bình Lư"),
    figures: Sequence[tuple[Any, ...]] = FIGURES,
    is_sample: bool = False,
) -> Path:
    """A commune's release with the figures that count; its indicators are those of ``tiny_release``."""
    rows = _rows(area)
    release = write_release(folder, rows, is_sample=is_sample)
    add_figures(release, figures, area=area, is_sample=is_sample)
    return release


def add_figures(
    release: Path,
    figures: Sequence[tuple[Any, ...]],
    *,
    area: tuple[str, str] = ("03390", "Xã Bình Lư"),
    is_sample: bool = False,
) -> None:
    """Give a release the figures that count, without which it has no packages."""
    frame = _facts(area, figures, is_sample=is_sample)
    with duckdb.connect(str(release / "kho.duckdb")) as connection:
        connection.register("given", frame.to_arrow())
        connection.execute("create table marts.fct_element_value as from given")
        connection.unregister("given")
        connection.execute("comment on column marts.fct_element_value.value is 'Giá trị | Value'")


def package(release: Path, file: Path, *, sdmx: bool = False) -> Path:
    """The package of the release's round."""
    with open_release(release) as opened:
        write_package(opened, ROUND, file, "vi", sdmx=sdmx)
    return file


def changed(package: Path, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The package with its parts changed, the manifest as it was unless it is changed too."""
    with zipfile.ZipFile(package) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def manifest(package: Path) -> dict[str, Any]:
    with zipfile.ZipFile(package) as archive:
        told: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return told


def _rows(area: tuple[str, str]) -> dict[str, Any]:
    rows = commune()
    rows["fct_indicator"] = [
        _indicator(row, area) for row in rows["fct_indicator"] if row["indicator_code"] != "B.2"
    ]
    rows["fct_indicator_harmonised"] = [
        row for row in rows["fct_indicator_harmonised"] if row["indicator_code"] != "B.2"
    ]
    rows["dim_indicator"] = [
        {**row, **_formula(row["indicator_code"])}
        for row in rows["dim_indicator"]
        if row["indicator_code"] != "B.2"
    ]
    rows["dim_data_element"] = [
        {
            "data_element_code": code,
            "criteria_set_code": "T",
            "indicator_code": indicator,
            "name_vi": name,
            "unit": unit,
            "value_type": value_type,
            "disaggregation_code": disaggregation,
        }
        for code, indicator, name, unit, value_type, disaggregation in _ELEMENTS
    ]
    rows["dim_area"] = [row for row in rows["dim_area"] if row["area_code"] != area[0]]
    rows["dim_area"].append(
        {"area_code": area[0], "name_vi": area[1], "level": "commune", "parent_code": "12"}
    )
    for name in ("fct_indicator_harmonised", "fct_reporting_rate", "fct_submission", "fct_reported_value"):
        rows[name] = [{**row, "area_code": area[0], "area_name": area[1]} for row in rows[name]]
    return rows


def _indicator(row: Mapping[str, Any], area: tuple[str, str]) -> dict[str, Any]:
    key = f"{row['area_code']}|{row['indicator_code']}|{row['period_code']}"
    told = {**row, "indicator_value_key": key, "area_code": area[0], "area_name": area[1]}
    if row["period_code"] == "2025" and row["indicator_code"] == "B.1":
        told |= {"value": 0.0, "numerator": 0.0, "value_state": "zero"}
    return told


def _formula(code: str) -> dict[str, Any]:
    numerator, denominator, multiplier = _FORMULAS.get(code, (None, None, None))
    return {"numerator": numerator, "denominator": denominator, "multiplier": multiplier}


def _facts(area: tuple[str, str], figures: Sequence[tuple[Any, ...]], *, is_sample: bool) -> pl.DataFrame:
    frame = pl.DataFrame(
        figures, schema=dict.fromkeys(_COLUMNS, pl.String) | {"value": pl.Float64}, orient="row"
    )
    return frame.select(
        pl.concat_str("data_element_code", "category_code", separator="|").alias("element_value_key"),
        pl.lit(ROUND).alias("round_code"),
        pl.lit("2025").alias("period_code"),
        pl.lit(2025).alias("data_year"),
        pl.lit(area[0]).alias("area_code"),
        pl.lit(area[1]).alias("area_name"),
        "data_element_code",
        "category_code",
        pl.when(pl.col("category_code") == "NAM").then(pl.lit("Nam")).alias("category_name"),
        "value",
        pl.col("value_decimal").cast(pl.Decimal(38, 10)),
        *("value_text", "value_state", "value_status", "unit", "source_places"),
        pl.lit(NOTE).alias("note_text"),
        pl.lit(is_sample).alias("is_sample"),
    )
