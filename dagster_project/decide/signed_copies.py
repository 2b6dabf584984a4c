"""A form's signed copy that came on paper or as a scan: checked, and made a row of the ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.catalogue.rounds import Wanted
from dagster_project.decide.papers import check_paper
from dagster_project.decide.places import assigned_in, forms_meant, of_unit
from dagster_project.decide.problems import Problems
from dagster_project.ledger.decisions import SignedCopy

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office


def check_signed_copies(
    catalogue: Catalogue,
    office: Office,
    *,
    unit: str,
    wanted: Wanted,
    form: str | None,
    paper: Path | None,
    by: str,
    now: datetime,
) -> list[SignedCopy]:
    """One row per form that is meant. Raises ``RefusedError`` with everything that is wrong."""
    problems = Problems()
    problems.need(by=by)
    check_paper(paper, office.read_limits, problems)
    own = of_unit(assigned_in(catalogue, office, wanted, problems), unit, catalogue, problems)
    # Signed copies are told by unit, form and round: the areas that a unit reports for have one together.
    forms = forms_meant(own, form, problems).unique(["round_code", "form_code"], maintain_order=True)
    problems.finish()
    return [
        SignedCopy(
            reporting_unit_code=unit,
            form_code=row["form_code"],
            round_code=row["round_code"],
            paper_sha256=None,
            noted_by=by.strip(),
            noted_at=now,
        )
        for row in forms.iter_rows(named=True)
    ]
