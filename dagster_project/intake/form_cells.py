"""Which cell of a form is what: bound where a coded column crosses a coded row, else ignored or held back for a reason.

What was typed is not looked at (``values``), but below the table, where only a figure is held back; findings about
cells are made in ``form_checks``.
"""

from __future__ import annotations

import polars as pl

from dagster_project.forms.layout import FEEDBACK_SHEET, HIDDEN_SHEET, ROLES
from dagster_project.intake.cell_names import a1
from dagster_project.intake.figures import ROUGHLY
from dagster_project.intake.form_codes import CODES, SPOT, TABLE
from dagster_project.intake.words import visible

#: Why a cell of an unbound column is ignored.
_PLAIN_COLUMNS = {
    "STT": "label",
    "TEN": "label",
    "MA": "code",
    "DVT": "unit_of_measure",
    "KT": "prior_period",
}
#: A text that is one figure, perhaps with words behind it; where, when and by whom a form was signed is none.
_FIGURE = (
    rf"(?i)^(?:{ROUGHLY}[\s=]*)?[+\u2212\u2013-]?\s*\d(?:[\d.,\s]*\d)?(?:e[+-]?\d+)?"
    r"\s*(?:[%‰+]|\(?\p{L}(?:\D|\p{L}\d)*)?$"
)
_DAY = r"^\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})$"
_TELEPHONE = r"^(?:\+84[\s.]?|0)[1-9](?:[\s.]?\d){8,9}$"
#: A reason that is the code of a rule; others are words.
_RULE_CODE = "^[A-Z]"


def place_cells(
    keyed: pl.DataFrame,
    *,
    tables: pl.DataFrame,
    columns: pl.DataFrame,
    rows: pl.DataFrame,
    forms: pl.DataFrame,
    blocked: pl.DataFrame,
) -> pl.DataFrame:
    """Every cell of ``keyed`` and every blank bound position, with binding, disposition and reason."""
    bound = _bound_positions(columns, rows)
    blank = bound.join(keyed, on=SPOT, how="anti").select(
        *SPOT,
        pl.col("bound_cell").alias("cell"),
        pl.lit("").alias("raw_text"),
        pl.lit("blank").alias("cell_type"),
    )
    cells = pl.concat([keyed.drop("file_name"), blank], how="diagonal_relaxed").sort(*SPOT)
    # Each of these joins copies what it is given: they are given no more than where a cell stands.
    context = (
        cells.select(*SPOT, "cell", "cell_type")
        .join(bound.drop("bound_cell"), on=SPOT, how="left", maintain_order="left")
        .join(
            columns.unique([*TABLE, "col"], maintain_order=True).select(*TABLE, "col", "column_code"),
            on=[*TABLE, "col"],
            how="left",
            maintain_order="left",
        )
        .join(
            rows.select(*TABLE, "row", pl.lit(value=True).alias("has_code"), "is_known"),
            on=[*TABLE, "row"],
            how="left",
            maintain_order="left",
        )
        .join(_extents(keyed, tables, columns, rows), on="sha256", how="left", maintain_order="left")
        .join(blocked, on="sha256", how="left", maintain_order="left")
        .join(_identity_cells(forms), on=["sha256", "cell"], how="left", maintain_order="left")
        .join(_printed_units(keyed, columns), on=[*TABLE, "row"], how="left", maintain_order="left")
        .with_columns(pl.coalesce("printed_unit", "unit").alias("unit"))
        .pipe(_with_figures_below, cells["raw_text"])
        .with_columns(_reason(), pl.col("role").is_not_null().alias("is_bound"))
        .with_columns(
            pl.when(pl.col("is_bound") & pl.col("blocked_by").is_null())
            .then(None)
            .when(pl.col("is_bound") | pl.col("reason").str.contains(_RULE_CODE))
            .then(pl.lit("quarantined"))
            .otherwise(pl.lit("ignored"))
            .alias("disposition"),
        )
        .join(
            forms.select(
                "sha256",
                "file_name",
                "submission_id",
                "reporting_unit_code",
                "area_code",
                "form_code",
                "round_code",
                "period_code",
                "is_sample",
            ),
            on="sha256",
            how="left",
            maintain_order="left",
        )
    )
    return pl.concat([cells, context.drop(*SPOT, "cell", "cell_type")], how="horizontal")


def _bound_positions(columns: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Where bound columns cross known rows; blank positions included."""
    return (
        rows.filter("is_known")
        .select(*TABLE, "row", "data_element_code", "category_code", "unit")
        .join(columns.filter(pl.col("role").is_not_null()).select(*TABLE, "col", "role"), on=TABLE)
        .unique(SPOT, maintain_order=True)
        .with_columns(a1(pl.col("row"), pl.col("col")).alias("bound_cell"))
    )


def _printed_units(keyed: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """What each row says now that its figures are in, whatever the catalogue says of the element."""
    at = columns.filter(pl.col("column_code") == "DVT").select(*TABLE, "col").unique(TABLE)
    printed = keyed.join(at, on=[*TABLE, "col"]).unique([*TABLE, "row"])
    return printed.select(*TABLE, "row", pl.col("raw_text").str.strip_chars().alias("printed_unit"))


def _extents(
    keyed: pl.DataFrame, tables: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame
) -> pl.DataFrame:
    """First and last row of each file's table."""
    # Names under the signature may stand in the column of codes: text there is a row of the table only with a
    # known code or something in the column of figures.
    figures = keyed.join(
        columns.filter(pl.col("column_code") == "GT").select(*TABLE, "col"), on=[*TABLE, "col"]
    )
    typed = rows.join(figures.select(*TABLE, "row").unique(), on=[*TABLE, "row"])
    lines = pl.concat([part.select("sha256", "row") for part in (rows.filter("is_known"), typed)])
    last = lines.group_by("sha256").agg(pl.col("row").max().alias("last_row"))
    return tables.rename({"sheet": "table_sheet"}).join(last, on="sha256", how="left").drop("n_tables")


def _identity_cells(forms: pl.DataFrame) -> pl.DataFrame:
    return (
        forms.select("sha256", *(f"cell_{name}" for name in CODES))
        .unpivot(index="sha256", value_name="cell")
        .drop_nulls("cell")
        .select("sha256", "cell", pl.lit(value=True).alias("is_identity"))
        .unique()
    )


def _with_figures_below(context: pl.DataFrame, texts: pl.Series) -> pl.DataFrame:
    """``context`` with ``is_figure_below``: whether its text is a figure in the column of figures below the table."""
    below = (pl.col("row") > pl.coalesce("last_row", "code_row")) & (pl.col("column_code") == "GT")
    # Few cells stand there: no text of another is looked at.
    places = context.select(pl.arg_where(below)).to_series()
    shown = visible(pl.col("text"))
    is_figure = shown.str.contains(_FIGURE) & ~shown.str.contains(_DAY) & ~shown.str.contains(_TELEPHONE)
    figures = pl.DataFrame({"place": places, "text": texts.gather(places)}).filter(is_figure)
    return context.with_columns(
        pl.int_range(pl.len()).is_in(figures["place"].implode()).alias("is_figure_below")
    )


def _reason() -> pl.Expr:
    """Why a cell is not a bound one; a rule code where it is held back."""
    column = pl.col("column_code")
    in_table = pl.col("row").is_between(pl.col("code_row") + 1, pl.col("last_row"))
    # A figure beside an unknown code, or beside none, is held back with its whole row; other text is not lost
    # on anybody, so that it is ignored and reported.
    inside = (
        pl.when(column.is_in(list(ROLES)) & pl.col("has_code").is_not_null())
        .then(pl.lit("FORM_ELEMENT_UNKNOWN"))
        .when(column == "GT")
        .then(pl.lit("FORM_FIGURE_WITHOUT_CODE"))
        .otherwise(
            pl.coalesce(
                column.replace_strict(_PLAIN_COLUMNS, default=None, return_dtype=pl.String),
                pl.lit("outside_layout"),
            )
        )
    )
    unblocked = (
        pl.when(pl.col("sheet") == HIDDEN_SHEET)
        .then(pl.lit("hidden_map"))
        .when(pl.col("sheet") == FEEDBACK_SHEET)
        .then(pl.lit("feedback_sheet"))
        .when(pl.col("table_sheet").is_null())
        .then(pl.coalesce("blocked_by", pl.lit("outside_layout")))
        .when(pl.col("sheet") != pl.col("table_sheet"))
        .then(pl.lit("skipped_sheet"))
        .when(pl.col("row") < pl.col("code_row"))
        .then(pl.when(pl.col("is_identity")).then(pl.lit("code")).otherwise(pl.lit("heading")))
        .when(pl.col("row") == pl.col("code_row"))
        .then(pl.lit("code"))
        .when(in_table)
        .then(inside)
        .when("is_figure_below")
        .then(pl.lit("FORM_FIGURE_WITHOUT_CODE"))
        .otherwise(pl.lit("signature"))
    )
    return pl.when(pl.col("role").is_not_null()).then("blocked_by").otherwise(unblocked).alias("reason")
