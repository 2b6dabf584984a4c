"""``python -m tests.season --seed N``: a whole season by sensors and schedules and by commands; 1 where they differ."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from dagster_project.ledger.rounds import read_rounds
from dagster_project.ledger.store import open_ledger
from dagster_project.paths import DataFolder
from tests.season.catalogue import ROUND
from tests.season.play import Automation, Commands, Office, collect, finish, open_office, simulated


def main() -> int:
    """Play both, print what each came to, compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.season", description=__doc__)
    parser.add_argument("--seed", type=int, default=2244)
    parser.add_argument("--keep", type=Path, help="an empty folder to keep the two offices in")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = told.keep or Path(aside)
        answers: dict[str, Path] = {}
        stages: dict[str, list[tuple[str, str]]] = {}
        offices: dict[str, Office] = {}
        for kind in (Automation, Commands):
            office = open_office(kind, folder / kind.__name__)
            with simulated(office):
                collect(office, told.seed, answers)
                stages[kind.__name__] = [("collected", office.content())]
                finish(office, told.seed, answers)
                stages[kind.__name__].append(("finished", office.content()))
            offices[kind.__name__] = office
            _say(kind.__name__, office, stages[kind.__name__])
        automatic, by_hand = offices.values()
        is_equal = len({tuple(item) for item in stages.values()}) == 1 and automatic.told() == by_hand.told()
    sys.stdout.write(f"seed {told.seed}: {'equal' if is_equal else 'DIFFERENT'}\n")
    return int(not is_equal)


def _say(name: str, office: Office, stages: list[tuple[str, str]]) -> None:
    rounds = read_rounds(open_ledger(DataFolder(office.data).ledger_file))
    kinds = Counter(kind for kind, *_ in office.told())
    lines = [f"{name}: {stage} {content[:16]}" for stage, content in stages]
    lines += [
        f"  releases {len(list((office.data / 'releases').glob('R*')))}, round {rounds.state(ROUND)}",
        f"  documents {', '.join(item.document_number for item in rounds.documents)}",
        f"  notices {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
