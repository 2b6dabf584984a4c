"""A Word template filled with the fields of one document: the same for every letter and one-pager.

What the fields say belongs to each document. Values are escaped, an expression reaches nothing but the fields, and a
field that is not known is named instead of being left blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.reports.packing import settle
from dagster_project.reports.release import Stamp

if TYPE_CHECKING:
    from jinja2 import Environment

SHIPPED = Path(__file__).parent / "templates"


def template_of(name: str, folder: Path | None) -> Path:
    """The office's own copy of a template where it has one, else the shipped one."""
    own = folder / f"{name}.docx" if folder else None
    return own if own is not None and own.is_file() else SHIPPED / f"{name}.docx"


def sandbox() -> Environment:
    """Where a template is filled."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


def fill(
    template: Path,
    fields: Mapping[str, Any],
    file: Path,
    *,
    title: str,
    stamp: Stamp,
    pictures: Mapping[str, tuple[bytes, float]] | None = None,
    finish: Callable[[Any], None] | None = None,
) -> None:
    """Write ``template`` with ``fields`` to ``file``; equal fields give equal bytes.

    ``pictures`` are PNGs by field, with their widths in mm; ``finish`` mends the filled document before it is
    saved. Raises ``UsageError`` for a template that cannot be filled.
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage
    from jinja2 import TemplateError

    document = DocxTemplate(str(template))
    images = {
        name: InlineImage(document, BytesIO(content), width=Mm(width))
        for name, (content, width) in (pictures or {}).items()
    }
    try:
        document.render({**fields, **images}, sandbox())
    except TemplateError as error:
        raise UsageError("letters.template", file=template, detail=error.message or "") from error
    if finish is not None:
        finish(document.docx)
    _set_properties(document.docx, title, stamp)
    document.save(str(file))
    settle(file)


def _set_properties(document: Any, title: str, stamp: Stamp) -> None:
    properties = document.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = message("reports.program", "vi")
    properties.created = properties.modified = stamp.created_at.astimezone(UTC).replace(tzinfo=None)
    properties.revision = 1
    properties.identifier = stamp.release_id
    mark = message("reports.sample_mark", "vi") if stamp.is_sample else ""
    properties.comments = " ".join(filter(None, (stamp.release_id, mark)))
