"""Look whether a catalogue makes sense: keys, validity, words, codes, trees, shares, formulas and who reports.

Every problem is told at once, with table, row and column. Types are the loader's business; nothing here knows one
criteria set from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from dagster_project.catalogue import formulas
from dagster_project.catalogue.constraints import POINTERS, TREES, WORDS
from dagster_project.catalogue.load import Catalogue, Problem
from dagster_project.catalogue.tables import TABLES, Table

__all__ = ["Problem", "check"]

_CODE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$"
_FORMULAS = (
    ("indicators", "numerator"),
    ("indicators", "denominator"),
    ("data_elements", "formula"),
    ("validation_rules", "left"),
    ("validation_rules", "right"),
)
_FIRST, _LAST = date.min, date.max


def check(catalogue: Catalogue) -> list[Problem]:
    """All problems of ``catalogue``, in the order of its tables; empty where it may be used."""
    numbered = {name: frame.with_row_index("row", offset=2) for name, frame in catalogue.tables.items()}
    problems = [
        *(problem for table in TABLES.values() for problem in _check_table(numbered[table.name], table)),
        *_check_words(numbered),
        *_check_pointers(numbered),
        *_check_codes(numbered),
        *_check_trees(numbered),
        *_check_shares(numbered["area_successions"]),
        *_check_formulas(numbered),
        *_check_leads(numbered),
        *_check_due_dates(numbered),
    ]
    order = {name: number for number, name in enumerate(TABLES)}
    return sorted(problems, key=lambda problem: (order[problem.table], problem.row, problem.column))


def _check_table(frame: pl.DataFrame, table: Table) -> Iterator[Problem]:
    for column in (*table.key, *table.required):
        code = "catalogue.key_blank" if column in table.key else "catalogue.required"
        if table.name in ("layout_maps", "layout_columns") and column == "sheet":
            continue  # a CSV file has no sheet
        for row in frame.filter(pl.col(column).is_null())["row"]:
            yield Problem(table.name, row, column, code)
    yield from _check_validity(frame, table) if table.has_validity else _check_unique(frame, table)


def _check_unique(frame: pl.DataFrame, table: Table) -> Iterator[Problem]:
    again = frame.filter(pl.struct(table.key).is_first_distinct().not_())
    for row in again.iter_rows(named=True):
        yield Problem(table.name, row["row"], table.key[0], "catalogue.key_twice", {"key": _key(row, table)})


def _check_validity(frame: pl.DataFrame, table: Table) -> Iterator[Problem]:
    begins, ends = pl.col("valid_from").fill_null(_FIRST), pl.col("valid_to").fill_null(_LAST)
    for row in frame.filter(ends < begins)["row"]:
        yield Problem(table.name, row, "valid_to", "catalogue.validity_reversed")
    before = ends.shift(1).over(table.key, order_by=begins)
    overlapping = frame.filter(before >= begins)
    for row in overlapping.iter_rows(named=True):
        told = {"key": _key(row, table), "day": str(row["valid_from"] or "…")}
        yield Problem(table.name, row["row"], "valid_from", "catalogue.validity_overlaps", told)


def _key(row: Mapping[str, object], table: Table) -> str:
    return " | ".join(str(row[column] or "") for column in table.key)


def _check_words(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    for (table, column), allowed in WORDS.items():
        other = tables[table].filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(allowed))
        for row, observed in other.select("row", column).iter_rows():
            told = {"observed": observed, "allowed": ", ".join(allowed)}
            yield Problem(table, row, column, "catalogue.word_unknown", told)


def _check_pointers(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    for table, column, target, target_column in POINTERS:
        known = tables[target][target_column].unique().implode()
        lost = tables[table].filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known))
        for row, observed in lost.select("row", column).iter_rows():
            told = {"observed": observed, "target": target}
            yield Problem(table, row, column, "catalogue.code_unresolved", told)


def _check_codes(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """Codes that formulas name must read as one word there."""
    for table, column in (("data_elements", "data_element_code"), ("categories", "category_code")):
        pattern = _CODE if table == "data_elements" else r"^[A-Za-z0-9_]+$"
        odd = tables[table].filter(~pl.col(column).str.contains(pattern))
        for row, observed in odd.select("row", column).iter_rows():
            yield Problem(table, row, column, "catalogue.code_malformed", {"observed": observed})


def _check_trees(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    for table, code, parent in TREES:
        parents = dict(tables[table].select(code, parent).iter_rows())
        for row, start in tables[table].select("row", code).iter_rows():
            if _comes_back(start, parents):
                yield Problem(table, row, parent, "catalogue.tree_cycle", {"observed": start})


def _comes_back(start: str, parents: Mapping[str, str | None]) -> bool:
    seen, at = {start}, parents.get(start)
    while at is not None and at not in seen:
        seen.add(at)
        at = parents.get(at)
    return at == start


def _check_shares(successions: pl.DataFrame) -> Iterator[Problem]:
    """Known shares of one old area sum to 1; an area whose shares are not published is left alone."""
    sums = successions.group_by("old_code", "date", maintain_order=True).agg(
        pl.col("row").first(),
        pl.col("share").sum().alias("total"),
        pl.col("share").is_null().any().alias("open"),
    )
    wrong = sums.filter(~pl.col("open") & ((pl.col("total") - 1).abs() > 1e-9))
    for old, day, row, total, _ in wrong.iter_rows():
        told = {"observed": old, "day": str(day), "total": f"{total:g}"}
        yield Problem("area_successions", row, "share", "catalogue.shares_do_not_sum", told)


def _check_formulas(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    known = _known_pairs(tables)
    derived: dict[str, set[str]] = {}
    for table, column in _FORMULAS:
        for row in tables[table].filter(pl.col(column).is_not_null()).iter_rows(named=True):
            try:
                formula = formulas.parse(row[column])
                if column == "denominator" and row["numerator"]:
                    formulas.ratio(formulas.parse(row["numerator"]), formula)
            except formulas.FormulaError as error:
                yield Problem(table, row["row"], column, error.code, {"detail": error.detail})
                continue
            for used in sorted({used.pair for used in formula.references} - known):
                told = {"observed": ":".join(used)}
                yield Problem(table, row["row"], column, "catalogue.formula_element_unknown", told)
            if table == "data_elements":
                derived[row["data_element_code"]] = {used.data_element_code for used in formula.references}
    try:
        formulas.levels(derived)
    except formulas.FormulaError as error:
        yield Problem("data_elements", 0, "formula", error.code, {"detail": error.detail})


def _known_pairs(tables: Mapping[str, pl.DataFrame]) -> set[tuple[str, str]]:
    """Data elements with their categories, the total among them."""
    elements = tables["data_elements"].select("data_element_code", "disaggregation_code")
    parts = elements.join(tables["categories"], on="disaggregation_code")
    totals = [(code, formulas.TOTAL) for code in elements["data_element_code"]]
    return {*totals, *parts.select("data_element_code", "category_code").iter_rows()}


def _check_leads(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """Every element of an indicator that units report at a level has a lead at that level.

    Only for levels that have assignments at all: a catalogue may begin with one level.
    """
    assigned = tables["assignments"].join(
        tables["reporting_units"].select("reporting_unit_code", "level").unique(), on="reporting_unit_code"
    )
    if assigned.is_empty():
        return
    at_levels = tables["applicability"].filter(
        (pl.col("how") == "reported") & pl.col("level").is_in(assigned["level"].unique().implode())
    )
    elements = tables["data_elements"].filter(pl.col("role").fill_null("value") != "derived")
    needed = elements.join(at_levels.select("indicator_code", "level"), on="indicator_code")
    leads = assigned.filter(pl.col("role") == "lead").select("data_element_code", "level").unique()
    without = needed.join(leads, on=["data_element_code", "level"], how="anti")
    for row in without.iter_rows(named=True):
        told = {
            "observed": row["indicator_code"],
            "level": row["level"],
            "element": row["data_element_code"],
        }
        yield Problem("data_elements", row["row"], "data_element_code", "catalogue.no_lead", told)


def _check_due_dates(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """A round that units report in says until when; a layout that others publish is due at no time."""
    by_form = tables["forms"].join(
        tables["layout_maps"].select("form_code").unique(), on="form_code", how="anti"
    )
    issued = by_form.select("criteria_set_code", "level").unique()
    rounds = tables["rounds"].join(issued, on=["criteria_set_code", "level"])
    due = tables["round_due_dates"].filter(pl.col("level") == "unit").select("round_code")
    for row, code in rounds.join(due, on="round_code", how="anti").select("row", "round_code").iter_rows():
        yield Problem("rounds", row, "round_code", "catalogue.no_due_date", {"observed": code})
