"""Why a unit need not send a form, or may send it later: checked, and made exemptions of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.catalogue.rounds import Wanted
from dagster_project.decide.places import assigned_in, forms_meant, of_unit
from dagster_project.decide.problems import Problems
from dagster_project.forms.plan import assigned_elements
from dagster_project.ledger.decisions import EXEMPTION_KINDS, Exemption

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.settings import Office

#: Excuses after which a unit's part of a sum is not known.
_WITHOUT_FIGURES = ("exempt", "not_sending")


@dataclass(frozen=True, kw_only=True)
class AskedExemption:
    """An exemption as an officer typed it; without ``form`` it is for every form of the unit."""

    unit: str
    wanted: Wanted
    kind: str
    until: date | None
    form: str | None
    reason: str
    by: str


def check_exemptions(
    asked: AskedExemption, catalogue: Catalogue, office: Office, now: datetime
) -> list[Exemption]:
    """One exemption per form that ``asked`` means. Raises ``RefusedError`` with everything that is wrong with it."""
    problems = Problems()
    problems.need(reason=asked.reason, by=asked.by)
    assigned = assigned_in(catalogue, office, asked.wanted, problems)
    own = of_unit(assigned, asked.unit, catalogue, problems)
    forms = forms_meant(own, asked.form, problems)
    _check_kind(asked, _due(catalogue, forms), problems)
    problems.finish()
    return [
        Exemption(
            reporting_unit_code=asked.unit,
            area_code=row["area_code"],
            form_code=row["form_code"],
            round_code=row["round_code"],
            kind=asked.kind,
            until=asked.until,
            reason=asked.reason.strip(),
            decided_by=asked.by.strip(),
            decided_at=now,
        )
        for row in forms.iter_rows(named=True)
    ]


def sums_left_open(exemptions: Sequence[Exemption], catalogue: Catalogue) -> list[str]:
    """Codes of elements that are sums over units and stay without a figure: a part of theirs is not sent."""
    unsent = pl.DataFrame(
        [
            (item.round_code, item.reporting_unit_code, item.form_code)
            for item in exemptions
            if item.kind in _WITHOUT_FIGURES
        ],
        schema=dict.fromkeys(("round_code", "reporting_unit_code", "form_code"), pl.String),
        orient="row",
    )
    sums = catalogue.table("data_elements").filter(pl.col("unit_aggregation") == "sum")
    parts = assigned_elements(catalogue).join(unsent, on=unsent.columns, how="semi")
    return sorted(parts.join(sums, on="data_element_code", how="semi")["data_element_code"].unique())


def _check_kind(asked: AskedExemption, due: date | None, problems: Problems) -> None:
    if asked.kind not in EXEMPTION_KINDS:
        problems.add("ledger.unknown_kind", kind=asked.kind, known=", ".join(EXEMPTION_KINDS))
    elif asked.kind == "extension" and asked.until is None:
        problems.add("ledger.extension_without_day")
    elif asked.kind != "extension" and asked.until is not None:
        problems.add("ledger.day_without_extension", kind=asked.kind)
    elif asked.until is not None and due is not None and asked.until < due:
        problems.add("ledger.extension_too_early", until=f"{asked.until:%d/%m/%Y}", due=f"{due:%d/%m/%Y}")


def _due(catalogue: Catalogue, forms: pl.DataFrame) -> date | None:
    due = catalogue.table("round_due_dates").filter(
        pl.col("level") == "unit", pl.col("round_code").is_in(forms["round_code"].implode())
    )
    return due["due_date"].max() if len(due) else None  # type: ignore[return-value]  # the column holds dates
