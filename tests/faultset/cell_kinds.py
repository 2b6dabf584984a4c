"""Kinds of faults of single cells: how numbers, units, states and totals go wrong in the forms of small offices."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from random import Random

from tests.faultset.kinds import CellKind, Mark, Reading, figure
from tests.faultset.season import Spot
from tests.sample.workbook import Form

Fits = Callable[[Spot], bool]
Plant = Callable[[Form, Spot, Random], Mark]
_NO_BREAK, _NARROW, _ZERO_WIDTH = "\u00a0", "\u202f", "\u200b"
_OTHER_MEASURE = {"người": "lượt người", "%": "điểm %", "điểm": "hạng", "hộ": "người", "văn bản": "hồ sơ"}
_NEXT_MEASURE = {"triệu đồng": ("nghìn đồng", 1000), "tỷ đồng": ("triệu đồng", 1000), "tấn": ("tạ", 10)}


# --- where a fault fits -------------------------------------------------------------------------------------------


def _alone(spot: Spot) -> bool:
    """A figure of its own: no total of parts and no part."""
    return spot.whole and not spot.parts and bool(spot.value)


def _count(least: float) -> Fits:
    return lambda spot: _alone(spot) and spot.value_type == "count" and (spot.value or 0) >= least


def _decimal(least: float) -> Fits:
    return lambda spot: (
        _alone(spot)
        and spot.value_type in ("money", "rate")
        and spot.decimals > 0
        and least <= (spot.value or 0) < 1_000_000
    )


def _typed(spot: Spot) -> bool:
    return spot.role == "typed" and spot.measure == "%" and 0 < (spot.value or 0) < 100


def _small(spot: Spot) -> bool:
    """Where none at all is likely, and no comparison with last year or with another figure speaks."""
    return (
        spot.whole
        and not spot.parts
        and spot.role == "value"
        and spot.value_type == "count"
        and (spot.value or 0) <= 6
    )


def _own(spot: Spot) -> bool:
    """The figure that the area's figure is made of."""
    return spot.leads or spot.summed


def _not_money_part(spot: Spot) -> bool:
    """Revenue from new products or costs saved may rightly fall to nothing: a small figure is only asked about."""
    return spot.role != "numerator" or spot.value_type != "money"


def _and(*conditions: Fits) -> Fits:
    return lambda spot: all(condition(spot) for condition in conditions)


def _untyped(spot: Spot) -> bool:
    return spot.role != "typed"


# --- what is typed ------------------------------------------------------------------------------------------------


def _vietnamese(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def _write(text: Callable[[Spot, Random], str], reading: Callable[[Spot], Reading] | None = None) -> Plant:
    """Type a text in the place of the figure; the state column stays empty."""

    def plant(form: Form, spot: Spot, rng: Random) -> Mark:
        form.put(spot.code, None, "TT")
        cell = form.at(spot.code)
        cell.number_format = "@"
        return Mark(form.put(spot.code, text(spot, rng)), reading(spot) if reading else None)

    return plant


def _says(*words: str) -> Callable[[Spot, Random], str]:
    return lambda _, rng: rng.choice(words)


def _change(step: Callable[[Spot], float]) -> Plant:
    """Type another number."""

    def plant(form: Form, spot: Spot, _: Random) -> Mark:
        form.put(spot.code, None, "TT")
        return Mark(form.put(spot.code, round(step(spot), 4)))

    return plant


def _right(spot: Spot) -> Reading:
    return figure(spot.value)


def _value(spot: Spot) -> float:
    assert spot.value is not None
    return spot.value


def _none(_: Spot) -> Reading:
    return Reading(0, "zero")


def _with_consensus(form: Form, spot: Spot, rng: Random) -> Mark:
    """A dotted number in a file in which another cell shows that dots stand between thousands."""
    others = [
        (code, form.at(code).value)
        for code in sorted(form.rows)
        if code != spot.code and isinstance(form.at(code).value, float) and form.at(code).value % 1
    ]
    code, value = rng.choice(others)
    assert isinstance(value, float)
    form.put(code, _vietnamese(value, 2))
    whole = int(_value(spot))
    return Mark(form.put(spot.code, f"{whole:,}".replace(",", ".")), Reading(whole, "value"))


def _billions(spot: Spot) -> str:
    """The figure, in million đồng, as billions; never cut."""
    return f"{round(_value(spot) / 1000, 7):.7f}".rstrip("0").replace(".", ",")


def _spaced(spot: Spot, rng: Random) -> str:
    gap = rng.choice((" ", _NO_BREAK, _NARROW))
    return f"{_NO_BREAK}{int(_value(spot)):,}{_ZERO_WIDTH}".replace(",", gap)


def _percent_format(form: Form, spot: Spot, _: Random) -> Mark:
    form.at(spot.code).number_format = "0.00%"
    return Mark(form.put(spot.code, round(_value(spot) / 100, 6)), _right(spot))


def _in_next_measure(form: Form, spot: Spot, _: Random) -> Mark:
    """The row's unit of measure struck out for a smaller one, and the figure in that one."""
    measure, factor = _NEXT_MEASURE[spot.measure]
    form.put(spot.code, measure, "DVT")
    return Mark(form.put(spot.code, round(_value(spot) * factor, 4)), _right(spot))


def _other_measure(form: Form, spot: Spot, _: Random) -> Mark:
    form.put(spot.code, _OTHER_MEASURE[spot.measure], "DVT")
    return Mark(form.at(spot.code).coordinate)


def _in_note(form: Form, spot: Spot, _: Random) -> Mark:
    form.put(spot.code, None)
    note = form.put(spot.code, _vietnamese(_value(spot), spot.decimals), "GC")
    return Mark(form.at(spot.code).coordinate, also=note)


def _as_date(form: Form, spot: Spot, rng: Random) -> Mark:
    cell = form.at(spot.code)
    cell.number_format = rng.choice(("d-mmm", "dd/mm/yyyy"))
    cell.value = datetime(2027, rng.randint(1, 12), rng.randint(1, 28))  # noqa: DTZ001  # as in a sheet
    return Mark(cell.coordinate)


def _as_error(form: Form, spot: Spot, rng: Random) -> Mark:
    cell = form.at(spot.code)
    cell.value = rng.choice(("#REF!", "#DIV/0!", "#N/A", "#VALUE!"))
    cell.data_type = "e"
    return Mark(cell.coordinate)


def _as_formula(form: Form, spot: Spot, _: Random) -> Mark:
    cell = form.at(spot.code)
    cell.value = f"=SUM(E{cell.row}:E{cell.row + 1})"
    return Mark(cell.coordinate)


def _state(*words: str, reading: Reading | None = None) -> Plant:
    """The cell of the figure left blank, a word in the state column."""

    def plant(form: Form, spot: Spot, rng: Random) -> Mark:
        cell = form.put(spot.code, None)
        form.put(spot.code, rng.choice(words), "TT")
        return Mark(cell, reading)

    return plant


def _contradiction(form: Form, spot: Spot, rng: Random) -> Mark:
    form.put(spot.code, rng.choice(("Không phát sinh", "Không áp dụng", "Chưa có số liệu")), "TT")
    return Mark(form.at(spot.code).coordinate)


def _no_code(form: Form, spot: Spot, _: Random) -> Mark:
    cell = form.at(spot.code).coordinate
    form.put(spot.code, None, "MA")
    return Mark(cell)


_ZERO = Reading(0, "zero")
_LEAD_PART = 0.9

CELL_KINDS: tuple[CellKind, ...] = (
    # numbers as text
    CellKind(
        "decimal_comma",
        "harmless",
        _decimal(1000),
        _write(lambda s, _: _vietnamese(_value(s), s.decimals), _right),
        is_text=True,
    ),
    CellKind(
        "english_number",
        "harmless",
        _decimal(1000),
        _write(lambda s, _: f"{_value(s):,.{s.decimals}f}", _right),
        is_text=True,
    ),
    CellKind(
        "number_typed_as_text", "harmless", _count(10), _write(lambda s, _: str(int(_value(s))), _right)
    ),
    CellKind(
        "dots_in_count",
        "harmless",
        _count(1000),
        _write(lambda s, _: _vietnamese(_value(s), 0), _right),
        is_text=True,
    ),
    CellKind(
        "dots_in_decimal",
        "blocking",
        _decimal(1000),
        _write(lambda s, _: _vietnamese(int(_value(s)), 0)),
        is_text=True,
    ),
    CellKind(
        "dots_with_consensus",
        "harmless",
        _and(_decimal(1000), _own, lambda s: s.role == "denominator"),
        _with_consensus,
        is_text=True,
    ),
    CellKind("spaces_in_number", "harmless", _count(1000), _write(_spaced, _right), is_text=True),
    CellKind(
        "percent_sign",
        "harmless",
        _typed,
        _write(lambda s, _: f"{_value(s)}%".replace(".", ","), _right),
        is_text=True,
    ),
    CellKind(
        "percent_sign_spaced",
        "harmless",
        _typed,
        _write(lambda s, _: f"{_value(s)} %".replace(".", ","), _right),
        is_text=True,
    ),
    CellKind("percent_format", "harmless", _typed, _percent_format),
    CellKind("more_than", "blocking", _typed, _write(lambda s, _: f">{int(_value(s))}%")),
    CellKind("tilde", "blocking", _count(20), _write(lambda s, _: f"~{int(_value(s))}")),
    CellKind(
        "about",
        "blocking",
        _count(20),
        _write(lambda s, r: f"{r.choice(('khoảng', 'gần', 'hơn'))} {int(_value(s))}"),
    ),
    CellKind(
        "spelled_out",
        "blocking",
        _small,
        _write(_says("mười hai"), lambda _: Reading(12, "value")),
        or_right=True,
    ),
    CellKind("date_by_excel", "blocking", _and(_alone, _untyped), _as_date),
    CellKind("date_as_text", "blocking", _and(_alone, _untyped), _write(_says("04/12/2026", "3/4", "1/2"))),
    CellKind("error_cell", "blocking", _alone, _as_error),
    CellKind("formula_without_value", "blocking", _alone, _as_formula),
    # words in the place of numbers
    CellKind("word_passed", "blocking", _count(1), _write(_says("Đạt"))),
    CellKind("cross", "blocking", _count(1), _write(_says("x", "X"))),
    CellKind("asterisk", "blocking", _count(1), _write(_says("(*)", "(1)*"))),
    CellKind("not_said_which", "blocking", _count(1), _write(_says("N/A"))),
    CellKind("bare_no", "blocking", _count(1), _write(_says("không"), _none), or_right=True),
    CellKind("dash", "harmless", _small, _write(_says("-"), _none)),
    CellKind("en_dash", "harmless", _small, _write(_says("–"), _none)),
    CellKind("text_zero", "harmless", _small, _write(_says("0"), _none)),
    CellKind(
        "nothing_arose", "harmless", _small, _write(_says("không phát sinh", "Không phát sinh "), _none)
    ),
    CellKind(
        "no_figures_yet",
        "harmless",
        _small,
        _write(
            _says("không có số liệu", "Chưa có số liệu", "KCSL", "..."),
            lambda _: Reading(None, "not_available"),
        ),
    ),
    CellKind("blank", "warning", _small, _state("", reading=Reading(None, "missing"))),
    # the state column
    CellKind(
        "state_other_spelling",
        "harmless",
        _small,
        _state(
            unicodedata.normalize("NFD", "Không phát sinh"),
            "KHÔNG PHÁT SINH",
            f"Không{_NO_BREAK}phát sinh{_ZERO_WIDTH}",
            reading=_ZERO,
        ),
    ),
    CellKind(
        "state_in_old_fonts",
        "blocking",
        _small,
        _state("Kh«ng ph¸t sinh", "Khoâng phaùt sinh", reading=_ZERO),
        or_right=True,
    ),
    CellKind("state_contradicts", "blocking", _count(2), _contradiction),
    CellKind("figure_in_note", "warning", _and(_count(20), _untyped, _own), _in_note),
    # units of measure
    CellKind(
        "unit_in_cell",
        "harmless",
        lambda s: (
            _decimal(20)(s) and s.measure == "triệu đồng" and len(_billions(s)) - _billions(s).index(",") != 4
        ),
        _write(lambda s, _: f"{_billions(s)} tỷ", _right),
        is_text=True,
    ),
    CellKind(
        "other_unit_in_cell",
        "blocking",
        lambda s: _alone(s) and s.measure in _OTHER_MEASURE,
        _write(lambda s, _: f"{_value(s):g} {_OTHER_MEASURE[s.measure]}".replace(".", ",")),
        is_text=True,
    ),
    CellKind(
        "unit_column_smaller",
        "blocking",
        lambda s: _alone(s) and s.measure in _NEXT_MEASURE,
        _in_next_measure,
        or_right=True,
    ),
    CellKind(
        "unit_column_other", "blocking", lambda s: _alone(s) and s.measure in _OTHER_MEASURE, _other_measure
    ),
    # sense
    CellKind(
        "total_not_sum",
        "warning",
        lambda s: bool(s.parts) and s.whole and _own(s) and (s.value or 0) >= 3,
        _change(lambda s: _value(s) + max(1, int(_value(s) * 0.1))),
    ),
    CellKind("share_above_hundred", "blocking", _typed, _change(lambda s: _value(s) + 100)),
    CellKind(
        "part_above_whole",
        "blocking",
        lambda s: s.role == "numerator" and _own(s) and _alone(s) and bool(s.below),
        _change(lambda s: int((s.below or 0) * 1.3) + 1),
    ),
    CellKind(
        "slip_up",
        "blocking",
        _and(_alone, _own, _untyped, lambda s: s.value_type != "index" and (s.value or 0) >= 120),
        _change(lambda s: _value(s) * 1000),
    ),
    CellKind(
        "slip_down",
        "blocking",
        _and(
            _alone,
            _own,
            _untyped,
            _not_money_part,
            lambda s: s.value_type != "index" and (s.value or 0) >= 4000,
        ),
        _change(lambda s: round(_value(s) / 1000, s.decimals)),
    ),
    CellKind(
        "slip_down_of_new_money",
        "warning",
        _and(_alone, _own, lambda s: not _not_money_part(s) and (s.value or 0) >= 4000),
        _change(lambda s: round(_value(s) / 1000, s.decimals)),
    ),
    CellKind(
        "jump",
        "warning",
        _and(_alone, _own, _untyped, lambda s: s.value_type != "index" and (s.value or 0) >= 250),
        _change(lambda s: round(_value(s) * 6, s.decimals)),
    ),
    CellKind(
        "typed_rate_differs", "warning", _typed, _change(lambda s: _value(s) + (7 if _value(s) < 90 else -7))
    ),
    CellKind(
        "contributor_differs",
        "warning",
        lambda s: s.whole and not s.leads and not s.summed and _untyped(s) and (s.value or 0) >= 100,
        _change(lambda s: int(_value(s) * _LEAD_PART)),
    ),
    CellKind(
        "far_from_peers",
        "warning",
        lambda s: s.value_type == "index" and _own(s) and _alone(s),
        _change(lambda s: round(_value(s) * 0.42, 2)),
        areas=12,
    ),
    CellKind("negative", "blocking", _count(2), _change(lambda s: -_value(s))),
    CellKind("half_a_person", "blocking", _count(2), _change(lambda s: _value(s) + 0.5)),
    # codes
    CellKind("code_lost", "blocking", _and(_alone, _own), _no_code),
)
