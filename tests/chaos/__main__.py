"""`python -m tests.chaos --seed N --kills 200`: runs killed at random instants, and what they left.

Each chain starts from a small office with a release, kills runs one after the other in the stages that still lack
kills, and ends with a run that nobody disturbs; its release must equal that of the undisturbed play. Runs that are to
be killed outside dbt take the build that dbt made of the same inputs before, and so do most of those that finish.
The first thing that does not hold ends the play with its seed and an exit code of 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos.child import BETWEEN
from tests.chaos.office import make_office
from tests.chaos.play import STAGES, BrokenError, Tally, play_chain, start_server, undisturbed

_LONGEST_CHAIN = 9
_CHEAP = ("land", "ledger")


def main() -> int:
    """Play until there are enough kills in all and in each stage; print the counts."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--least", type=int, default=20, help="kills inside each stage")
    parser.add_argument("--workers", type=int, default=1, help="chains played at the same time")
    told = parser.parse_args()
    tally, begun = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kho-chaos-") as folder:
        start_server()
        office = make_office(Path(folder))
        reference = undisturbed(office, has_release=True)
        _tell(
            f"undisturbed: {', '.join(f'{name} {value:.1f} s' for name, value in reference.seconds.items())}"
        )

        def play(number: int) -> None:
            rng = random.Random(f"{told.seed}-{number}")  # noqa: S311  # a play that can be repeated
            own = office.beside(str(number))
            while wanted := _choose(rng, tally, told.kills, told.least):
                play_chain(own, reference, rng, wanted, tally)
                _tell(f"{tally.kills.total()} kills {dict(tally.kills)}, {time.monotonic() - begun:.0f} s")

        try:
            with ThreadPoolExecutor(told.workers) as workers:
                list(workers.map(play, range(told.workers)))
        except (BrokenError, OSError) as error:
            sys.stdout.write(f"BROKEN with --seed {told.seed} after {tally.kills.total()} kills: {error}\n")
            return 1
    _print(tally, told.seed, time.monotonic() - begun)
    return 0


def _choose(rng: random.Random, tally: Tally, kills: int, least: int) -> list[str]:
    """The stages of one chain, drawn from those that still lack kills; none where there were enough.

    What is beyond the least of each stage goes where a run costs little. What only a finished release has, comes last.
    """
    lacking = [stage for stage in STAGES for _ in range(least - tally.kills[stage])]
    spare = max(0, kills - tally.kills.total() - len(lacking))
    drawn = [*lacking, *(rng.choice(_CHEAP) for _ in range(spare))]
    chosen = rng.sample(drawn, min(len(drawn), rng.randint(1, _LONGEST_CHAIN)))
    return sorted(chosen, key=lambda stage: stage == "export")


def _print(tally: Tally, seed: int, seconds: float) -> None:
    lines = [f"seed {seed}: {tally.kills.total()} kills in {seconds / 60:.1f} min", ""]
    lines.append(f"{'killed in':<12}{'kills':>8}{'old state':>12}{'new state':>12}")
    for stage in (*STAGES, *sorted(set(tally.kills) - set(STAGES) - {BETWEEN}), BETWEEN):
        counts = (tally.kills[stage], tally.old_state[stage], tally.new_state[stage])
        lines.append(f"{stage:<12}{counts[0]:>8}{counts[1]:>12}{counts[2]:>12}")
    lines += [
        "",
        f"runs that finished after kills: {tally.finished} of {tally.finished} ({tally.finished_by_dbt} built by dbt)",
        f"submissions lost: 0 ({tally.checked_receipts} receipts held against their bytes)",
        "broken releases: 0",
        "final releases equal to the undisturbed one: all",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
