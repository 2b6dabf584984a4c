"""What comes for a fixed round after its last receipt is held; what came before, or is for another round, is not."""

from __future__ import annotations

import polars as pl

from dagster_project import frames
from dagster_project.quality.late import Fixed, hold_cells, hold_late, hold_late_returns

FIXED = {"R-2025": Fixed(5, "11/04/2026 12:00")}


def _frame(schema: pl.Schema, *rows: dict[str, object]) -> pl.DataFrame:
    return frames.conform(pl.DataFrame(list(rows)), schema)


def _submission(file: str, round_code: str, number: int, *, blocked: bool = False) -> dict[str, object]:
    return {
        "submission_id": f"{file}-{number}",
        "sha256": file,
        "file_name": f"{file}.xlsx",
        "round_code": round_code,
        "blocked": blocked,
        "is_sample": False,
    }


SUBMISSIONS = _frame(
    frames.SUBMISSIONS,
    _submission("early", "R-2025", 1),
    _submission("late", "R-2025", 1),
    _submission("both", "R-2025", 1),
    _submission("both", "R-2024", 2),
    _submission("wrong", "R-2025", 1, blocked=True),
)
PLACES = {"early": 5, "late": 6, "both": 7, "wrong": 8}
CELLS = _frame(
    frames.CELLS,
    *(
        {"sha256": name.split("-")[0], "submission_id": name, "disposition": told, "reason": reason}
        for name, told, reason in (
            ("early-1", "accepted", None),
            ("late-1", "accepted", None),
            ("late-1", "quarantined", "NUMBER_UNREADABLE"),
            ("both-1", "accepted", None),
            ("both-2", "accepted", None),
        )
    ),
    {"sha256": "late", "submission_id": None, "disposition": "ignored", "reason": "heading"},
)
ANSWERS = _frame(
    frames.ANSWERS, {"submission_id": "late-1", "text": "x"}, {"submission_id": "early-1", "text": "y"}
)


def test_only_what_came_after_the_last_receipt_is_held() -> None:
    held = hold_late(SUBMISSIONS, ANSWERS, FIXED, PLACES)
    assert held.submissions["blocked"].to_list() == [False, True, True, False, True]
    assert held.late == {"late": ["late-1"], "both": ["both-1"]}
    cells = hold_cells(CELLS.lazy(), ["late-1", "both-1"]).collect()
    assert cells.select("disposition", "reason").rows() == [
        ("accepted", None),
        ("quarantined", "ROUND_FIXED"),
        ("quarantined", "NUMBER_UNREADABLE"),
        ("quarantined", "ROUND_FIXED"),
        ("accepted", None),
        ("ignored", "heading"),
    ]
    assert held.answers["submission_id"].to_list() == ["early-1"]


def test_a_file_of_which_nothing_is_left_is_refused_as_a_whole() -> None:
    held = hold_late(SUBMISSIONS, ANSWERS, FIXED, PLACES)
    assert dict(held.findings.select("sha256", "stage").iter_rows()) == {"late": "guard", "both": "intake"}
    assert held.findings["severity"].to_list() == ["blocking", "blocking"]
    assert "11/04/2026 12:00" in held.findings["message_vi"][0]


def test_without_a_fixed_round_everything_goes_on_as_it_is() -> None:
    held = hold_late(SUBMISSIONS, ANSWERS, {}, PLACES)
    assert held.submissions.equals(SUBMISSIONS)
    assert not held.late
    assert held.findings.is_empty()


def test_a_return_into_a_fixed_round_is_refused_as_a_whole_and_told() -> None:
    found = _frame(
        frames.FINDINGS,
        *(
            {
                "finding_id": f"{file}{number}",
                "rule_code": "RETURNED_TO_MEND",
                "stage": stage,
                "sha256": file,
                "file_name": f"{file}.zip",
                "round_code": round_code,
                "is_sample": False,
            }
            for number, (file, stage, round_code) in enumerate(
                (
                    ("early", "returned", "R-2025"),
                    ("late", "returned", "R-2025"),
                    ("late", "returned", "R-2025"),
                    ("late", "intake", "R-2025"),
                    ("both", "returned", "R-2024"),
                )
            )
        ),
    )
    left = hold_late_returns(found, FIXED, PLACES)
    assert left.select("sha256", "rule_code", "stage").rows() == [
        ("early", "RETURNED_TO_MEND", "returned"),
        ("late", "RETURNED_TO_MEND", "intake"),
        ("both", "RETURNED_TO_MEND", "returned"),
        ("late", "ROUND_FIXED", "guard"),
    ]
    told = left.row(-1, named=True)
    assert (told["severity"], told["observed"], "late.zip" in told["message_vi"]) == (
        "blocking",
        "R-2025",
        True,
    )
    assert hold_late_returns(found, {}, PLACES).equals(found)
