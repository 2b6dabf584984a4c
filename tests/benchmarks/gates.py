"""How long each stage takes with many workbooks of many findings each: ``python -m tests.benchmarks.gates``.

The workbooks are issued forms of made-up areas, each filled in with its own figures and with faults in ``--findings``
of its cells: for gate 1, and for the rules of gate 2 as far as the form has rates to compare. The two gates together
should take at most a quarter of the run; exit code 1 says that they did not.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from pathlib import Path

from dagster_project.catalogue.load import load_catalogue
from tests.faultset.__main__ import say
from tests.faultset.blank import Blank, issue_blanks
from tests.faultset.places import write_catalogue
from tests.faultset.run import Ran, run_stages

_YEAR = 2026
#: Units with rows enough for twenty findings: an area's two departments.
_KINDS = ("KT", "VHXH")
_SHARE = 0.25
#: Models that evaluate rules and gather findings.
_GATE_MODELS = (
    "int_formula_results",
    "int_peer_results",
    "int_formula_findings",
    "int_contributor_findings",
    "int_submission_findings",
    "int_held_elements",
    "fct_finding",
)


def main() -> int:
    """Write the workbooks, run the stages, print the seconds."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gates", description=__doc__)
    parser.add_argument("--workbooks", type=int, default=10_000)
    parser.add_argument("--findings", type=int, default=20)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        began = time.perf_counter()
        _write(folder, told.workbooks, told.findings)
        say(f"{told.workbooks} workbooks written in {time.perf_counter() - began:.0f} s")
        ran = run_stages(folder / "data", folder / "catalogue", folder / "inbox", said=say)
        return _report(ran, told.workbooks)


def _report(ran: Ran, workbooks: int) -> int:
    found = ran.rows(
        "select stage, severity, count(*) as n from fct_finding where status = 'fail' and file_name is not null"
        " group by all order by all"
    )
    for stage, severity, count in found.iter_rows():
        say(f"  findings {stage} {severity}: {count}, {count / workbooks:.1f} a workbook")
    rules = {name: seconds for name, seconds in ran.nodes.items() if name.rsplit(".", 1)[-1] in _GATE_MODELS}
    for name, seconds in sorted(ran.nodes.items(), key=lambda item: -item[1])[:10]:
        say(f"  {seconds:6.1f} s {name}")
    total = sum(ran.seconds.values())
    gates = ran.seconds["gate 1"] + sum(rules.values())
    say(
        f"gate 1 {ran.seconds['gate 1']:.1f} s + rules {sum(rules.values()):.1f} s = {gates:.1f} s of {total:.1f} s: "
        f"{gates / total:.0%} (at most {_SHARE:.0%})"
    )
    return int(gates > _SHARE * total)


def _write(folder: Path, workbooks: int, findings: int) -> None:
    """``workbooks`` filled forms and the catalogue that knows their areas."""
    areas = -(-workbooks // len(_KINDS))
    write_catalogue(folder / "catalogue", areas)
    inbox = folder / "inbox"
    inbox.mkdir()
    blanks = issue_blanks(load_catalogue(folder / "catalogue"), f"2244-X-{_YEAR}")
    names = []
    for number in range(workbooks):
        area, kind = number // len(_KINDS) + 1, _KINDS[number % len(_KINDS)]
        names.append(blanks[kind].file_name(area))
        (inbox / names[-1]).write_bytes(_filled(blanks[kind], area, findings))
    with (inbox / "receipts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("file", "received_at", "sender", "channel"))
        writer.writerows((name, f"{_YEAR + 1}-03-10T08:00:00+07:00", "", "email") for name in names)


def _filled(blank: Blank, area: int, findings: int) -> bytes:
    """Figures of one unit; negative ones fail gate 1, typed rates that differ from their parts fail gate 2."""
    typed = [code for code in blank.rows if code.endswith(".TL")]
    # A rate whose part is held out has nothing to be compared with: each rate leaves two cells without a fault.
    rates = typed[: max(0, (len(blank.rows) - findings) // 2)]
    compared = {f"{rate.rsplit('.', 1)[0]}.{part}" for rate in rates for part in ("TL", "TS", "MS")}
    negative = set([code for code in blank.rows if code not in compared][: findings - len(rates)])
    cells: dict[str, float | str] = {}
    for row, code in enumerate(blank.rows):
        if code in rates:
            value = 3.0 + area % 7
        elif code in negative:
            value = -float(1 + area)
        elif code in typed:
            value = 50.0
        else:
            value = float(1000 + area + row) if code.endswith(".MS") else float((1000 + area + row) // 2)
        cells[blank.cell(code, "GT")] = value
        cells[blank.cell(code, "LSL")] = "Chính thức"
    return blank.fill(area, cells)


if __name__ == "__main__":
    sys.exit(main())
