"""The decisions that stand, as the frames that the models read: one row per subject, the newest.

Frames and what a release depends on belong here; the tables and who may write them do not (``decisions``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Engine

from dagster_project import frames
from dagster_project.frames import (
    ANSWERS,
    ENTRIES,
    EXEMPTIONS,
    FINDING_KEY,
    REPORT_TEXTS,
    RESPONSES,
    VERDICTS,
    conform,
)
from dagster_project.ledger.decisions import (
    Entry,
    Exemption,
    ReportText,
    Response,
    SignedCopy,
    Verdict,
    Withdrawn,
    list_entries,
    list_exemptions,
    list_report_texts,
    list_responses,
    list_signed_copies,
    list_verdicts,
    list_withdrawn,
)

#: What two entries have in common of which only the newer counts.
ENTRY_KEY = (
    "kind",
    "round_code",
    "area_code",
    "reporting_unit_code",
    "data_element_code",
    "category_code",
)
_EXEMPTION_KEY = ("reporting_unit_code", "area_code", "form_code", "round_code")


@dataclass(frozen=True)
class Decisions:
    """Everything decided that stands, oldest first, and what was believed until it was withdrawn."""

    entries: Sequence[Entry]
    responses: Sequence[Response]
    verdicts: Sequence[Verdict]
    exemptions: Sequence[Exemption]
    signed_copies: Sequence[SignedCopy]
    withdrawn: Sequence[Withdrawn] = ()
    texts: Sequence[ReportText] = ()

    def facts(self) -> list[list[dict[str, str | None]]]:
        """Plain values that change whenever a decision is made, confirmed or withdrawn."""
        return [
            [
                {name: None if value is None else str(value) for name, value in asdict(decision).items()}
                for decision in decisions
            ]
            for decisions in (
                self.entries,
                self.responses,
                self.verdicts,
                self.exemptions,
                self.signed_copies,
                self.withdrawn,
                self.texts,
            )
        ]


def read_decisions(engine: Engine, known_at: datetime | None = None) -> Decisions:
    """All decisions of a ledger; with ``known_at``, as they stood then."""
    return Decisions(
        entries=list_entries(engine, known_at),
        responses=list_responses(engine, known_at),
        verdicts=list_verdicts(engine, known_at),
        exemptions=list_exemptions(engine, known_at),
        signed_copies=list_signed_copies(engine, known_at),
        withdrawn=list_withdrawn(engine, known_at),
        texts=list_report_texts(engine, known_at),
    )


def decision_frames(
    decisions: Decisions,
    answers: pl.DataFrame,
    received_at: Mapping[str, datetime],
    *,
    is_sample: bool,
) -> dict[str, pl.DataFrame]:
    """ENTRIES, RESPONSES, VERDICTS, EXEMPTIONS and REPORT_TEXTS under the names of their files.

    ``answers`` (ANSWERS) are those that units wrote into feedback workbooks, ``received_at`` tells when each file
    came: such an answer counts from then on.
    """
    responses = pl.concat(
        [
            _frame(decisions.responses, RESPONSES, how="command", is_sample=is_sample),
            _from_workbooks(answers, received_at, is_sample=is_sample),
        ]
    ).sort("answered_at", maintain_order=True)
    return {
        "entries": _with_withdrawn(
            _frame(decisions.entries, ENTRIES, is_sample=is_sample),
            [item for item in decisions.withdrawn if isinstance(item.decision, Entry)],
            ENTRY_KEY,
            is_sample=is_sample,
        ),
        "responses": _newest(responses, FINDING_KEY),
        "verdicts": _newest(_frame(decisions.verdicts, VERDICTS, is_sample=is_sample), FINDING_KEY),
        "exemptions": _with_withdrawn(
            _frame(decisions.exemptions, EXEMPTIONS, is_sample=is_sample),
            [item for item in decisions.withdrawn if isinstance(item.decision, Exemption)],
            _EXEMPTION_KEY,
            is_sample=is_sample,
        ),
        "report_texts": _frame(decisions.texts, REPORT_TEXTS, is_sample=is_sample),
    }


def with_signed_copies(submissions: pl.DataFrame, signed: Sequence[SignedCopy]) -> pl.DataFrame:
    """SUBMISSIONS with ``signed_copy`` set where a signed copy came.

    It is the copy of what had come by then, or of the first form to come after it: a later revision needs its own.
    """
    key = ["reporting_unit_code", "form_code", "round_code"]
    last = (
        pl.DataFrame(
            [(s.reporting_unit_code, s.form_code, s.round_code, s.noted_at) for s in signed],
            schema={**dict.fromkeys(key, pl.String), "noted_at": frames.TIMESTAMP},
            orient="row",
        )
        .group_by(key)
        .agg(pl.col("noted_at").max())
    )
    counts = ~pl.col("blocked").fill_null(value=False)
    first = pl.col("received_at") == pl.col("received_at").filter(counts).min().over(key)
    has_copy = (pl.col("received_at") <= pl.col("noted_at")) | (first & pl.col("noted_at").is_not_null())
    return (
        submissions.join(last, on=key, how="left", maintain_order="left")
        .with_columns(pl.col("signed_copy") | (counts & has_copy).fill_null(value=False))
        .drop("noted_at")
    )


def _frame(
    decisions: Sequence[Entry | Response | Verdict | Exemption | ReportText],
    schema: pl.Schema,
    **same: object,
) -> pl.DataFrame:
    rows = [{**asdict(decision), **same} for decision in decisions]
    return pl.DataFrame(rows, schema=schema) if rows else frames.empty(schema)


def _with_withdrawn(
    standing: pl.DataFrame, withdrawn: Sequence[Withdrawn], key: Sequence[str], *, is_sample: bool
) -> pl.DataFrame:
    """All that was decided: the newest that stands per ``key`` is marked, what was withdrawn says when."""
    marked = standing.with_columns(
        (pl.int_range(pl.len()).over(key) == pl.len().over(key) - 1).alias("is_standing")
    )
    gone = [
        {**asdict(item.decision), "withdrawn_at": item.at, "is_standing": False, "is_sample": is_sample}
        for item in withdrawn
    ]
    return pl.concat([marked, pl.DataFrame(gone, schema=standing.schema)])


def _from_workbooks(
    answers: pl.DataFrame, received_at: Mapping[str, datetime], *, is_sample: bool
) -> pl.DataFrame:
    moments = pl.DataFrame(
        {"sha256": list(received_at), "answered_at": list(received_at.values())},
        schema={"sha256": pl.String, "answered_at": frames.TIMESTAMP},
    )
    told = conform(answers, ANSWERS).filter(pl.col("text").str.strip_chars() != "")
    return conform(
        told.join(moments, on="sha256", how="left", maintain_order="left").select(
            pl.format("{}-{}", pl.col("sha256").str.slice(0, 12), "finding_id").alias("response_id"),
            *FINDING_KEY,
            "text",
            pl.col("reporting_unit_code").alias("answered_by"),
            "answered_at",
            pl.lit("workbook").alias("how"),
            pl.lit(is_sample).alias("is_sample"),
        ),
        RESPONSES,
    )


def _newest(frame: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    return frame.unique(list(key), keep="last", maintain_order=True)
