"""A template that an office edits: its copy wins, and every wrong field is named before anything is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml import OxmlElement

from dagster_project.errors import ExitCode, UsageError
from dagster_project.reports import letters
from dagster_project.reports.export import export_release
from dagster_project.reports.filling import SHIPPED
from dagster_project.reports.letters import Debt, Occasion, Question, Unsent
from dagster_project.reports.official import TEMPLATE, check_template
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from dagster_project.reports.template_fields import check_fields, known_fields, template_names
from tests.reports.documents import texts
from tests.reports.tiny_release import ROUND, decided_commune, write_release


def _edited(folder: Path, *paragraphs: str) -> Path:
    """The shipped template with paragraphs that an office added."""
    document = Document(str(TEMPLATE))
    for text in paragraphs:
        document.add_paragraph(text)
    folder.mkdir(parents=True, exist_ok=True)
    document.save(str(folder / TEMPLATE.name))
    return folder


def test_the_offices_own_copy_wins(release_dir: Path, tmp_path: Path) -> None:
    own = _edited(tmp_path / "templates", "Đơn vị nộp: {{ units.sent }}/{{ units.expected }}.")
    files = export_release(release_dir, tmp_path / "out", round_code=ROUND, lang="vi", templates=own)
    assert "Đơn vị nộp: 2/3." in texts(Document(str(files[0].path)))


def test_every_wrong_field_is_named_with_near_ones_and_nothing_is_written(
    release_dir: Path, tmp_path: Path
) -> None:
    own = _edited(
        tmp_path / "templates",
        "{{ issuerr }}",
        "{% for group in groups %}{{ group.nam }}{% for line in group.lines %}{{ line.codes }}{% endfor %}{% endfor %}",
        "{% if false %}{{ qwertyuiop }}{% endif %}",
        "{{ ''.__class__.__mro__ }}",
    )
    with pytest.raises(UsageError) as told:
        export_release(release_dir, tmp_path / "out", round_code=ROUND, lang="vi", templates=own)
    assert told.value.exit_code == ExitCode.WRONG_USAGE
    text = told.value.text("vi")
    assert '"issuerr": không có trường này; gần giống: issuer' in text
    assert '"groups[].nam": không có trường này; gần giống: groups[].name' in text
    assert '"groups[].lines[].codes"' in text
    assert '"qwertyuiop": không có trường này (xem kho templates fields official).' in text
    assert "__class__.__mro__" in text
    assert not (tmp_path / "out").exists()


def test_what_is_written_wrongly_is_shown_as_it_stands(tmp_path: Path) -> None:
    own = _edited(tmp_path, "{{ units. }}", "{{ issuer")
    with pytest.raises(UsageError) as told:
        check_template(own / TEMPLATE.name)
    assert "{{ units. }}" in told.value.text("vi")
    _edited(tmp_path / "open", "{% if draft %}")
    with pytest.raises(UsageError) as open_end:
        check_template(tmp_path / "open" / TEMPLATE.name)
    assert "endif" in open_end.value.text("en")
    (tmp_path / "no.docx").write_bytes(b"x")
    with pytest.raises(UsageError):
        check_template(tmp_path / "no.docx")


def test_names_of_loops_and_own_variables_are_no_fields(tmp_path: Path) -> None:
    own = _edited(
        tmp_path,
        "{% set all = groups %}{% for item in all %}{{ loop.index }} {{ item.name|upper }}{% endfor %}",
        "{{ recipients[0] }} {{ groups[0].name }}",
    )
    check_template(own / TEMPLATE.name)


def _named(tree: Any, at: str = "") -> set[str]:
    """Paths of what was filled in: ``unsent[].form``."""
    if isinstance(tree, dict):
        return {path for name, item in tree.items() for path in _named(item, f"{at}.{name}" if at else name)}
    if isinstance(tree, list):
        return {path for item in tree for path in _named(item, f"{at}[]")}
    return {at}


def test_every_field_of_letters_and_of_the_page_for_leaders_is_listed_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled: dict[str, set[str]] = {}

    def note(template: Path, fields: Any, *_: Any, **__: Any) -> None:
        filled[template.stem] = _named(fields)

    monkeypatch.setattr(letters, "fill", note)
    question = Question(is_blocking=True, sheet="B", cell="A1", name="", entered="", text="", advice="")
    debt = Debt(
        code="vp",
        name="Văn phòng",
        unsent=(Unsent("B01", "Biểu", "waiting"),),
        questions=(question, replace(question, is_blocking=False)),
    )
    with open_release(write_release(tmp_path, decided_commune())) as release:
        facts = read_round(release, ROUND)
    now = datetime(2026, 4, 8, 2, tzinfo=UTC)
    occasion = Occasion(
        facts=facts, now=now, recipient="", sent=1, expected=2, deadline=None, office_deadline=None
    )
    letters.write_reminder(occasion, [debt], tmp_path)
    letters.write_return(occasion, debt, tmp_path)
    letters.write_confirmation(occasion, debt, tmp_path)
    assert filled == {name: {item.path for item in known_fields(name)} for name in filled}
    check_fields(*(SHIPPED / f"{name}.docx" for name in template_names()))


def test_what_no_pdf_can_show_is_named_beside_the_fields(tmp_path: Path) -> None:
    document = Document(str(SHIPPED / "official.docx"))
    run = document.sections[0].first_page_header.paragraphs[0].add_run("{{ mark }}")
    run._r.append(OxmlElement("w:sym"))
    document.save(str(tmp_path / "official.docx"))
    with pytest.raises(UsageError) as told:
        check_fields(tmp_path / "official.docx")
    text = told.value.text("vi")
    assert '"mark": không có trường này' in text
    assert "không chuyển sang PDF được: sym." in text


def test_templates_of_letters_are_checked_by_their_own_fields_and_all_at_once(tmp_path: Path) -> None:
    for name in ("reminder", "summary", "return"):
        document = Document(str(SHIPPED / f"{name}.docx"))
        document.add_paragraph("{{ unsent[0].forms }}{% for item in unsent %}{{ item.form }}{% endfor %}")
        document.save(str(tmp_path / f"{name}.docx"))
    with pytest.raises(UsageError) as told:
        check_fields(*(tmp_path / f"{name}.docx" for name in ("reminder", "summary", "return")))
    text = told.value.text("vi")
    assert text.count('"unsent[].forms": không có trường này; gần giống: unsent[].form') == 1
    assert text.count('"unsent[].form": không có trường này (xem kho templates fields return).') == 1
    assert all(str(tmp_path / f"{name}.docx") in text for name in ("reminder", "summary", "return"))
