"""Whatever a unit's file says, in no export does it run, link, lead out or break the file."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from docx.oxml import parse_xml

from dagster_project.frames import FINDINGS, conform
from dagster_project.quality.feedback import make_feedback
from dagster_project.reports.export import export_release
from dagster_project.reports.letters import (
    Debt,
    Occasion,
    Question,
    Unsent,
    message_lines,
    write_confirmation,
    write_reminder,
    write_return,
)
from dagster_project.reports.pdf import docx_to_pdf
from dagster_project.reports.read import read_round
from dagster_project.reports.release import Release, open_release
from dagster_project.reports.return_package import write_return as write_return_package
from dagster_project.reports.safe import file_part, plain
from tests.reports.tiny_package import add_figures
from tests.reports.tiny_release import ROUND, decided_commune, write_release

PAYLOADS = (
    "=cmd|' /C calc'!A0",
    '+1+HYPERLINK("http://x.example")',
    "-2+3+cmd",
    "@SUM(1+1)*cmd",
    "\t=1+1",
    '"><script>alert(1)</script><img src=x onerror=alert(2)>',
    "</script><svg/onload=alert(3)>",
    "../../../tmp/evil",
    "{{ 7*191 }}{% for x in y %}",
    "javascript:alert(4)",
    "]]><!--&amp;&lt;",
)
ALL = " ".join(PAYLOADS)
#: What the release says that units and their files brought in.
OUTSIDE = (
    *("file_name", "sheet", "cell", "raw_text", "source_text", "note_text", "observed", "expected"),
    *("message_vi", "message_en", "advice_vi", "unit_response", "decision_reason", "decided_by", "sender"),
    *("reporting_unit_name", "name_vi", "category_name", "unit", "note", "area_name", "break_reason_vi"),
)
_FORMULA = re.compile(r"^[\s]*[=+\-@]")
_NUMBER = re.compile(r"^[+\-]?[0-9.,  ]*%?$|^[\-–]+$")


def _hostile() -> dict[str, list[dict[str, Any]]]:
    """The rows of a decided round in which every such text is a payload, each in its turn."""
    rows: Mapping[str, Any] = decided_commune()
    turn = 0
    for mart in sorted(rows):
        for row in rows[mart]:
            for name in OUTSIDE:
                if isinstance(row.get(name), str) or (name in ("raw_text", "note_text") and name in row):
                    row[name] = PAYLOADS[turn % len(PAYLOADS)]
                    turn += 1
    return dict(rows)


def _figures() -> list[tuple[Any, ...]]:
    """A figure that counts per payload, with the payload as its text, unit and place."""
    return [
        ("A.1.GT", f"C{place}", None, None, payload, "value", None, payload, payload)
        for place, payload in enumerate(PAYLOADS)
    ]


def _findings() -> pl.DataFrame:
    """A finding per payload in a cell of its own, its last texts a unit's words."""
    texts = {
        name: list(PAYLOADS)
        for name in ("observed", "expected", "entered", "message_vi", "message_en", "advice_vi", "advice_en")
    }
    return pl.DataFrame(
        {
            **{name: [None] * len(PAYLOADS) for name in FINDINGS},
            **texts,
            "finding_id": [f"f{place}" for place in range(len(PAYLOADS))],
            "rule_code": "R",
            "severity": "blocking",
            "file_name": PAYLOADS[7],
            "sheet": "Biểu",
            "cell": [f"B{place}" for place in range(1, len(PAYLOADS) + 1)],
            "data_element_code": "A.1.GT",
            "category_code": "_T",
            "period_code": "2025",
        }
    )


def _workbook() -> bytes:
    """What a unit sent: texts that look like formulas, typed as texts."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Biểu")
        for place, payload in enumerate(PAYLOADS):
            sheet.write_string(place, 1, payload)
    return buffer.getvalue()


def _write_letters(release: Release, folder: Path) -> None:
    questions = tuple(
        Question(
            is_blocking=place % 2 == 0, sheet=text, cell=text, name=text, entered=text, text=text, advice=text
        )
        for place, text in enumerate(PAYLOADS)
    )
    occasion = Occasion(
        facts=read_round(release, ROUND),
        now=datetime(2026, 4, 8, 2, tzinfo=UTC),
        recipient=PAYLOADS[0],
        sent=1,
        expected=2,
        deadline=None,
        office_deadline=None,
    )
    debts = [
        Debt(
            code="vp",
            name=payload,
            unsent=(Unsent(payload, payload, "refused"),),
            questions=questions,
            files=(payload,),
        )
        for payload in PAYLOADS
    ]
    for place, debt in enumerate(debts):
        (folder / f"tin-nhan-{place}.txt").write_text(message_lines(occasion, debt), encoding="utf-8")
    template = next(debt for debt in debts if "{{" in debt.name)
    write_reminder(occasion, debts, folder / "cong-van.docx")
    write_return(occasion, template, folder / "phieu.docx")
    write_confirmation(occasion, template, folder / "giay.docx")
    for file in ("cong-van", "phieu", "giay"):
        docx_to_pdf(folder / f"{file}.docx", folder / f"{file}.pdf")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that leaves the office after one hostile round: its set, letters, feedback, a return package."""
    home = tmp_path_factory.mktemp("hostile")
    release_dir = write_release(home / "releases", _hostile(), is_sample=False)
    add_figures(release_dir, _figures())
    export_release(release_dir, home / "exports", round_code=ROUND, lang="vi")
    out = home / "exports" / release_dir.name
    feedback = make_feedback(
        _workbook(), _findings(), out / "phan-hoi.xlsx", lang="vi", file_name=PAYLOADS[0]
    )
    make_feedback(None, _findings(), out / "phan-hoi-danh-sach.xlsx", lang="vi", file_name=PAYLOADS[7])
    with open_release(release_dir) as release:
        _write_letters(release, out)
        write_return_package(
            release,
            ROUND,
            ("03390", PAYLOADS[7]),
            findings=[conform(_findings().drop("entered"), FINDINGS)],
            workbooks=[feedback.path],
            file=out / "tra-lai.zip",
            lang="vi",
        )
    assert sorted(path.name for path in home.iterdir()) == ["exports", "releases"]
    return out


def test_the_set_of_a_hostile_round_is_complete(folder: Path) -> None:
    names = {name for name, _ in _entries(folder)}
    assert {
        f"goi-so-lieu-{ROUND}.zip",
        "annex.xlsx",
        "datapackage.json",
        "csv/fct_element_value.csv",
    } <= names
    assert {"tra-lai.zip", "csv/returned_findings.csv", "phan-hoi-1.xlsx"} <= names


def _files(folder: Path, *endings: str) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix in endings)
    assert found, endings
    return found


def _entries(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the set, and what lies inside its archives."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path.relative_to(folder).as_posix(), path.read_bytes()
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield name, archive.read(name)


def test_no_text_becomes_a_path(folder: Path) -> None:
    names = [name for name, _ in _entries(folder)]
    assert not [name for name in names if name.startswith("/") or ".." in Path(name).parts or "evil" in name]
    for name in names:
        assert all(file_part(part) == part for part in Path(name).parts), name


def test_no_cell_of_a_workbook_is_a_formula_and_no_link_leads_out(folder: Path) -> None:
    for name, content in _entries(folder):
        if not name.endswith(".xlsx"):
            continue
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [cell for page in book for row in page.iter_rows() for cell in row]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
        assert not [cell.hyperlink.target for cell in cells if cell.hyperlink and cell.hyperlink.target]
        told = " ".join(str(cell.value) for cell in cells)
        assert not [payload for payload in PAYLOADS if plain(payload) not in told], "kept word for word"
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert not [part for part in archive.namelist() if "externalLink" in part or "vba" in part]
            assert not [part for part in archive.namelist() if b'TargetMode="External"' in archive.read(part)]


def test_a_document_shows_templates_as_text_and_has_no_field_but_the_page_number(folder: Path) -> None:
    files = _files(folder, ".docx")
    assert len(files) == 4
    for file in files:
        with zipfile.ZipFile(file) as archive:
            parts = [archive.read(name) for name in archive.namelist() if name.endswith((".xml", ".rels"))]
        fields = set()
        text = ""
        for content in parts:
            tree = parse_xml(content)
            fields |= {node.text for node in tree.iter() if str(node.tag).endswith("}instrText")}
            text += "".join(node.text or "" for node in tree.iter() if str(node.tag).endswith("}t"))
            assert b'TargetMode="External"' not in content
        assert fields == {"PAGE"}, file
        assert "{{ 7*191 }}" in text, file
        assert "1337" not in text


def test_no_line_of_a_message_begins_as_a_formula_or_a_command(folder: Path) -> None:
    lines = [line for file in _files(folder, ".txt") for line in file.read_text("utf-8").splitlines()]
    assert len(lines) == 3 * len(PAYLOADS)
    assert not [line for line in lines if _FORMULA.match(line) or line.startswith("/")]


class _Page(HTMLParser):
    """Tags, links, handlers and what stands inside scripts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.tags: set[str] = set()
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = tag
        for name, value in attrs:
            if name in ("href", "src", "action", "xlink:href"):
                self.links.append(value or "")
            if name.startswith("on") or ("javascript:" in (value or "") and name in ("href", "src")):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._open = "" if tag == self._open else self._open

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts.append(data)


def test_no_text_becomes_html_or_a_link(folder: Path) -> None:
    for file in _files(folder, ".html"):
        page = _Page()
        page.feed(file.read_text(encoding="utf-8"))
        assert not page.handlers, file
        assert not [script for script in page.scripts if "alert(" in script and "window.kho" not in script], (
            file
        )
        assert "onload" not in page.tags
        for link in page.links:
            target = link.split("#")[0].split("?")[0]
            assert not re.match(r"[a-z]+:|//", target) or target == "data:,", (file, link)
            if target and not target.startswith("data:"):
                inside = (file.parent / target).resolve()
                assert inside.is_relative_to(folder.resolve()), (file, link)
                assert inside.exists(), (file, link)


def test_scripts_of_the_portal_hold_data_only(folder: Path) -> None:
    for file in _files(folder, ".js"):
        text = file.read_text(encoding="utf-8")
        assert "</script" not in text.lower()
        if text.startswith("window."):
            assert json.loads(text.split(" = ", 1)[1].rstrip(";\n"))


def test_no_cell_of_a_csv_begins_as_a_formula(folder: Path) -> None:
    seen = 0
    for name, content in _entries(folder):
        if not name.endswith(".csv"):
            continue
        for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
            risky = [cell for cell in row if _FORMULA.match(cell) and not _NUMBER.match(cell)]
            assert not risky, (name, risky)
            seen += sum(cell.startswith("'") for cell in row)
    assert seen, "payloads are there, disarmed"


def test_pdfs_have_no_action_and_no_link(folder: Path) -> None:
    for file in _files(folder, ".pdf"):
        content = file.read_bytes()
        assert not re.search(rb"/(JavaScript|JS|Launch|URI|OpenAction|EmbeddedFile)\b", content), file


def test_json_of_the_set_is_json(folder: Path) -> None:
    for name, content in _entries(folder):
        if name.endswith(".json"):
            json.loads(content)
