"""What a suite asks, asked once of rows that are alike, and what the answers mean for every row.

Two rows are alike for an expectation where they hold the same in the columns that it looks at; for one about blanks,
where both are blank or neither is; for one about repetition, where neither is repeated. So a million cells become a few
thousand rows, those of many batches are asked together, and an answer holds for each row that is alike. Putting the
questions to Great Expectations does not belong here (``suites``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dagster_project.quality import beside
from dagster_project.quality.outcomes import Answer, Outcome, Result, Suite

_OF_SHAPE = frozenset(
    {"expect_table_columns_to_match_ordered_list", "expect_column_values_to_be_of_type"},
)
_OF_BLANKS = frozenset({"expect_column_values_to_not_be_null", "expect_column_values_to_be_null"})
_OF_REPETITION = frozenset({"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"})
_OF_ROWS = frozenset(
    {
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_not_be_in_set",
        "expect_column_values_to_be_between",
        "expect_column_values_to_match_regex",
        "expect_column_values_to_not_match_regex",
        "expect_column_value_lengths_to_be_between",
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_to_be_in_set",
        "expect_column_pair_values_a_to_be_greater_than_b",
    }
)


@dataclass
class _Group:
    """Expectations (positions in their suite) that look at some of the same columns."""

    positions: list[int]
    columns: list[str]
    blanks: frozenset[str] = frozenset()
    """Columns of which only blanks are asked."""
    of_repetition: bool = False

    def keys(self) -> list[pl.Expr]:
        """What is equal in rows that are alike."""
        return [pl.col(name).is_null() if name in self.blanks else pl.col(name) for name in self.columns]

    def reduced(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The rows to ask of a frame."""
        own = frame.select(self.columns)
        if self.of_repetition:
            return own.filter(pl.struct(self.columns).is_duplicated() | (pl.int_range(pl.len()) == 0))
        return _one_each(own, self.keys())


class Asked:
    """What a suite asked of several frames of one schema, and the answers.

    ``by`` parts the rows of a frame: there is one outcome for each of its values.
    """

    def __init__(self, suite: Suite, frames: Sequence[pl.LazyFrame], by: str | None) -> None:
        self._suite, self._by = suite, by
        schema = frames[0].collect_schema()
        self._groups = list(_groups(suite, schema))
        self._parts: list[list[tuple[str | None, int]]] = []
        self._questions: list[list[pl.DataFrame]] = []
        for frame in frames:
            parts, *questions = pl.collect_all(
                [_counted(frame, by), *(group.reduced(frame) for group in self._groups)]
            )
            self._parts.append(_parts(parts, by))
            self._questions.append(questions)
        self._failing: dict[int, pl.DataFrame] = {}
        self._answers = self._ask(schema)

    def concerns(self, number: int) -> bool:
        """Whether a row of frame ``number`` fails: then ``outcomes`` wants the frame."""
        return any(
            not _matching(self._questions[number][at], failing, group.keys()).is_empty()
            for at, group in enumerate(self._groups)
            for failing in (self._failing[position] for position in group.positions)
        )

    def columns(self) -> list[str]:
        """The columns that are looked at."""
        named = {name for group in self._groups for name in group.columns}
        return sorted(named | ({self._by} if self._by else set()))

    def outcomes(self, number: int, frame: pl.DataFrame | None) -> list[Outcome]:
        """One outcome per expectation and part of frame ``number``; ``frame`` is None where no row of it fails."""
        found: list[Outcome] = []
        for position, answer in self._answers.items():
            rows = pl.Series([], dtype=pl.UInt32)
            if frame is not None and position in self._failing:
                keys = next(group.keys() for group in self._groups if position in group.positions)
                rows = _matching(frame, self._failing[position], keys)
            meta = self._suite.expectations[position]["meta"]
            found.extend(self._outcomes(answer, meta, rows, frame, self._parts[number]))
        return found

    def _ask(self, schema: pl.Schema) -> dict[int, Answer]:
        """Put all questions, the shape first; answers by position in the suite."""
        asked = self._suite.expectations
        shape = [position for position, one in enumerate(asked) if one["type"] in _OF_SHAPE]
        merged = [
            pl.concat([question[at] for question in self._questions]) for at in range(len(self._groups))
        ]
        merged = [
            frame if group.of_repetition else _one_each(frame.lazy(), group.keys()).collect()
            for frame, group in zip(merged, self._groups, strict=True)
        ]
        side_by_side = [at for at, group in enumerate(self._groups) if not group.of_repetition]
        calls = [
            (pl.DataFrame(schema=schema), shape),
            (
                _side_by_side([merged[at] for at in side_by_side]),
                [position for at in side_by_side for position in self._groups[at].positions],
            ),
            *((merged[at], group.positions) for at, group in enumerate(self._groups) if group.of_repetition),
        ]
        answers: dict[int, Answer] = {}
        for frame, positions in calls:
            told = beside.ask(self._suite.name, frame, [asked[at] for at in positions]) if positions else []
            answers.update(zip(positions, told, strict=True))
        for frame, group in zip(merged, self._groups, strict=True):
            for position in group.positions:
                rows = [min(row, frame.height - 1) for row in answers[position].rows]
                self._failing[position] = frame[rows].select(_named(group.keys())).unique()
        in_turn = [*shape, *(position for position in range(len(asked)) if position not in shape)]
        return {position: answers[position] for position in in_turn}

    def _outcomes(
        self,
        answer: Answer,
        meta: Mapping[str, Any],
        rows: pl.Series,
        frame: pl.DataFrame | None,
        parts: Iterable[tuple[str | None, int]],
    ) -> Iterator[Outcome]:
        """One answer, parted: a part fails with its own rows, and with a fault that is not of single rows."""
        whose: dict[Any, list[int]] = {}
        if frame is not None and self._by is not None:
            failing = pl.DataFrame({self._by: frame[self._by].gather(rows), "row": rows})
            whose = dict(failing.group_by(self._by, maintain_order=True).agg("row").iter_rows())
        all_fail = answer.error is not None or (not answer.success and not answer.rows)
        for part, size in parts:
            own = whose.get(part, []) if self._by is not None else rows.to_list()
            success = not own and not all_fail
            result = Result(
                dataset=self._suite.name,
                round_code=part,
                rule_code=meta["rule_code"],
                severity=meta["severity"],
                success=success,
                failed=0 if success else max(1, len(own)),
                evaluated=size if answer.counted else 0,
                invariant=not meta["row_level"] or answer.error is not None,
                error=answer.error,
            )
            yield Outcome(result, row_level=meta["row_level"], rows=own)


def validate(suite: Suite, frame: pl.DataFrame, by: str | None = None) -> list[Outcome]:
    """Ask every expectation of ``frame``, with one outcome for each value of the column ``by`` (without: for all).

    The rows are asked once and their answers parted afterwards, for asking costs more than looking: a suite must hold
    for every row ("mostly" is not for gates). An expectation that cannot be evaluated does not spoil the others.
    Raises ``ValueError`` for a kind of expectation of which nobody told here when two rows are alike for it.
    """
    return Asked(suite, [frame.lazy()], by).outcomes(0, frame)


def _groups(suite: Suite, schema: pl.Schema) -> Iterator[_Group]:
    """Those about rows that share a column are of one group; each one about repetition is its own."""
    groups: list[_Group] = []
    for position, one in enumerate(suite.expectations):
        kind = one["type"]
        if kind in _OF_SHAPE:
            continue
        own = _Group([position], [name for name in _looked_at(one["kwargs"]) if name in schema])
        if kind in _OF_REPETITION:
            own.of_repetition = True
            yield own
        elif kind in _OF_ROWS | _OF_BLANKS:
            for other in [group for group in groups if set(group.columns) & set(own.columns)]:
                groups.remove(other)
                own.positions = [*other.positions, *own.positions]
                own.columns = list(dict.fromkeys([*other.columns, *own.columns]))
            groups.append(own)
        else:
            raise ValueError(f"{suite.name}: not told when two rows are alike for {kind}")
    for group in groups:
        group.blanks = frozenset(group.columns) - {
            name
            for one in (suite.expectations[position] for position in group.positions)
            for name in _looked_at(one["kwargs"])
            if one["type"] not in _OF_BLANKS or name != one["kwargs"]["column"]
        }
        yield group


def _looked_at(kwargs: Mapping[str, Any]) -> list[str]:
    """The names of columns, and other words of a condition."""
    named = [str(kwargs[name]) for name in ("column", "column_A", "column_B") if name in kwargs]
    named.extend(kwargs.get("column_list", ()))
    named.extend(re.findall(r"\w+", kwargs.get("row_condition", "")))
    return list(dict.fromkeys(named))


def _counted(frame: pl.LazyFrame, by: str | None) -> pl.LazyFrame:
    if by is None:
        return frame.select(pl.len())
    return frame.group_by(by).len()


def _parts(counted: pl.DataFrame, by: str | None) -> list[tuple[str | None, int]]:
    """Each value of ``by`` with its number of rows; without rows there is one part, so that there are answers."""
    if by is None:
        return [(None, counted.item())]
    return sorted(counted.iter_rows(), key=lambda part: str(part[0])) or [(None, 0)]


def _named(keys: Sequence[pl.Expr]) -> list[pl.Expr]:
    return [key.alias(f"key{number}") for number, key in enumerate(keys)]


def _one_each(frame: pl.LazyFrame, keys: Sequence[pl.Expr]) -> pl.LazyFrame:
    """One row of ``frame`` for each value of ``keys``."""
    named = _named(keys)
    names = [f"key{number}" for number in range(len(named))]
    return frame.with_columns(named).unique(names, keep="any").drop(names)


def _matching(frame: pl.DataFrame, failing: pl.DataFrame, keys: Sequence[pl.Expr]) -> pl.Series:
    """The positions of rows whose ``keys`` are among ``failing``, in their order."""
    if failing.is_empty():
        return pl.Series("row", [], dtype=pl.UInt32)
    rows = frame.select(_named(keys)).with_row_index("row")
    return rows.join(failing, on=failing.columns, how="semi", nulls_equal=True)["row"].sort()


def _side_by_side(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames of other columns as one: a shorter one goes on with its last row."""
    height = max((frame.height for frame in frames), default=0)
    rows = pl.int_range(height, eager=True)
    return pl.concat(
        [frame[rows.clip(upper_bound=frame.height - 1)] for frame in frames if frame.width],
        how="horizontal",
    )
