"""All benchmarks one after another: ``python -m tests.benchmarks [NAME …] [--results FOLDER]``.

Each prints its table; what those with bars measured goes into ``FOLDER`` as JSON. Exit code 1 says that some missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tests.faultset.__main__ import say

#: In this order; those that write JSON are marked.
_BENCHMARKS = {
    "sample": True,
    "intake": True,
    "transform": True,
    "build_on": True,
    "gates": False,
    "portal": False,
    "publish": False,
    "nation": True,
}


def main() -> int:
    """Run them, say which missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_BENCHMARKS))
    parser.add_argument("--results", type=Path, default=Path("bench-results"))
    told = parser.parse_args()
    unknown = set(told.names) - set(_BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    told.results.mkdir(exist_ok=True)
    missed = []
    for name in told.names or _BENCHMARKS:
        say(f"== {name}")
        wanted = ("--json", str(told.results / f"{name}.json")) if _BENCHMARKS[name] else ()
        line = [sys.executable, "-m", f"tests.benchmarks.{name}", *wanted]
        if subprocess.run(line, check=False).returncode:
            missed.append(name)
    say(f"missed their bars: {', '.join(missed)}" if missed else "every bar was met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
