"""Tables of the official report: five years per group, and communes beside indicators; their widths in the document.

A table of the template is known by its alternative text (Word: table properties): ``kho:periods`` has a column per
period, ``kho:areas`` one per indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from dagster_project.messages import message
from dagster_project.reports.area_figures import AreaFigures, read_area_figures
from dagster_project.reports.official_counts import counts
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain
from dagster_project.reports.table import (
    Figure,
    IndicatorTable,
    Line,
    period_heading,
    table_notes,
)

PERIODS, AREAS = "kho:periods", "kho:areas"

#: A landscape page between its margins.
_WIDTH_MM = 252.0
_CODE_MM, _UNIT_MM, _FIGURE_MM = 16.0, 24.0, 23.0
#: A letter of the code and a digit of 8 points; what Word leaves at the sides of a cell.
_LETTER_MM, _DIGIT_MM, _SIDES_MM = 2.0, 1.5, 4.2
_PLACE_MM, _AREA_MM, _NARROWEST_MM = 9.0, 42.0, 20.0
_NAME_LIMIT = 80

_text = partial(message, lang="vi")


def table_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    """The groups with their rows over the periods, the blocks of areas, and what the marks mean."""
    tops = [line for line in table.lines if line.depth == 0]
    groups = [
        {
            "number": place,
            "code": plain(top.code, 40),
            "name": plain(top.name, 300),
            **counts([line for line in table.indicators if line.root == top.code]),
            "lines": [
                _line(line)
                for line in table.lines
                if line.root == top.code and not (line is top and top.is_heading)
            ],
        }
        for place, top in enumerate(tops, start=1)
    ]
    return {
        "groups": groups,
        "periods": [{"heading": period_heading(period)} for period in table.periods],
        "span": len(table.periods) + 2,
        "notes": table_notes(table, "vi"),
        "table_place": plain(facts.area.name)
        if facts.area
        else _text("reports.areas", count=len(facts.areas)),
        "blocks": _blocks(facts, table, tops),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "code": plain(line.code, 40),
        "name": plain(line.name, 300),
        "unit": plain(line.unit, 60),
        "is_heading": line.is_heading,
        "figures": [{"digits": item.digits, "words": item.words} for item in line.figures],
    }


def _blocks(facts: RoundFacts, table: IndicatorTable, tops: Sequence[Line]) -> list[dict[str, Any]]:
    """Per group, areas beside as many indicators as a page holds; the area of all stands first."""
    found = read_area_figures(facts, table.indicators, "vi")
    if found is None:
        return []
    blocks = []
    for top in tops:
        columns = [line for line in table.indicators if line.root == top.code]
        codes = {line.code for line in columns}
        longest = max(
            (len(item.digits) for (_, code), item in found.shown.items() if code in codes), default=0
        )
        width = max(_NARROWEST_MM, longest * _DIGIT_MM + _SIDES_MM)
        held = max(int((_WIDTH_MM - _PLACE_MM - _AREA_MM) // width), 1)
        for start in range(0, len(columns), held):
            part = columns[start : start + held]
            blocks.append(
                {
                    "group": plain(top.name, 300),
                    "is_first": start == 0,
                    "columns": [_column(line) for line in part],
                    "rows": _block_rows(facts, found, part),
                }
            )
    for place, block in enumerate(blocks, start=1):
        block["number"] = place
    return blocks


def _column(line: Line) -> dict[str, str]:
    return {
        "code": plain(line.code, 40),
        "name": short_name(line),
        "unit": plain(line.unit, 40),
    }


def short_name(line: Line) -> str:
    """A name that fits a narrow column; the mark of an unconfirmed one is never cut off."""
    mark = "" if line.is_confirmed else _text("reports.unconfirmed")
    return f"{plain(line.name.removesuffix(mark), _NAME_LIMIT)} {mark}".strip()


def _block_rows(facts: RoundFacts, found: AreaFigures, part: Sequence[Line]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if facts.area and found.whole:
        figures = [_short(found.shown[found.whole, line.code]) for line in part]
        rows.append({"number": "", "name": plain(facts.area.name, 120), "is_total": True, "figures": figures})
    covered = [{"digits": found.coverage(line.code), "words": ""} for line in part]
    rows.append(
        {"number": "", "name": _text("reports.areas_with_figure"), "is_total": True, "figures": covered}
    )
    for place, (code, name) in enumerate(found.names.items(), start=1):
        figures = [_short(found.shown[code, line.code]) for line in part]
        rows.append({"number": place, "name": plain(name, 120), "is_total": False, "figures": figures})
    return rows


def _short(item: Figure) -> dict[str, str]:
    """A figure for a narrow column: why there is none as a sign, which the template explains."""
    if item.digits or item.state == "value":
        return {"digits": item.digits, "words": item.words}
    known = {"zero": "-", "not_applicable": "x", "held": "!"}
    return {"digits": "", "words": known.get(item.state, "…")}


def fit_tables(document: Any) -> None:
    """Give the tables that grew in width columns that fill the page (LibreOffice needs both kinds of width)."""
    from docx.oxml.ns import qn

    grown: dict[str, list[Any]] = {PERIODS: [], AREAS: []}
    for table in document.element.body.iter(qn("w:tbl")):
        caption = table.tblPr.find(qn("w:tblCaption"))
        grown.get("" if caption is None else caption.get(qn("w:val")), []).append(table)
    code_width = _code_width(grown[PERIODS])
    for table in grown[PERIODS]:
        figures = (_FIGURE_MM,) * (len(table.tr_lst[0].tc_lst) - 3)
        name_width = _WIDTH_MM - code_width - _UNIT_MM - sum(figures)
        _set_widths(table, [code_width, name_width, _UNIT_MM, *figures])
    for table in grown[AREAS]:
        n_figures = len(table.tr_lst[0].tc_lst) - 2
        width = min((_WIDTH_MM - _PLACE_MM - _AREA_MM) / max(n_figures, 1), 2 * _NARROWEST_MM)
        _set_widths(table, [_PLACE_MM, _AREA_MM, *(width,) * n_figures])


def _code_width(tables: Sequence[Any]) -> float:
    """One width for all groups, so that their columns stand below each other."""
    from docx.oxml.ns import qn

    # the template's own line breaks between elements are no letters of a code
    codes = (
        "".join(text.text or "" for text in row.tc_lst[0].iter(qn("w:t")))
        for table in tables
        for row in table.tr_lst
    )
    longest = max((len(code.strip()) for code in codes), default=0)
    return min(max(_CODE_MM, _LETTER_MM * longest + 4), 3 * _CODE_MM)


def _set_widths(grown: Any, millimetres: Sequence[float]) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm

    widths = [Mm(width) for width in millimetres]
    grid = grown.tblGrid
    for column in list(grid):
        grid.remove(column)
    for width in widths:
        grid.append(grid.makeelement(qn("w:gridCol"), {qn("w:w"): str(width.twips)}))
    for row in grown.tr_lst:  # cell by cell through the object model is slow
        start = 0
        for cell in row.tc_lst:
            span = cell.grid_span
            if cell.tcPr.gridSpan is not None:
                cell.tcPr.remove(cell.tcPr.gridSpan)
                cell.grid_span = span  # put back where the schema wants it
            cell.width = Mm(0) + sum(widths[start : start + span])
            start += span
