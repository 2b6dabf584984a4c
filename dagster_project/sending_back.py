"""What goes back to a unit: its own workbook with what to mend in it, and a package for the level below.

Which findings go where is the warehouse's, what a workbook or a package looks like is ``quality``'s and ``reports``'s.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dagster_project import own_files
from dagster_project.errors import UsageError
from dagster_project.paths import DataFolder
from dagster_project.side_by_side import side_by_side

if TYPE_CHECKING:
    import polars as pl

    from dagster_project.pipeline import Desk
    from dagster_project.warehouse.open_findings import SendBack

#: Where lists about files of no known unit go.
OF_NOBODY = "chua-ro-don-vi"
#: Where workbooks of a program that kept no index go.
EARLIER = "truoc-day"
#: Fewer are written before another process has started.
_WORKBOOKS_A_PROCESS = 20
#: Letters of up to four bytes, a mark, an ending and the name that a file has while it is written: 255 bytes at most.
_NAME_LENGTH = 50


@dataclass(frozen=True)
class SentBack:
    """What one unit (or file of no known unit) got back; ``path`` is None where there was nothing to say.

    ``is_edited`` says that a workbook changed by hand was kept instead.
    """

    unit: str
    path: Path | None
    counts: Mapping[str, int]
    lost: Sequence[str] = ()
    is_edited: bool = False


def feedback(desk: Desk, round_code: str, units: Sequence[str] | None = None) -> list[SentBack]:
    """One feedback workbook per unit of a round that has open findings, from the current release and landed files.

    Files of which no unit or round could be told get their list in a folder of its own, unless ``units`` are named.
    What an earlier call wrote for the same units and is no longer true is removed; a workbook that somebody edited
    stays, and so does whatever else lies in the folder. Workbooks in a folder without an index, as an earlier program
    left it, are put into ``EARLIER``: nobody can tell its own from those of people.
    """
    from dagster_project.warehouse.open_findings import open_findings
    from dagster_project.warehouse.releases import current_release

    release_id = current_release(desk.folder)
    if release_id is None:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    top = desk.folder.feedback / round_code
    items = open_findings(desk.folder.release(release_id) / "kho.duckdb", round_code, units)
    planned: list[tuple[SendBack, Path | None]] = []
    names: set[Path] = set()
    for item in items:
        name = None if item.findings.is_empty() else _feedback_name(item, names)
        names |= {name} if name else set()
        planned.append((item, name))
    with tempfile.TemporaryDirectory() as aside:
        made_in = Path(aside)
        send = partial(_send_back, made_in=made_in, folder=desk.folder, lang=desk.settings.lang)
        sent = side_by_side(send, planned, desk.settings.processes, at_least=_WORKBOOKS_A_PROCESS)
        made = {item.path.relative_to(made_in).as_posix(): item.path for item in sent if item.path}
        _put_earlier_aside(top)
        done = own_files.put(top, made, _of_call(units))
    places = {file: name for name, file in made.items()}
    return [
        replace(item, path=top / places[item.path], is_edited=places[item.path] in done.edited)
        if item.path
        else item
        for item in sent
    ]


def _send_back(
    planned: tuple[SendBack, Path | None], made_in: Path, folder: DataFolder, lang: str
) -> SentBack:
    """Write the workbook of one unit into ``made_in``, where there is one to write."""
    from dagster_project.quality.feedback import SEVERITIES, make_feedback

    item, name = planned
    subject = item.reporting_unit_code or item.file_name or str(item.sha256)
    if name is None:
        return SentBack(subject, None, {})
    original = None if item.sha256 is None or item.is_refused else folder.landed(item.sha256)
    made = make_feedback(
        original.read_bytes() if original else None,
        item.findings,
        made_in / name,
        lang=lang,
        file_name=item.file_name,
    )
    counts = {severity: item.findings.filter(severity=severity).height for severity in SEVERITIES}
    return SentBack(subject, made.path, counts, made.lost)


@dataclass(frozen=True)
class Returned:
    """The package that goes back to one unit of the level below, and how much is to be mended or explained."""

    unit: str
    path: Path
    count: int


def return_packages(desk: Desk, round_code: str, sent: Sequence[SentBack]) -> list[Returned]:
    """One return package per unit of ``sent`` that reports for an area below the office's own, beside its workbooks.

    A unit that sent nothing and owes nothing gets none.
    """
    from dagster_project.reports.release import open_release
    from dagster_project.reports.return_package import areas_below
    from dagster_project.warehouse.open_findings import open_findings
    from dagster_project.warehouse.releases import current_release

    release_id = current_release(desk.folder)
    if release_id is None:
        raise UsageError("cli.no_release", folder=desk.folder.root)
    folder = desk.folder.release(release_id)
    with open_release(folder) as release:
        below = areas_below(release, round_code, desk.settings.office.area_code)
    units = [unit for unit in dict.fromkeys(item.unit for item in sent) if unit in below]
    found: dict[str, list[SendBack]] = {unit: [] for unit in units}
    for item in open_findings(folder / "kho.duckdb", round_code, units) if units else ():
        found[str(item.reporting_unit_code)].append(item)
    to_write = [
        _ToReturn(
            unit=unit,
            area=below[unit],
            findings=[item.findings for item in items],
            workbooks=[item.path for item in sent if item.unit == unit and item.path is not None],
            path=desk.folder.feedback / round_code / f"tra-lai_{unit}.zip",
        )
        for unit, items in found.items()
        if not all(item.sha256 is None and item.findings.is_empty() for item in items)
    ]
    give_back = partial(_return, release_dir=folder, round_code=round_code, lang=desk.settings.lang)
    return side_by_side(give_back, to_write, desk.settings.processes, at_least=_WORKBOOKS_A_PROCESS)


@dataclass(frozen=True)
class _ToReturn:
    unit: str
    area: tuple[str, str]
    findings: Sequence[pl.DataFrame]
    workbooks: Sequence[Path]
    path: Path


def _return(item: _ToReturn, release_dir: Path, round_code: str, lang: str) -> Returned:
    from dagster_project.reports.release import open_release
    from dagster_project.reports.return_package import write_return

    with open_release(release_dir) as release:
        count = write_return(
            release,
            round_code,
            item.area,
            findings=item.findings,
            workbooks=item.workbooks,
            file=item.path,
            lang=lang,
        )
    return Returned(item.unit, item.path, count)


def _feedback_name(item: SendBack, taken: Collection[Path]) -> Path:
    """The unit's code or the name of the file of which no unit could be told; a second one is marked."""
    unit, file = item.reporting_unit_code, PurePosixPath(item.file_name or str(item.sha256))
    name = Path(f"{unit}.xlsx") if unit else Path(OF_NOBODY, f"{file.stem[:_NAME_LENGTH]}.xlsx")
    return name.with_stem(f"{name.stem}_{str(item.sha256)[:8]}") if name in taken else name


def _put_earlier_aside(top: Path) -> None:
    """Keep each workbook under its name, or under the first free one: what was put aside before stays too."""
    if own_files.read_index(top) is not None:
        return
    for file in [*top.glob("*.xls[xm]"), *top.glob(f"{OF_NOBODY}/*.xls[xm]")]:
        kept = top / EARLIER / file.relative_to(top)
        kept.parent.mkdir(parents=True, exist_ok=True)
        names = (kept.with_stem(f"{kept.stem}-{number}") for number in count(2))
        file.rename(next(name for name in chain([kept], names) if not name.exists()))


def _of_call(units: Sequence[str] | None) -> Callable[[str], bool]:
    """Whether a call for ``units`` answers for a workbook of an earlier one."""
    if not units:
        return lambda _name: True
    stems = "|".join(map(re.escape, units))
    of_units = re.compile(rf"({stems})(_[0-9a-f]{{8}})?\.xls[xm]")
    return lambda name: of_units.fullmatch(name) is not None
