"""What the listings of the annex hold: their columns and their rows, in order.

Cells, formats and sheets belong to ``annex``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.read import RoundFacts, UnitLine
from dagster_project.reports.table import TOTAL

#: Periods whose figures are listed where many areas report.
_LAST_PERIODS = 5
#: Cells named under one figure; the others are counted.
_PLACES_NAMED = 3
_PLACE = ["indicator_code", "period_code", "area_code"]
_SPOT = ("file_name", "sheet", "cell")


@dataclass(frozen=True)
class Field:
    """One column: message of its heading, column of the rows, width in characters, how it is shown.

    ``kind``: text, centre, number, moment, state (value states in words), or code (words by the heading's name).
    """

    head: str
    name: str
    width: float
    kind: str = "text"


INDICATORS = (
    Field("basis", "basis", 13, "code"),
    Field("period", "period_code", 7, "centre"),
    Field("area_code", "area_code", 8, "centre"),
    Field("area", "area_name", 16),
    Field("number", "indicator_code", 8, "centre"),
    Field("indicator", "name", 46),
    Field("category", "category_name", 12),
    Field("unit", "unit", 11, "centre"),
    Field("numerator", "numerator", 12, "number"),
    Field("denominator", "denominator", 12, "number"),
    Field("value", "value", 12, "number"),
    Field("state", "value_state", 15, "state"),
    Field("value_status", "value_status", 9, "code"),
    Field("method", "method", 14, "code"),
    Field("coverage", "coverage", 8, "number"),
    Field("sources", "sources", 40),
)
VALUES = (
    Field("area", "area_name", 15),
    Field("reporting_unit", "reporting_unit_name", 22),
    Field("element_code", "data_element_code", 9, "centre"),
    Field("element", "name", 36),
    Field("category", "category_name", 10),
    Field("unit", "unit", 11, "centre"),
    Field("value", "value", 12, "number"),
    Field("state", "value_state", 13, "state"),
    Field("value_status", "value_status", 9, "code"),
    Field("raw_text", "raw_text", 14),
    Field("file", "file_name", 28),
    Field("sheet", "sheet", 8),
    Field("cell", "cell", 6, "centre"),
    Field("revision", "revision", 6, "centre"),
    Field("received", "received_at", 16, "moment"),
    Field("entered_how", "entered_how", 11, "code"),
    Field("entry", "entry", 12, "code"),
    Field("source", "source_text", 18),
    Field("note", "note_text", 18),
)
UNITS = (
    Field("area", "area_name", 24),
    Field("unit_code", "code", 12, "centre"),
    Field("reporting_unit", "name", 44),
    Field("expected", "expected", 10, "centre"),
    Field("actual", "actual", 9, "centre"),
    Field("sent", "sent", 14, "code"),
    Field("received", "received_at", 17, "moment"),
    Field("due", "due", 17, "centre"),
    Field("reason", "note", 30),
)
FINDINGS = (
    Field("severity", "group", 11, "code"),
    Field("reporting_unit", "reporting_unit_name", 18),
    Field("element_code", "subject", 9, "centre"),
    Field("element", "name", 20),
    Field("file", "file_name", 22),
    Field("sheet", "sheet", 7),
    Field("cell", "cell", 6, "centre"),
    Field("observed", "observed", 12),
    Field("expected_value", "expected", 12),
    Field("message", "message", 40),
    Field("advice", "advice", 32),
    Field("answer", "unit_response", 18),
    Field("decision", "decision", 18),
    Field("rule", "rule_code", 14),
)

_FIGURE = (
    *("basis", "period_code", "area_code", "area_name", "indicator_code", "name_vi", "category_code"),
    *("category_name", "unit", "decimals", "numerator", "denominator", "value", "value_state"),
    *("value_status", "method", "coverage", "applicability", "is_confirmed"),
)


def source_rows(sources: Mapping[str, Sequence[Mapping[str, Any]]]) -> pl.DataFrame:
    """Per indicator, period and area the cells under its total (``places``)."""
    rows = [{name: row[name] for name in (*_PLACE, *_SPOT)} for listed in sources.values() for row in listed]
    cells = pl.DataFrame(rows, schema=dict.fromkeys((*_PLACE, *_SPOT), pl.String))
    spot = pl.concat_str("sheet", "cell", separator="!", ignore_nulls=True)
    told = pl.concat_str("file_name", pl.lit(": "), spot, ignore_nulls=True).alias("places")
    return cells.group_by(_PLACE, maintain_order=True).agg(told.unique(maintain_order=True))


def sources_of_period(places: pl.DataFrame, period: str, lang: str) -> dict[str, str]:
    """Per indicator the cells of all areas in one period."""
    of_period = places.filter(period_code=period).explode("places")
    listed = of_period.group_by("indicator_code", maintain_order=True).agg("places")
    return dict(listed.select("indicator_code", _told(lang)).iter_rows())


def _told(lang: str) -> pl.Expr:
    """The first of ``places``, and how many more there are."""
    places = pl.col("places").list
    first = places.head(_PLACES_NAMED).list.join("; ")
    more = pl.format(message("annex.more_cells", lang, count="{}"), places.len() - _PLACES_NAMED)
    return (
        pl.when(places.len() > _PLACES_NAMED).then(pl.concat_str(first, pl.lit(" "), more)).otherwise(first)
    )


def indicator_rows(facts: RoundFacts, lang: str, places: pl.DataFrame) -> pl.DataFrame:
    """Figures on both bases; where many areas report, those of the last periods up to the round's."""
    both = pl.concat(
        [
            facts.harmonised.with_columns(pl.lit("harmonised").alias("basis")).select(_FIGURE),
            facts.indicators.with_columns(
                pl.lit("as_reported").alias("basis"), pl.lit(None, pl.String).alias("method")
            ).select(_FIGURE),
        ],
        how="vertical_relaxed",
    )
    periods = facts.periods if facts.area else facts.periods.tail(_LAST_PERIODS)
    order = facts.nodes.select("indicator_code", pl.col("sort_order").alias("_order"))
    return (
        _named(both, lang)
        .join(places, on=_PLACE, how="left", maintain_order="left")
        .with_columns(_sources(lang))
        .filter(pl.col("period_code").is_in(periods["period_code"].implode()))
        .join(order, on="indicator_code", how="left")
        .sort(
            [
                pl.col("basis") == "as_reported",
                *("_order", "indicator_code", "area_code", "period_code"),
                pl.col("category_code") != TOTAL,
                "category_code",
            ],
            nulls_last=True,
        )
    )


def _sources(lang: str) -> pl.Expr:
    """The cells of a figure, or where they are told instead."""
    words = {
        name: pl.lit(message(f"annex.{name}", lang))
        for name in ("no_source", "source_summed", "source_other")
    }
    is_total = pl.col("category_code") == TOTAL
    return (
        pl.when(~pl.col("value_state").is_in(["value", "zero"]).fill_null(value=False))
        .then(words["no_source"])
        .when(pl.col("method").is_in(["summed", "weighted"]))
        .then(words["source_summed"])
        .when(is_total & pl.col("places").is_not_null())
        .then(_told(lang))
        .otherwise(words["source_other"])
        .alias("sources")
    )


def value_rows(facts: RoundFacts, lang: str) -> pl.DataFrame:
    """Figures as the units reported them, with file, sheet, cell and the text typed there."""
    entered = facts.entered.select(
        "reported_value_key",
        pl.when("is_waiting").then(pl.lit("waiting")).otherwise(pl.lit("confirmed")).alias("entry"),
    )
    rows = facts.values.join(entered, on="reported_value_key", how="left", maintain_order="left")
    return _of_element(facts, rows, lang).sort(
        *("area_code", "reporting_unit_code", "data_element_code"),
        pl.col("category_code") != TOTAL,
        "category_code",
        nulls_last=True,
    )


def entered_rows(facts: RoundFacts, lang: str) -> pl.DataFrame:
    """Figures that an officer entered, those first that wait for the unit's confirmation."""
    return _of_element(facts, facts.entered, lang)


def _of_element(facts: RoundFacts, rows: pl.DataFrame, lang: str) -> pl.DataFrame:
    confirmed = facts.nodes.select("indicator_code", "is_confirmed")
    return _named(rows.join(confirmed, on="indicator_code", how="left", maintain_order="left"), lang)


def unit_rows(facts: RoundFacts) -> pl.DataFrame:
    """Every reporting unit and whether it has reported."""
    rows = [
        {
            "area_name": unit.area_name,
            "code": unit.code,
            "name": unit.name,
            "expected": unit.expected,
            "actual": unit.actual,
            "sent": sent(unit),
            "received_at": unit.received_at,
            "due": unit.due,
            "note": unit.note,
        }
        for unit in facts.units
    ]
    return pl.DataFrame(rows, schema=[field.name for field in UNITS], infer_schema_length=None)


def sent(unit: UnitLine) -> str:
    """exempt, missing, late or on_time."""
    if unit.exempt:
        return "exempt"
    return "missing" if unit.is_missing else "late" if unit.is_late else "on_time"


def finding_rows(findings: pl.DataFrame, lang: str) -> pl.DataFrame:
    """Failed checks with message, advice and decision in one language; an unconfirmed name is marked in both places."""
    rows = findings.with_columns(
        pl.coalesce("data_element_code", "indicator_code").alias("subject"),
        pl.col(f"advice_{lang}").alias("advice"),
        _decision(),
    )
    mark = message("reports.unconfirmed", lang)
    named = zip(rows["name_vi"], rows[f"message_{lang}"], rows["is_confirmed"], strict=True)
    marked = [_marked(name, text, mark if confirmed is False else "") for name, text, confirmed in named]
    return rows.with_columns(
        pl.Series("name", [name for name, _ in marked], pl.String),
        pl.Series("message", [text for _, text in marked], pl.String),
    )


def _decision() -> pl.Expr:
    """What was decided, by whom and on which day."""
    who = pl.concat_str(
        "decided_by", pl.col("decided_at").dt.strftime("%d/%m/%Y"), separator=", ", ignore_nulls=True
    )
    told = pl.concat_str(pl.col("decision_reason").fill_null(""), pl.lit(" ("), who, pl.lit(")"))
    return pl.when(pl.col("decided_by").is_not_null()).then(told.str.strip_chars_start()).alias("decision")


def _marked(name: str | None, text: str | None, mark: str) -> tuple[str, str]:
    told = text or ""
    if not name or not mark:
        return name or "", told
    return f"{name} {mark}", told.replace(name, f"{name} {mark}", 1)


def _named(rows: pl.DataFrame, lang: str) -> pl.DataFrame:
    """``name`` with the mark of an unconfirmed indicator; the total has no category's name."""
    mark = message("reports.unconfirmed", lang)
    return rows.with_columns(
        pl.when(pl.col("is_confirmed").fill_null(value=False))
        .then(pl.col("name_vi"))
        .otherwise(pl.concat_str(pl.col("name_vi").fill_null(""), pl.lit(f" {mark}")))
        .alias("name"),
        pl.when(pl.col("category_code") == TOTAL)
        .then(pl.lit(""))
        .otherwise("category_name")
        .alias("category_name"),
    )
