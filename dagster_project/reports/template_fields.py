"""The fields that a Word template may use, and what is wrong with one that uses others or what no PDF can show.

``template_fields.csv`` lists those of the official report, ``letter_fields.csv`` those of the other templates
(``groups[].name``: of each group, its name). A template is parsed, never run, to find every unknown field, also those
that this round would not reach.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.errors import UsageError
from dagster_project.messages import message
from dagster_project.reports.filling import sandbox

if TYPE_CHECKING:
    from jinja2 import Environment

OFFICIAL = "official"
#: The code of a message and its values.
Problem = tuple[str, dict[str, str]]
_EXPRESSION = re.compile(r"\{\{.*?\}\}")
_HEADS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/header",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer",
)
_NEAR = 3
#: What Jinja itself gives.
_BUILT_IN = ("loop", "range", "true", "false", "none", "True", "False", "None")


@dataclass(frozen=True)
class Field:
    """One field; ``path`` has ``[]`` after a list."""

    path: str
    vi: str
    en: str

    def told(self, lang: str) -> str:
        return self.vi if lang == "vi" else self.en


class TemplateError(UsageError):
    """Templates that cannot be filled; every problem of each in both languages."""

    def __init__(self, found: Mapping[Path, Sequence[Problem]]) -> None:
        self.found = found
        file, problems = next(iter(found.items()))
        super().__init__("documents.template_fields", file=file, count=len(problems))

    def text(self, lang: str) -> str:
        lines = []
        for file, problems in self.found.items():
            lines.append(message("documents.template_fields", lang, file=file, count=len(problems)))
            lines += [f"– {message(code, lang, **values)}" for code, values in problems]
        return "\n".join(lines)


@cache
def template_names() -> tuple[str, ...]:
    """Templates by the names of their files, the official report first."""
    listed = (name for row in _table("letter_fields.csv") for name in row["templates"].split())
    return (OFFICIAL, *dict.fromkeys(listed))


@cache
def known_fields(template: str = OFFICIAL) -> tuple[Field, ...]:
    """All fields of a template in the order of its document."""
    if template == OFFICIAL:
        return tuple(Field(**row) for row in _table("template_fields.csv"))
    rows = (row for row in _table("letter_fields.csv") if template in row["templates"].split())
    return tuple(Field(row["path"], row["vi"], row["en"]) for row in rows)


def _table(name: str) -> Iterator[dict[str, str]]:
    file = resources.files("dagster_project.reports") / name
    return csv.DictReader(io.StringIO(file.read_text("utf-8"), newline=""))


def check_fields(*templates: Path) -> None:
    """Raise ``UsageError`` with every field that cannot be filled, what no PDF can show, and what is no Word document.

    Which template a file is, is told by its name.
    """
    found = {template: problems for template in templates if (problems := _problems(template))}
    if found:
        raise TemplateError(found)


def _problems(template: Path) -> list[Problem]:
    from jinja2 import TemplateSyntaxError

    environment = sandbox()
    problems: dict[str, Problem] = {}
    for xml in _sources(template):
        broken = list(_broken(environment, xml))
        problems |= {told: ("documents.field_broken", {"field": told, "detail": why}) for told, why in broken}
        if broken:
            continue
        try:
            tree = environment.parse(xml)
        except TemplateSyntaxError as error:
            problems[str(error)] = ("documents.template_syntax", {"detail": str(error.message)})
            continue
        problems |= {
            path: _unknown(path, template.stem) for path in _Reader(_known_paths(template.stem)).read(tree)
        }
    return [*problems.values(), *_unset_parts(template)]


def _unset_parts(template: Path) -> Iterator[Problem]:
    """What stands in a template and cannot be set as PDF."""
    from docx import Document

    from dagster_project.reports.pdf_parts import make_plain

    if parts := make_plain(Document(str(template))):
        yield "reports.pdf_unknown_part", {"parts": ", ".join(parts)}


def _sources(template: Path) -> Iterator[str]:
    """The body, the heads and the feet of a template as Jinja sees them."""
    from zipfile import BadZipFile

    from docx.opc.exceptions import PackageNotFoundError
    from docxtpl import DocxTemplate

    document = DocxTemplate(str(template))
    try:
        document.init_docx()
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError) as error:
        raise UsageError("documents.template_broken", file=template) from error
    yield document.patch_xml(document.get_xml())
    for kind in _HEADS:
        for _, part in document.get_headers_footers(kind):
            yield document.patch_xml(document.get_part_xml(part))


def _broken(environment: Environment, xml: str) -> Iterator[tuple[str, str]]:
    """Expressions that are none, each with what is wrong with it."""
    from jinja2 import TemplateSyntaxError

    for expression in dict.fromkeys(_EXPRESSION.findall(xml)):
        try:
            environment.parse(expression)
        except TemplateSyntaxError as error:
            yield re.sub(r"<[^>]*>", "", expression), str(error.message)


def _unknown(path: str, template: str) -> Problem:
    names = [item.path for item in known_fields(template)]
    near = get_close_matches(path, names, _NEAR, 0.6)
    if near:
        return "documents.field_near", {"field": path, "near": ", ".join(near)}
    return "documents.field_unknown", {"field": path, "template": template}


@cache
def _known_paths(template: str) -> frozenset[str]:
    """Every field and everything that holds one."""
    paths = set()
    for item in known_fields(template):
        parts = re.findall(r"[^.\[]+|\[\]", item.path)
        for end in range(1, len(parts) + 1):
            paths.add("".join(part if part == "[]" else f".{part}" for part in parts[:end])[1:])
    return frozenset(paths)


@dataclass
class _Reader:
    """Walks a parsed template and gathers paths that are not known; names are those of the loops around."""

    known: frozenset[str]
    found: list[str] = field(default_factory=list)

    def read(self, tree: Any) -> list[str]:
        self._walk(tree, {})
        return self.found

    def _walk(self, node: Any, scope: dict[str, str | None]) -> None:
        from jinja2 import nodes

        if isinstance(node, nodes.For):
            self._walk(node.iter, scope)
            inner = dict(scope)
            inner.update(self._targets(node.target, self._path(node.iter, scope)))
            for part in (*node.body, *node.else_, *filter(None, [node.test])):
                self._walk(part, inner)
        elif isinstance(node, nodes.Assign):
            self._walk(node.node, scope)
            path = self._path(node.node, scope)
            scope |= {node.target.name: path} if isinstance(node.target, nodes.Name) else {}
        elif isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
            self._check(node, scope)
        else:
            for child in node.iter_child_nodes():
                self._walk(child, scope)

    @staticmethod
    def _targets(target: Any, path: str | None) -> Mapping[str, str | None]:
        from jinja2 import nodes

        if isinstance(target, nodes.Name):
            return {target.name: f"{path}[]" if path else None}
        return dict.fromkeys((name.name for name in target.find_all(nodes.Name)), None)

    def _check(self, node: Any, scope: Mapping[str, str | None]) -> None:
        path = self._path(node, scope)
        if path and path not in self.known and path not in self.found:
            self.found.append(path)

    def _path(self, node: Any, scope: Mapping[str, str | None]) -> str | None:
        """``groups[].name`` for what a node names; None for what is not a field."""
        from jinja2 import nodes

        if isinstance(node, nodes.Name):
            return scope.get(node.name, None if node.name in _BUILT_IN else node.name)
        if isinstance(node, nodes.Getattr):
            base = self._path(node.node, scope)
            hidden = node.attr if node.attr.startswith("_") else None
            return f"{base}.{node.attr}" if base else hidden
        if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
            base = self._path(node.node, scope)
            own = "[]" if isinstance(node.arg.value, int) else f".{node.arg.value}"
            return f"{base}{own}" if base else None
        return None
