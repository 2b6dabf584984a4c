"""``python tests/dbt/arrivals.py --seed 3 --steps 40``: files come and go at random, one to three before each build.

Each build that goes on from the one before, and its release, must hold what a whole one of the same rows in another
order holds. Of an even seed the office is the small one with peers and a province, where something is decided now and
then, beside files or alone; of an odd one it is a nation whose areas add up. Exits with 1 at the first difference and
leaves both builds for a look.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbt_inputs import Figure, Inputs
from test_aggregation_marts import UNITS, nation
from test_back_series_marts import back_series
from test_build_on import build, differences, lively_office, release
from test_decision_marts import AREAS, enter, excuse

from dagster_project.paths import DataFolder
from dagster_project.warehouse.build import KEPT

_NO_NUMBERS: Sequence[Figure] = ("zero", "not_applicable", "not_available", None, "=Mức 3")
_WHOLE_NUMBERS: Sequence[Figure] = (1, 2, 3, 5, 10, 20, 40, 100, 300, 700, 30_000)


@dataclass(frozen=True)
class Office:
    """Inputs that files come to; ``units`` names the area of each, though they now and then send for another.

    ``decides``: whether its officers enter figures and excuse units.
    """

    inputs: Inputs
    units: Mapping[str, str]
    areas: Sequence[str]
    years: Sequence[int]
    figures: Sequence[str]
    decides: bool = False


def make_office(seed: int, dice: random.Random) -> Office:
    """The office of a seed; the nation begins with a few files."""
    if seed % 2 == 0:
        units = {"U1": "001", "U2": "001", "U3": "001", "O1": "001"}
        units |= {"O2": "002", "O3": "003", "K4": "004", "O5": "005"}
        figures = ("P.GT", "P.GT:NAM", "P.GT:NU", "R.TS", "R.MS", "R.TL", "S.GT", "X.GT", "Y.GT", "L.GT")
        areas = ("001", "002", "003", "004", "005", "006")
        return Office(lively_office(), units, areas, range(2022, 2027), figures, decides=True)
    inputs = nation()
    inputs.rule("TOTAL_DIFFERS", kind="total_differs", tolerance=0.5)
    inputs.rule("PEERS", kind="peer_outlier", absolute_floor=2.0)
    inputs.formula("PEERS", {"R.TS": 1}, {"R.MS": 1}, owner_type="rule", side="left")
    inputs.rule(
        "SLIP",
        {"P.GT": 1},
        "<",
        {"prev(P.GT)": 5},
        severity="blocking",
        holds_element="P.GT",
        absolute_floor=1.0,
    )
    inputs.rule("PART", {"R.TS": 1}, "<=", {"R.MS": 1}, severity="blocking", holds_element="R.TS")
    inputs.rule("SUBMISSION_MISSING", kind="submission_missing", severity="blocking")
    inputs.rule("SUBMISSION_REVISED", kind="submission_revised", severity="info")
    inputs.rule("BLANK", kind="figure_missing")
    figures = ("P.GT", "P.GT:NU", "R.TS", "R.MS", "G.MS", "I.GT", "W.GT")
    office = Office(inputs, UNITS, ("10", "11", "12", "13", "19", "20", "21"), range(2023, 2026), figures)
    for _ in range(8):
        come(office, dice)
    return office


def come(office: Office, dice: random.Random) -> str:
    """One file more; says which."""
    unit = dice.choice(list(office.units))
    area = office.units[unit] if dice.random() < 0.85 else dice.choice(office.areas)
    year = dice.choice(office.years[-2:] if dice.random() < 0.6 else office.years)
    codes = dice.sample(office.figures, dice.randint(1, len(office.figures)))
    figures = {code: _figure(dice) for code in codes}
    if dice.random() < 0.1:
        back_series(office.inputs, unit, area, year, figures)
        return f"back series {unit} {area} {year}"
    office.inputs.submit(
        unit,
        area,
        year,
        figures,
        received_at=f"{year + 1}-0{dice.randint(1, 6)}-{dice.randint(10, 28)}T0{dice.randint(0, 9)}:00:00+07:00",
        blocked=dice.random() < 0.1,
        quarantined=[code for code in codes if dice.random() < 0.1],
    )
    return f"{unit} {area} {year}"


def _figure(dice: random.Random) -> Figure:
    if dice.random() < 0.2:
        return dice.choice(_NO_NUMBERS)
    return round(dice.uniform(0, 50), 2) if dice.random() < 0.4 else dice.choice(_WHOLE_NUMBERS)


def go(office: Office, dice: random.Random) -> str:
    """One file fewer; says which."""
    gone = dice.choice(office.inputs.submissions)
    for rows in (office.inputs.receipts, office.inputs.submissions, office.inputs.cells):
        rows[:] = [row for row in rows if row["sha256"] != gone["sha256"]]
    return f"gone {gone['reporting_unit_code']} {gone['area_code']} {gone['round_code']}"


def decide(office: Office, dice: random.Random) -> str:
    """A figure entered, a unit excused, or what was decided last taken back; says which."""
    inputs = office.inputs
    standing = [rows for rows in (inputs.entries, inputs.exemptions) if rows]
    decided = dice.choice(("entry", "exemption", "taken back") if standing else ("entry", "exemption"))
    if decided == "taken back":
        gone = dice.choice(standing).pop()
        return f"{decided} {gone['reporting_unit_code']} {gone['round_code']}"
    unit, year = dice.choice([unit for unit in AREAS if unit in office.units]), dice.choice(office.years)
    if decided == "entry":
        enter(inputs, unit, year, dice.choice(("P.GT", "R.TS", "R.MS", "X.GT")), dice.choice(_WHOLE_NUMBERS))
    else:
        excuse(inputs, unit, year, dice.choice(("nothing_to_report", "exempt", "not_sending")))
    return f"{decided} {unit} {year}"


def change(office: Office, dice: random.Random) -> str:
    """Whatever happens next; says what."""
    if office.decides and dice.random() < 0.2:
        return decide(office, dice)
    return go(office, dice) if office.inputs.submissions and dice.random() < 0.25 else come(office, dice)


def main() -> int:
    """Play; a line per build."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=40)
    told = parser.parse_args()
    dice = random.Random(told.seed)  # noqa: S311  # a play that can be repeated
    office = make_office(told.seed, dice)
    top = Path(tempfile.mkdtemp(prefix="kho-arrivals-"))
    going_on, whole = DataFolder(top / "going-on"), DataFolder(top / "whole")
    build(going_on, office.inputs)
    release(going_on)
    for step in range(told.steps):
        changes = [change(office, dice) for _ in range(dice.choice((1, 1, 1, 2, 3)))]
        kept = sum(result.status == KEPT for result in build(going_on, office.inputs))
        shutil.rmtree(whole.root, ignore_errors=True)
        # Nothing may hang on the order in which rows came.
        dice.shuffle(office.inputs.cells)
        build(whole, office.inputs)
        found = list(differences(going_on, whole))
        if release(going_on) != release(whole):
            found.append("the release")
        _say(f"{step}: {', '.join(changes)}: {kept} kept: {', '.join(found) or 'equal'}")
        if found:
            _say(f"see {top}")
            return 1
    shutil.rmtree(top)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
