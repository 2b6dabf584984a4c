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
    """Files that start whole runs of the command come first, so that no worker is left with them at the end."""
    here = Path(__file__).parent
    items.sort(key=lambda item: item.path.parent not in (here, here / "third_party"))
