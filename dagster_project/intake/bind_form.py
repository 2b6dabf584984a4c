"""Bind the cells of our own forms to their meaning by the codes printed in rows and columns.

The order of the steps belongs here, and what becomes of a form with a fault. Reading workbooks does not (``read``),
nor does parsing what was typed (``values``, ``take_in``). All files are bound at once; nothing is bound by position,
and a code that nearly matches is only ever suggested.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.rounds import Wanted
from dagster_project.forms.layout import HIDDEN_SHEET, IDENTITY
from dagster_project.forms.plan import assigned_elements
from dagster_project.frames import CELLS, SUBMISSIONS, conform
from dagster_project.intake.form_answers import read_answers
from dagster_project.intake.form_cells import place_cells
from dagster_project.intake.form_checks import check_content, check_layout
from dagster_project.intake.form_codes import (
    code_rows,
    find_columns,
    find_rows,
    find_tables,
    label_key,
    with_keys,
)
from dagster_project.intake.form_findings import to_findings
from dagster_project.intake.form_identity import check_identity, identify
from dagster_project.intake.units import mark_differing
from dagster_project.settings import Office


@dataclass(frozen=True)
class BoundForms:
    """All cells of the forms (CELLS), one submission a file (SUBMISSIONS), what was found (FINDINGS).

    ``answers`` (ANSWERS) are those that units wrote into the list of a feedback workbook.
    A bound cell of an unblocked file has a null ``disposition``: whoever parses it decides.
    """

    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame
    answers: pl.DataFrame


def find_forms(raw: pl.DataFrame) -> list[str]:
    """The sha256 of files that are, or were, one of our forms: by a printed code row, label or hidden sheet."""
    keyed = with_keys(raw)
    is_ours = (pl.col("label") == label_key(IDENTITY[0].label)) | (pl.col("sheet") == HIDDEN_SHEET)
    found = {
        *code_rows(keyed)["sha256"],
        *keyed.select(pl.col("sha256").filter(is_ours).unique()).to_series(),
    }
    return sorted(found)


@dataclass(frozen=True)
class BoundParts:
    """What the codes of forms say, before it goes out: their identity, their cells placed, and what was found.

    ``blocked`` names the first rule by which a form takes nothing.
    """

    forms: pl.DataFrame
    placed: pl.DataFrame
    found: pl.DataFrame
    blocked: pl.DataFrame


def bind_forms(
    raw: pl.DataFrame,
    files: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    wanted: Wanted,
) -> BoundForms:
    """Bind ``raw``, every cell with content of the forms among ``files``.

    ``raw``: sha256, file_name, sheet, sheet_hidden, row, col, cell, raw_text, cell_type, number, number_format.
    ``files``: sha256, file_name, receipt_id, received_at, one row per file.
    ``wanted`` is what the run was told to take, if anything.
    """
    bound = bind_parts(raw, files, catalogue, office, wanted)
    submissions = to_submissions(bound, "form")
    return BoundForms(
        cells=to_cells(bound.placed, "form"),
        submissions=submissions,
        findings=to_findings(bound.found, bound.forms),
        answers=read_answers(raw, submissions),
    )


def bind_parts(
    raw: pl.DataFrame,
    files: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    wanted: Wanted,
    *,
    assigned: pl.DataFrame | None = None,
    further: Callable[[pl.DataFrame], pl.DataFrame] | None = None,
) -> BoundParts:
    """Bind forms that each print one table for one round and one area, whatever workbook they stand in.

    ``assigned`` says who reports what, as ``assigned_elements`` does of these forms where it is left out. ``files`` may
    bring codes that such a form does not print itself; then ``assigned`` also says for which areas a unit may report in
    a round. ``further`` finds, in the forms as identified, what else blocks them.
    """
    # Each cell is looked up by its file again and again: that compares numbers, not texts.
    of_files = pl.Enum(files["sha256"].unique().sort())
    files = files.with_columns(pl.col("sha256").cast(of_files))
    keyed = with_keys(raw.with_columns(pl.col("sha256").cast(of_files), pl.col("row", "col").cast(pl.Int32)))
    tables = find_tables(keyed, files)
    columns = find_columns(keyed, tables)
    forms = identify(keyed, tables, files, catalogue, office, assigned=assigned)
    rows = find_rows(keyed, tables, columns, forms, catalogue)
    blocking = pl.concat(
        [
            check_layout(tables, columns, rows),
            check_identity(forms, catalogue, office, wanted),
            *([further(_with_texts(forms))] if further else []),
        ],
        how="diagonal_relaxed",
    ).with_columns(pl.col("sha256").cast(of_files))
    blocked = blocking.group_by("sha256", maintain_order=True).agg(
        pl.col("rule_code").first().alias("blocked_by")
    )
    placed = place_cells(keyed, tables=tables, columns=columns, rows=rows, forms=forms, blocked=blocked)
    heading = placed.filter(pl.col("reason") == "heading")
    placed = mark_differing(placed, heading, catalogue)
    content = check_content(
        keyed,
        placed,
        tables=tables,
        columns=columns,
        rows=rows,
        sound=forms.join(blocked, on="sha256", how="anti"),
        assigned=assigned_elements(catalogue, of=forms) if assigned is None else assigned,
        catalogue=catalogue,
    )
    found = pl.concat([blocking, content], how="diagonal_relaxed")
    return BoundParts(*(_with_texts(part) for part in (forms, placed, found, blocked)))


def _with_texts(of_files: pl.DataFrame) -> pl.DataFrame:
    return of_files.with_columns(pl.col("sha256").cast(pl.String))


def to_cells(placed: pl.DataFrame, entered_how: str) -> pl.DataFrame:
    """``placed`` as CELLS, its bound cells marked with the way in which they came."""
    how = pl.when("is_bound").then(pl.lit(entered_how)).alias("entered_how")
    marked = placed.with_columns(how)
    return conform(marked.select(name for name in CELLS if name in marked.columns), CELLS)


def to_submissions(bound: BoundParts, entered_how: str) -> pl.DataFrame:
    """One submission (SUBMISSIONS) per form of ``bound``."""
    rows = bound.forms.with_columns(
        pl.col("sha256").is_in(bound.blocked["sha256"].implode()).alias("blocked"),
        pl.lit(value=False).alias("signed_copy"),
        pl.lit(entered_how).alias("entered_how"),
    )
    return conform(rows.select(name for name in SUBMISSIONS if name in rows.columns), SUBMISSIONS)
