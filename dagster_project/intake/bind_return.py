"""Findings that the level above sent back: each goes to the units of this office that answer for its figure.

Whose return it is, and who answers for what, belongs here. A return gives no cells: the figures stay those of the
office's own units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.forms.plan import assigned_elements
from dagster_project.frames import FINDINGS, empty
from dagster_project.intake import package_checks
from dagster_project.intake.package_parts import RETURNED, table_path
from dagster_project.intake.package_tables import about, table
from dagster_project.intake.report_meanings import valid_at_end
from dagster_project.quality.findings import build_findings
from dagster_project.quality.returned import STAGE
from dagster_project.settings import LEVELS, Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_SAID = ("round.criteria_set_code", "round.period_code", "round.level", "area.code", "area.name", "is_sample")
_COLUMNS = (
    *("severity", "indicator_code", "data_element_code", "category_code", "observed", "expected"),
    *("message_vi", "message_en", "advice_vi", "advice_en"),
)
_RULES = {"blocking": "RETURNED_TO_MEND", "warning": "RETURNED_TO_EXPLAIN"}
_OWNER = ["round_code", "data_element_code", "reporting_unit_code"]


def bind_returns(
    raw: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue, office: Office
) -> pl.DataFrame:
    """FINDINGS from ``raw`` (``read.RAW``), every cell of ``files`` (sha256, file_name)."""
    said = about(raw, _SAID).rename({"is_sample": "said_sample"})
    returns = _with_rounds(
        files.join(said, on="sha256", how="left", maintain_order="left"), catalogue, office
    )
    broken = package_checks.check_parts(raw, (table_path(RETURNED),))
    whole = returns.join(broken, on="sha256", how="anti")
    foreign = _check_identity(whole, office)
    ours = whole.join(foreign, on="sha256", how="anti").with_columns(
        pl.lit(office.area_code).alias("area_code")
    )
    faults = pl.concat([broken, foreign], how="diagonal_relaxed").join(
        files.select("sha256", "file_name"), on="sha256"
    )
    faults = faults.with_columns(pl.lit("guard").alias("stage"), pl.lit(office.is_sample).alias("is_sample"))
    return pl.concat([empty(FINDINGS), build_findings(faults), _routed(raw, ours, catalogue, office)])


def _with_rounds(returns: pl.DataFrame, catalogue: Catalogue, office: Office) -> pl.DataFrame:
    """The round of this office that reports the same period of the same criteria set."""
    rounds = (
        catalogue.table("rounds")
        .filter(pl.col("level") == office.level)
        .sort(pl.col("request_number").fill_null(1))
        .unique(["criteria_set_code", "period_code"], keep="first", maintain_order=True)
        .select("round_code", "criteria_set_code", "period_code", "period_end")
    )
    return returns.with_columns(
        pl.col("round.criteria_set_code").alias("criteria_set_code"),
        pl.col("round.period_code").alias("period_code"),
    ).join(rounds, on=["criteria_set_code", "period_code"], how="left", maintain_order="left")


def _check_identity(returns: pl.DataFrame, office: Office) -> pl.DataFrame:
    """Returns for another office or round, or of the other kind of figures; one finding each."""
    rank = {level: number for number, level in enumerate(LEVELS)}
    level = pl.col("round.level").replace_strict(rank, default=None, return_dtype=pl.Int64)
    for_others = (level != rank[office.level] + 1) | (pl.col("area.code") != office.area_code)
    of_sample = pl.col("said_sample") != pl.lit(str(office.is_sample).lower())
    period = pl.format(
        "{} · {}", *(pl.col(f"round.{name}").fill_null("–") for name in ("criteria_set_code", "period_code"))
    )
    area = pl.format("{} {}", pl.col("area.code").fill_null("–"), pl.col("area.name").fill_null(""))
    return returns.select(
        "sha256",
        pl.when(of_sample.fill_null(value=True))
        .then(pl.lit("PACKAGE_IS_SAMPLE"))
        .when(for_others.fill_null(value=True))
        .then(pl.lit("RETURN_OTHER_OFFICE"))
        .when(pl.col("round_code").is_null())
        .then(pl.lit("PACKAGE_OTHER_ROUND"))
        .alias("rule_code"),
        pl.when(of_sample.fill_null(value=True))
        .then(pl.format("is_sample = {}", pl.col("said_sample").fill_null("–")))
        .when(for_others.fill_null(value=True))
        .then(area)
        .otherwise(period)
        .alias("observed"),
        pl.lit(office.area_code).alias("expected"),
    ).drop_nulls("rule_code")


def _routed(raw: pl.DataFrame, returns: pl.DataFrame, catalogue: Catalogue, office: Office) -> pl.DataFrame:
    """What came back, once for each unit that answers for it, and one line for the office that it came."""
    whose = returns.select(
        *("sha256", "file_name", "round_code", "period_code", "criteria_set_code", "period_end", "area_code")
    )
    found = (
        table(raw, RETURNED, _COLUMNS)
        .join(whose, on="sha256", maintain_order="left")
        .filter(pl.col("severity").is_in(list(_RULES)))
    )
    focal = _focal(whose, catalogue, office)
    owners = _owners(whose, catalogue, office)
    by_element = found.drop_nulls("data_element_code").join(
        owners.select(_OWNER).unique(), on=_OWNER[:2], how="left", maintain_order="left"
    )
    by_indicator = found.filter(
        pl.col("data_element_code").is_null(), pl.col("indicator_code").is_not_null()
    ).join(
        owners.select("round_code", "indicator_code", "reporting_unit_code")
        .unique()
        .sort("reporting_unit_code"),
        on=["round_code", "indicator_code"],
        how="left",
        maintain_order="left",
    )
    others = found.filter(pl.col("data_element_code").is_null(), pl.col("indicator_code").is_null())
    routed = pl.concat([by_element, by_indicator, others], how="diagonal_relaxed")
    routed = routed.join(
        focal.rename({"reporting_unit_code": "focal"}), on="round_code", how="left", maintain_order="left"
    ).with_columns(
        pl.coalesce("reporting_unit_code", "focal").alias("reporting_unit_code"),
        pl.col("severity").replace_strict(_RULES, return_dtype=pl.String).alias("rule_code"),
    )
    counts = found.group_by("sha256").agg(pl.len().alias("n"))
    came = (
        whose.join(counts, on="sha256", how="left", maintain_order="left")
        .join(focal, on="round_code", how="left", maintain_order="left")
        .with_columns(
            pl.lit("RETURN_RECEIVED").alias("rule_code"),
            pl.col("n").fill_null(0).cast(pl.String).alias("observed"),
            *(pl.lit("").alias(name) for name in ("message_vi", "message_en", "advice_vi", "advice_en")),
        )
    )
    told = pl.concat([came, routed], how="diagonal_relaxed").with_columns(
        pl.lit(STAGE).alias("stage"), pl.lit(office.is_sample).alias("is_sample")
    )
    return _worded(told)


def _worded(told: pl.DataFrame) -> pl.DataFrame:
    """The findings with what the level above said, in each language in its own words."""
    own = ("severity", "sheet", "message_vi", "message_en", "advice_vi", "advice_en")
    subject = [name for name in FINDINGS if name in told.columns and name not in own]

    def built(lang: str) -> pl.DataFrame:
        return build_findings(
            told.select(
                *subject,
                # A place of its own keeps two that read alike in one language apart.
                pl.int_range(pl.len()).cast(pl.String).alias("sheet"),
                pl.col(f"message_{lang}").fill_null("–").alias("said"),
                pl.col(f"advice_{lang}").fill_null("").alias("advice"),
            )
        )

    vi, en = built("vi"), built("en")
    return vi.with_columns(en["message_en"], en["advice_en"], pl.lit(None, pl.String).alias("sheet"))


def _owners(whose: pl.DataFrame, catalogue: Catalogue, office: Office) -> pl.DataFrame:
    """Who answers for each element of a round: its lead, or all whose parts are added up."""
    rounds = whose.select("round_code", "criteria_set_code", "period_end").unique().drop_nulls()
    elements = valid_at_end(catalogue.table("data_elements"), rounds).select(
        "round_code", "data_element_code", (pl.col("unit_aggregation") == "sum").alias("is_summed")
    )
    units = catalogue.table("reporting_units").filter(area_code=office.area_code, level=office.level)
    return (
        assigned_elements(catalogue)
        .filter(pl.col("reporting_unit_code").is_in(units["reporting_unit_code"].implode()))
        .join(elements, on=["round_code", "data_element_code"])
        .filter((pl.col("assignment_role") == "lead") | pl.col("is_summed"))
        .select(*_OWNER, "indicator_code")
        .sort(_OWNER)
    )


def _focal(whose: pl.DataFrame, catalogue: Catalogue, office: Office) -> pl.DataFrame:
    """The focal unit of the office in each round, to which all else goes."""
    units = catalogue.table("reporting_units").filter(
        pl.col("is_focal").fill_null(value=False), area_code=office.area_code, level=office.level
    )
    day = pl.col("period_end")
    return (
        whose.select("round_code", "period_end")
        .unique()
        .join(units, how="cross")
        .filter(day.is_between(pl.col("valid_from").fill_null(day), pl.col("valid_to").fill_null(day)))
        .sort("reporting_unit_code")
        .unique("round_code", keep="first", maintain_order=True)
        .select("round_code", "reporting_unit_code")
    )
