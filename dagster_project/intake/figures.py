"""The figure that one cell gives for an element of a known value type, or the rule that it fails.

Numbers, percentages, units written behind a number, answers of yes or no and plain texts belong here; words that
stand for a state, and what the state column adds, do not (``values``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.keys import folded
from dagster_project.intake.numbers import read_numbers
from dagster_project.intake.units import measures, unit_names

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue

_EXACT = ("count", "money")
_YES = ("có", "yes", "true", "đạt", "1")
_NO = ("không", "no", "false", "không đạt", "chưa đạt", "0")
#: What stands before a figure that is only a rough one.
ROUGHLY = (
    r"(?:[<>≤≥~≈±]|khoảng|gần|hơn|trên|dưới|xấp xỉ|ước|chừng|tầm|tối thiểu|tối đa|ít nhất|không quá"
    r"|about|approx|nearly|over|under|at least|at most)"
)
_APPROXIMATE = rf"^{ROUGHLY}.*\d|^[+-]?[\d.,]+\s*\+$"
_PLAIN_DIGITS = r"^-?[0-9]+(\.[0-9]+)?$"
_WHOLE = r"^-?[0-9]+$"
#: No figure of an office is larger, and twice this size would be infinite.
_LARGEST = 1e250
#: Parts of a number format that only show text.
_SHOWN_TEXT = r'"[^"]*"|\\.|_.'
_SIGNIFICANT = 15
_COLUMN = ["sha256", "sheet", "col"]


def read_figures(values: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """``values`` with ``figure``, ``figure_exact``, ``figure_text``; ``fault``, the rule that holds the cell out.

    ``remark`` is the rule of a figure that is taken and told about, ``expected`` what would have been clear. Cells
    that are blank or stand for a state (``typed_state``) get none of these. Needs value_type, decimals, unit.
    """
    kind = pl.col("value_type")
    frame = values.with_columns(
        kind.is_in(["text", "level", "yes_no"]).fill_null(value=False).alias("is_worded"),
        ((kind == "percent") | (pl.col("unit") == "%")).fill_null(value=False).alias("is_percent"),
        (kind.is_in(["count", "rank"]) | ((kind == "money") & (pl.col("decimals") == 0)))
        .fill_null(value=False)
        .alias("is_whole"),
        pl.col("number_format")
        .str.replace_all(_SHOWN_TEXT, "")
        .str.contains("%", literal=True)
        .alias("as_percent"),
        folded(values["shown"]).alias("shown_key"),
    )
    frame = _with_style(_with_units(_with_numbers(frame), catalogue))
    frame = frame.with_columns(_digits().alias("digits"), _remark().alias("remark"))
    frame = frame.with_columns(_fault().alias("fault"))
    return _with_figure(frame)


def _with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    texts = frame.filter((pl.col("cell_type") == "text") & ~pl.col("is_worded"))["shown"]
    return frame.join(
        read_numbers(texts).rename({"text": "shown"}), on="shown", how="left", maintain_order="left"
    )


def _with_units(frame: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """``ratio``: what the number is multiplied by; ``rest_known``: whether a unit stands behind it.

    A unit in the cell itself is nearer to its number than what the row or the heading says.
    """
    names = unit_names(catalogue)
    one = names.filter(pl.col("n_units") == 1).select(
        pl.col("key").alias("rest_key"), "dimension", pl.col("factor").alias("rest_factor")
    )
    known = names.select(pl.col("key").alias("rest_key"), pl.lit(value=True).alias("rest_known")).unique()
    joined = (
        frame.with_columns(folded(frame["rest"]).alias("rest_key"))
        .join(measures(catalogue), on="unit", how="left", maintain_order="left")
        .join(one, on=["rest_key", "dimension"], how="left", maintain_order="left")
        .join(known, on="rest_key", how="left", maintain_order="left")
    )
    bare = pl.col("rest").fill_null("") == ""
    return joined.with_columns(
        pl.when(bare)
        .then("declared_ratio")
        .when(pl.col("is_percent") & (pl.col("rest") == "%"))
        .then(1.0)
        .otherwise(pl.col("rest_factor") / pl.col("factor"))
        .alias("ratio"),
        bare.alias("is_bare"),
        pl.col("rest_known").fill_null(value=False) | (pl.col("rest") == "%"),
    )


def _with_style(frame: pl.DataFrame) -> pl.DataFrame:
    """``style``: the decimal mark that a text file, or a workbook's column, proves, where it never proves the other.

    A program wrote all numbers of a text file in one way. A workbook's texts were typed by people: there only a
    column that writes decimals with a comma, as the law has it, speaks for its other numbers.
    """
    marks = pl.col("mark").drop_nulls().unique()
    proofs = frame.filter(pl.col("digits").is_not_null())
    of_file = _agreed(proofs.filter(pl.col("sheet") == "").group_by("sha256").agg(marks))
    of_column = _agreed(proofs.filter(pl.col("sheet") != "").group_by(_COLUMN).agg(marks))
    return (
        frame.join(of_file.rename({"style": "file_style"}), on="sha256", how="left", maintain_order="left")
        .join(
            of_column.filter(pl.col("style") == ",").rename({"style": "column_style"}),
            on=_COLUMN,
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.when(pl.col("sheet") == "").then("file_style").otherwise("column_style").alias("style")
        )
    )


def _agreed(proofs: pl.DataFrame) -> pl.DataFrame:
    one = proofs.filter(pl.col("mark").list.len() == 1)
    return one.select(pl.exclude("mark"), pl.col("mark").list.first().alias("style"))


def _digits() -> pl.Expr:
    """The number's digits, where it can be only one."""
    style = pl.col("style")
    as_thousands = pl.col("is_whole") & (pl.col("ratio") == 1)
    return (
        pl.when(pl.col("whole").is_null())
        .then("digits")
        .when(style.is_not_null() & (style != pl.col("mark")))
        .then("whole")
        .when(style.is_not_null() & ~pl.col("is_whole"))
        .then("split")
        .when(style.is_null() & as_thousands)
        .then("whole")
    )


def _remark() -> pl.Expr:
    converted = (pl.col("ratio") != 1) & pl.col("ratio").is_not_null()
    thousands = (
        pl.col("whole").is_not_null()
        & pl.col("is_whole")
        & (pl.col("style").is_null() | (pl.col("style") != pl.col("mark")))
    )
    return (
        pl.when(converted & pl.col("is_bare") & ~pl.col("is_worded"))
        .then(pl.lit("UNIT_CONVERTED"))
        .when(converted & ~pl.col("is_bare"))
        .then(pl.lit("VALUE_UNIT_CONVERTED"))
        .when(thousands)
        .then(pl.lit("NUMBER_THOUSANDS_READ"))
        .when(pl.col("whole").is_not_null() & pl.col("style").is_not_null())
        .then(pl.lit("NUMBER_READ_AS_FILE"))
    )


def _fault() -> pl.Expr:
    is_text = pl.col("cell_type") == "text"
    type_is = {
        name: pl.col("cell_type") == name
        for name in ("error", "formula_no_value", "date", "boolean", "number")
    }
    size = pl.col("number").abs()
    written = pl.coalesce("digits", "whole").cast(pl.Float64, strict=False).abs()
    # A comparison with nothing, or with what is no number, is not true.
    too_large = ~(pl.when(type_is["number"]).then(size).otherwise(written) <= _LARGEST).fill_null(value=True)
    unseen_format = pl.col("number_format").is_null() & pl.col("is_percent") & (size > 0) & (size <= 1)
    return (
        pl.when(pl.col("typed_state").is_not_null() | (pl.col("shown") == "") & ~type_is["formula_no_value"])
        .then(None)
        .when(type_is["error"])
        .then(pl.lit("VALUE_IS_ERROR"))
        .when(type_is["formula_no_value"])
        .then(pl.lit("VALUE_NOT_COMPUTED"))
        .when(type_is["date"] & (pl.col("value_type") != "text").fill_null(value=True))
        .then(pl.lit("VALUE_IS_DATE"))
        .when((pl.col("value_type") == "yes_no") & ~pl.col("shown_key").is_in([*_YES, *_NO, *_keys()]))
        .then(pl.lit("VALUE_NOT_YES_NO"))
        .when("is_worded")
        .then(None)
        .when(type_is["boolean"])
        .then(pl.lit("VALUE_NOT_A_NUMBER"))
        .when(type_is["number"] & pl.col("as_percent") & ~pl.col("is_percent"))
        .then(pl.lit("VALUE_AS_PERCENT"))
        .when(type_is["number"] & unseen_format)
        .then(pl.lit("VALUE_FORMAT_UNKNOWN"))
        .when(pl.col("is_bare") & pl.col("declared_ratio").is_null())
        .then(pl.lit("UNIT_UNKNOWN"))
        .when(is_text & pl.col("shown").str.to_lowercase().str.contains(_APPROXIMATE))
        .then(pl.lit("VALUE_APPROXIMATE"))
        .when(is_text & pl.col("digits").is_null() & pl.col("whole").is_null())
        .then(pl.lit("VALUE_NOT_A_NUMBER"))
        .when(too_large)
        .then(pl.lit("VALUE_NOT_A_NUMBER"))
        .when(is_text & pl.col("ratio").is_null() & pl.col("rest_known"))
        .then(pl.lit("VALUE_UNIT_DIFFERS"))
        .when(is_text & pl.col("ratio").is_null())
        .then(pl.lit("VALUE_NOT_A_NUMBER"))
        .when(is_text & pl.col("digits").is_null())
        .then(pl.lit("NUMBER_AMBIGUOUS"))
    )


def _keys() -> list[str]:
    return [key for key in folded(pl.Series([*_YES, *_NO])) if key is not None]


def _with_figure(frame: pl.DataFrame) -> pl.DataFrame:
    """Figures of the cells without fault."""
    fine = pl.col("fault").is_null() & pl.col("typed_state").is_null() & (pl.col("shown") != "")
    numeric = fine & ~pl.col("is_worded")
    is_number = pl.col("cell_type") == "number"
    percent = is_number & pl.col("is_percent") & pl.col("as_percent").fill_null(value=False)
    text_number = pl.col("digits").cast(pl.Float64, strict=False)
    plain = pl.when(pl.col("raw_text").str.contains(_PLAIN_DIGITS)).then("raw_text")
    # A formula may leave 434.99999999999994 where a spreadsheet shows 435: a whole number, and a figure that keeps its
    # digits, is the one that is shown.
    is_as_shown = pl.col("value_type").is_in(_EXACT) | plain.str.contains(_WHOLE)
    stored = pl.coalesce(pl.when(is_as_shown).then(plain.cast(pl.Float64, strict=False)), "number")
    yes = folded(pl.Series(_YES)).to_list()
    answer = pl.when(pl.col("shown_key").is_in(yes)).then(1.0).otherwise(0.0)
    figure = (
        pl.when(percent)
        .then((pl.col("number") * 100).round_sig_figs(_SIGNIFICANT))
        .when(is_number & (pl.col("ratio") == 1))
        .then(stored)
        .when(is_number)
        .then((pl.col("number") * pl.col("ratio")).round_sig_figs(_SIGNIFICANT))
        .when(pl.col("ratio") == 1)
        .then(text_number)
        .otherwise((text_number * pl.col("ratio")).round_sig_figs(_SIGNIFICANT))
    )
    exact = (
        pl.when(pl.col("ratio") != 1).then(_decimal(figure)).when(is_number).then(plain).otherwise("digits")
    )
    return frame.with_columns(
        pl.when(numeric)
        .then(figure)
        .when(fine & (pl.col("value_type") == "yes_no"))
        .then(answer)
        .alias("figure"),
        pl.when(numeric & pl.col("value_type").is_in(_EXACT) & exact.str.contains(_PLAIN_DIGITS))
        .then(exact)
        .alias("figure_exact"),
        pl.when(fine & pl.col("is_worded")).then("shown").alias("figure_text"),
        pl.when(numeric).then("remark").alias("remark"),
        _expected().alias("expected"),
    )


def _decimal(figure: pl.Expr) -> pl.Expr:
    return figure.cast(pl.String).str.strip_suffix(".0")


def _expected() -> pl.Expr:
    """The other ways in which a doubtful number can be read."""
    split = pl.col("split").str.replace(".", ",", literal=True)
    hundredfold = _decimal((pl.col("number") * 100).round_sig_figs(_SIGNIFICANT))
    return (
        pl.when(pl.col("fault") == "NUMBER_AMBIGUOUS")
        .then(pl.format("{} / {}", "whole", split))
        .when(pl.col("fault") == "VALUE_FORMAT_UNKNOWN")
        .then(hundredfold)
        .when(pl.col("fault") == "UNIT_UNKNOWN")
        .then(pl.coalesce("unit_name", "unit"))
    )
