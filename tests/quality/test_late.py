"""A file that came while its round was fixed counts from the moment at which the round was opened again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from dagster_project import frames
from dagster_project.quality.late import let_in

CAME = datetime(2026, 4, 13, tzinfo=UTC)
OPENED = CAME + timedelta(days=3)


def test_only_what_waited_counts_from_the_opening() -> None:
    sent = {
        "before it was fixed": ("T-2025", CAME),
        "while it was fixed": ("T-2025", CAME),
        "after it was opened": ("T-2025", OPENED + timedelta(hours=1)),
        "of another round": ("T-2024", CAME),
    }
    submissions = frames.conform(
        pl.DataFrame(
            [(name, name, round_code, came) for name, (round_code, came) in sent.items()],
            schema=["submission_id", "sha256", "round_code", "received_at"],
            orient="row",
        ),
        frames.SUBMISSIONS,
    )
    numbers = {name: number for number, name in enumerate(sent, start=7)}
    counted = let_in(submissions, [("T-2025", 7, OPENED)], numbers)
    assert counted.columns == list(frames.SUBMISSIONS)
    assert counted["counts_from"].to_list() == [None, OPENED, None, None]
