"""A template that an office edits: its copy wins, and every wrong field is named before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from docx import Document

from dagster_project.errors import ExitCode, UsageError
from dagster_project.reports.export import export_release
from dagster_project.reports.official import TEMPLATE, check_template
from tests.reports.documents import texts
from tests.reports.tiny_release import ROUND


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
    assert '"qwertyuiop": không có trường này (xem kho templates fields).' in text
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
