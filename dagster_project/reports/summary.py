"""The page for leaders: who has sent, the groups, targets, what moved, what waits for a decision; as PDF and picture.

Counts, targets and movements are those of the official report. Everything is bounded, so that it stays one page.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from docx.oxml.ns import qn

from dagster_project.messages import message
from dagster_project.reports.charts import Series, series_chart, series_text, to_png
from dagster_project.reports.filling import fill, template_of
from dagster_project.reports.letters import head_fields
from dagster_project.reports.names import official_day
from dagster_project.reports.numbers import number
from dagster_project.reports.official_changes import change_fields, target_fields
from dagster_project.reports.official_counts import count_fields, counts
from dagster_project.reports.pdf import docx_to_pdf, docx_to_png
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.series import Ahead, area_series
from dagster_project.reports.table import TOTAL, IndicatorTable, indicator_table

_text = partial(message, lang="vi")
_YEARS = 5
_NAME = 90
_TARGETS, _MOVED, _CHARTS, _GROUPS, _UNITS = 6, 3, 3, 8, 5
#: A small chart in pixels, and its width on paper in mm.
_WIDTH, _HEIGHT, _MM = 250, 150, 56.0


def write_summary(facts: RoundFacts, ahead: Ahead, pdf: Path, png: Path, templates: Path | None) -> None:
    """Write the page to ``pdf`` and as a picture to ``png``; equal facts and templates give equal bytes."""
    table = indicator_table(facts, "vi", _YEARS)
    fields = _fields(facts, table)
    charts = _charts(facts, table, ahead, [item["code"] for item in fields["movements"]])
    fields["charts"] = [{"name": _named(code, table)} for code in charts]
    pictures = {f"picture_{place}": (_picture(item), _MM) for place, item in enumerate(charts.values())}
    told = [series_text(item, "vi") for item in charts.values()]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "summary.docx"
        fill(
            template_of("summary", templates),
            fields,
            file,
            title=_text("summary.title", period=facts.round.period.words("vi")),
            stamp=facts.stamp,
            pictures=pictures,
            finish=lambda document: _describe(document, told),
        )
        docx_to_pdf(file, pdf)
        png.write_bytes(docx_to_png(file)[0])


def _fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    draft = _text("reports.draft") if facts.round.is_draft else ""
    sample = _text("reports.sample_mark") if facts.stamp.is_sample else ""
    counted = count_fields(facts, table)
    targets = target_fields(facts, table)
    judged = _judged(facts)
    # What is behind comes first: the page has room for a few.
    listed = sorted(
        targets["targets"], key=lambda item: judged.get((item["code"], item["period"])) is not False
    )
    moved = change_fields(facts, table)["movements"][:_MOVED]
    words = facts.round.period.words("vi")
    return {
        "marks": " – ".join(filter(None, (draft, sample))),
        "issuer": head_fields(facts)["issuer"].upper(),
        "period_capitals": words.upper(),
        "closed": f"{facts.stamp.created_at:%H:%M} {official_day(facts.stamp.created_at)}",
        "cards": _cards(facts, table, counted, list(judged.values())),
        "groups": _groups(table),
        "lights": ", ".join(
            _text("summary.light", name=plain(item["name"], 40), count=item["count"])
            for item in targets["lights"]
        )
        or _text("summary.no_targets"),
        "targets": [{**item, "name": _named(item["code"], table)} for item in listed[:_TARGETS]],
        "more_targets": max(len(listed) - _TARGETS, 0),
        "movements": [
            # A break is told in words beside the figure, so its mark has nothing to add.
            {
                **item,
                "name": _named(item["code"], table),
                "after": item["after"].rstrip("*"),
                "note": _note(item, table),
            }
            for item in moved
        ],
        "waiting": _waiting(facts, table, counted),
        "foot": _text("summary.foot", release=facts.stamp.release_id),
    }


def _judged(facts: RoundFacts) -> dict[tuple[str, str], bool | None]:
    """Whether each target of the round's area is reached or on track; null where that cannot be told."""
    if facts.own is None:
        return {}
    rows = facts.targets.filter(area_code=facts.own, category_code=TOTAL)
    return {
        (row["indicator_code"], row["target_period_code"]): row["on_track"]
        for row in rows.iter_rows(named=True)
    }


def _cards(
    facts: RoundFacts, table: IndicatorTable, counted: Mapping[str, Any], judged: list[bool | None]
) -> list[dict[str, str]]:
    units, results = counted["units"], counted["results"]
    held = facts.findings.filter(group="blocking").height
    late = _text("summary.on_time", on_time=units["on_time"])
    with_result = results["with_figure"] + results["zero"]
    known = [is_on_track for is_on_track in judged if is_on_track is not None]
    shown = f"{sum(known)}/{len(known)}" if known else "–"
    sent = f"{units['sent']}/{units['expected']}" if units["expected"] else "–"
    rate = _text("summary.rate", percent=units["percent"]) if units["percent"] else ""
    return [
        {"number": sent, "about": " ".join(filter(None, (_text("summary.card_sent"), rate, late)))},
        {"number": f"{with_result}/{len(table.indicators)}", "about": _text("summary.card_results")},
        {"number": number(held, 0), "about": _text("summary.card_held")},
        {"number": shown, "about": _text("summary.card_targets")},
    ]


def _groups(table: IndicatorTable) -> list[dict[str, Any]]:
    above = {line.root for line in table.lines if line.depth}
    tops = [line for line in table.lines if line.depth == 0 and (line.is_heading or line.code in above)]
    rows = [
        {
            "name": plain(group.name, _NAME),
            **counts([line for line in table.indicators if line.root == group.code]),
        }
        for group in tops[:_GROUPS]
    ]
    return [*rows, {"name": _text("summary.total"), **counts(table.indicators)}]


def _named(code: str, table: IndicatorTable) -> str:
    """Code and name cut to their place, but never the mark of an unconfirmed name."""
    line = next(line for line in table.indicators if line.code == code)
    mark = "" if line.is_confirmed else _text("reports.unconfirmed")
    name = line.name.removesuffix(mark) if mark else line.name
    return f"{plain(f'{code} {name}', _NAME)} {mark}".strip()


def _note(item: Mapping[str, Any], table: IndicatorTable) -> str:
    """The unit's reason, and that the figures lie on two sides of a break."""
    line = next(line for line in table.indicators if line.code == item["code"])
    last = table.periods[-1]
    is_broken = last.is_break or bool(line.figures[-1].break_reason)
    broken = _text("summary.broken") if is_broken else ""
    return " ".join(filter(None, (broken, plain(item["reason"], 90)))) or _text("summary.no_reason")


def _waiting(facts: RoundFacts, table: IndicatorTable, counted: Mapping[str, Any]) -> list[str]:
    """What holds the round back, each with how much of it there is."""
    missing = [unit["name"] for unit in counted["missing"]]
    more = counted["units"]["missing"] - _UNITS
    named = ", ".join(plain(name, 60) for name in missing[:_UNITS])
    rest = f" {_text('summary.more_units', count=more)}" if more > 0 else ""
    found = {
        "missing": counted["units"]["missing"],
        "held": facts.findings.filter(group="blocking").height,
        "explain": facts.findings.filter(group="warning").height,
        "entered": facts.entered.filter("is_waiting").height,
        "unconfirmed": sum(not line.is_confirmed for line in table.indicators),
        "draft": int(facts.round.is_draft),
    }
    return [
        _text(f"summary.waiting_{name}", count=count, units=named + rest)
        for name, count in found.items()
        if count
    ]


def _charts(facts: RoundFacts, table: IndicatorTable, ahead: Ahead, moved: list[str]) -> dict[str, Series]:
    """What moved most, then what has the longest series."""
    if facts.own is None:
        return {}
    series = area_series(table, ahead, facts.own)
    drawn = {code: item for code, item in series.items() if sum(p.value is not None for p in item.points) > 1}
    longest = sorted(drawn, key=lambda code: -sum(point.value is not None for point in drawn[code].points))
    chosen = list(dict.fromkeys([*(code for code in moved if code in drawn), *longest]))[:_CHARTS]
    return {code: drawn[code] for code in chosen}


def _picture(series: Series) -> bytes:
    specification = series_chart(series, "vi")
    title = {"text": series.unit or " ", "anchor": "start", "fontSize": 12}
    layers = [_lowered(layer) for layer in specification["layer"]]
    return to_png(
        {**specification, "title": title, "width": _WIDTH, "height": _HEIGHT, "layer": layers}, "vi"
    )


def _lowered(layer: dict[str, Any]) -> dict[str, Any]:
    """A word that stands at the top of a chart, put to its foot: in a small one it would lie on the last figure."""
    is_fixed = layer["mark"]["type"] == "text" and "y" in layer["mark"]
    return {**layer, "mark": {**layer["mark"], "y": _HEIGHT - 6}} if is_fixed else layer


def _describe(document: Any, texts: list[str]) -> None:
    """Give each picture its text alternative, in the order in which they stand."""
    pictures = document.element.body.iter(qn("wp:docPr"))
    for picture, text in zip(pictures, texts, strict=False):
        picture.set("descr", plain(text, 2_000))
