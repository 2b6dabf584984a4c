"""Which steps of the rounds' timetable were done, when and by whom. What is due is told in ``timetable``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from dagster_project.ledger.store import aware, utc
from dagster_project.ledger.tables import ACTS, TIMETABLE_STEPS

#: A step is named by its round, its kind and the occasion (which reminder; "" for the others).
StepKey = tuple[str, str, str]


@dataclass(frozen=True)
class DoneStep:
    """One step, who did it and when (aware)."""

    round_code: str
    step: str
    occasion: str
    done_by: str
    done_at: datetime


def list_steps(engine: Engine) -> list[DoneStep]:
    """Every step that was done, in order."""
    table = TIMETABLE_STEPS.c
    columns = (table.round_code, table.step, table.occasion, table.done_by, table.done_at)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(table.number)).mappings().all()
    return [DoneStep(**{**row, "done_at": aware(row["done_at"])}) for row in rows]


def done_steps(engine: Engine) -> set[StepKey]:
    """The keys of every step that was done."""
    return {(item.round_code, item.step, item.occasion) for item in list_steps(engine)}


def add_step(engine: Engine, key: StepKey, *, by: str, at: datetime) -> bool:
    """Write that a step was done, here and among the acts; False where that stood there already."""
    round_code, step, occasion = key
    row = {"round_code": round_code, "step": step, "occasion": occasion, "done_by": by, "done_at": utc(at)}
    act = {"acted_at": utc(at), "actor": by, "act": f"timetable.{step}", "subject": round_code}
    try:
        with engine.begin() as connection:
            connection.execute(insert(TIMETABLE_STEPS).values(row))
            connection.execute(insert(ACTS).values(**act, detail=occasion))
    except IntegrityError:
        return False
    return True
