"""Bind the cells of our own forms to their meaning by the codes printed in rows and columns.

Which cell is which data element of which unit and round belongs here, with every fault of identity or layout.
Reading workbooks does not (``read``), nor does parsing what was typed (``values``, ``take_in``). All files are
bound at once; nothing is bound by position, and a code that nearly matches is only ever suggested.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.forms.layout import (
    CATEGORY_MARK,
    COLUMNS,
    HIDDEN_SHEET,
    IDENTITY,
    REQUIRED_COLUMNS,
    ROLES,
    TOTAL,
)
from dagster_project.forms.plan import assigned_elements
from dagster_project.frames import CELLS, FINDINGS, SUBMISSIONS, conform
from dagster_project.messages import message
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

_CODES = [item.name for item in IDENTITY]
_VISIBLE = (pl.col("sheet") != HIDDEN_SHEET) & ~pl.col("sheet_hidden").fill_null(value=False)
_TABLE = ["sha256", "sheet"]
_SPOT = ["sha256", "sheet", "row", "col"]
_TIME_ZONE = "Asia/Ho_Chi_Minh"
#: A row with this many column codes was meant as the row of column codes, whatever it lacks.
_CODE_ROW_LIKE = 4
#: Why a cell of an unbound column is ignored.
_PLAIN_COLUMNS = {
    "STT": "label",
    "TEN": "label",
    "MA": "code",
    "DVT": "unit_of_measure",
    "KT": "prior_period",
}


@dataclass(frozen=True)
class BoundForms:
    """All cells of the forms (CELLS), one submission a file (SUBMISSIONS), what was found (FINDINGS).

    A bound cell of an unblocked file has a null ``disposition``: whoever parses it decides.
    """

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame


def find_forms(raw: pl.DataFrame) -> list[str]:
    """The sha256 of files that are, or were, one of our forms: by a printed code row, label or hidden sheet."""
    keyed = _with_keys(raw)
    labelled = keyed.filter(pl.col("label") == _label(IDENTITY[0].label))
    hidden = keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
    found = pl.concat([part.select("sha256") for part in (_code_rows(keyed), labelled, hidden)])
    return sorted(found["sha256"].unique())


def bind_forms(
    raw: pl.DataFrame,
    files: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    expected_year: int | None,
) -> BoundForms:
    """Bind ``raw``, every cell with content of the forms among ``files``.

    ``raw``: sha256, file_name, sheet, sheet_hidden, row, col, cell, raw_text, cell_type, number, number_format.
    ``files``: sha256, file_name, receipt_id, received_at, one row per file.
    ``expected_year`` is the data year that the run was told to take, if any.
    """
    keyed = _with_keys(raw.with_columns(pl.col("row", "col").cast(pl.Int32)))
    tables = _find_tables(keyed, files)
    columns = _find_columns(keyed, tables)
    forms = _identify(keyed, tables, files, catalogue, office)
    rows = _find_rows(keyed, tables, columns, forms, catalogue)
    blocking = pl.concat(
        [
            _check_tables(tables),
            _check_columns(columns, tables),
            _check_identity(forms, catalogue, office, expected_year),
            _check_duplicates(rows),
        ],
        how="diagonal_relaxed",
    )
    blocked = blocking.group_by("sha256", maintain_order=True).agg(
        pl.col("rule_code").first().alias("blocked_by")
    )
    placed = _place(keyed, tables=tables, columns=columns, rows=rows, forms=forms, blocked=blocked)
    found = pl.concat(
        [
            blocking,
            _check_missing_columns(columns, tables),
            _check_map(keyed, placed, tables),
            _check_spelling(keyed, tables),
            _check_rows(rows, placed, forms.join(blocked, on="sha256", how="anti"), catalogue),
            _check_cells(placed),
        ],
        how="diagonal_relaxed",
    )
    return BoundForms(
        cells=conform(placed.select(name for name in CELLS if name in placed.columns), CELLS),
        submissions=_submissions(forms, blocked),
        findings=_findings(found, forms),
    )


# ---- reading codes ---------------------------------------------------------------------------------------------


def _with_keys(raw: pl.DataFrame) -> pl.DataFrame:
    """``raw`` with ``key``, the cell's text as a code, and ``label``, the same as a label."""
    key = code_key(pl.col("raw_text"))
    return raw.with_columns(key.alias("key"), key.str.strip_chars_end(" :").alias("label"))


def code_key(text: pl.Expr) -> pl.Expr:
    """Make a printed code comparable, however it was saved: NFC, no invisible letters, usual dashes, one case."""
    return (
        text.str.normalize("NFC")
        .str.replace_all("[\u200b\u200c\u200d\u2060\ufeff\u00ad]", "")
        .str.replace_all("[\u2010-\u2014\u2212]", "-")
        .str.replace_all(r"\s+", " ")
        .str.strip_chars()
        .str.to_lowercase()
    )


def _label(code: str) -> str:
    return str(pl.select(code_key(pl.lit(message(code, "vi"))).str.strip_chars_end(" :")).item())


def _code_rows(keyed: pl.DataFrame) -> pl.DataFrame:
    """Rows that print column codes: sha256, sheet, row, and which codes."""
    codes = [column.code.lower() for column in COLUMNS]
    return (
        keyed.filter(_VISIBLE & pl.col("key").is_in(codes))
        .group_by(*_TABLE, "row", maintain_order=True)
        .agg(pl.col("key").unique().alias("codes"))
        .filter(
            pl.col("codes").list.len() >= _CODE_ROW_LIKE,
        )
    )


def _find_tables(keyed: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """One row per file: the sheet and row of its column codes (null where there is none), how many there are."""
    found = (
        _code_rows(keyed)
        .sort("sha256", "sheet", "row")
        .group_by("sha256", maintain_order=True)
        .agg(
            pl.col("sheet").first(),
            pl.col("row").first().alias("code_row"),
            pl.len().alias("n_tables"),
        )
    )
    return files.select("sha256").join(found, on="sha256", how="left", maintain_order="left")


def _find_columns(keyed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """One row per printed column code: sha256, sheet, col, column_code, and the cell that prints it."""
    codes = pl.DataFrame(
        {
            "key": [column.code.lower() for column in COLUMNS],
            "column_code": [column.code for column in COLUMNS],
            "role": [column.role for column in COLUMNS],
        }
    )
    return (
        keyed.join(tables.select(*_TABLE, pl.col("code_row").alias("row")), on=[*_TABLE, "row"])
        .join(codes, on="key")
        .select(*_TABLE, "col", "cell", "column_code", "role")
        .with_columns(pl.len().over("sha256", "column_code").alias("n_printed"))
    )


def _identify(
    keyed: pl.DataFrame, tables: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue, office: Office
) -> pl.DataFrame:
    """One row per file: its printed and hidden codes, what the catalogue knows of them, its submission_id."""
    labels = pl.DataFrame({"label": [_label(item.label) for item in IDENTITY], "name": _CODES})
    above = keyed.join(tables.select("sha256", pl.col("sheet").alias("table_sheet"), "code_row"), on="sha256")
    heading = above.filter(
        _VISIBLE
        & (pl.col("table_sheet").is_null() | (pl.col("sheet") == pl.col("table_sheet")))
        & (pl.col("code_row").is_null() | (pl.col("row") < pl.col("code_row")))
    ).sort(*_SPOT)
    following = heading.with_columns(
        pl.col("raw_text", "key", "cell").shift(-1).over(*_TABLE, "row").name.prefix("next_")
    ).join(labels, on="label")
    printed = _widen(following.with_columns(pl.col("next_key").alias("key")), "printed")
    cells = _widen(following.with_columns(pl.col("next_cell").alias("key")), "cell")
    mark = _label("forms.sample_mark")
    marked = heading.filter(pl.col("key").str.contains(mark, literal=True)).select("sha256").unique()
    hidden = _hidden_codes(keyed)
    forms = (
        files.select("sha256", "file_name", "received_at")
        .join(tables, on="sha256", how="left", maintain_order="left")
        .join(printed, on="sha256", how="left", maintain_order="left")
        .join(cells, on="sha256", how="left", maintain_order="left")
        .join(hidden, on="sha256", how="left", maintain_order="left")
        .with_columns(
            pl.col("sha256").is_in(marked["sha256"].implode()).alias("sample_printed"),
            pl.col("has_map").fill_null(value=False),
            (pl.col("hidden_is_sample") == "1").fill_null(value=False).alias("sample_hidden"),
        )
    )
    return _resolve(forms, catalogue).with_columns(
        (pl.col("sample_printed") | pl.col("sample_hidden") | pl.lit(office.is_sample)).alias("is_sample")
    )


def _widen(rows: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """The first ``key`` of each name as columns ``<prefix>_<name>``; every name has its column."""
    first = rows.group_by("sha256", "name", maintain_order=True).agg(pl.col("key").drop_nulls().first())
    return first.group_by("sha256", maintain_order=True).agg(
        pl.col("key").filter(pl.col("name") == name).first().alias(f"{prefix}_{name}") for name in _CODES
    )


def _hidden_codes(keyed: pl.DataFrame) -> pl.DataFrame:
    """What the hidden sheet says of itself, one row per file that has one."""
    sheet = keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
    names = sheet.filter(pl.col("col") == 1).select("sha256", "row", pl.col("key").alias("name"))
    said = sheet.filter(pl.col("col") == 2).join(names, on=["sha256", "row"])
    return said.group_by("sha256", maintain_order=True).agg(
        pl.lit(value=True).alias("has_map"),
        *(
            pl.col("key").filter(pl.col("name") == name).first().alias(f"hidden_{name}")
            for name in (*_CODES, "is_sample")
        ),
    )


def _resolve(forms: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Join what the catalogue has under the printed codes; the codes of ``forms`` are the catalogue's own."""
    rounds = _keyed(catalogue.table("rounds"), "round_code").select(
        "printed_round_code",
        "round_code",
        "period_code",
        "data_year",
        "period_start",
        "period_end",
        "opens_on",
        pl.col("level").alias("round_level"),
        pl.col("criteria_set_code").alias("round_set"),
    )
    known = forms.join(rounds, on="printed_round_code", how="left", maintain_order="left")
    day = pl.col("period_end").fill_null(pl.date(9999, 1, 1))
    versions = _keyed(catalogue.table("forms"), "form_code").with_columns(
        code_key(pl.col("form_version")).alias("printed_form_version")
    )
    known = known.join(
        versions.select(
            "printed_form_code",
            "printed_form_version",
            "form_code",
            "form_version",
            pl.col("level").alias("form_level"),
            pl.col("criteria_set_code").alias("form_set"),
        ).unique(["printed_form_code", "printed_form_version"], keep="last", maintain_order=True),
        on=["printed_form_code", "printed_form_version"],
        how="left",
        maintain_order="left",
    )
    units = _keyed(catalogue.table("reporting_units"), "reporting_unit_code").select(
        "printed_reporting_unit_code",
        "reporting_unit_code",
        pl.col("area_code").alias("unit_area_code"),
        pl.col("valid_from").fill_null(pl.date(1, 1, 1)),
        pl.col("valid_to").fill_null(pl.date(9999, 12, 31)),
    )
    # The version of the unit that is valid on the period's last day, else any: an expired unit is still known.
    known = (
        known.with_columns(day.alias("day"))
        .join(units, on="printed_reporting_unit_code", how="left", maintain_order="left")
        .with_columns(pl.col("day").is_between("valid_from", "valid_to").alias("unit_valid"))
        .sort("unit_valid", descending=True, nulls_last=True, maintain_order=True)
        .unique("sha256", keep="first", maintain_order=True)
        .sort("sha256")
    )
    return known.with_columns(
        pl.when(code_key(pl.col("unit_area_code")) == pl.col("printed_area_code"))
        .then("unit_area_code")
        .alias("area_code")
    ).with_columns(_submission_ids(known))


def _keyed(table: pl.DataFrame, code: str) -> pl.DataFrame:
    return table.with_columns(code_key(pl.col(code)).alias(f"printed_{code}"))


def _submission_ids(forms: pl.DataFrame) -> pl.Series:
    parts = forms.select(
        "sha256",
        *(pl.col(f"printed_{name}").fill_null("") for name in _CODES if name != "form_version"),
    )
    # polars has no md5; one short text per file.
    ids = [
        hashlib.md5("|".join(row).encode(), usedforsecurity=False).hexdigest() for row in parts.iter_rows()
    ]
    return pl.Series("submission_id", ids, dtype=pl.String)


def _find_rows(
    keyed: pl.DataFrame,
    tables: pl.DataFrame,
    columns: pl.DataFrame,
    forms: pl.DataFrame,
    catalogue: Catalogue,
) -> pl.DataFrame:
    """One row per printed row code: where it stands, and the data element and category that it names.

    ``is_known`` says that the catalogue has both for the form's criteria set.
    """
    at = columns.filter(pl.col("column_code") == "MA").select(*_TABLE, "col")
    printed = (
        keyed.join(at, on=[*_TABLE, "col"])
        .join(tables.select(*_TABLE, "code_row"), on=_TABLE)
        .filter(pl.col("row") > pl.col("code_row"))
        .select(*_TABLE, "row", "cell", "raw_text", "key")
    )
    known = _printed_codes(catalogue)
    return (
        printed.join(
            forms.select("sha256", "submission_id", "round_set", "day"),
            on="sha256",
            how="left",
            maintain_order="left",
        )
        .join(
            known,
            left_on=["key", "round_set"],
            right_on=["key", "criteria_set_code"],
            how="left",
            maintain_order="left",
        )
        .filter(
            pl.col("valid_from").is_null()
            | pl.col("day").is_between("valid_from", "valid_to")
            | ~pl.col("day").is_between("valid_from", "valid_to").any().over(*_TABLE, "row")
        )
        .unique([*_TABLE, "row"], keep="last", maintain_order=True)
        .with_columns(
            pl.col("data_element_code").is_not_null().alias("is_known"),
            pl.len().over("sha256", "key").alias("n_printed"),
        )
        .drop("valid_from", "valid_to", "day", "round_set")
    )


def _printed_codes(catalogue: Catalogue) -> pl.DataFrame:
    """Every row code that a form of the catalogue may print, with its element, category, unit and validity."""
    elements = catalogue.table("data_elements").select(
        "criteria_set_code",
        "data_element_code",
        "disaggregation_code",
        "indicator_code",
        "unit",
        pl.col("valid_from").fill_null(pl.date(1, 1, 1)),
        pl.col("valid_to").fill_null(pl.date(9999, 12, 31)),
    )
    parts = elements.join(
        catalogue.table("categories")
        .filter(pl.col("category_code") != TOTAL)
        .select("disaggregation_code", "category_code"),
        on="disaggregation_code",
    )
    total = elements.with_columns(pl.lit(TOTAL).alias("category_code"))
    return (
        pl.concat([total, parts.select(total.columns)])
        .with_columns(code_key(_row_code()).alias("key"))
        .drop("disaggregation_code")
    )


def _row_code() -> pl.Expr:
    split = pl.concat_str("data_element_code", pl.lit(CATEGORY_MARK), "category_code")
    return pl.when(pl.col("category_code") == TOTAL).then("data_element_code").otherwise(split)


# ---- placing cells ---------------------------------------------------------------------------------------------


def _place(
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
    cells = keyed.join(bound, on=_SPOT, how="full", coalesce=True, maintain_order="left_right").with_columns(
        pl.coalesce("cell", _a1(pl.col("row"), pl.col("col"))).alias("cell"),
        pl.col("raw_text").fill_null(""),
        pl.col("cell_type").fill_null("blank"),
    )
    context = (
        cells.join(
            columns.unique([*_TABLE, "col"], maintain_order=True).select(*_TABLE, "col", "column_code"),
            on=[*_TABLE, "col"],
            how="left",
        )
        .join(
            rows.select(*_TABLE, "row", pl.lit(value=True).alias("has_code"), "is_known"),
            on=[*_TABLE, "row"],
            how="left",
        )
        .join(_extents(keyed, tables, columns, rows), on="sha256", how="left")
        .join(blocked, on="sha256", how="left")
        .join(_identity_cells(forms), on=["sha256", "cell"], how="left")
        .drop("file_name")
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
        )
    )
    return (
        context.with_columns(_reason(), pl.col("role").is_not_null().alias("is_bound"))
        .with_columns(
            pl.when(pl.col("is_bound") & pl.col("blocked_by").is_null())
            .then(None)
            .when(pl.col("is_bound") | pl.col("reason").str.to_uppercase().eq(pl.col("reason")))
            .then(pl.lit("quarantined"))
            .otherwise(pl.lit("ignored"))
            .alias("disposition"),
            pl.when("is_bound").then(pl.lit("form")).alias("entered_how"),
        )
        .sort(*_SPOT)
    )


def _bound_positions(columns: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Where bound columns cross known rows; blank positions included."""
    return (
        rows.filter("is_known")
        .select(*_TABLE, "row", "data_element_code", "category_code", "unit")
        .join(columns.filter(pl.col("role").is_not_null()).select(*_TABLE, "col", "role"), on=_TABLE)
        .unique(_SPOT, maintain_order=True)
    )


def _extents(
    keyed: pl.DataFrame, tables: pl.DataFrame, columns: pl.DataFrame, rows: pl.DataFrame
) -> pl.DataFrame:
    """First and last row of each file's table."""
    # Names under the signature may stand in the column of codes: text there is a row of the table only with a
    # known code or something in the column of figures.
    figures = keyed.join(
        columns.filter(pl.col("column_code") == "GT").select(*_TABLE, "col"), on=[*_TABLE, "col"]
    )
    typed = rows.join(figures.select(*_TABLE, "row").unique(), on=[*_TABLE, "row"])
    lines = pl.concat([part.select("sha256", "row") for part in (rows.filter("is_known"), typed)])
    last = lines.group_by("sha256").agg(pl.col("row").max().alias("last_row"))
    return tables.rename({"sheet": "table_sheet"}).join(last, on="sha256", how="left").drop("n_tables")


def _identity_cells(forms: pl.DataFrame) -> pl.DataFrame:
    return (
        forms.select("sha256", *(f"cell_{name}" for name in _CODES))
        .unpivot(index="sha256", value_name="cell")
        .drop_nulls("cell")
        .select("sha256", "cell", pl.lit(value=True).alias("is_identity"))
        .unique()
    )


def _reason() -> pl.Expr:
    """Why a cell is not a bound one; a rule code where it is held back."""
    column = pl.col("column_code")
    in_table = pl.col("row").is_between(pl.col("code_row") + 1, pl.col("last_row"))
    below_figure = (
        (pl.col("row") > pl.coalesce("last_row", "code_row"))
        & (column == "GT")
        & (pl.col("cell_type") == "number")
    )
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
        .when(below_figure)
        .then(pl.lit("FORM_FIGURE_WITHOUT_CODE"))
        .otherwise(pl.lit("signature"))
    )
    return pl.when(pl.col("role").is_not_null()).then("blocked_by").otherwise(unblocked).alias("reason")


def _a1(row: pl.Expr, col: pl.Expr) -> pl.Expr:
    """A1 notation of ``row`` and ``col`` (from 1), up to column ZZ."""
    letters = pl.Series([chr(ord("A") + index) for index in range(26)])
    high, low = (col - 1) // 26 - 1, (col - 1) % 26
    first = high.replace_strict(list(range(26)), letters, default="", return_dtype=pl.String)
    second = low.replace_strict(list(range(26)), letters, default="", return_dtype=pl.String)
    return pl.concat_str(first, second, row.cast(pl.String))


# ---- findings --------------------------------------------------------------------------------------------------


def _finding(frame: pl.DataFrame, rule_code: str, **columns: pl.Expr | str) -> pl.DataFrame:
    """Rows for ``build_findings``: the subject columns that ``frame`` has, and what was seen."""
    subject = [
        name
        for name in ("sha256", "sheet", "cell", "data_element_code", "category_code", "indicator_code")
        if name in frame.columns and name not in columns
    ]
    return frame.select(
        pl.lit(rule_code).alias("rule_code"),
        *subject,
        *(pl.col(of).alias(name) if isinstance(of, str) else of.alias(name) for name, of in columns.items()),
    )


def _check_tables(tables: pl.DataFrame) -> pl.DataFrame:
    none = tables.filter(pl.col("code_row").is_null())
    several = tables.filter(pl.col("n_tables") > 1)
    return pl.concat(
        [
            _finding(none, "FORM_CODE_ROW_MISSING"),
            _finding(several, "FORM_TABLE_TWICE", observed=pl.col("n_tables").cast(pl.String)),
        ],
        how="diagonal_relaxed",
    )


def _check_columns(columns: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Required columns that are not printed, and codes that are printed twice."""
    twice = columns.filter(pl.col("n_printed") > 1)
    return pl.concat(
        [
            _finding(
                _absent(columns, tables, list(REQUIRED_COLUMNS)), "FORM_COLUMN_MISSING", expected="code"
            ),
            _finding(twice, "FORM_COLUMN_TWICE", observed="column_code"),
        ],
        how="diagonal_relaxed",
    )


def _check_missing_columns(columns: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Bound columns without which the figures can still be taken."""
    others = [code for code in ROLES if code not in REQUIRED_COLUMNS]
    return _finding(_absent(columns, tables, others), "FORM_COLUMN_DROPPED", expected="code")


def _absent(columns: pl.DataFrame, tables: pl.DataFrame, codes: list[str]) -> pl.DataFrame:
    return (
        tables.drop_nulls("code_row")
        .join(pl.DataFrame({"code": codes}), how="cross")
        .join(columns, left_on=[*_TABLE, "code"], right_on=[*_TABLE, "column_code"], how="anti")
    )


def _check_identity(
    forms: pl.DataFrame, catalogue: Catalogue, office: Office, expected_year: int | None
) -> pl.DataFrame:
    """Faults of who, what and when; each blocks its file."""
    return pl.concat(
        [
            *_check_printed(forms),
            *_check_known(forms, catalogue),
            *_check_period(forms, expected_year),
            *_check_sample(forms, office),
            *_check_hidden(forms),
        ],
        how="diagonal_relaxed",
    )


def _check_printed(forms: pl.DataFrame) -> list[pl.DataFrame]:
    return [
        _finding(
            forms.filter(pl.col("code_row").is_not_null() & pl.col(f"printed_{item.name}").is_null()),
            "FORM_CODE_MISSING",
            expected=pl.lit(message(item.label, "vi").rstrip(": ")),
        )
        for item in IDENTITY
    ]


def _check_known(forms: pl.DataFrame, catalogue: Catalogue) -> list[pl.DataFrame]:
    def unknown(name: str, code: str) -> pl.DataFrame:
        printed = f"printed_{name}"
        found = forms.filter(pl.col(printed).is_not_null() & pl.col(name).is_null())
        known = catalogue.table({"reporting_unit_code": "reporting_units", "round_code": "rounds"}[name])
        return _finding(
            found.with_columns(_suggest(found[printed], known[name])),
            code,
            cell=f"cell_{name}",
            observed=pl.col(printed).str.to_uppercase(),
            expected="suggestion",
        )

    versions = forms.filter(pl.col("printed_form_code").is_not_null() & pl.col("form_code").is_null())
    expired = forms.filter(~pl.col("unit_valid") & pl.col("round_code").is_not_null())
    elsewhere = forms.filter(
        pl.col("unit_area_code").is_not_null()
        & pl.col("printed_area_code").is_not_null()
        & pl.col("area_code").is_null()
    )
    return [
        unknown("reporting_unit_code", "FORM_UNIT_UNKNOWN"),
        unknown("round_code", "FORM_ROUND_UNKNOWN"),
        _finding(
            versions,
            "FORM_UNKNOWN",
            cell="cell_form_code",
            observed=pl.format(
                "{} ({})", pl.col("printed_form_code").str.to_uppercase(), pl.col("printed_form_version")
            ),
            expected=pl.lit(", ".join(sorted(set(catalogue.table("forms")["form_code"])))),
        ),
        _finding(
            expired,
            "FORM_UNIT_NOT_VALID",
            cell="cell_reporting_unit_code",
            observed="reporting_unit_code",
            expected="round_code",
        ),
        _finding(
            elsewhere,
            "FORM_AREA_DIFFERS",
            cell="cell_area_code",
            observed="printed_area_code",
            expected="unit_area_code",
        ),
    ]


def _check_period(forms: pl.DataFrame, expected_year: int | None) -> list[pl.DataFrame]:
    received = pl.col("received_at").dt.convert_time_zone(_TIME_ZONE).dt.date()
    mismatch = (pl.col("form_level") != pl.col("round_level")) | (pl.col("form_set") != pl.col("round_set"))
    faults = [
        _finding(
            forms.filter(received < pl.col("opens_on")),
            "FORM_ROUND_NOT_OPEN",
            cell="cell_round_code",
            observed="round_code",
            expected=pl.col("opens_on").dt.strftime("%d/%m/%Y"),
        ),
        _finding(
            forms.filter(mismatch),
            "FORM_ROUND_OF_OTHER_FORM",
            cell="cell_round_code",
            observed="round_code",
            expected="form_code",
        ),
    ]
    if expected_year is not None:
        faults.append(
            _finding(
                forms.filter(pl.col("data_year") != expected_year),
                "FORM_WRONG_YEAR",
                cell="cell_round_code",
                observed=pl.col("data_year").cast(pl.String),
                expected=pl.lit(str(expected_year)),
            )
        )
    return faults


def _check_sample(forms: pl.DataFrame, office: Office) -> list[pl.DataFrame]:
    marked = pl.col("sample_printed") | pl.col("sample_hidden")
    if office.is_sample:
        return [_finding(forms.filter(~marked & pl.col("code_row").is_not_null()), "FORM_NOT_SAMPLE")]
    return [_finding(forms.filter(marked), "FORM_SAMPLE_IN_OFFICE")]


def _check_hidden(forms: pl.DataFrame) -> list[pl.DataFrame]:
    """The hidden sheet is only a hint, but one that says otherwise means that somebody mixed two forms.

    A printed code that the catalogue lacks is told as such, and not twice.
    """
    return [
        _finding(
            forms.filter(
                (pl.col(f"hidden_{name}") != pl.col(f"printed_{name}")) & pl.col(name).is_not_null()
            ),
            "FORM_HIDDEN_DIFFERS",
            cell=f"cell_{name}",
            observed=pl.col(f"printed_{name}").str.to_uppercase(),
            expected=pl.col(f"hidden_{name}").str.to_uppercase(),
        )
        for name in _CODES
    ]


def _check_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    twice = rows.filter((pl.col("n_printed") > 1) & pl.col("is_known"))
    return _finding(twice, "FORM_ROW_TWICE", observed="raw_text")


def _check_map(keyed: pl.DataFrame, placed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Where the hidden map is missing, or remembers bound cells in other places than they stand now."""
    usable = tables.drop_nulls("code_row")
    sheet = keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
    without = usable.join(sheet, on="sha256", how="anti")
    remembered = (
        sheet.filter(pl.col("col").is_between(1, 4))
        .group_by("sha256", "row")
        .agg(
            pl.col("raw_text").filter(pl.col("col") == position).first().alias(name)
            for position, name in ((1, "data_element_code"), (2, "category_code"), (4, "map_cell"))
        )
        .drop_nulls("map_cell")
    )
    stands = placed.filter("is_bound").select("sha256", "sheet", "data_element_code", "category_code", "cell")
    codes = ["sha256", "data_element_code", "category_code"]
    known = remembered.join(stands.select(codes).unique(), on=codes)
    moved = (
        stands.join(known.select("sha256").unique(), on="sha256")
        .join(known, left_on=[*codes, "cell"], right_on=[*codes, "map_cell"], how="anti")
        .group_by("sha256", "sheet")
        .agg(pl.len().cast(pl.String).alias("observed"))
    )
    return pl.concat(
        [
            _finding(without, "FORM_MAP_MISSING"),
            _finding(moved, "FORM_CELLS_MOVED", observed="observed"),
        ],
        how="diagonal_relaxed",
    )


def _check_spelling(keyed: pl.DataFrame, tables: pl.DataFrame) -> pl.DataFrame:
    """Text saved as letters plus separate marks: read all the same, and said once per file."""
    decomposed = (
        keyed.join(tables.select(_TABLE).drop_nulls(), on=_TABLE)
        .filter(pl.col("raw_text") != pl.col("raw_text").str.normalize("NFC"))
        .group_by("sha256", "sheet")
        .agg(pl.len().cast(pl.String).alias("observed"))
    )
    return _finding(decomposed, "FORM_TEXT_DECOMPOSED", observed="observed")


def _check_rows(
    rows: pl.DataFrame, placed: pl.DataFrame, forms: pl.DataFrame, catalogue: Catalogue
) -> pl.DataFrame:
    """Rows with a code that the catalogue lacks, rows of other units, and assigned rows that are gone."""
    held = placed.filter(pl.col("reason") == "FORM_ELEMENT_UNKNOWN").select(*_TABLE, "row").unique()
    unknown = rows.join(held, on=[*_TABLE, "row"])
    codes = catalogue.table("data_elements")["data_element_code"]
    assigned = assigned_elements(catalogue).select(
        "reporting_unit_code",
        "form_code",
        "round_code",
        "data_element_code",
        "category_code",
        "indicator_code",
        "name_vi",
    )
    identified = forms.filter("unit_valid").select(
        "sha256", "sheet", "reporting_unit_code", "form_code", "round_code"
    )
    key = ["reporting_unit_code", "form_code", "round_code", "data_element_code", "category_code"]
    filled = placed.filter(pl.col("is_bound") & (pl.col("raw_text") != "") & (pl.col("role") == "value"))
    foreign = (
        filled.join(identified.select("sha256"), on="sha256")
        .join(assigned, on=key, how="anti")
        .with_columns(_row_code().alias("observed"))
    )
    expected = identified.drop_nulls().join(assigned, on=key[:3])
    gone = expected.join(
        rows.filter("is_known"), on=["sha256", "data_element_code", "category_code"], how="anti"
    )
    return pl.concat(
        [
            _finding(
                unknown.with_columns(_suggest(unknown["key"], codes)),
                "FORM_ELEMENT_UNKNOWN",
                observed="raw_text",
                expected="suggestion",
            ),
            _finding(foreign, "FORM_ELEMENT_NOT_ASSIGNED", observed="observed"),
            _finding(gone, "FORM_ROW_MISSING", expected=_row_code()),
        ],
        how="diagonal_relaxed",
    )


def _check_cells(placed: pl.DataFrame) -> pl.DataFrame:
    """Text and figures typed inside the table, but where nothing is bound."""
    lost = placed.filter(pl.col("reason") == "FORM_FIGURE_WITHOUT_CODE")
    outside = placed.filter(
        (pl.col("reason") == "outside_layout") & pl.col("row").is_between("code_row", "last_row")
    )
    return pl.concat(
        [
            _finding(lost, "FORM_FIGURE_WITHOUT_CODE", observed="raw_text"),
            _finding(outside, "FORM_CELL_OUTSIDE", observed="raw_text"),
        ],
        how="diagonal_relaxed",
    )


def _suggest(printed: pl.Series, known: pl.Series) -> pl.Series:
    """The nearest known code for each printed one, for the message only; null where none is near."""
    codes = {str(code).lower(): str(code) for code in known.unique()}
    near = {
        text: codes[match[0]]
        for text in printed.drop_nulls().unique()
        if (match := get_close_matches(text, codes, n=1, cutoff=0.7))
    }
    return pl.Series("suggestion", [near.get(text) for text in printed], dtype=pl.String)


def _findings(found: pl.DataFrame, forms: pl.DataFrame) -> pl.DataFrame:
    """``found`` with the identity of its file, in words."""
    whose = forms.select(
        "sha256",
        "file_name",
        "submission_id",
        "reporting_unit_code",
        "area_code",
        "round_code",
        "period_code",
        "is_sample",
        "sheet",
    )
    full = found.join(whose, on="sha256", how="left", maintain_order="left", suffix="_of_file")
    if "sheet_of_file" in full.columns:
        full = full.with_columns(pl.coalesce("sheet", "sheet_of_file").alias("sheet"))
    keep = [name for name in full.columns if name in FINDINGS]
    return build_findings(full.select(*keep).with_columns(pl.lit("intake").alias("stage")))


def _submissions(forms: pl.DataFrame, blocked: pl.DataFrame) -> pl.DataFrame:
    rows = forms.with_columns(
        pl.col("sha256").is_in(blocked["sha256"].implode()).alias("blocked"),
        pl.lit(value=False).alias("signed_copy"),
        pl.lit("form").alias("entered_how"),
    )
    return conform(rows.select(name for name in SUBMISSIONS if name in rows.columns), SUBMISSIONS)
