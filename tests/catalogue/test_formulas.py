"""Formulas mean what arithmetic says, and what is deeper than the normal form is refused by name."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.catalogue.formulas import (
    Formula,
    FormulaError,
    Owner,
    Part,
    Reference,
    levels,
    parse,
    to_terms,
)
from dagster_project.messages import message_table

VALUES = {"A": Fraction(7), "B": Fraction(11), "C.1": Fraction(13)}


def worth(part: Part) -> Fraction:
    terms = [factor * (VALUES[ref.data_element_code] if ref else 1) for ref, factor in part.terms]
    by_name = {"sum": sum, "min": min, "max": max, "abs": lambda items: abs(sum(items))}
    return Fraction(by_name[part.combine](terms))  # type: ignore[operator]


def value(formula: Formula) -> Fraction:
    return worth(formula.numerator) / worth(formula.denominator)


numbers = st.sampled_from(["2", "0.5", "10", "1.25"])
elements = st.sampled_from(sorted(VALUES))
products = st.one_of(
    elements,
    numbers,
    st.tuples(numbers, elements).map(lambda pair: f"{pair[0]} * {pair[1]}"),
    st.tuples(elements, numbers).map(lambda pair: f"{pair[0]} / {pair[1]}"),
)
sums = st.lists(st.tuples(st.sampled_from(["+", "-"]), products), min_size=1, max_size=4).map(
    lambda items: "".join(f" {sign} {product}" for sign, product in items).removeprefix(" + ").strip()
)


def by_python(text: str) -> Fraction:
    """What Python makes of the same text with exact numbers for every name and literal."""
    for name, number in VALUES.items():
        text = text.replace(name, f"Fraction({number})")
    for literal in ("0.5", "1.25"):
        text = text.replace(literal, f"Fraction('{literal}')")
    return Fraction(eval(text, {"Fraction": Fraction}))  # noqa: S307  # built above from known parts


@given(sums)
def test_a_linear_combination_is_worth_what_arithmetic_says(text: str) -> None:
    assert value(parse(text)) == by_python(text)


@given(sums, elements, numbers)
def test_a_ratio_is_worth_what_arithmetic_says(above: str, below: str, times: str) -> None:
    text = f"({above}) / {below} * {times}"
    assert value(parse(text)) == by_python(text)


def read(text: str) -> Formula | FormulaError:
    try:
        return parse(text)
    except FormulaError as error:
        return error


class Tree(NamedTuple):
    """A formula as a tree: its text, its worth by plain arithmetic, None where that divides by 0."""

    text: str
    worth: Fraction | None


def joined(sign: str, left: Tree, right: Tree) -> Tree:
    text = f"({left.text} {sign} {right.text})"
    if left.worth is None or right.worth is None or (sign == "/" and right.worth == 0):
        return Tree(text, None)
    return Tree(text, ARITHMETIC[sign](left.worth, right.worth))


def called(name: str, arguments: list[Tree]) -> Tree:
    text = f"{name}({', '.join(argument.text for argument in arguments)})"
    worths = [argument.worth for argument in arguments if argument.worth is not None]
    return Tree(text, {"min": min, "max": max}[name](worths) if len(worths) == len(arguments) else None)


ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
leaves = st.one_of(
    st.sampled_from(sorted(VALUES)).map(lambda name: Tree(name, VALUES[name])),
    st.decimals(min_value=0, max_value=1000, places=2).map(lambda n: Tree(str(n), Fraction(n))),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(joined, st.sampled_from(sorted(ARITHMETIC)), inner, inner),
        inner.map(lambda tree: Tree(f"-{tree.text}", None if tree.worth is None else -tree.worth)),
        inner.map(lambda tree: Tree(f"abs({tree.text})", None if tree.worth is None else abs(tree.worth))),
        st.builds(called, st.sampled_from(["min", "max"]), st.lists(inner, min_size=2, max_size=3)),
    ),
    max_leaves=8,
)


@settings(max_examples=400)
@given(trees)
def test_any_formula_is_worth_what_arithmetic_says_or_is_refused(tree: Tree) -> None:
    formula = read(tree.text)
    if isinstance(formula, FormulaError):
        assert formula.code in {"catalogue.formula_too_deep", "catalogue.formula_divides_by_zero"}
        return
    below = worth(formula.denominator)
    assert (value(formula) if below else None) == tree.worth


@given(st.text("AB.:_12 ()+-*/,prevmaxinbs", max_size=40))
def test_any_text_is_a_formula_or_is_refused_by_name(text: str) -> None:
    formula = read(text)
    assert isinstance(formula, Formula) or formula.code in message_table()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-" * 3000 + "A", None),
        (" + ".join(["A"] * 1500), None),
        ("A + " * 3000 + "A", "catalogue.formula_too_long"),
        ("A" + " * 999999999999999999999999999999" * 20, "catalogue.formula_number_size"),
        ("prev(A, 0)", "catalogue.formula_lag"),
        ("prev(A, 101)", "catalogue.formula_lag"),
    ],
)
def test_long_deep_and_huge_formulas_are_read_or_refused_and_never_break_the_reader(
    text: str, code: str | None
) -> None:
    if code is None:
        assert parse(text).references == {Reference("A")}
        return
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("text", "worth_"),
    [
        ("A / B - 1", Fraction(-4, 11)),
        ("100 * (1 - A / B)", Fraction(400, 11)),
        ("min(A, 2 * B)", 7),
        ("max(A, B, 3)", 11),
        ("abs(A - B)", 4),
        ("2 * max(A, B)", 22),
        ("-A + 10", 3),
    ],
)
def test_min_max_abs_and_growth_are_worth_what_they_say(text: str, worth_: Fraction) -> None:
    assert value(parse(text)) == worth_


def test_prev_looks_back_as_many_periods_as_it_says() -> None:
    assert parse("prev(A)").references == {Reference("A", "_T", 1)}
    assert parse("prev(C.1:NU, 3)").references == {Reference("C.1", "NU", 3)}


@pytest.mark.parametrize("text", ["A * B", "A / B / C.1", "A / (B / C.1)", "A / B + B / A", "-min(A, B)"])
def test_what_is_deeper_than_a_ratio_of_sums_is_refused(text: str) -> None:
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert error.value.code == "catalogue.formula_too_deep"


@pytest.mark.parametrize("text", ["A +", "A B", "__import__('os')", "A == B", "=A", "sum(A, B)", ""])
def test_what_is_no_formula_is_refused_where_it_stops_making_sense(text: str) -> None:
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert error.value.code == "catalogue.formula_unreadable"


def test_division_by_zero_is_refused() -> None:
    with pytest.raises(FormulaError) as error:
        parse("A / 0")
    assert error.value.code == "catalogue.formula_divides_by_zero"


def test_derived_elements_stand_on_lower_levels_and_never_in_a_circle() -> None:
    assert levels([("D", parse("2 * A")), ("E", parse("D + B"))]) == {"D": 1, "E": 2}
    with pytest.raises(FormulaError) as error:
        levels([("D", parse("E")), ("E", parse("2 * D"))])
    assert (error.value.code, error.value.detail) == ("catalogue.formula_cycle", "D → E → D")


def test_terms_of_a_plain_sum_have_no_denominator() -> None:
    terms = to_terms([(Owner("indicator", "I", "value"), parse("A + 2 * B"))], {})
    assert terms.select("part", "data_element_code", "coefficient").rows() == [
        ("numerator", "A", 1.0),
        ("numerator", "B", 2.0),
    ]
