"""Whose report it is and of which round: from codes in its lines and its file name, its letterhead and its headings.

Every fault here blocks the file: what is not told is asked for, never supposed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.forms.plan import assigned_elements
from dagster_project.intake.form_findings import finding
from dagster_project.intake.keys import folded
from dagster_project.messages import message
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

_CODES_IN_NAME = r"[\p{L}\p{N}]+(?:-\p{L}+)?"


def identify_reports(
    raw: pl.DataFrame,
    files: pl.DataFrame,
    *,
    lines: pl.DataFrame,
    columns: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    wanted: Wanted,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row per file with its round, unit, area and form (null where unclear), and what was found.

    ``files``: sha256, file_name, received_at.
    """
    rounds = _rounds(files, lines, columns, catalogue, office=office, wanted=wanted)
    units = _units(raw, rounds, lines, catalogue, office)
    reports = (
        rounds.join(units, on="sha256", how="left", maintain_order="left")
        .join(
            one_form(catalogue), on=["reporting_unit_code", "round_code"], how="left", maintain_order="left"
        )
        .with_columns(pl.lit(office.is_sample).alias("is_sample"))
    )
    reports = reports.with_columns(submission_ids(reports))
    marks = raw.select("sha256", _plain(pl.col("raw_text")).alias("text"))

    def bearing(code: str) -> pl.DataFrame:
        said = marks.filter(pl.col("text").str.contains(_plain(pl.lit(message(code, "vi"))), literal=True))
        return reports.join(said, on="sha256", how="semi")

    unclear_round = reports.filter(pl.col("round_code").is_null())
    unclear_unit = reports.filter(pl.col("round_code").is_not_null() & pl.col("form_code").is_null())
    sample = bearing("reports.sample_mark").filter(~pl.col("is_sample"))
    found = [
        finding(unclear_round, "REPORT_PERIOD_UNCLEAR", observed="periods_seen"),
        finding(unclear_unit, "REPORT_UNIT_UNCLEAR", observed="units_seen"),
        finding(sample, "REPORT_IS_SAMPLE"),
        finding(bearing("reports.draft"), "REPORT_IS_DRAFT"),
    ]
    return reports, pl.concat(found, how="diagonal_relaxed")


def _plain(text: pl.Expr) -> pl.Expr:
    return text.str.normalize("NFC").str.to_lowercase().str.replace_all(r"\s+", " ")


def _rounds(
    files: pl.DataFrame,
    lines: pl.DataFrame,
    columns: pl.DataFrame,
    catalogue: Catalogue,
    *,
    office: Office,
    wanted: Wanted,
) -> pl.DataFrame:
    """The round of the office's level that each file speaks of.

    Lines that name their period run up to the report's own; of headings with several years none is the report's.
    """
    open_rounds = (
        catalogue.table("rounds")
        .filter(
            pl.col("level") == office.level,
            pl.col("criteria_set_code") == (office.criteria_set_code or pl.col("criteria_set_code")),
        )
        .sort(pl.col("request_number").fill_null(1))
        .unique(["criteria_set_code", "period_code"], keep="first", maintain_order=True)
        .select(
            *("round_code", "criteria_set_code", "period_code", "data_year", "period_type", "period_end"),
            "opens_on",
        )
    )
    if wanted.round_code is not None:
        told = open_rounds.filter(pl.col("round_code") == wanted.round_code)
    elif wanted.year is not None:
        yearly = pl.col("period_type").fill_null("year") == "year"
        told = open_rounds.filter(pl.col("data_year") == wanted.year, yearly)
    else:
        told = open_rounds.clear()
    of_lines = lines.group_by("sha256").agg(
        pl.col("period_text").filter(pl.col("period_text").is_in(open_rounds["period_code"].implode())).max()
    )
    of_heads = (
        columns.drop_nulls("period_code")
        .group_by("sha256")
        .agg(pl.col("period_code").unique().sort().alias("headed"))
    )
    known = files.join(of_lines, on="sha256", how="left", maintain_order="left").join(
        of_heads, on="sha256", how="left", maintain_order="left"
    )
    meant = told["period_code"].item() if told.height == 1 else None
    headed = pl.col("headed").list
    known = known.with_columns(
        pl.when(pl.col("period_text").is_not_null())
        .then("period_text")
        .when(headed.len() == 1)
        .then(headed.first())
        .when(headed.contains(pl.lit(meant, pl.String)) | pl.col("headed").is_null())
        .then(pl.lit(meant, pl.String))
        .alias("period_code"),
        headed.join(", ").alias("periods_seen"),
    )
    return known.join(open_rounds, on="period_code", how="left", maintain_order="left").unique(
        "sha256", keep="first", maintain_order=True
    )


def _units(
    raw: pl.DataFrame, files: pl.DataFrame, lines: pl.DataFrame, catalogue: Catalogue, office: Office
) -> pl.DataFrame:
    """The one unit that each file names: by area codes in lines of its period, else by its code in the file's name.

    Else by its area's code in that name and by what a cell says. A number in a name may be a day or a month: where
    cells name other units and not the one that it may stand for, none is taken.
    """
    day = pl.col("period_end")
    units = (
        files.select("sha256", "period_end")
        .join(catalogue.table("reporting_units").filter(pl.col("level") == office.level), how="cross")
        .filter(day.is_between(pl.col("valid_from").fill_null(day), pl.col("valid_to").fill_null(day)))
        .select("sha256", "period_end", "reporting_unit_code", "area_code", "name_vi")
    )
    in_lines = (
        lines.join(files.select("sha256", "period_code"), on="sha256")
        .filter(pl.col("period_text") == pl.col("period_code"), _as_reported())
        .select("sha256", pl.col("area_code_text").alias("area_code"))
        .unique()
    )
    tokens = files.select(
        "sha256",
        pl.col("file_name")
        .str.to_uppercase()
        .str.split("_")
        .list.eval(pl.element().str.extract_all(_CODES_IN_NAME)),
    )
    in_names = tokens.explode("file_name").explode("file_name").rename({"file_name": "token"}).unique()
    places = units.join(
        catalogue.table("areas").select(
            "area_code", pl.col("name_vi").alias("text"), "parent_code", "valid_from", "valid_to"
        ),
        on="area_code",
    ).filter(day.is_between(pl.col("valid_from").fill_null(day), pl.col("valid_to").fill_null(day)))
    areas = places.select("sha256", "reporting_unit_code", "text")
    aliases = units.join(
        catalogue.table("unit_aliases").select("reporting_unit_code", pl.col("alias").alias("text")),
        on="reporting_unit_code",
    ).select(areas.columns)
    names = pl.concat(
        [areas, aliases, units.select("sha256", "reporting_unit_code", pl.col("name_vi").alias("text"))]
    )
    names = names.with_columns(folded(names["text"]).alias("key"))
    parts = raw.select("sha256", pl.col("raw_text").str.split("\n").alias("text")).explode("text")
    parts = parts.with_columns(folded(parts["text"]).alias("key")).unique(["sha256", "key"])
    unit = ["sha256", "reporting_unit_code"]
    # A unit that bears the code of its area is named by it no more surely than by the area.
    own = units.filter(pl.col("reporting_unit_code") != pl.col("area_code"))
    by_code, by_area = (
        named.join(
            in_names, left_on=["sha256", pl.col(code).str.to_uppercase()], right_on=["sha256", "token"]
        ).select(unit)
        for named, code in ((own, "reporting_unit_code"), (units, "area_code"))
    )
    by_text = names.join(parts, on=["sha256", "key"]).select(unit)
    # Over its own name a unit prints that of the area above, which says nothing against it.
    above = by_area.join(places, on=unit).select("sha256", pl.col("parent_code").alias("area_code"))
    others = by_text.join(units.join(above, on=["sha256", "area_code"], how="semi"), on=unit, how="anti")
    ways = [
        in_lines.join(units, on=["sha256", "area_code"]).select(unit),
        by_code,
        by_area.join(by_text, on=unit, how="semi"),
        pl.concat([by_area, others]),
    ]
    found = pl.concat(
        [way.unique().with_columns(pl.lit(number).alias("way")) for number, way in enumerate(ways)]
    ).filter(pl.col("way") == pl.col("way").min().over("sha256"))
    one = found.group_by("sha256").agg(
        pl.when(pl.len() == 1).then(pl.col("reporting_unit_code").first()),
        pl.col("reporting_unit_code").sort().str.join(", ").alias("units_seen"),
    )
    return one.join(
        units.select("sha256", "reporting_unit_code", "area_code"),
        on=["sha256", "reporting_unit_code"],
        how="left",
    )


def _as_reported() -> pl.Expr:
    words = [message("reports.basis.as_reported", lang) for lang in ("vi", "en")]
    return pl.col("basis_text").is_null() | pl.col("basis_text").is_in(words)


def one_form(catalogue: Catalogue) -> pl.DataFrame:
    """The form of each unit that has one in a round: reporting_unit_code, round_code, form_code, form_version."""
    return (
        assigned_elements(catalogue)
        .select("reporting_unit_code", "round_code", "form_code", "form_version")
        .unique()
        .filter(pl.len().over("reporting_unit_code", "round_code") == 1)
    )


def submission_ids(reports: pl.DataFrame) -> pl.Series:
    """The id of each submission: md5 of file, form, round, unit and area."""
    parts = reports.select(
        pl.col("sha256", "form_code", "round_code", "reporting_unit_code", "area_code").fill_null("")
    )
    # polars has no md5; one short text per file.
    ids = [
        hashlib.md5("|".join(row).encode(), usedforsecurity=False).hexdigest() for row in parts.iter_rows()
    ]
    return pl.Series("submission_id", ids, dtype=pl.String)
