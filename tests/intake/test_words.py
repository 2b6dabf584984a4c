"""Every rule that intake may name has its words, and no words lie about unused."""

from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

from dagster_project.paths import Project

_RULE = re.compile(
    r'"((?:FILE|LAYOUT|VALUE|NUMBER|STATE|STATUS|PAPER|ENCODING|TEXT|UNIT)_[A-Z0-9_]*[A-Z0-9])"'
)


def _codes(file: Path) -> set[str]:
    return set(_RULE.findall(file.read_text(encoding="utf-8")))


def test_rules_in_the_code_and_rows_in_the_table_are_the_same() -> None:
    worded: set[str] = set()
    for table in resources.files("dagster_project.messages").iterdir():
        if table.name.endswith(".csv") and table.name != "quality.csv":
            with table.open(encoding="utf-8", newline="") as stream:
                worded |= {row["code"] for row in csv.DictReader(stream) if row.get("severity")}
    named = set().union(*(_codes(file) for file in (Project().package / "intake").glob("*.py")))
    assert named == {code for code in worded if _RULE.fullmatch(f'"{code}"')}
