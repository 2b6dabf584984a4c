"""``python -m tests.faultset --seed N --cells 5000``: what was planted and what was found; 1 where it matters."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faultset.judge import Verdict, judge
from tests.faultset.make import FAULTY, Made, make
from tests.faultset.run import run_stages

_SHOWN = 12


def main() -> int:
    """Generate, run, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.faultset", description=__doc__)
    parser.add_argument("--seed", type=int, default=2244)
    parser.add_argument("--cells", type=int, default=5000, help="figures in the year with faults, at least")
    parser.add_argument("--keep", type=Path, help="an empty folder to keep the generated files in")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = told.keep or Path(aside)
        folder.mkdir(parents=True, exist_ok=True)
        made = make(folder, told.seed, told.cells)
        say(f"seed {told.seed}: {len(made.files)} files, {made.cells} figures in the year with faults")
        verdict = judge(made, run_stages(folder / "data", made.catalogue, made.inbox, said=say))
    for line in table(made, verdict):
        say(line)
    return int(bool(verdict.missed or verdict.silent))


def table(made: Made, verdict: Verdict) -> list[str]:
    """What is printed, line by line."""
    lines = [
        f"{'kind':26}{'class':10}{'planted':>8}{'caught':>8}{'at cell':>8}{'silent':>8}{'alarms':>8}  rules"
    ]
    for line in sorted(verdict.lines, key=lambda one: (one.severity, one.code)):
        rules = ", ".join(f"{code}×{count}" for code, count in line.rules.most_common(3))
        mark = "" if line.is_met else "  <<<"
        counts = "".join(
            f"{count:8}" for count in (line.planted, line.caught, line.at_cell, line.silent, line.alarms)
        )
        lines.append(f"{line.code:26}{line.severity:10}{counts}  {rules}{mark}")
    lines.append(_sums(verdict))
    lines.append(f"wrong figures accepted without a word: {len(verdict.silent)} of {verdict.figures}")
    lines += [
        f"  {'/'.join(map(str, key))}: {got} instead of {right}"
        for key, right, got in verdict.silent[:_SHOWN]
    ]
    lines.append(f"findings where nothing was planted: {len(verdict.unplanted)}")
    lines += [
        f"  {row['rule_code']} {row['file_name']} {row['cell']} {row['data_element_code']}"
        for row in verdict.unplanted[:_SHOWN]
    ]
    lines += [
        f"not caught: {planted.kind.code} {planted.file} {planted.cell} {planted.spot.code} ({planted.spot.value})"
        for planted in verdict.passed[:_SHOWN]
    ]
    warnings = Counter(verdict.clean_warnings.values())
    clean = sum(year != FAULTY for year in made.files.values())
    spread = ", ".join(f"{count} workbooks with {number}" for number, count in sorted(warnings.items()))
    lines.append(
        f"clean seasons, {clean} workbooks: {len(verdict.clean_blocking)} blocking findings; warnings: {spread}"
    )
    return lines


def _sums(verdict: Verdict) -> str:
    parts = []
    for severity in ("blocking", "warning", "harmless"):
        here = [line for line in verdict.lines if line.severity == severity]
        planted, caught = sum(line.planted for line in here), sum(line.caught for line in here)
        parts.append(f"{severity}: {len(here)} kinds, {caught} of {planted} ({caught / max(planted, 1):.1%})")
    return "; ".join(parts)


def say(line: str) -> None:
    """Print at once: the stages take minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
