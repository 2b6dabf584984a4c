"""A season in simulated time, by the project's own sensors and schedules or by commands, on the same moments.

``Automation`` evaluates the ticks that the daemon would and executes what they ask for in this process; ``Commands``
does the same work with ``kho``. What people do (review, sign, issue, lock, amend) is a command in both. The moments
in ``story`` are worked out by hand from the calendar of 2026.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import dagster as dg
import openpyxl

from dagster_project.definitions import build_defs
from dagster_project.defs.run import open_instance
from dagster_project.ledger.notices import list_notices
from dagster_project.ledger.store import open_ledger
from dagster_project.paths import DataFolder
from dagster_project.warehouse.releases import current_manifest
from tests.command import Printed, kho_inside
from tests.season.catalogue import AREA, ROUND, units, write_season_catalogue

OFFICE = ZoneInfo("Asia/Ho_Chi_Minh")
YEAR = ("--year", "2025")
BY = ("--by", "Lan")
#: Modules that took the commands' clock by name.
_CLOCKS = ("cli_base", "cli", "cli_decisions", "cli_documents", "cli_feedback", "cli_rounds", "cli_catalogue")


def at(text: str) -> datetime:
    """A moment of 2026 in the office's time: "04-10 08:00"."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=OFFICE)


_BEGIN = at("02-01 12:00")
#: Acts that make the round's documents with their release.
_PRINTS = ("sign", "issue")


@dataclass
class Office:
    """One data folder and its moment; ``done`` says which step was done when."""

    folder: Path
    now: datetime = _BEGIN

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def kho(self, *arguments: str | Path) -> Printed:
        return kho_inside(self.data, *arguments)

    def act(self, moment: str, *arguments: str | Path) -> None:
        """What a person does with a command."""
        self.now = at(moment)
        done = self.kho(*arguments)
        assert done.code in (0, 1), (arguments, done)

    def paper(self, name: str) -> Path:
        """A signed document, scanned."""
        file = self.folder / name
        file.write_bytes(f"%PDF-1.4 {name}\n%%EOF\n".encode())
        return file

    def send(self, moment: str, *files: Path) -> None:
        """Files moved into the inbox in one step each, last changed some time ago."""
        self.now = at(moment)
        changed = (self.now - timedelta(minutes=5)).timestamp()
        for file in files:
            aside = self.data / f".{file.name}"
            aside.write_bytes(file.read_bytes())
            os.utime(aside, (changed, changed))
            aside.replace(self.data / "inbox" / file.name)

    def content(self) -> str:
        manifest = current_manifest(DataFolder(self.data))
        assert manifest is not None
        return manifest.content_hash

    def told(self) -> list[tuple[str, str, str, str]]:
        """What was written to whom: kind, unit, recipient, subject."""
        notices = list_notices(open_ledger(DataFolder(self.data).ledger_file))
        return sorted((n.kind, n.reporting_unit_code, n.recipient, n.subject) for n in notices)


class Commands(Office):
    """The season by commands alone."""

    def forms(self, moment: str) -> None:
        self.act(moment, "forms", "issue", *YEAR)

    def remind(self, moment: str, occasion: str) -> None:
        self.act(moment, "remind", *YEAR, "--occasion", occasion)

    def take(self, moment: str, *files: Path) -> None:
        self.send(moment, *files)
        self.act(moment, "run", "--no-report")
        self.act(moment, "notices", "write")

    def decide(self, moment: str, *arguments: str | Path) -> None:
        """An act on the round, and what is written about the release that it makes."""
        self.act(moment, *arguments)
        assert self.kho("notices", "write").code == 0

    def rest(self, moment: str) -> None:
        """Weeks in which nobody does anything."""
        self.now = at(moment)

    def close(self, moment: str) -> None:
        self.act(moment, "timetable", "run")

    def deliver(self, moment: str) -> None:
        self.act(moment, "timetable", "run")


class Automation(Office):
    """The season by sensors and schedules: every tick from the last moment to the next one, as a daemon has them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.repository = build_defs().get_repository_def()
        self.instance = open_instance(DataFolder(self.data))
        self.cursors: dict[str, str | None] = {}
        self.asked: set[tuple[str, str]] = set()

    def forms(self, moment: str) -> None:
        self.until(moment, ["issue_forms"])

    def remind(self, moment: str, occasion: str) -> None:
        assert occasion
        self.until(moment, ["remind"])

    def take(self, moment: str, *files: Path) -> None:
        self.until(moment, [])
        self.send(moment, *files)
        self.look(["refresh", "notify", "report"])

    def rest(self, moment: str) -> None:
        """Weeks in which no step is due: their ticks, thousands, are left out (``test_timetable`` knows the days)."""
        self.now = at(moment)

    def close(self, moment: str) -> None:
        self.until(moment, ["close"])

    def deliver(self, moment: str) -> None:
        self.until(moment, ["deliver"])

    def decide(self, moment: str, *arguments: str | Path) -> None:
        """An act on the round; a release that has no documents gets them beside what is due to be told."""
        self.act(moment, *arguments)
        self.look(["notify"] if arguments[0] in _PRINTS else ["notify", "report"])

    def until(self, moment: str, wanted: list[str]) -> None:
        """Every schedule's ticks after the last moment, up to ``moment``; they start ``wanted`` and nothing else."""
        started: list[str] = []
        ticks = sorted(
            (tick, schedule.name)
            for schedule in self.repository.schedule_defs
            for tick in _ticks(schedule, self.now, at(moment))
        )
        for tick, name in ticks:
            self.now = tick
            schedule = self.repository.get_schedule_def(name)
            with dg.build_schedule_context(
                instance=self.instance, scheduled_execution_time=tick, repository_def=self.repository
            ) as context:
                asked = schedule.evaluate_tick(context).run_requests or []
            started += self._start(name, schedule.job_name, asked)
        self.now = at(moment)
        assert [job for job in started if job != "check_freshness"] == wanted, (moment, started)
        self.look([])

    def look(self, wanted: list[str]) -> None:
        """Every sensor once, and again until none asks for anything; they start ``wanted`` and nothing else."""
        started: list[str] = []
        while now := [job for name in ("inbox_sensor", "release_sensor") for job in self._sense(name)]:
            started += now
        assert sorted(started) == sorted(wanted), (self.now, started)

    def _sense(self, name: str) -> list[str]:
        sensor = self.repository.get_sensor_def(name)
        # as the daemon does, so that partitions of this instance are known
        with (
            dg.build_sensor_context(
                instance=self.instance,
                cursor=self.cursors.get(name),
                repository_def=self.repository,
                sensor_name=name,
            ) as context,
            dg.partition_loading_context(dynamic_partitions_store=self.instance),
        ):
            tick = sensor.evaluate_tick(context)
        self.cursors[name] = tick.cursor
        for request in tick.dynamic_partitions_requests or []:
            self.instance.add_dynamic_partitions(request.partitions_def_name, list(request.partition_keys))
        return self._start(name, sensor.targets[0].job_name, tick.run_requests or [])

    def _start(self, name: str, job: str, requests: Any) -> list[str]:
        """Execute what was asked for and was not asked before under the same key."""
        started = []
        for request in requests:
            if request.run_key and (name, request.run_key) in self.asked:
                continue
            self.asked.add((name, request.run_key or ""))
            chosen = request.job_name or job
            result = self.repository.get_job(chosen).execute_in_process(
                instance=self.instance,
                partition_key=request.partition_key,
                asset_selection=request.asset_selection,
                tags=dict(request.tags),
                run_config={**(request.run_config or {}), **_QUIET},
            )
            assert result.success
            started.append(chosen)
        return started


_QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _ticks(schedule: dg.ScheduleDefinition, after: datetime, until: datetime) -> Iterator[datetime]:
    """The moments of a daily schedule in ``(after, until]``."""
    minute, hour = (int(part) for part in str(schedule.cron_schedule).split()[:2])
    assert schedule.execution_timezone == OFFICE.key
    day = after.astimezone(OFFICE).replace(hour=hour, minute=minute, second=0, microsecond=0)
    while day <= until:
        if day > after:
            yield day
        day += timedelta(days=1)


@contextmanager
def simulated(office: Office) -> Iterator[None]:
    """The office's moment is the clock of commands and of Dagster's runs; its folder is theirs."""
    import importlib

    told = {"KHO_DATA": str(office.data), "KHO_LANG": "vi"}
    with (
        mock.patch.dict(os.environ, told),
        mock.patch("dagster_project.defs.desk.system_clock", lambda: office.now),  # noqa: PT008 - it moves
    ):
        patches = [
            mock.patch(f"dagster_project.{name}.clock", lambda: office.now)  # noqa: PT008 - it moves
            for name in _CLOCKS
            if hasattr(importlib.import_module(f"dagster_project.{name}"), "clock")
        ]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()


def open_office(kind: Callable[[Path], Office], folder: Path) -> Office:
    """An office of the season's catalogue, empty."""
    shipped = write_season_catalogue(folder / "shipped")
    made = kho_inside(folder / "data", "init", "--area", AREA, "--criteria-set", "T1", catalogue=shipped)
    assert made.code == 0, made
    return kind(folder)


def fill(office: Office, unit: str, name: str, seed: int) -> Path:
    """The unit's issued form with figures from a seed; parts add up to their total."""
    book = openpyxl.load_workbook(office.data / "forms" / ROUND / f"F1_{unit}_{ROUND}.xlsx")
    sheet = book["Biểu"]
    rows = {row[2].value: row[2].row for row in sheet.iter_rows(min_row=15, max_col=3) if row[2].value}
    draw = random.Random(f"{seed}|{unit}|{name}")  # noqa: S311
    men, women, whole = draw.randint(1, 40), draw.randint(1, 40), draw.randint(200, 900)
    above = draw.randint(20, 180)
    values = {
        "A.1.GT": men + women,
        "A.1.GT:NAM": men,
        "A.1.GT:NU": women,
        "A.2.TS": above,
        "A.2.MS": whole,
        "A.2.TL": round(100 * above / whole, 1),
        "B.1.GT": "Có",
    }
    for code, row in rows.items():
        if code in values:
            sheet.cell(row, 6).value = values[code]
    file = office.folder / name
    book.save(file)
    return file


def collect(office: Any, seed: int, answers: dict[str, Path]) -> None:
    """From February to the morning after the due date: forms, reminders, late and repeated submissions, closing."""
    office.forms("02-02 08:00")
    for unit in units():
        answers.setdefault(unit, fill(office, unit, f"{unit}.xlsx", seed))
    answers.setdefault("again", fill(office, "BL-KT", "BL-KT-2.xlsx", seed))
    first, last = units()[:11], units()[11]
    office.rest("03-25 12:00")
    office.remind("03-26 08:00", "10")
    office.rest("04-01 12:00")
    office.remind("04-02 08:00", "5")
    office.rest("04-07 12:00")
    office.remind("04-08 08:00", "1")
    office.take("04-09 16:00", *(answers[unit] for unit in first))
    office.close("04-10 00:30")
    office.deliver("04-10 06:30")
    office.take("04-10 08:00", answers[last], answers["again"])


def review(office: Any, moment: str) -> None:
    """The officer has looked through the round; signed copies follow later."""
    office.decide(moment, "review", *YEAR, *BY, "--reason", "bản ký nộp sau")


def finish(office: Any, seed: int, answers: dict[str, Path]) -> None:
    """From review to locked, a report that comes back, and the one that replaces it."""
    number = ("--date", "11/04/2026", "--signer", "Nguyễn Văn A", "--file")
    review(office, "04-10 14:00")
    office.decide("04-10 15:00", "sign", *YEAR, *BY)
    first = ("--number", "15/BC-UBND", *number, office.paper("bao-cao-15.pdf"))
    office.decide("04-11 09:00", "issue", *first, *YEAR, *BY)
    office.decide("04-11 10:00", "lock", *YEAR, *BY)
    returned = ("--returned-by", "Sở KH&CN", "--paper", office.paper("cong-van-7.pdf"))
    office.rest("04-19 12:00")
    office.decide(
        "04-20 09:00", "amend", "--kind", "replacement", *returned, "--reason", "số chưa khớp", *YEAR, *BY
    )
    answers.setdefault("mended", fill(office, "BL-VP", "BL-VP-2.xlsx", seed))
    office.rest("04-21 08:00")
    office.take("04-21 09:00", answers["mended"])
    review(office, "04-21 14:00")
    office.decide("04-21 15:00", "sign", *YEAR, *BY)
    second = ("--number", "21/BC-UBND", *number, office.paper("bao-cao-21.pdf"))
    office.decide("04-21 16:00", "issue", *second, *YEAR, *BY)
    office.decide("04-21 17:00", "lock", *YEAR, *BY)
