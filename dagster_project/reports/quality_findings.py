"""Findings as the quality report lists them: by unit, by criterion and by rule, each with a place to jump to.

Which findings there are belongs to ``findings``; the page is ``templates/quality_report.html``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from dagster_project.messages import message
from dagster_project.reports.annex_rows import finding_rows
from dagster_project.reports.dimensions import DIMENSIONS
from dagster_project.reports.findings import GROUPS, counted
from dagster_project.reports.safe import file_part, plain

#: Findings listed at most of each of ``GROUPS``; the rest are counted and stand in the annex and the open data.
LISTED = 300
_RULES_LISTED = 20
_CELLS_NAMED = 8
_UNIT = ("reporting_unit_code", "reporting_unit_name")
_TEXTS = (
    *("reporting_unit_name", "subject", "name", "file_name", "sheet", "cell", "period_code", "group"),
    *("observed", "expected", "message", "advice", "rule_code", "severity"),
    *("unit_response", "decided_by", "decision_reason"),
)


def listed(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings that are shown one by one on one page."""
    return pl.concat([findings.filter(group=group).head(LISTED) for group in GROUPS])


def listed_by_unit(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings that are shown one by one where every unit has a page of its own."""
    before = pl.int_range(pl.len()).over("reporting_unit_code", "group")
    return pl.concat([findings.filter(before < LISTED, group=group) for group in GROUPS])


def unit_sections(
    findings: pl.DataFrame,
    lang: str,
    prefix: str,
    chosen: Callable[[pl.DataFrame], pl.DataFrame] = listed,
) -> list[dict[str, Any]]:
    """One section per unit, the one with most to mend first, files of no known unit last; anchors ``<prefix>-<n>``."""
    by_unit = (
        findings.group_by("reporting_unit_code", maintain_order=True)
        .agg(pl.col("reporting_unit_name").drop_nulls().first(), *counted(), *_by_dimension())
        .sort(
            [pl.col("reporting_unit_code").is_null(), *GROUPS, "reporting_unit_code"],
            descending=[False, *(True for _ in GROUPS), False],
        )
    )
    shown = finding_rows(chosen(findings), lang)
    parts = shown.partition_by("reporting_unit_code", as_dict=True, maintain_order=True)
    empty = shown.clear()
    return [
        {
            **{name: row[name] for name in (*GROUPS, *DIMENSIONS)},
            "code": row["reporting_unit_code"],
            "anchor": f"{prefix}-{number}",
            "name": plain(row["reporting_unit_name"] or row["reporting_unit_code"])
            or message("reports.no_unit", lang),
            "total": sum(row[name] for name in GROUPS),
            "rows": [_card(item) for item in parts.get((row["reporting_unit_code"],), empty).to_dicts()],
        }
        for number, row in enumerate(by_unit.iter_rows(named=True), start=1)
    ]


def rule_rows(findings: pl.DataFrame, lang: str) -> list[dict[str, Any]]:
    """The rules that found most, each with links to its first cells and the message of one of them as an example.

    Rules that a catalogue has once per element count as one.
    """
    shown = _with_rule(finding_rows(listed(findings), lang))
    rules = (
        _with_rule(findings)
        .group_by("rule", "dimension")
        .agg(
            pl.len().alias("total"),
            pl.col("reporting_unit_code").drop_nulls().n_unique().alias("units"),
            *counted(),
        )
        .sort(["total", "rule", "dimension"], descending=[True, False, False])
        .head(_RULES_LISTED)
    )
    parts = shown.partition_by("rule", "dimension", as_dict=True, maintain_order=True)
    empty = shown.clear()
    return [
        _rule(row, parts.get((row["rule"], row["dimension"]), empty)) for row in rules.iter_rows(named=True)
    ]


def rules_left_out(findings: pl.DataFrame) -> int:
    """How many rules found something and do not stand among the rows."""
    return max(_with_rule(findings).select("rule", "dimension").n_unique() - _RULES_LISTED, 0)


def anchor(finding_id: str) -> str:
    """The name of a finding's place in the page."""
    return f"f-{file_part(finding_id)}"


def place(row: Mapping[str, Any]) -> str:
    """File, sheet and cell as far as known, else the unit: the text of a link."""
    known = [row[name] for name in ("file_name", "sheet", "cell") if row[name]]
    return plain(" › ".join(known) or row["reporting_unit_name"] or row["rule_code"], 160)


def _with_rule(findings: pl.DataFrame) -> pl.DataFrame:
    """``rule``: the rule's code without the code of the element or indicator that it ends with."""
    code = pl.col("rule_code")
    ends = [
        pl.concat_str(pl.lit("_"), pl.col(name).str.replace_all(".", "_", literal=True))
        for name in ("data_element_code", "indicator_code")
    ]
    cut = [pl.when(code.str.ends_with(end)).then(code.str.strip_suffix(end)) for end in ends]
    return findings.with_columns(pl.coalesce(*cut, code).alias("rule"))


def _rule(row: Mapping[str, Any], shown: pl.DataFrame) -> dict[str, Any]:
    items: Sequence[Mapping[str, Any]] = shown.head(_CELLS_NAMED).to_dicts()
    return {
        **row,
        "rule": plain(row["rule"], 80),
        "example": plain(items[0]["message"], 200) if items else "",
        "links": [{"anchor": anchor(item["finding_id"]), "text": place(item)} for item in items],
        "more": row["total"] - len(items),
    }


def _card(row: Mapping[str, Any]) -> dict[str, Any]:
    decided = row["decided_at"]
    return {
        **{name: plain(row[name], 400) for name in _TEXTS},
        "anchor": anchor(row["finding_id"]),
        "place": place(row),
        "decided": f"{decided:%d/%m/%Y}" if decided else "",
    }


def _by_dimension() -> list[pl.Expr]:
    open_one = pl.col("group") != "settled"
    return [
        ((pl.col("dimension") == name) & open_one).sum().cast(pl.Int64).alias(name) for name in DIMENSIONS
    ]
