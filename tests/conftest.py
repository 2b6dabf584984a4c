"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgres_server import started_postgres

#: Third-party workbooks with expected results; they are read where they lie and never copied.
THIRD_PARTY = os.environ.get("KHO_TEST_DATA", "")


# The suite's own workers fill the processors; tests of work side by side ask for it.
os.environ.setdefault("KHO_PROCESSES", "1")


#: Files that took more than 15 s of processor time when they were last measured, the longest first.
_LONGEST = (
    "test_rounds.py",
    "season/test_season.py",
    "test_sample.py",
    "test_releases_command.py",
    "test_decisions.py",
    "warehouse/test_build.py",
    "test_rounds_side_by_side.py",
    "third_party/test_ons.py",
    "test_forty_faults.py",
    "dbt/test_build_on.py",
    "dbt/test_areas_over_time.py",
    "third_party/test_wdi.py",
    "third_party/test_papi.py",
    "dbt/test_marts.py",
    "test_pci_workbooks.py",
    "test_province.py",
    "test_packages.py",
    "faultset/test_moved.py",
    "dbt/test_known_at.py",
    "test_letters.py",
    "faultset/test_faultset.py",
    "quality/test_gate.py",
    "test_back_series.py",
    "warehouse/test_releases.py",
    "warehouse/test_sql.py",
    "intake/test_values.py",
    "reports/test_portal_browser.py",
    "decide/test_decide.py",
    "catalogue/test_exchange.py",
    "chaos/test_chaos.py",
    "sample/test_faults.py",
)


@pytest.fixture(scope="session")
def third_party() -> Path:
    """The folder with third-party data; tests that need it say so where it is missing."""
    folder = Path(THIRD_PARTY)
    if not THIRD_PARTY or not folder.is_dir():
        pytest.skip("third-party data not found: set KHO_TEST_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that these tests start themselves."""
    with ExitStack() as stack:
        try:
            address = stack.enter_context(started_postgres())
        except Exception as error:  # noqa: BLE001  # whatever keeps it from starting here
            pytest.skip(f"PostgreSQL cannot start here: {error}")
        yield address


@pytest.fixture(scope="session")
def catalogues() -> Path:
    """Catalogues made for tests."""
    return Path(__file__).parent / "data" / "catalogues"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files come first, in their order, so that no worker is left with one at the end."""
    here = Path(__file__).parent
    places = {here / name: place for place, name in enumerate(_LONGEST)}
    gone = [str(file) for file in places if not file.is_file()]
    if gone:
        raise pytest.UsageError(f"_LONGEST in {__file__} names files that are not there: {', '.join(gone)}")
    items.sort(key=lambda item: places.get(item.path, len(places)))
