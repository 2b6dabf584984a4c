"""Bind back-series forms: each sheet and year of such a workbook is a form of its own, bound by the same codes.

Taking the workbook apart and putting its cells together again belong here, and the faults that only such a form can
have. How a form is bound is ``bind_form``. The year of a figure is the round in the code above its column, unit and
area of the time are the codes above its table; nothing is bound by position.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dagster_project.catalogue.lineage import FIRST, LAST
from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.rounds import ANYTHING
from dagster_project.forms.back_series import back_series_elements
from dagster_project.forms.layout import FEEDBACK_SHEET, HIDDEN_SHEET, ROLES, ROUND_MARK
from dagster_project.frames import CELLS, conform
from dagster_project.intake.bind_form import BoundForms, BoundParts, bind_parts, to_cells, to_submissions
from dagster_project.intake.form_answers import answers_of_parts
from dagster_project.intake.form_codes import SPOT, TABLE, VISIBLE, code_key, with_keys
from dagster_project.intake.form_findings import finding, to_findings
from dagster_project.settings import Office

HOW = "back_series"
#: A column code with the round of its figures, as ``code_key`` shows it.
_CODE = f"^({'|'.join(code.lower() for code in ROLES)}){ROUND_MARK}(.+)$"
_CODE_ROW_LIKE = 2
_HIDDEN_KEYS = ("form_code", "form_version", "is_sample")
_PART = [*TABLE, "round_key"]


def find_back_series(raw: pl.DataFrame) -> list[str]:
    """The sha256 of files with a row of column codes that name rounds."""
    return sorted(_codes(with_keys(raw))["sha256"].unique())


@dataclass(frozen=True)
class _Split:
    """A workbook taken apart: one form per sheet and round.

    ``parts``: part (stands for sha256), sha256, sheet, round_key, the cell and text of its first code, and the unit
    and area that the hidden sheet knows of its sheet. ``raw``: cells by part; a cell that all years of a sheet share
    is in each. ``asked``: rounds by sheet, as issued. ``rest``: cells of no part.
    """

    parts: pl.DataFrame
    raw: pl.DataFrame
    asked: pl.DataFrame
    rest: pl.DataFrame

    @property
    def files(self) -> dict[str, str]:
        return dict(self.parts.select("part", "sha256").iter_rows())


def bind_back_series(
    raw: pl.DataFrame, files: pl.DataFrame, catalogue: Catalogue, office: Office
) -> BoundForms:
    """Bind ``raw``, every cell with content of the back-series forms among ``files``; columns as in ``bind_forms``.

    One submission per sheet and year; what blocks one blocks no other.
    """
    split = _split(with_keys(raw.with_columns(pl.col("row", "col").cast(pl.Int32))))
    bound = bind_parts(
        split.raw,
        _as_files(split, files),
        catalogue,
        office,
        ANYTHING,
        assigned=back_series_elements(catalogue),
        further=lambda forms: _check_parts(forms, split, catalogue),
    )
    found = pl.concat([bound.found, _check_sources(bound)], how="diagonal_relaxed")
    of_file = pl.col("sha256").replace_strict(split.files)
    submissions = to_submissions(bound, HOW).with_columns(of_file)
    return BoundForms(
        cells=_whole(bound, split, raw),
        submissions=submissions,
        findings=to_findings(found, bound.forms, split.files),
        answers=answers_of_parts(raw, submissions),
    )


def _codes(keyed: pl.DataFrame) -> pl.DataFrame:
    """Every column code that names a round: sha256, sheet, row, col, cell, code, round_key."""
    key = pl.col("key")
    found = keyed.filter(VISIBLE & key.str.contains(_CODE)).select(
        *SPOT,
        "cell",
        "raw_text",
        key.str.extract(_CODE, 1).str.to_uppercase().alias("code"),
        key.str.extract(_CODE, 2).str.strip_chars().alias("round_key"),
    )
    return found.filter(pl.len().over(*TABLE, "row") >= _CODE_ROW_LIKE)


def _split(keyed: pl.DataFrame) -> _Split:
    codes = _codes(keyed).sort(*SPOT)
    hidden = _hidden_map(keyed)
    known = hidden.group_by(TABLE).agg(
        pl.col("unit").first().alias("hidden_reporting_unit_code"),
        pl.col("area").first().alias("hidden_area_code"),
    )
    parts = (
        codes.group_by(_PART, maintain_order=True)
        .agg(pl.col("cell").first(), pl.col("raw_text").first().alias("first_code"))
        .with_columns(pl.int_range(pl.len()).over("sha256").cast(pl.String).str.zfill(6).alias("number"))
        .with_columns(pl.concat_str("sha256", "number", separator="#").alias("part"))
        .drop("number")
        .join(known, on=TABLE, how="left", maintain_order="left")
    )
    tables = codes.group_by(TABLE).agg(pl.col("row").min().alias("code_row"))
    columns = codes.unique([*TABLE, "col"], maintain_order=True).select(*TABLE, "col", "round_key")
    placed = (
        keyed.join(tables, on=TABLE, how="left", maintain_order="left")
        .join(columns, on=[*TABLE, "col"], how="left", maintain_order="left")
        .join(codes.select(*SPOT, "code"), on=SPOT, how="left", maintain_order="left")
        .with_columns(pl.coalesce("code", "raw_text").alias("raw_text"))
    )
    in_table = placed.filter(pl.col("code_row").is_not_null())
    is_yearly = (pl.col("row") >= pl.col("code_row")) & pl.col("round_key").is_not_null()
    of_year = in_table.filter(is_yearly).join(parts.select(*_PART, "part"), on=_PART)
    of_all = in_table.filter(~is_yearly).drop("round_key").join(parts.select(*TABLE, "part"), on=TABLE)
    keys = keyed.filter(pl.col("sheet") == HIDDEN_SHEET).join(
        keyed.filter(
            pl.col("sheet") == HIDDEN_SHEET, pl.col("col") == 1, pl.col("key").is_in(_HIDDEN_KEYS)
        ).select("sha256", "row"),
        on=["sha256", "row"],
        how="semi",
    )
    of_map = (
        keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
        .join(
            hidden.select("sha256", "row", pl.col("sheet").alias("table_sheet"), "round_key"),
            on=["sha256", "row"],
        )
        .join(
            parts.select("sha256", pl.col("sheet").alias("table_sheet"), "round_key", "part"),
            on=["sha256", "table_sheet", "round_key"],
        )
    )
    of_keys = keys.join(parts.select("sha256", "part"), on="sha256")
    taken = [part.select(*keyed.columns, "part") for part in (of_year, of_all, of_map, of_keys)]
    whole = pl.concat(taken)
    return _Split(
        parts=parts,
        raw=whole.with_columns(pl.col("part").alias("sha256")).drop("part", "key", "label"),
        asked=hidden.select(*_PART).unique(maintain_order=True),
        rest=keyed.join(whole, on=SPOT, how="anti"),
    )


def _hidden_map(keyed: pl.DataFrame) -> pl.DataFrame:
    """The cell map of the hidden sheets: sha256, row, and of each entry its sheet, round_key, unit and area."""
    names = {5: "sheet", 6: "round_key", 7: "unit", 8: "area"}
    return (
        keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
        .group_by("sha256", "row", maintain_order=True)
        .agg(
            pl.col("raw_text").filter(pl.col("col") == place).first().alias(name)
            for place, name in names.items()
        )
        .with_columns(code_key(pl.col("round_key", "unit", "area")))
        .drop_nulls("area")
        .filter(pl.col("area") != "area_code")
    )


def _as_files(split: _Split, files: pl.DataFrame) -> pl.DataFrame:
    """The parts as files of their own, with the codes that stand elsewhere than above their table."""
    return split.parts.join(
        files.select("sha256", "file_name", "received_at"), on="sha256", maintain_order="left"
    ).select(
        pl.col("part").alias("sha256"),
        "file_name",
        "received_at",
        pl.col("round_key").alias("printed_round_code"),
        pl.col("cell").alias("cell_round_code"),
        "hidden_reporting_unit_code",
        "hidden_area_code",
    )


def _check_parts(forms: pl.DataFrame, split: _Split, catalogue: Catalogue) -> pl.DataFrame:
    """Faults of the years and areas of a back series; each blocks its sheet's year."""
    known = forms.join(
        split.parts.select(
            pl.col("part").alias("sha256"), pl.col("sha256").alias("file"), "round_key", "first_code"
        ),
        on="sha256",
        maintain_order="left",
    ).join(
        catalogue.table("rounds").select(
            "round_code", pl.col("is_retrospective").fill_null(value=False).alias("is_retrospective")
        ),
        on="round_code",
        how="left",
        maintain_order="left",
    )
    asked = split.asked.group_by(pl.col("sha256").alias("file"), "sheet", maintain_order=True).agg(
        pl.col("round_key").str.to_uppercase().str.join(", ").alias("asked"),
        pl.col("round_key").alias("asked_keys"),
    )
    extra = known.join(asked, on=["file", "sheet"], maintain_order="left").filter(
        ~pl.col("round_key").is_in(pl.col("asked_keys")), pl.col("is_retrospective")
    )
    return pl.concat(
        [
            finding(
                known.filter(~pl.col("is_retrospective")),
                "BACK_SERIES_ROUND",
                cell="cell_round_code",
                observed="first_code",
                expected="round_code",
            ),
            finding(
                extra,
                "BACK_SERIES_YEAR_NOT_ASKED",
                cell="cell_round_code",
                observed="first_code",
                expected="asked",
            ),
            _check_areas(known, catalogue),
            _check_twice(known),
        ],
        how="diagonal_relaxed",
    )


def _check_areas(forms: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Areas that the catalogue knows, but not at the end of the period."""
    areas = catalogue.table("areas").select(
        code_key(pl.col("area_code")).alias("printed_area_code"),
        pl.col("area_code").alias("known_area"),
        pl.col("valid_from").fill_null(FIRST).alias("begins"),
        pl.col("valid_to").fill_null(LAST).alias("ends"),
    )
    versions = forms.drop_nulls("period_end").join(areas, on="printed_area_code")
    missing = versions.filter(~pl.col("period_end").is_between("begins", "ends").any().over("sha256")).unique(
        "sha256", maintain_order=True
    )
    return finding(
        missing,
        "BACK_SERIES_AREA_NOT_THEN",
        cell="cell_area_code",
        observed="known_area",
        expected=pl.col("period_end").dt.strftime("%d/%m/%Y"),
    )


def _check_twice(forms: pl.DataFrame) -> pl.DataFrame:
    """Sheets of one file that say the same unit, area and round."""
    whose = ["file", "printed_reporting_unit_code", "printed_area_code", "printed_form_code", "round_key"]
    one = forms.drop_nulls([*whose, "sheet"])
    other = one.select(*whose, pl.col("sheet").alias("other"))
    pairs = (
        one.join(other, on=whose)
        .filter(pl.col("sheet") != pl.col("other"))
        .unique("sha256", maintain_order=True)
    )
    return finding(
        pairs, "BACK_SERIES_TWICE", cell="cell_reporting_unit_code", observed="sheet", expected="other"
    )


def _check_sources(bound: BoundParts) -> pl.DataFrame:
    """Figures beside which nothing is said of where they come from."""
    line = ["sha256", "row", "data_element_code", "category_code"]
    typed = bound.placed.filter(
        pl.col("is_bound"), pl.col("disposition").is_null(), pl.col("raw_text").str.strip_chars() != ""
    )
    sources = typed.filter(pl.col("role") == "source")
    figures = typed.filter(pl.col("role") == "value", pl.col("raw_text").str.contains(r"\d"))
    return finding(
        figures.join(sources, on=line, how="anti", maintain_order="left"),
        "BACK_SERIES_NO_SOURCE",
        observed="raw_text",
    )


def _whole(bound: BoundParts, split: _Split, raw: pl.DataFrame) -> pl.DataFrame:
    """Every cell of the files (CELLS), once, with the text that stands there."""
    reason = (
        pl.when(pl.col("sheet") == HIDDEN_SHEET)
        .then(pl.lit("hidden_map"))
        .when(pl.col("sheet") == FEEDBACK_SHEET)
        .then(pl.lit("feedback_sheet"))
        .otherwise(pl.lit("skipped_sheet"))
    )
    is_sample = bound.forms.group_by(pl.col("sha256").replace_strict(split.files)).agg(
        pl.col("is_sample").any().alias("is_sample")
    )
    rest = split.rest.join(is_sample, on="sha256", how="left", maintain_order="left").with_columns(
        pl.lit("ignored").alias("disposition"), reason.alias("reason")
    )
    others = conform(rest.select(name for name in CELLS if name in rest.columns), CELLS)
    cells = (
        to_cells(bound.placed, HOW)
        .with_columns(pl.col("sha256").replace_strict(split.files))
        .unique(SPOT, keep="first", maintain_order=True)
    )
    texts = raw.select(*SPOT[:2], pl.col("row", "col").cast(pl.Int32), pl.col("raw_text").alias("text"))
    return (
        pl.concat([cells, others])
        .join(texts, on=SPOT, how="left", maintain_order="left")
        .with_columns(pl.coalesce("text", "raw_text").alias("raw_text"))
        .drop("text")
        .sort(*SPOT)
    )
