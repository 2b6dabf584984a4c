"""Look whether a catalogue makes sense: keys, validity, words, codes, trees, shares and formulas.

Every problem is told at once, with table, row and column. Types are the loader's business, whether
it can be carried out is ``lint_use``'s; nothing here knows one
criteria set from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from math import inf

import polars as pl

from dagster_project.catalogue import formulas
from dagster_project.catalogue.constraints import (
    ASCENDING,
    FORMULAS,
    HELD,
    IN_FILE_NAMES,
    POINTERS,
    RANGES,
    TREES,
    WORDS,
)
from dagster_project.catalogue.lint_use import check_use
from dagster_project.catalogue.load import Catalogue, Problem
from dagster_project.catalogue.tables import TABLES, Table

__all__ = ["Problem", "check"]

_FILE_NAME = r"^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$"
_CODE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$"
_FIRST, _LAST = date.min, date.max
#: Columns of keys that may say nothing: a CSV file has no sheet, and who is asked is a unit or a type of units.
_MAY_BE_BLANK = (
    ("layout_maps", "sheet"),
    ("layout_columns", "sheet"),
    ("assignments", "reporting_unit_code"),
    ("assignments", "unit_type"),
)


def check(catalogue: Catalogue) -> list[Problem]:
    """All problems of ``catalogue``, in the order of its tables; empty where it may be used."""
    numbered = {name: frame.with_row_index("row", offset=2) for name, frame in catalogue.tables.items()}
    problems = [
        *(problem for table in TABLES.values() for problem in _check_table(numbered[table.name], table)),
        *_check_words(numbered),
        *_check_numbers(numbered),
        *_check_pointers(numbered),
        *_check_codes(numbered),
        *_check_trees(numbered),
        *_check_shares(numbered["area_successions"]),
        *_check_formulas(numbered),
        *_check_held(numbered),
        *_check_roles(numbered["data_elements"]),
        *check_use(numbered),
    ]
    order = {name: number for number, name in enumerate(TABLES)}
    return sorted(problems, key=lambda problem: (order[problem.table], problem.row, problem.column))


def _check_table(frame: pl.DataFrame, table: Table) -> Iterator[Problem]:
    for column in (*table.key, *table.required):
        code = "catalogue.key_blank" if column in table.key else "catalogue.required"
        if (table.name, column) in _MAY_BE_BLANK:
            continue
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


def _check_numbers(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    for (table, column), (least, greatest) in RANGES.items():
        outside = tables[table].filter(~pl.col(column).is_between(least, greatest))
        for row, observed in outside.select("row", column).iter_rows():
            told = {"observed": f"{observed:g}", "least": f"{least:g}"}
            told["greatest"] = "∞" if greatest == inf else f"{greatest:g}"
            yield Problem(table, row, column, "catalogue.out_of_range", told)
    for table, below, above in ASCENDING:
        wrong = tables[table].filter(pl.col(below) >= pl.col(above))
        for row, low, high in wrong.select("row", below, above).iter_rows():
            told = {"other": above, "low": f"{low:g}", "high": f"{high:g}"}
            yield Problem(table, row, below, "catalogue.bounds_reversed", told)


def _check_pointers(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    for table, column, target, target_column in POINTERS:
        known = tables[target][target_column].unique().implode()
        lost = tables[table].filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known))
        for row, observed in lost.select("row", column).iter_rows():
            told = {"observed": observed, "target": target}
            yield Problem(table, row, column, "catalogue.code_unresolved", told)


def _check_codes(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    """Codes that formulas name must read as one word there; those that name files must be fit for a file name."""
    for table, column, pattern, code in (
        ("data_elements", "data_element_code", _CODE, "catalogue.code_malformed"),
        ("categories", "category_code", r"^[A-Za-z0-9_]+$", "catalogue.code_malformed"),
        *((table, column, _FILE_NAME, "catalogue.code_no_file_name") for table, column in IN_FILE_NAMES),
    ):
        odd = tables[table].filter(~pl.col(column).str.contains(pattern))
        for row, observed in odd.select("row", column).iter_rows():
            yield Problem(table, row, column, code, {"observed": observed})


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
    """Known shares of one old area sum to 1, or to no more where a share is not published."""
    sums = successions.group_by("old_code", "date", maintain_order=True).agg(
        pl.col("row").first(),
        pl.col("share").sum().alias("total"),
        pl.col("share").is_null().any().alias("open"),
    )
    over, under = pl.col("total") > 1 + 1e-9, pl.col("total") < 1 - 1e-9
    wrong = sums.filter(over | (under & ~pl.col("open")))
    for old, day, row, total, _ in wrong.iter_rows():
        told = {"observed": old, "day": str(day), "total": f"{total:g}"}
        yield Problem("area_successions", row, "share", "catalogue.shares_do_not_sum", told)


def _check_formulas(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    known = _known_pairs(tables)
    derived: list[tuple[str, formulas.Formula]] = []
    for table, column in FORMULAS:
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
                derived.append((row["data_element_code"], formula))
                # Where a derived figure comes from is told within its own period.
                if any(used.lag for used in formula.references):
                    yield Problem(table, row["row"], column, "catalogue.formula_prev_derived", {})
    try:
        formulas.levels(derived)
    except formulas.FormulaError as error:
        yield Problem("data_elements", 0, "formula", error.code, {"detail": error.detail})


def _check_held(tables: Mapping[str, pl.DataFrame]) -> Iterator[Problem]:
    known = _known_pairs(tables)
    table, column, target, _ = HELD
    for row, held in tables[table].select("row", column).drop_nulls().iter_rows():
        element, _, category = held.partition(":")
        if (element, category or formulas.TOTAL) not in known:
            told = {"observed": held, "target": target}
            yield Problem(table, row, column, "catalogue.code_unresolved", told)


def _check_roles(elements: pl.DataFrame) -> Iterator[Problem]:
    """An element is computed or reported: with a formula and without the role it would count twice."""
    is_derived = pl.col("role").eq_missing("derived")
    for row in elements.filter(is_derived & pl.col("formula").is_null())["row"]:
        yield Problem("data_elements", row, "formula", "catalogue.required")
    for row, role in (
        elements.filter(~is_derived & pl.col("formula").is_not_null()).select("row", "role").iter_rows()
    ):
        yield Problem("data_elements", row, "role", "catalogue.formula_not_derived", {"observed": role or ""})


def _known_pairs(tables: Mapping[str, pl.DataFrame]) -> set[tuple[str, str]]:
    """Data elements with their categories, the total among them."""
    elements = tables["data_elements"].select("data_element_code", "disaggregation_code")
    parts = elements.join(tables["categories"], on="disaggregation_code")
    totals = [(code, formulas.TOTAL) for code in elements["data_element_code"]]
    return {*totals, *parts.select("data_element_code", "category_code").iter_rows()}
