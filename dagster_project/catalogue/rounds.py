"""Which rounds an office means by a year or a code, which one comes before another, and what a period is called.

Due dates and working days are in ``calendar``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.text import nearest

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office


@dataclass(frozen=True)
class Wanted:
    """What a person names: a data year stands for its yearly rounds, a code for one round of any kind."""

    year: int | None = None
    round_code: str | None = None

    def __bool__(self) -> bool:
        return self.year is not None or self.round_code is not None


#: Nothing was named.
ANYTHING = Wanted()


def rounds_of(catalogue: Catalogue, office: Office, data_year: int) -> list[str]:
    """Codes of the yearly rounds of ``data_year`` at the office's level, oldest period first.

    Where the office has no criteria set of its own, rounds of every set and level count.
    """
    rounds = catalogue.table("rounds").filter(
        (pl.col("data_year") == data_year) & (pl.col("period_type").fill_null("year") == "year")
    )
    if office.criteria_set_code:
        rounds = rounds.filter(
            (pl.col("criteria_set_code") == office.criteria_set_code) & (pl.col("level") == office.level)
        )
    return rounds.sort("period_end", "round_code")["round_code"].to_list()


def rounds_wanted(catalogue: Catalogue, office: Office, wanted: Wanted) -> Sequence[str]:
    """The rounds that ``wanted`` means, oldest period first, at least one.

    Raises ``UsageError`` where nothing is named, where there is no such round, and where year and round disagree.
    """
    if wanted.round_code is not None:
        return [_round_named(catalogue, wanted.round_code, wanted.year)]
    if wanted.year is None:
        raise UsageError("periods.none_named")
    found = rounds_of(catalogue, office, wanted.year)
    if not found:
        raise UsageError("cli.no_round", year=wanted.year)
    return found


def _round_named(catalogue: Catalogue, told: str, year: int | None) -> str:
    rounds = catalogue.table("rounds")
    found = rounds.filter(pl.col("round_code").str.to_uppercase() == told.strip().upper())
    if found.is_empty():
        raise UsageError("periods.no_round", told=told, suggestion=nearest(told, rounds["round_code"]))
    row = found.row(0, named=True)
    if year is not None and row["data_year"] != year:
        raise UsageError("periods.other_year", round=row["round_code"], of=row["data_year"], year=year)
    return str(row["round_code"])


def round_before(catalogue: Catalogue, round_code: str) -> str | None:
    """The round of the same series whose period ends the day before this one's begins."""
    rounds = catalogue.table("rounds").with_columns(
        pl.col("period_type").fill_null("year"), pl.col("request_number").fill_null(1)
    )
    own = rounds.filter(round_code=round_code)
    series = ["criteria_set_code", "level", "period_type", "request_number"]
    found = rounds.join(own.select(*series, "period_start"), on=series, nulls_equal=True).filter(
        pl.col("period_end") == pl.col("period_start_right") - pl.duration(days=1),
        pl.col("period_type") != "ad_hoc",
    )
    return str(found["round_code"][0]) if len(found) else None


@dataclass(frozen=True)
class Period:
    """What a round is about in time; ``kind`` as in ``rounds.period_type``."""

    kind: str
    code: str
    data_year: int
    end: date
    request_number: int = 1

    @property
    def year_after(self) -> int:
        """The year in which the period is reported: that of the day after its end."""
        return (self.end + timedelta(days=1)).year

    def words(self, lang: str) -> str:
        """The period as a document's title says it: "năm 2025", "quý III năm 2025"."""
        half, quarter = (self.end.month - 1) // 6, (self.end.month - 1) // 3
        code = f"half_{half + 1}" if self.kind == "half" else self.kind
        return message(
            f"periods.{code}",
            lang,
            year=self.data_year,
            quarter=("I", "II", "III", "IV")[quarter],
            code=self.code,
            request=self.request_number,
        )
