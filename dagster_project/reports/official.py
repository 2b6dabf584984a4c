"""The official report of one round: what goes into the fields of the Word template, and the document itself.

The words that are the same in every report stand in the template (``templates/official.docx``); the sentences with
counts come from the message table, always in Vietnamese, the language of the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

from dagster_project.messages import message, message_table
from dagster_project.reports.numbers import number
from dagster_project.reports.official_questions import question_fields
from dagster_project.reports.packing import settle
from dagster_project.reports.read import RoundFacts, UnitLine
from dagster_project.reports.safe import plain
from dagster_project.reports.table import IndicatorTable, Line, indicator_table, period_heading, table_notes

_TEMPLATE = Path(__file__).parent / "templates" / "official.docx"
_YEARS = 5
_UNITS_NAMED = 60
_WIDTH_MM = 252.0
_CODE_MM = 16.0
_UNIT_MM = 24.0
_LETTER_MM = 2.0
_FIGURE_MM = 23.0
_PREFIXES = ("Xã ", "Phường ", "Thị trấn ", "Đặc khu ", "Tỉnh ", "Thành phố ")
_STATES = ("value", "zero", "not_applicable", "held")

_text = partial(message, lang="vi")


def write_official(facts: RoundFacts, file: Path) -> None:
    """Write the report as a Word document; equal facts give equal bytes."""
    from docxtpl import DocxTemplate

    table = indicator_table(facts, "vi", _YEARS)
    document = DocxTemplate(str(_TEMPLATE))
    document.render(_fields(facts, table), autoescape=True)
    _fit_columns(document.docx, table)
    _set_properties(document.docx, facts)
    document.save(str(file))
    settle(file)


def _fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    draft = _text("reports.draft") if facts.round.is_draft else ""
    return {
        "marks": " – ".join(filter(None, (draft, _sample_mark(facts)))),
        "draft": draft,
        **_letterhead(facts),
        **_letter_fields(facts),
        "year_of_data": _after_year(facts),
        "subject": _text("reports.subject", period=facts.round.period.words("vi")),
        **_sentences(facts, table),
        **question_fields(facts),
        "unconfirmed": _unconfirmed(table),
        **_table_fields(facts, table),
    }


def _after_year(facts: RoundFacts) -> str:
    """The period as it stands behind the template's "năm"; a part of a year in brackets after it."""
    period = facts.round.period
    return str(period.data_year) if period.kind == "year" else f"{period.data_year} ({period.words('vi')})"


def _letterhead(facts: RoundFacts) -> dict[str, Any]:
    blank = _text("reports.blank")
    name = plain(facts.area.name) if facts.area else ""
    above = plain(facts.area.parent_name) if facts.area else ""
    kind = _text("reports.people_committee")
    issuer = f"{kind} {_inside(name)}" if name else f"{kind} {blank}"
    return {
        "superior": f"{_text('reports.people_committee_short')} {above}".upper() if above else "",
        "issuer_kind": kind.upper(),
        "issuer_area": name.upper() or blank,
        "issuer": issuer,
        "place": _bare(name) or blank,
        "closing": _text("reports.closing", subject=_subject_inside(facts), issuer=issuer),
        "addressee": _keyed("addressee", facts, parent=_inside(above)),
        "recipients": _keyed("recipients", facts).split("|"),
        "basis": _keyed("basis", facts, issuer=issuer, subject=_subject_inside(facts)),
    }


def _letter_fields(facts: RoundFacts) -> dict[str, str]:
    """Number, date and signer, blank until they are given by hand; what the document is to the one before it."""
    letter, due = facts.letter, facts.round.due_office
    year = due.year if due else facts.round.period.year_after
    dated = letter.dated
    cited = letter.cites_date
    return {
        "number": plain(letter.number or "") or _text("reports.blank_number"),
        "dated": _text("reports.dated", day=_day(dated.day, 10), month=_day(dated.month, 3), year=dated.year)
        if dated
        else _text("reports.blank_date", year=year),
        "signer": plain(letter.signer or ""),
        "relation": _text(
            f"reports.relation_{letter.relation}",
            number=plain(letter.cites_number or ""),
            date=f"{cited:%d/%m/%Y}" if cited else "",
        )
        if letter.relation
        else "",
    }


def _day(number: int, plain_from: int) -> str:
    """Days below 10 and months below 3 are written with a zero, so that no digit can be put before them."""
    return str(number) if number >= plain_from else f"{number:02d}"


def _subject_inside(facts: RoundFacts) -> str:
    subject = _text("reports.subject", period=facts.round.period.words("vi"))
    return subject[:1].lower() + subject[1:]


def _keyed(name: str, facts: RoundFacts, **values: str) -> str:
    """The text for the criteria set and level, else the level's, else the general one."""
    level = facts.round.level
    for key in (f"{facts.round.criteria_set_code}.{level}", level, "other"):
        code = f"reports.{name}.{key}"
        if code in message_table():
            return _text(code, **values)
    return ""


def _sentences(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    units = facts.expected_units
    missing = [unit for unit in units if unit.is_missing]
    late = [unit for unit in units if unit.is_late]
    sent = len(units) - len(missing)
    on_time = sum(not unit.is_missing and not unit.is_late for unit in units)
    due = facts.round.due_unit
    known = "submitted" if due else "submitted_without_due"
    submitted = _text(
        f"reports.{known}" if units else "reports.submitted_unknown",
        expected=len(units),
        due=f"{due:%d/%m/%Y}" if due else "",
        closed=f"{facts.stamp.created_at:%d/%m/%Y}",
        sent=sent,
        percent=number(100 * sent / len(units), 1) if units else "",
        on_time=on_time,
        late=len(late),
    )
    return {
        "submitted": submitted,
        "missing": _shortened([_missing(unit, facts) for unit in missing]),
        "missing_title": _text("reports.missing_units", count=len(missing)),
        "late": _shortened([_late(unit, facts) for unit in late]),
        "late_title": _text("reports.late_units", count=len(late)),
        "received": _received(facts),
        "results": _results(facts, table),
        "groups": _groups(table),
    }


def _shortened(names: Sequence[str]) -> list[str]:
    if len(names) <= _UNITS_NAMED:
        return list(names)
    return [*names[:_UNITS_NAMED], _text("reports.more_units", count=len(names) - _UNITS_NAMED)]


def _unit_name(unit: UnitLine, facts: RoundFacts) -> str:
    name = plain(unit.name)
    return f"{name} ({plain(unit.area_name)})" if len(facts.areas) > 1 and unit.area_name else name


def _missing(unit: UnitLine, facts: RoundFacts) -> str:
    """Who did not send, with the reason where one is known."""
    return " – ".join(filter(None, (_unit_name(unit, facts), plain(unit.note, 200).rstrip("."))))


def _late(unit: UnitLine, facts: RoundFacts) -> str:
    name = _unit_name(unit, facts)
    if unit.received_at is None:
        return name
    return _text("reports.late_unit", unit=name, received=f"{unit.received_at:%H:%M, %d/%m/%Y}")


def _received(facts: RoundFacts) -> str:
    states = Counter(facts.submissions["status"])
    held = facts.values.filter(value_state="held").height
    return _text(
        "reports.received_again" if states["superseded"] else "reports.received",
        submissions=facts.submissions.height,
        replaced=states["superseded"],
        values=number(facts.values.height, 0),
        held=number(held, 0),
        blocking=facts.findings.filter(group="blocking").height,
        warning=facts.findings.filter(group="warning").height,
    )


def _results(facts: RoundFacts, table: IndicatorTable) -> str:
    if table.is_overview:
        return _text("reports.results_overview", indicators=len(table.indicators), areas=len(facts.areas))
    last = Counter(_kind(line) for line in table.indicators)
    return _text(
        "reports.results",
        indicators=len(table.indicators),
        last=facts.round.period_code,
        span=_span(facts, table),
        with_figure=last["value"] + last["zero"],
        not_applicable=last["not_applicable"],
        held=last["held"],
        none=last["none"],
    )


def _kind(line: Line) -> str:
    """The state of a row's last period; every reason for having no figure is one kind."""
    state = line.figures[-1].state if line.figures else ""
    return state if state in _STATES else "none"


def _groups(table: IndicatorTable) -> list[Mapping[str, Any]]:
    groups = [line for line in table.lines if line.depth == 0 and line.is_heading]
    rows = [(group.name, [line for line in table.indicators if line.root == group.code]) for group in groups]
    rows.append((_text("reports.total"), list(table.indicators)))
    return [{"name": plain(name), "counts": _counts(lines)} for name, lines in rows]


def _counts(lines: Sequence[Line]) -> list[int]:
    kinds = Counter(_kind(line) for line in lines)
    return [len(lines), *(kinds[state] for state in _STATES[:3]), kinds["held"], kinds["none"]]


def _unconfirmed(table: IndicatorTable) -> str:
    count = sum(not line.is_confirmed for line in table.indicators)
    code = "reports.unconfirmed_some" if count else "reports.unconfirmed_none"
    return _text(code, count=count, indicators=len(table.indicators), mark=_text("reports.unconfirmed"))


def _span(facts: RoundFacts, table: IndicatorTable) -> str:
    first = table.periods[0].label if table.periods else facts.round.period_code
    last = facts.round.period_code
    if first == last:
        return _text("reports.one_period", last=last)
    return _text("reports.periods", first=first, last=last)


def _table_fields(facts: RoundFacts, table: IndicatorTable) -> dict[str, Any]:
    place = facts.area.name if facts.area else _text("reports.areas", count=len(facts.areas))
    title = "reports.table_overview" if table.is_overview else "reports.table_title"
    return {
        "table_title": _text(title, place=plain(place), span=_span(facts, table)).upper(),
        "span": len(table.periods) + 2,
        "periods": [{"heading": period_heading(period)} for period in table.periods],
        "lines": [_line_fields(line) for line in table.lines],
        "notes": table_notes(table, "vi"),
    }


def _line_fields(line: Line) -> dict[str, Any]:
    return {
        "code": plain(line.code, 40),
        "name": plain(line.name, 300),
        "unit": plain(line.unit, 60),
        "is_heading": line.is_heading,
        "figures": [
            {
                "digits": figure.digits,
                "words": figure.words,
            }
            for figure in line.figures
        ],
    }


def _fit_columns(document: Any, table: IndicatorTable) -> None:
    """Widths of the appendix's table, which has as many columns as periods (LibreOffice needs both kinds of width)."""
    from docx.oxml.ns import qn
    from docx.shared import Mm

    longest = max((len(line.code) for line in table.lines), default=0)
    code_width = min(max(_CODE_MM, _LETTER_MM * longest + 4), 3 * _CODE_MM)
    figures = (_FIGURE_MM,) * len(table.periods)
    name_width = _WIDTH_MM - code_width - _UNIT_MM - sum(figures)
    widths = [Mm(mm) for mm in (code_width, name_width, _UNIT_MM, *figures)]
    grown = document.tables[-1]._tbl  # noqa: SLF001  # cell by cell through the object model is slow
    grid = grown.tblGrid
    for column in list(grid):
        grid.remove(column)
    for width in widths:
        grid.append(grid.makeelement(qn("w:gridCol"), {qn("w:w"): str(width.twips)}))
    for row in grown.tr_lst:
        start = 0
        for cell in row.tc_lst:
            span = cell.grid_span
            if cell.tcPr.gridSpan is not None:
                cell.tcPr.remove(cell.tcPr.gridSpan)
                cell.grid_span = span  # put back where the schema wants it
            cell.width = Mm(0) + sum(widths[start : start + span])
            start += span


def _set_properties(document: Any, facts: RoundFacts) -> None:
    """The release id stands in the properties, not in the text of a letter."""
    properties = document.core_properties
    moment = facts.stamp.created_at.astimezone(UTC).replace(tzinfo=None)
    properties.title = _text("reports.subject", period=facts.round.period.words("vi"))
    properties.author = properties.last_modified_by = _text("reports.program")
    properties.created = properties.modified = moment
    properties.revision = 1
    properties.identifier = facts.stamp.release_id
    properties.comments = " ".join(filter(None, (facts.stamp.release_id, _sample_mark(facts))))


def _sample_mark(facts: RoundFacts) -> str:
    return _text("reports.sample_mark") if facts.stamp.is_sample else ""


def _inside(name: str) -> str:
    """A name within a sentence: "Xã Bình Lư" as "xã Bình Lư"."""
    return name[:1].lower() + name[1:] if name.startswith(_PREFIXES) else name


def _bare(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
