"""How yearly series move: Theil–Sen slope with its interval, Mann–Kendall tau and p.

Years count, not positions: a gap is no step. Series of one length are worked as one matrix, so that forty thousand
take seconds. Which years of a series compare with one another is the caller's business, and so are change and growth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import ndtr, ndtri

Matrix = npt.NDArray[np.float64]

#: One row per series × year; a year without a value is a gap.
POINTS = pl.Schema({"series": pl.String, "data_year": pl.Int64, "value": pl.Float64})

#: One row per series that has a value; ``trend_reason`` says why statistics are null: too_short, constant.
TRENDS = pl.Schema(
    {
        "series": pl.String,
        "n": pl.Int64,
        "slope": pl.Float64,  # units per year
        "slope_low": pl.Float64,
        "slope_high": pl.Float64,
        "tau": pl.Float64,
        "p_value": pl.Float64,
        "trend_reason": pl.String,
    }
)

_MEASURES = ("slope", "slope_low", "slope_high", "tau", "p_value")
#: Pairs of years held in memory at once.
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class TrendRule:
    """What a series must have before it is tested: five years are the fewest in which p can fall below 5 %."""

    min_years: int = 5
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.min_years < 3 or not 0 < self.confidence < 1:
            raise ValueError(f"no trend can be told with {self}")


def find_trends(points: pl.DataFrame, rule: TrendRule) -> pl.DataFrame:
    """``TRENDS`` of ``POINTS``, in the order of the series' names.

    Raises ``ValueError`` where a series has two values for one year.
    """
    known = points.select(POINTS.names()).cast(POINTS).drop_nulls().sort("series", "data_year")
    if known.select("series", "data_year").is_duplicated().any():
        raise ValueError("a series has two values for one year")
    lengths = known.with_columns(pl.len().over("series").cast(pl.Int64).alias("n"))
    parts = [pl.DataFrame(schema=TRENDS)]
    for (n,), group in lengths.group_by("n"):
        names = group["series"].unique(maintain_order=True)
        measured = pl.DataFrame({"series": names, "n": pl.repeat(n, len(names), eager=True, dtype=pl.Int64)})
        years, values = (
            group[column].to_numpy().astype(np.float64).reshape(-1, int(str(n)))
            for column in ("data_year", "value")
        )
        parts.append(measured.hstack(_measure(years, values, rule)))
    return pl.concat(parts).sort("series")


def find_set_trends(points: pl.DataFrame, criteria_sets: pl.DataFrame) -> pl.DataFrame:
    """``TRENDS`` of ``POINTS`` that also name their ``criteria_set_code``, each by what its set declares last."""
    declared = criteria_sets.sort("valid_from", nulls_last=False).drop_nulls("trend_min_years")
    lengths = dict(declared.select("criteria_set_code", "trend_min_years").iter_rows())
    parts = [pl.DataFrame(schema=TRENDS)]
    for (code,), of_set in points.group_by("criteria_set_code"):
        rule = TrendRule(min_years=lengths[code]) if code in lengths else TrendRule()
        parts.append(find_trends(of_set, rule))
    return pl.concat(parts).sort("series")


def _measure(years: Matrix, values: Matrix, rule: TrendRule) -> pl.DataFrame:
    """The measures of series of one length, a row each."""
    count, n = values.shape
    if n < rule.min_years:
        nothing = pl.DataFrame(schema={name: TRENDS[name] for name in _MEASURES}).clear(count)
        return nothing.with_columns(pl.lit("too_short").alias("trend_reason"))
    at_once = max(1, _PAIRS_AT_ONCE // (n * n))
    found = np.vstack(
        [
            _test(years[start : start + at_once], values[start : start + at_once], rule.confidence)
            for start in range(0, count, at_once)
        ]
    )
    constant = pl.col("tau").is_null()
    return (
        pl.DataFrame(found, schema=dict.fromkeys(_MEASURES, pl.Float64))
        .with_columns(pl.all().fill_nan(None))
        .with_columns(pl.when(constant).then(pl.lit("constant")).alias("trend_reason"))
    )


def _test(years: Matrix, values: Matrix, confidence: float) -> Matrix:
    """Columns of ``_MEASURES``: Sen (1968), Kendall (1975) with ties and the correction for continuity."""
    n = values.shape[1]
    first, second = np.triu_indices(n, 1)
    rise = values[:, second] - values[:, first]
    slopes = np.sort(rise / (years[:, second] - years[:, first]), axis=1)
    score = np.sign(rise).sum(axis=1)
    # each value of a group of t equal ones brings its share: t (t − 1) … summed over groups is (t − 1) … over values
    others = (values[:, :, None] == values[:, None, :]).sum(axis=2) - 1
    variance = (n * (n - 1) * (2 * n + 5) - (others * (2 * others + 7)).sum(axis=1)) / 18
    pairs = len(first)
    untied = pairs - others.sum(axis=1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        tau = score / np.sqrt(pairs * untied)
        z = np.where(variance > 0, (score - np.sign(score)) / np.sqrt(variance), np.nan)
    low, high = _interval(slopes, np.sqrt(variance), confidence)
    return np.column_stack([np.median(slopes, axis=1), low, high, tau, 2 * ndtr(-np.abs(z))])


def _interval(slopes: Matrix, deviation: Matrix, confidence: float) -> tuple[Matrix, Matrix]:
    """The slopes whose ranks bound the median slope, after Sen; the outermost ones where there are too few."""
    rows, pairs = np.arange(len(slopes)), slopes.shape[1]
    half = ndtri((1 + confidence) / 2) * deviation
    low = np.maximum(np.round((pairs - half) / 2).astype(int) - 1, 0)
    high = np.minimum(np.round((pairs + half) / 2).astype(int), pairs - 1)
    return slopes[rows, low], slopes[rows, high]
