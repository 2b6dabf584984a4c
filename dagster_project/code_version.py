"""Which sources shape figures: a release tells by them what made it, and what is kept is kept under them."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagster_project.paths import Project

_CODE = {
    "dagster_project": ("*.py", "*.csv"),
    "dbt": ("*.sql", "*.yml", "*.py"),
    "expectations": ("*.json",),
}
#: They change no figure of a release.
_OUTSIDE_RESULTS = (
    "defs",
    "reports",
    "aside.py",
    "catalogue_versions.py",
    "appendix.py",
    "backup.py",
    "cli.py",
    "cli_back_series.py",
    "cli_backup.py",
    "cli_base.py",
    "cli_catalogue.py",
    "cli_decisions.py",
    "cli_doctor.py",
    "cli_documents.py",
    "cli_failures.py",
    "cli_feedback.py",
    "cli_handover.py",
    "cli_letters.py",
    "cli_notices.py",
    "cli_portal.py",
    "cli_progress.py",
    "cli_package.py",
    "cli_releases.py",
    "cli_publish.py",
    "cli_rounds.py",
    "cli_sql.py",
    "cli_serve.py",
    "cli_status.py",
    "cli_timetable.py",
    "decide",
    "doctor.py",
    "fixed_rounds.py",
    "freshness.py",
    "known.py",
    "mail.py",
    "notices.py",
    "own_files.py",
    "portal_server.py",
    "progress.py",
    "serve.py",
    "timetable.py",
    "handover.py",
    "sending_back.py",
    "unit_letters.py",
)


@cache
def code_version(project: Project) -> str:
    """sha256 over the sources that shape figures: the package, the models, the suites.

    Found once per process, so that all stages of a run agree even where somebody updates the checkout meanwhile.
    """
    digest = hashlib.sha256()
    for top, patterns in _CODE.items():
        files = sorted(file for pattern in patterns for file in (project.root / top).rglob(pattern))
        for file in files:
            relative = file.relative_to(project.root)
            if relative.parts[1] in (*_OUTSIDE_RESULTS, "target", "dbt_packages", "logs"):
                continue
            digest.update(f"{relative.as_posix()}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
