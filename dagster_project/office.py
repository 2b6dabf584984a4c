"""An office's data folder from nothing: its settings, its own catalogue, its empty folders.

What runs in the folder afterwards does not belong here.
"""

from __future__ import annotations

import shutil

from dagster_project import durable
from dagster_project.errors import UsageError
from dagster_project.paths import DataFolder, Project
from dagster_project.settings import LEVELS, Settings

_TEMPLATE = """\
# {mark}
is_sample = {is_sample}
level = "{level}"
area_code = "{area_code}"
criteria_set_code = "{criteria_set_code}"
"""

_DAGSTER_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: false
"""


def make_office(
    settings: Settings, *, is_sample: bool, level: str, area_code: str, criteria_set_code: str
) -> bool:
    """Make what is missing; returns whether the office's catalogue was made now.

    The sample reads the catalogue that ships with the product. Raises ``UsageError`` for a wrong level, and where the
    folder belongs to the sample and an office is asked for, or the reverse.
    """
    if level not in LEVELS:
        raise UsageError("cli.wrong_level", level=level)
    folder = settings.folder
    if folder.settings.is_file() and settings.office.is_sample != is_sample:
        raise UsageError("cli.sample_mixed" if is_sample else "cli.office_mixed", folder=folder.root)
    folder.make()
    make_dagster_home(folder)
    if not folder.settings.is_file():
        durable.write_text(
            folder.settings,
            _TEMPLATE.format(
                mark="SỐ LIỆU MINH HỌA" if is_sample else "Kho Chỉ tiêu",
                is_sample=str(is_sample).lower(),
                level=level,
                area_code=area_code,
                criteria_set_code=criteria_set_code,
            ),
        )
    if is_sample or folder.catalogue.is_dir():
        return is_sample
    with durable.new_folder(folder.catalogue) as aside:
        shutil.copytree(Project().reference, aside, dirs_exist_ok=True)
    return True


def make_dagster_home(folder: DataFolder) -> None:
    """The home of Dagster's history in the data folder, telemetry off; an existing one is left alone."""
    settings = folder.dagster_home / "dagster.yaml"
    if not settings.is_file():
        durable.write_text(settings, _DAGSTER_SETTINGS)
