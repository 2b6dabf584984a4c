"""Formulas and rule sides, from text to terms that SQL can evaluate set-wise.

The grammar, the normal form (a ratio of linear combinations with constant coefficients) and the levels of derived
elements belong here. Evaluating terms does not: that is the work of the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

import lark
import polars as pl

from dagster_project.catalogue.tables import FORMULA_TERMS

TOTAL = "_T"
#: How many derived elements may stand on one another.
MAX_LEVELS = 5
#: How many periods ``prev`` may look back.
MAX_LAG = 100
#: Longer texts are refused unread: what a person can check is far shorter.
MAX_LENGTH = 8000

_GRAMMAR = r"""
?start: sum
?sum: product | sum "+" product -> add | sum "-" product -> subtract
?product: atom | product "*" atom -> multiply | product "/" atom -> divide
?atom: NUMBER -> number
     | CODE -> reference
     | "prev" "(" CODE ("," INTEGER)? ")" -> previous
     | "-" atom -> negate
     | COMBINE "(" sum ("," sum)* ")" -> combine
     | "(" sum ")"
COMBINE.2: /(min|max|abs)(?=\s*\()/
NUMBER.1: /[0-9]{1,30}(\.[0-9]{1,30})?/
INTEGER.2: /[0-9]{1,30}(?=\s*\))/
CODE: /[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*(:[A-Za-z0-9_]+)?/
%ignore /\s+/
"""


class FormulaError(ValueError):
    """A formula that does not parse or is deeper than the normal form; ``code`` names the message."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


@dataclass(frozen=True)
class Reference:
    """A data element's category, ``lag`` periods back."""

    data_element_code: str
    category_code: str = TOTAL
    lag: int = 0

    @property
    def pair(self) -> tuple[str, str]:
        return self.data_element_code, self.category_code


#: Coefficients by reference; None is the constant.
Linear = Mapping[Reference | None, Fraction]
_ONE: Linear = {None: Fraction(1)}


@dataclass(frozen=True)
class Part:
    """What stands above or below the line: terms that come together as a sum, a smallest, a largest, a size."""

    terms: tuple[tuple[Reference | None, Fraction], ...]
    combine: str = "sum"

    @property
    def linear(self) -> Linear:
        if self.combine != "sum":
            raise FormulaError("catalogue.formula_too_deep", self.combine)
        return dict(self.terms)


@dataclass(frozen=True)
class Formula:
    """A numerator over a denominator; without a denominator it is 1."""

    numerator: Part
    denominator: Part = field(default_factory=lambda: _part(_ONE))

    @property
    def references(self) -> set[Reference]:
        terms = (*self.numerator.terms, *self.denominator.terms)
        return {reference for reference, _ in terms if reference is not None}

    @property
    def is_linear(self) -> bool:
        return self.denominator == _part(_ONE)


def parse(text: str) -> Formula:
    """The normal form of ``text``. Raises ``FormulaError``."""
    if len(text) > MAX_LENGTH:
        raise FormulaError("catalogue.formula_too_long", str(MAX_LENGTH))
    try:
        formula: Any = _parser().parse(text)
    except lark.exceptions.UnexpectedInput as error:
        raise FormulaError("catalogue.formula_unreadable", _spot(text, error)) from error
    return _representable(formula)


def ratio(numerator: Formula, denominator: Formula) -> Formula:
    """``numerator`` / ``denominator`` in normal form. Raises ``FormulaError``."""
    return _representable(_divide(numerator, denominator))


@dataclass(frozen=True)
class Owner:
    """Whose formula it is, as ``FORMULA_TERMS`` names it."""

    owner_type: str
    owner_code: str
    side: str
    valid_from: object = None
    valid_to: object = None


def levels(versions: Iterable[tuple[str, Formula]]) -> dict[str, int]:
    """The level of each derived element: 1 over reported elements only; raises ``FormulaError`` on a cycle.

    ``versions``: code and formula. An element has one level in all years, above whatever one of its versions uses.
    """
    derived: dict[str, set[str]] = {}
    for code, formula in versions:
        derived.setdefault(code, set()).update(used.data_element_code for used in formula.references)
    found: dict[str, int] = {}

    def level(code: str, above: tuple[str, ...]) -> int:
        if code not in derived:
            return 0
        if code in above:
            raise FormulaError("catalogue.formula_cycle", " → ".join((*above, code)))
        if code not in found:
            found[code] = 1 + max((level(part, (*above, code)) for part in sorted(derived[code])), default=0)
        return found[code]

    for code in derived:
        if level(code, ()) > MAX_LEVELS:
            raise FormulaError("catalogue.formula_too_many_levels", code)
    return found


def to_terms(formulas: Iterable[tuple[Owner, Formula]], level_of: Mapping[str, int]) -> pl.DataFrame:
    """Rows of ``FORMULA_TERMS``; a denominator of 1 has none."""
    rows = [
        {
            "owner_type": owner.owner_type,
            "owner_code": owner.owner_code,
            "side": owner.side,
            "part": name,
            "term_number": number,
            "combine": part.combine,
            "data_element_code": reference.data_element_code if reference else None,
            "category_code": reference.category_code if reference else None,
            "coefficient": float(coefficient),
            "lag": reference.lag if reference else 0,
            "level": max((level_of.get(used.data_element_code, 0) for used in formula.references), default=0),
            "valid_from": owner.valid_from,
            "valid_to": owner.valid_to,
        }
        for owner, formula in formulas
        for name, part in (("numerator", formula.numerator), ("denominator", formula.denominator))
        if not (name == "denominator" and formula.is_linear)
        for number, (reference, coefficient) in enumerate(part.terms, start=1)
    ]
    return pl.DataFrame(rows, schema=FORMULA_TERMS)


@cache
def _parser() -> lark.Lark:
    # Working while it reads, the parser needs no recursion, so no text can exhaust the stack.
    return lark.Lark(_GRAMMAR, parser="lalr", transformer=_Normal())


def _spot(text: str, error: lark.exceptions.UnexpectedInput) -> str:
    at = error.pos_in_stream
    return text if at is None or at < 0 else f"{text[:at]} ▶ {text[at:]}"


def _representable(formula: Formula) -> Formula:
    """``formula``, whose coefficients must be doubles in the end."""
    for _, value in (*formula.numerator.terms, *formula.denominator.terms):
        try:
            lost = value != 0 and float(value) == 0
        except OverflowError:
            lost = True
        if lost:
            raise FormulaError("catalogue.formula_number_size", "1e±308")
    return formula


def _part(linear: Linear) -> Part:
    return Part(tuple((key, value) for key, value in linear.items() if value) or ((None, Fraction(0)),))


def _constant(part: Part) -> Fraction | None:
    if part.combine == "sum" and all(reference is None for reference, _ in part.terms):
        return sum((value for _, value in part.terms), Fraction(0))
    return None


def _scaled(part: Part, by: Fraction) -> Part:
    if part.combine != "sum" and by < 0:
        raise FormulaError("catalogue.formula_too_deep", part.combine)
    return replace(part, terms=tuple((reference, value * by) for reference, value in part.terms))


def _add(left: Formula, right: Formula, sign: int) -> Formula:
    left, right = _over(left, right.denominator), _over(right, left.denominator)
    if left.denominator != right.denominator:
        raise FormulaError("catalogue.formula_too_deep", "a/b + c/d")
    total = dict(left.numerator.linear)
    for key, value in right.numerator.linear.items():
        total[key] = total.get(key, Fraction(0)) + sign * value
    return Formula(_part(total), left.denominator)


def _over(formula: Formula, denominator: Part) -> Formula:
    """A constant as so many times ``denominator`` over ``denominator``; anything else as it is."""
    constant = _constant(formula.numerator)
    if constant is None or not formula.is_linear:
        return formula
    return Formula(_part({key: value * constant for key, value in denominator.linear.items()}), denominator)


def _multiply(left: Formula, right: Formula) -> Formula:
    for one, other in ((left, right), (right, left)):
        factor = _constant(one.numerator)
        if factor is not None and one.is_linear:
            return Formula(_scaled(other.numerator, factor), other.denominator)
    raise FormulaError("catalogue.formula_too_deep", "a * b")


def _divide(left: Formula, right: Formula) -> Formula:
    if not right.is_linear:
        raise FormulaError("catalogue.formula_too_deep", "a / (b / c)")
    divisor = _constant(right.numerator)
    if divisor is None:
        if not left.is_linear:
            raise FormulaError("catalogue.formula_too_deep", "(a / b) / c")
        return Formula(left.numerator, right.numerator)
    if divisor == 0:
        raise FormulaError("catalogue.formula_divides_by_zero", "/ 0")
    return Formula(_scaled(left.numerator, 1 / divisor), left.denominator)


class _Normal(lark.Transformer[lark.Token, Formula]):
    """From the tree of a formula to its normal form, leaf by leaf."""

    def number(self, items: list[Any]) -> Formula:
        return Formula(Part(((None, Fraction(str(items[0]))),)))

    def reference(self, items: list[Any]) -> Formula:
        return _refer(str(items[0]), 0)

    def previous(self, items: list[Any]) -> Formula:
        lag = int(items[1]) if items[1:] else 1
        if not 1 <= lag <= MAX_LAG:
            raise FormulaError("catalogue.formula_lag", str(items[1]))
        return _refer(str(items[0]), lag)

    def negate(self, items: list[Any]) -> Formula:
        return Formula(_scaled(items[0].numerator, Fraction(-1)), items[0].denominator)

    def add(self, items: list[Any]) -> Formula:
        return _add(items[0], items[1], 1)

    def subtract(self, items: list[Any]) -> Formula:
        return _add(items[0], items[1], -1)

    def multiply(self, items: list[Any]) -> Formula:
        return _multiply(items[0], items[1])

    def divide(self, items: list[Any]) -> Formula:
        return _divide(items[0], items[1])

    def combine(self, items: list[Any]) -> Formula:
        """``abs`` takes one linear combination, ``min`` and ``max`` take single terms."""
        name, arguments = str(items[0]), items[1:]
        if not all(argument.is_linear for argument in arguments):
            raise FormulaError("catalogue.formula_too_deep", name)
        terms = tuple(term for argument in arguments for term in argument.numerator.linear.items())
        if (name == "abs") != (len(arguments) == 1) or (name != "abs" and len(terms) != len(arguments)):
            raise FormulaError("catalogue.formula_too_deep", name)
        return Formula(Part(terms, name))


def _refer(code: str, lag: int) -> Formula:
    element, _, category = code.partition(":")
    return Formula(Part(((Reference(element, category or TOTAL, lag), Fraction(1)),)))
