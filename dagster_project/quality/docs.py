"""What gate 1 asked and what came of it, as one page for the maintainer.

Not the Data Docs that Great Expectations renders itself: every page of these fetches style sheets, fonts, scripts and
pictures from outside hosts (jsDelivr, cdnjs, unpkg, BootstrapCDN, S3), shows little without them, and they cannot be
told to stay at home. An office's machine may have no way out, and opening a page about its data must tell nobody. So
this page is our own: what the suites in ``expectations/`` ask, and the results that Great Expectations gave, without
scripts and without any address. In English, like the suites; what units and officers read is the quality report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster_project.quality.outcomes import Result

PAGE = "index.html"
_TEMPLATES = Path(__file__).parent / "templates"
#: Rounds named one by one at a rule that failed.
_ROUNDS_NAMED = 20


def write_data_docs(results: Sequence[Result], expectations: Path, out_dir: Path) -> Path:
    """Write the page about one run of the gate into ``out_dir``; returns it. Equal results give equal bytes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    suites = [_suite(file, results) for file in sorted(expectations.glob("*.json"))]
    out_dir.mkdir(parents=True, exist_ok=True)
    page = out_dir / PAGE
    text = environment.get_template("data_docs.html").render(suites=suites)
    page.write_text(text, encoding="utf-8", newline="\n")
    return page


def _suite(file: Path, results: Sequence[Result]) -> Mapping[str, Any]:
    content = json.loads(file.read_text(encoding="utf-8"))
    own = [result for result in results if result.dataset == content["name"]]
    rules: dict[str, list[Mapping[str, Any]]] = {}
    for expectation in content["expectations"]:
        rules.setdefault(expectation["meta"]["rule_code"], []).append(expectation)
    rows = [_rule(code, asked, own) for code, asked in rules.items()]
    return {
        "name": content["name"],
        "rows": rows,
        "rounds": len({result.round_code for result in own}),
        "expectations": len(content["expectations"]),
        "failed": sum(row["look"] == "failed" for row in rows),
        "broken": sum(row["look"] == "broken" for row in rows),
    }


def _rule(code: str, asked: Sequence[Mapping[str, Any]], results: Iterable[Result]) -> Mapping[str, Any]:
    """One rule of a suite over all rounds; several expectations may share its code."""
    own = [result for result in results if result.rule_code == code]
    failed = [result for result in own if not result.success]
    broken = any(result.invariant for result in failed)
    return {
        "code": code,
        "asked": [_asked(expectation) for expectation in asked],
        "effect": _effect(asked[0]["meta"]),
        "evaluated": sum(result.evaluated for result in own),
        "failed": sum(result.failed for result in failed),
        "look": "broken" if broken else "failed" if failed else "passed" if own else "not_run",
        "where": [
            f"{result.round_code or 'all'}: {result.failed} of {result.evaluated}"
            for result in failed[:_ROUNDS_NAMED]
        ],
        "more": max(len(failed) - _ROUNDS_NAMED, 0),
        "errors": sorted({result.error for result in failed if result.error}),
    }


def _asked(expectation: Mapping[str, Any]) -> str:
    """The expectation's type and what it is given, as one line."""
    given = ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in expectation["kwargs"].items()
    )
    return f"{expectation['type']}({given})"


def _effect(meta: Mapping[str, Any]) -> str:
    """What a failing row leads to."""
    if not meta["row_level"]:
        return "stops the run"
    return "holds the cell out" if meta["severity"] == "blocking" else "is told"
