"""Rows of ``frames.FINDINGS`` from rule codes: words, severity and identity filled in set-wise.

Filling in belongs here, for every room that finds something. Deciding what is a finding does not: that is the
work of the room that looks (``intake``, the gate, the rule models). The words stand in the message table.
"""

from __future__ import annotations

import hashlib
from string import Formatter

import polars as pl

from dagster_project.frames import FINDINGS, conform, empty
from dagster_project.messages import MessageRow, message_table

#: What makes a finding the same finding in a later run; joined by "|", a missing part is empty.
IDENTITY = (
    "rule_code",
    "sha256",
    "sheet",
    "cell",
    "submission_id",
    "data_element_code",
    "category_code",
    "period_code",
    "indicator_code",
    "area_code",
)
_TEXTS = {"vi": "message_vi", "en": "message_en", "advice_vi": "advice_vi", "advice_en": "advice_en"}
_UNKNOWN = "–"


def build_findings(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` as FINDINGS, in its order; rows equal in every respect become one.

    ``frame`` holds ``rule_code``, ``stage``, and as it knows them ``observed``, ``expected`` and the other
    columns of FINDINGS; a column that it lacks is null, ``status`` is "fail" unless given. The optional
    struct ``values`` holds further values for the placeholders of a message; any column of ``frame`` serves
    as one too, and where a value is null the message shows a dash. Text from files goes in verbatim.

    Raises KeyError for a rule code that the message table lacks, for one without severity, and for a
    placeholder that ``frame`` has no column for.
    """
    if frame.is_empty():
        return empty(FINDINGS)
    rows = _spread_values(frame).with_row_index("_order")
    rules = message_table()
    worded = [
        _fill_in(part, rules[str(code)])
        for (code,), part in rows.partition_by("rule_code", as_dict=True, maintain_order=True).items()
    ]
    filled = pl.concat(worded, how="vertical_relaxed").sort("_order").drop("_order")
    return _identify(conform(filled, FINDINGS).unique(maintain_order=True))


def _spread_values(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` with the fields of ``values`` as columns named ``value:<field>``."""
    if "status" not in frame.columns:
        frame = frame.with_columns(pl.lit("fail").alias("status"))
    if "values" not in frame.columns:
        return frame
    if not isinstance(frame.schema["values"], pl.Struct):
        return frame.drop("values")
    fields = frame["values"].struct.fields
    return frame.with_columns(
        pl.col("values").struct.field(field).alias(f"value:{field}") for field in fields
    ).drop("values")


def _fill_in(part: pl.DataFrame, rule: MessageRow) -> pl.DataFrame:
    if not rule.severity:
        raise KeyError(f"{rule.code} has no severity: it is a message, not a rule")
    texts = [fill_template(getattr(rule, field), part).alias(column) for field, column in _TEXTS.items()]
    known = [name for name in part.columns if name in FINDINGS and name not in _TEXTS.values()]
    return part.select(
        "_order",
        *(pl.col(name).cast(FINDINGS[name]) for name in known if name != "severity"),
        pl.lit(rule.severity).alias("severity"),
        *texts,
    )


def fill_template(template: str, part: pl.DataFrame) -> pl.Expr:
    """``template`` filled from the columns of ``part``; a value is never read as a template itself.

    A null value shows as a dash. Raises KeyError for a placeholder without a column.
    """
    pieces: list[pl.Expr] = []
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            pieces.append(pl.lit(literal))
        if name is not None:
            pieces.append(_placeholder(name, part))
    return pl.concat_str(pieces) if pieces else pl.lit(None, dtype=pl.String)


def _placeholder(name: str, part: pl.DataFrame) -> pl.Expr:
    for column in (f"value:{name}", name):
        if column in part.columns:
            return pl.col(column).cast(pl.String).fill_null(_UNKNOWN)
    if name in FINDINGS:
        return pl.lit(_UNKNOWN)
    raise KeyError(f"no column for the placeholder {{{name}}}")


def _identify(findings: pl.DataFrame) -> pl.DataFrame:
    """Give each row its id; a second finding of one rule on one subject takes its number into the id."""
    key = pl.concat_str([pl.col(name).fill_null("") for name in IDENTITY], separator="|")
    number = pl.int_range(pl.len()).over(key)
    keys = findings.select(
        pl.when(number == 0).then(key).otherwise(pl.format("{}|{}", key, number + 1))
    ).to_series()
    # polars has no md5, and its own hash may change between versions.
    ids = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in keys]
    return findings.with_columns(pl.Series("finding_id", ids, dtype=pl.String))
