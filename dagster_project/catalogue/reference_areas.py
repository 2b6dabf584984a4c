"""Areas and successions that ship for the whole country, set beside those of an office's own catalogue.

Which rows come in belongs here, and which of them lead nowhere. Reading is ``load``'s; what an office's own rows must
hold is ``lint``'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

REFERENCE_TABLES = ("areas", "area_successions")

#: Table, row of its file, column, message code and values of one thing worth telling.
Note = tuple[str, int, str, str, dict[str, str]]
_FIRST, _LAST = date.min, date.max


def reference_rows(
    own: Mapping[str, pl.DataFrame], beside: Mapping[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], list[Note]]:
    """The rows of ``beside`` that go behind ``own``, and what is worth telling of them.

    The office's own rows win: an area of the same code and time stays out, and so do all successions of an old area on
    a date for which the office has any. A succession whose two areas do not end and begin at its date stays out too
    and is told, and so is an area that begins out of nothing.
    """
    numbered = {name: frame.with_row_index("row", offset=2) for name, frame in beside.items()}
    areas = _not_overlapping(numbered["areas"], own["areas"])
    successions = numbered["area_successions"].join(
        own["area_successions"], on=["old_code", "date"], how="anti"
    )
    every_area = pl.concat([own["areas"], areas.drop("row")])
    lost = {
        column: successions.join(
            every_area.select(pl.col("area_code").alias(column), edge.alias("date")),
            on=[column, "date"],
            how="anti",
        )
        for column, edge in (
            ("old_code", pl.col("valid_to").dt.offset_by("1d")),
            ("new_code", pl.col("valid_from")),
        )
    }
    resolved = successions.filter(
        ~pl.col("row").is_in([row for frame in lost.values() for row in frame["row"]])
    )
    known = pl.concat([own["area_successions"], resolved.drop("row")])
    orphans = areas.filter(pl.col("valid_from").is_not_null()).join(
        known, left_on=["area_code", "valid_from"], right_on=["new_code", "date"], how="anti"
    )
    notes = [*_told(lost), *_orphans(orphans)]
    return {"areas": areas.drop("row"), "area_successions": resolved.drop("row")}, notes


def _not_overlapping(areas: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    begins, ends = pl.col("valid_from").fill_null(_FIRST), pl.col("valid_to").fill_null(_LAST)
    own_begins, own_ends = (
        pl.col("valid_from_own").fill_null(_FIRST),
        pl.col("valid_to_own").fill_null(_LAST),
    )
    taken = areas.join(
        own.select("area_code", "valid_from", "valid_to"), on="area_code", suffix="_own"
    ).filter((begins <= own_ends) & (own_begins <= ends))
    return areas.join(taken.select("row"), on="row", how="anti")


def _told(lost: Mapping[str, pl.DataFrame]) -> Iterator[Note]:
    for column, rows in lost.items():
        for row, code, day in rows.select("row", column, "date").iter_rows():
            told = {"observed": str(code), "day": str(day)}
            yield "national/area_successions", row, column, "areas.succession_unresolved", told


def _orphans(areas: pl.DataFrame) -> Iterator[Note]:
    for row, code, name, day in areas.select("row", "area_code", "name_vi", "valid_from").iter_rows():
        told = {"observed": code, "name": name, "day": str(day)}
        yield "national/areas", row, "area_code", "areas.no_predecessor", told


def commune_counts(tables: Mapping[str, pl.DataFrame]) -> dict[str, int]:
    """How many communes there are today, and how many relations lead to them from how many old ones."""
    communes = tables["areas"].filter(pl.col("level") == "commune")
    old = communes.select(
        pl.col("area_code").alias("old_code"), pl.col("valid_to").dt.offset_by("1d").alias("date")
    )
    relations = tables["area_successions"].join(old, on=["old_code", "date"])
    per_old = relations.group_by("old_code", "date").agg(pl.col("new_code").n_unique().alias("n"))
    return {
        "n_communes": communes.filter(pl.col("valid_to").is_null()).height,
        "n_relations": relations.height,
        "n_old": per_old.height,
        "n_split": per_old.filter(pl.col("n") > 1).height,
        "n_unknown": relations.filter(pl.col("share").is_null()).height,
    }
