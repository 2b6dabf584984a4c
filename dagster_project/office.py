"""An office's data folder from nothing: its settings, its own catalogue, its empty folders.

What runs in the folder afterwards does not belong here.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping

import polars as pl

from dagster_project import durable
from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.errors import UsageError
from dagster_project.paths import DataFolder, Project
from dagster_project.settings import LEVELS, REFERENCE_AREAS, Settings, read_office

_TEMPLATE = """\
# {mark}
is_sample = {is_sample}
level = "{level}"
area_code = "{area_code}"
criteria_set_code = "{criteria_set_code}"
reference_areas = "{reference_areas}"
"""

_DAGSTER_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: false
# What starts by itself works one after the other; a run whose process died is started again, one that failed is not.
concurrency:
  runs:
    tag_concurrency_limits:
      - key: kho/one_at_a_time
        limit: 1
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 90
      success: 365
"""


def make_office(settings: Settings, *, is_sample: bool, asked: Mapping[str, str]) -> bool:
    """Make what is missing; returns whether the office's catalogue was made now.

    ``asked`` are level, area_code, criteria_set_code and reference_areas as far as they were told; the others are
    those that the office has, else those that ship. An office's catalogue starts as a copy of the one in use; the
    sample reads the one that ships. Raises ``UsageError`` for a level, an area, a criteria set or reference areas that
    are not there, and where the folder has other settings, or belongs to the sample and an office is asked for, or
    the reverse.
    """
    folder = settings.folder
    is_there = folder.settings.is_file()
    if is_there and settings.office.is_sample != is_sample:
        raise UsageError("cli.sample_mixed" if is_sample else "cli.office_mixed", folder=folder.root)
    if asked.get("level", LEVELS[0]) not in LEVELS:
        raise UsageError("cli.wrong_level", level=asked["level"])
    if asked.get("reference_areas", REFERENCE_AREAS[0]) not in REFERENCE_AREAS:
        told, known = asked["reference_areas"], ", ".join(REFERENCE_AREAS)
        raise UsageError("areas.wrong_reference", told=told, known=known)
    before = settings.office if is_there else read_office(Project().office)
    office = before.model_copy(update=asked)
    if is_there and office != before:
        differing = [
            f"{name} = {has} (≠ {told})"
            for name, told in asked.items()
            if (has := getattr(before, name)) != told
        ]
        raise UsageError("cli.init_differs", file=folder.settings, differing="; ".join(differing))
    beside = Project().national if office.reference_areas == "national" else None
    _check_codes(
        load_catalogue(settings.catalogue, beside), office.level, office.area_code, office.criteria_set_code
    )
    folder.make()
    make_dagster_home(folder)
    if not is_there:
        durable.write_text(
            folder.settings,
            _TEMPLATE.format(
                mark="SỐ LIỆU MINH HỌA" if is_sample else "Kho Chỉ tiêu",
                is_sample=str(is_sample).lower(),
                level=office.level,
                area_code=office.area_code,
                criteria_set_code=office.criteria_set_code,
                reference_areas=office.reference_areas,
            ),
        )
        folder.settings.chmod(0o600)  # an office may write the address of its ledger there, with the password
    if is_sample or folder.catalogue.is_dir():
        return is_sample
    with durable.new_folder(folder.catalogue) as aside:
        for table in sorted(settings.catalogue.glob("*.csv")):
            shutil.copyfile(table, aside / table.name)
    return True


def _check_codes(catalogue: Catalogue, level: str, area_code: str, criteria_set_code: str) -> None:
    """An area belongs to its level; a level of which the catalogue names no area has nothing to belong to."""
    areas = catalogue.table("areas").filter(pl.col("level") == level)["area_code"].to_list()
    if areas and area_code not in areas:
        raise UsageError("cli.wrong_area", area=area_code, level=level)
    sets = catalogue.table("criteria_sets")["criteria_set_code"].to_list()
    if criteria_set_code not in sets:
        raise UsageError("cli.wrong_criteria_set", told=criteria_set_code, known=", ".join(sets))


def make_dagster_home(folder: DataFolder) -> None:
    """The home of Dagster's history in the data folder, telemetry off; an existing one is left alone."""
    settings = folder.dagster_home / "dagster.yaml"
    if not settings.is_file():
        durable.write_text(settings, _DAGSTER_SETTINGS)
