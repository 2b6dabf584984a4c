"""One batch of landed files on its way to cells, submissions and findings.

The order of the steps belongs here, and what becomes of a file that is nothing we know. Each step is its own
module: ``guard``, ``read``, ``bind_form``, ``bind_back_series``, ``bind_layout``, ``values``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from dagster_project.frames import ANSWERS, FINDINGS, SUBMISSIONS, TIMESTAMP, empty
from dagster_project.intake.bind_back_series import bind_back_series, find_back_series
from dagster_project.intake.bind_form import BoundForms, bind_forms, find_forms
from dagster_project.intake.bind_layout import BoundLayouts, bind_layouts
from dagster_project.intake.bind_package import BoundPackages, bind_packages
from dagster_project.intake.bind_report import BoundReports, bind_reports, find_reports
from dagster_project.intake.bind_return import bind_returns
from dagster_project.intake.encodings import CP1258
from dagster_project.intake.form_answers import answers_of_lists, cells_of_lists, find_lists
from dagster_project.intake.form_codes import with_keys
from dagster_project.intake.guard import PAPER, Inspection
from dagster_project.intake.layout_maps import find_layouts
from dagster_project.intake.legacy_text import decode_texts
from dagster_project.intake.package_parts import PACKAGE, RETURN
from dagster_project.intake.read import FileToRead, Read, batches_of, read_batches
from dagster_project.intake.values import parse_values
from dagster_project.limits import ReadLimits
from dagster_project.quality.findings import build_findings
from dagster_project.settings import Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

#: What a finding about a whole file is made from.
_ABOUT_FILE = pl.Schema(
    {"sha256": pl.String, "rule_code": pl.String, "observed": pl.String, "expected": pl.String}
)
_SPOT = ["sha256", "sheet", "row", "col"]


@dataclass(frozen=True)
class ReceivedFile:
    """A landed file and the receipt that it came with."""

    receipt_id: str
    sha256: str
    file_name: str
    path: Path
    received_at: datetime
    sender: str
    channel: str


@dataclass(frozen=True)
class Intake:
    """Everything that a batch of files gave: CELLS, SUBMISSIONS, FINDINGS, ANSWERS.

    ``files``: their sha256. Every cell has a disposition. A file that was refused has findings of stage "guard" and no
    cells.
    """

    files: Sequence[str]
    cells: pl.DataFrame
    submissions: pl.DataFrame
    findings: pl.DataFrame
    answers: pl.DataFrame


def take_in(
    files: Sequence[ReceivedFile],
    catalogue: Catalogue,
    office: Office,
    limits: ReadLimits,
    wanted: Wanted,
) -> Intake:
    """As ``take_in_batches`` does it, all ``files`` at once."""
    # Half of what a batch may hold is not parted.
    return next(take_in_batches(files, catalogue, office, limits, wanted, batch=2 * len(files)))


def take_in_batches(
    files: Sequence[ReceivedFile],
    catalogue: Catalogue,
    office: Office,
    limits: ReadLimits,
    wanted: Wanted,
    *,
    processes: int = 1,
    batch: int | None = None,
) -> Iterator[Intake]:
    """Guard, read, bind and parse ``files``, one per sha256; a file that fails any step stops no other.

    In ``batches_of`` at most ``batch`` files, the next ones being read by ``processes`` others while these are bound;
    one batch where there are no files. ``wanted`` is what the run was told to take, if anything.
    """
    first = {file.sha256: file for file in reversed(files)}
    chosen = [file for file in files if first[file.sha256] is file]
    to_read = [FileToRead(file.sha256, file.file_name, file.path) for file in chosen]
    batches = batches_of(len(chosen)) if batch is None else batches_of(len(chosen), batch)
    reads = read_batches(to_read, limits, batches, processes=processes)
    for numbers, read in zip(batches, reads, strict=True):
        yield _bind(read, chosen[numbers.start : numbers.stop], catalogue, office, wanted)


def _bind(
    read: Read, files: Sequence[ReceivedFile], catalogue: Catalogue, office: Office, wanted: Wanted
) -> Intake:
    """What was read of ``files``, bound to its meaning and parsed."""
    known = _known(files)
    inspections = read.inspections
    packages = [sha256 for sha256, seen in inspections.items() if seen.kind == PACKAGE]
    returns = [sha256 for sha256, seen in inspections.items() if seen.kind == RETURN]
    of_packages = read.raw.filter(pl.col("sha256").is_in(packages))
    of_returns = read.raw.filter(pl.col("sha256").is_in(returns))
    typed = read.raw.filter(~pl.col("sha256").is_in([*packages, *returns]))
    decoded = decode_texts(typed)
    raw = _with_decoded(typed, decoded)
    keyed = with_keys(raw)
    back = find_back_series(keyed)
    forms = sorted(set(find_forms(keyed)) - set(back))
    lists = find_lists(raw, [*forms, *back])
    recognised = [*forms, *back, *lists]
    layouts = _choose_layouts(raw, known, recognised, catalogue)
    # A workbook that the catalogue describes is read as described.
    reports = find_reports(raw, [*recognised, *layouts.drop_nulls("layout_code")["sha256"]])
    recognised += [*reports, *packages, *returns]
    about = pl.concat(
        [
            _refused(inspections),
            read.unread.select("sha256", "rule_code", pl.col("detail").alias("observed"), _null("expected")),
            _unknown(raw, inspections, read.unread, recognised, layouts),
            pl.DataFrame(
                [(sha256, "FEEDBACK_LIST_ALONE", None, None) for sha256 in lists],
                schema=_ABOUT_FILE,
                orient="row",
            ),
            _told(inspections),
            _told_decoded(decoded),
        ]
    )
    parts: list[BoundForms | BoundLayouts | BoundReports | BoundPackages] = []
    if forms:
        of_forms = known.filter(pl.col("sha256").is_in(forms))
        parts.append(bind_forms(_of(keyed, of_forms), of_forms, catalogue, office, wanted))
    if back:
        of_back = known.filter(pl.col("sha256").is_in(back))
        parts.append(bind_back_series(_of(keyed, of_back), of_back, catalogue, office))
    mapped = layouts.filter(pl.col("n_maps") == 1, pl.col("layout_code").is_not_null())
    if len(mapped):
        parts.append(bind_layouts(_of(raw, mapped), mapped, catalogue, office, wanted))
    if reports:
        of_reports = known.filter(pl.col("sha256").is_in(reports))
        parts.append(bind_reports(_of(raw, of_reports), of_reports, catalogue, office, wanted))
    if len(of_packages):
        whose = known.filter(pl.col("sha256").is_in(of_packages["sha256"].unique().implode()))
        parts.append(bind_packages(of_packages, whose, catalogue, office, wanted))
    of_lists = raw.filter(pl.col("sha256").is_in(lists))
    cells = [cells_of_lists(of_lists, is_sample=office.is_sample), *(part.cells for part in parts)]
    parsed = parse_values(pl.concat(cells), catalogue)
    answers = [part.answers for part in parts if isinstance(part, BoundForms)]
    whose = known.filter(pl.col("sha256").is_in(of_returns["sha256"].unique().implode()))
    returned = bind_returns(of_returns, whose, catalogue, office) if len(of_returns) else empty(FINDINGS)
    found = [
        returned,
        _about_files(about, known, office),
        *(part.findings for part in parts),
        parsed.findings,
    ]
    return Intake(
        files=known["sha256"].to_list(),
        cells=_with_originals(parsed.cells, typed, decoded),
        submissions=pl.concat([empty(SUBMISSIONS), *(part.submissions for part in parts)]),
        findings=pl.concat([empty(FINDINGS), *found]),
        answers=pl.concat([empty(ANSWERS), answers_of_lists(of_lists), *answers]),
    )


def _known(files: Sequence[ReceivedFile]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sha256": [file.sha256 for file in files],
            "file_name": [file.file_name for file in files],
            "receipt_id": [file.receipt_id for file in files],
            "received_at": [file.received_at.astimezone(UTC) for file in files],
        },
        schema={
            "sha256": pl.String,
            "file_name": pl.String,
            "receipt_id": pl.String,
            "received_at": TIMESTAMP,
        },
    )


def _of(raw: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    if raw["sha256"].unique().is_in(files["sha256"].implode()).all():
        return raw
    return raw.join(files.select("sha256"), on="sha256", how="semi", maintain_order="left")


def _null(name: str) -> pl.Expr:
    return pl.lit(None, dtype=pl.String).alias(name)


def _choose_layouts(
    raw: pl.DataFrame, known: pl.DataFrame, forms: list[str], catalogue: Catalogue
) -> pl.DataFrame:
    """Files that are no form and match a layout map: ``known`` with layout_code, and how many maps they match."""
    others = known.filter(
        pl.col("sha256").is_in(raw["sha256"].unique().implode()), ~pl.col("sha256").is_in(forms)
    )
    return others.join(find_layouts(others, catalogue), on="sha256", maintain_order="left").with_columns(
        pl.len().over("sha256").alias("n_maps")
    )


def _with_decoded(raw: pl.DataFrame, decoded: pl.DataFrame) -> pl.DataFrame:
    """``raw`` with texts in legacy fonts decoded, by which labels, words and names are matched."""
    if decoded.is_empty():
        return raw.drop("font")
    return (
        raw.join(decoded.drop("font"), on=_SPOT, how="left", maintain_order="left")
        .with_columns(pl.coalesce("decoded", "raw_text").alias("raw_text"))
        .drop("decoded", "font")
    )


def _with_originals(cells: pl.DataFrame, raw: pl.DataFrame, decoded: pl.DataFrame) -> pl.DataFrame:
    """``cells`` with the text that stands in the file."""
    if decoded.is_empty():
        return cells
    originals = raw.join(decoded, on=_SPOT, how="semi").select(*_SPOT, pl.col("raw_text").alias("original"))
    return (
        cells.join(originals, on=_SPOT, how="left", maintain_order="left")
        .with_columns(pl.coalesce("original", "raw_text").alias("raw_text"))
        .drop("original")
    )


def _refused(inspections: Mapping[str, Inspection]) -> pl.DataFrame:
    rows = [
        (
            sha256,
            inspection.refusal,
            next(iter(inspection.values.values()), None),
            inspection.values.get("limit"),
        )
        for sha256, inspection in inspections.items()
        if inspection.refusal is not None
    ]
    return pl.DataFrame(rows, schema=_ABOUT_FILE, orient="row")


def _told(inspections: Mapping[str, Inspection]) -> pl.DataFrame:
    """What there is to say of files that are taken."""
    rows: list[tuple[str, str, str | None, None]] = []
    for sha256, seen in inspections.items():
        if seen.kind == PAPER:
            rows.append((sha256, "PAPER_COPY_RECEIVED", seen.values["found"], None))
        if seen.encoding == CP1258:
            rows.append((sha256, "ENCODING_1258_READ", None, None))
        if seen.refusal is None and seen.has_macros:
            rows.append((sha256, "FILE_HAS_MACROS", None, None))
    return pl.DataFrame(rows, schema=_ABOUT_FILE, orient="row")


def _told_decoded(decoded: pl.DataFrame) -> pl.DataFrame:
    """One finding per file whose texts were decoded: how many, in which fonts."""
    return decoded.group_by("sha256", maintain_order=True).agg(
        pl.lit("TEXT_LEGACY_DECODED").alias("rule_code"),
        pl.len().cast(pl.String).alias("observed"),
        pl.col("font").unique().sort().str.to_uppercase().str.join(", ").alias("expected"),
    )


def _unknown(
    raw: pl.DataFrame,
    inspections: Mapping[str, Inspection],
    unread: pl.DataFrame,
    forms: list[str],
    layouts: pl.DataFrame,
) -> pl.DataFrame:
    """Files that were read and are blank, nothing that we know, or what several layout maps speak of."""
    filled = set(raw["sha256"].unique())
    passed_by = {*unread["sha256"], *forms}
    maps = layouts.group_by("sha256").agg(pl.col("layout_code").sort().str.join(", "))
    named = dict(maps.iter_rows())
    several = set(layouts.filter(pl.col("n_maps") > 1)["sha256"])
    rows = []
    for sha256, inspection in inspections.items():
        if inspection.refusal is not None or inspection.kind == PAPER or sha256 in passed_by:
            continue
        if sha256 not in filled:
            rows.append((sha256, "FILE_NO_TABLE" if inspection.kind == "docx" else "FILE_EMPTY", None, None))
        elif sha256 in several:
            rows.append((sha256, "LAYOUT_AMBIGUOUS", named[sha256], None))
        elif sha256 not in named:
            rows.append((sha256, "FILE_NOT_RECOGNISED", None, None))
    return pl.DataFrame(rows, schema=_ABOUT_FILE, orient="row")


def _about_files(about: pl.DataFrame, known: pl.DataFrame, office: Office) -> pl.DataFrame:
    return build_findings(
        about.join(
            known.select("sha256", "file_name"), on="sha256", how="left", maintain_order="left"
        ).with_columns(pl.lit("guard").alias("stage"), pl.lit(office.is_sample).alias("is_sample"))
    )
