"""A million rows into a PostgreSQL of its own while readers go on, and publishers killed on the way.

    python -m tests.benchmarks.publish [--rows N] [--readers N] [--pause S] [--publications N] [--kills N] [--seed N]

Every figure differs between the two releases that take turns, so each publication changes every row. A reader asks,
in one statement and in a transaction of several, which release there is and for counts and sums, by the tables and
by a view of its own: what does not belong together is a mixed read. A publisher is killed at a random instant, and the
schema must hold what it held. The last line is the verdict, the exit code 0 where it is good.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from dagster_project.paths import DataFolder
from dagster_project.warehouse.keys import Key
from dagster_project.warehouse.publish import Published, Target, publish
from dagster_project.warehouse.releases import Manifest, make_release, read_manifest
from tests.faultset.__main__ import say
from tests.postgres_server import started_postgres
from tests.warehouse.tiny import make_build

KEYS = {
    "fct_indicator": Key(("indicator_value_key",), frozenset({"indicator_value_key"})),
    "fct_reported_value": Key(("reported_value_key",), frozenset({"reported_value_key"})),
}
NOW = datetime(2026, 4, 12, 8, 0, tzinfo=UTC)
#: Count and sum of each table, by release: sums of whole numbers are exact in whatever order.
Expected = Mapping[str, tuple[int, int, int, int]]

_FACTS = """
    '2244-X-2025' as round_code, '2025' as period_code, (2000 + i % 26)::bigint as data_year, '03390' as area_code,
    'Xã Bình Lư' as area_name, 'I.' || (i % 46) as indicator_code, '_T' as category_code,
    'Số hộ gia đình có "kết nối", ô ' || i as name_vi, nullif('', '') as category_name, '' as note_text,
    'hộ' as unit, ((i * {factor}) % 1000003)::double as value, (i / 4)::decimal(38, 10) as value_decimal,
    'value' as value_state, 'final' as value_status, i % 3 = 0 as break_in_series,
    timestamptz '2026-04-01 08:00:00+07' + to_seconds(i) as received_at, date '2025-12-31' as period_end
"""
_READ = """
    select release_id, a.rows, a.total, b.rows, b.total
    from marts.kho_release,
        (select count(*) as rows, sum(value) as total from {one}) a,
        (select count(*) as rows, sum(value) as total from marts.fct_reported_value) b
"""


def make_two_releases(root: Path, rows: int) -> tuple[DataFolder, list[Manifest], Expected]:
    """Two releases with the same keys and other figures; the second has one row less in each table."""
    folder = DataFolder(root)
    folder.make()
    manifests, expected = [], {}
    for number, factor in ((0, 7), (1, 11)):
        each = rows // 2 - number
        facts = _FACTS.format(factor=factor)
        make_build(
            folder,
            f"""
            create table marts.fct_indicator as
            select md5(i::varchar) as indicator_value_key, {facts} from range({each}) t(i);
            create table marts.fct_reported_value as
            select md5('v' || i) as reported_value_key, {facts} from range({each}) t(i);
            """,  # noqa: S608  # figures of this file
        )
        made = make_release(
            folder,
            inputs_hash=str(number),
            catalogue_hash="c",
            code_version="v",
            is_sample=False,
            created_at=NOW,
            keep=3,
        )
        manifests.append(read_manifest(folder, made.release_id))
        total = sum((i * factor) % 1_000_003 for i in range(each))
        expected[made.release_id] = (each, total, each, total)
    return folder, manifests, expected


def put(folder: DataFolder, manifest: Manifest, address: str, **more: Any) -> Published:
    """Publish one of the releases."""
    target = Target(SecretStr(address))
    return publish(folder, manifest, more.pop("keys", KEYS), target, area_code="03390", now=NOW, **more)


def state(address: str) -> tuple[Any, ...]:
    """What the schema holds: the release, and count and sum of each table."""
    with psycopg.connect(address) as connection:
        return _read(connection, "marts.fct_indicator")


def _read(connection: psycopg.Connection[Any], one: str) -> tuple[Any, ...]:
    query = _READ.format(one=one)
    release_id, *figures = connection.execute(query).fetchone() or ()
    return (release_id, *(int(figure) for figure in figures))


@dataclass
class Readers:
    """What readers met so far."""

    expected: Expected
    reads: int = 0
    seen: set[str] = field(default_factory=set)
    mixed: list[Any] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, found: tuple[Any, ...]) -> None:
        with self._lock:
            self.reads += 1
            self.seen.add(found[0])
            if self.expected[found[0]] != found[1:]:
                self.mixed.append(found)


@contextmanager
def reading(address: str, expected: Expected, number: int, pause: float = 0) -> Iterator[Readers]:
    """So many readers, at work for as long as the block runs; each other one reads by a view of its own.

    ``pause``: seconds between two questions of one reader, so that they do not ask for all of a machine.
    """
    told, done = Readers(expected), threading.Event()
    threads = [threading.Thread(target=_read_on, args=(address, told, done, pause, i)) for i in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _read_on(address: str, told: Readers, done: threading.Event, pause: float, number: int) -> None:
    one = "bi.figures" if number % 2 else "marts.fct_indicator"
    try:
        with psycopg.connect(address) as connection:
            connection.execute("set role kho_reader" if one.startswith("marts.") else "select 1")
            connection.commit()
            while not done.wait(pause):
                told.note(_read(connection, one))
                connection.commit()
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                told.note(_read_in_steps(connection, one))
                connection.commit()
                connection.isolation_level = None
    except Exception as error:  # noqa: BLE001  # whatever a reader meets is what we want to know
        told.errors.append(f"{type(error).__name__}: {error}")


def _read_in_steps(connection: psycopg.Connection[Any], one: str) -> tuple[Any, ...]:
    """The same by several statements, which one snapshot holds together."""
    found: list[Any] = []
    for query in (
        "select release_id from marts.kho_release",
        f"select count(*), sum(value) from {one}",  # noqa: S608  # one of two names of our own
        "select count(*), sum(value) from marts.fct_reported_value",
    ):
        found.extend(connection.execute(query.encode()).fetchone() or ())
    return (found[0], *(int(figure) for figure in found[1:]))


def make_view(address: str) -> None:
    """What a BI user builds on the tables."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("create schema if not exists bi")
        connection.execute("create or replace view bi.figures as select * from marts.fct_indicator")


def kill_publisher(
    folder: DataFolder, release_id: str, address: str, *, table: str = "", seconds: float = 0
) -> int:
    """Start a publisher and kill it as it comes to ``table``, or after so many seconds; how it ended."""
    context = multiprocessing.get_context("spawn")
    begun = context.Event()
    child = context.Process(target=_publish_and_die, args=(folder.root, release_id, address, table, begun))
    child.start()
    begun.wait()
    if not table:
        child.join(seconds)
        child.kill()
    child.join()
    _wait_until_gone(address)
    return child.exitcode or 0


def _publish_and_die(root: Path, release_id: str, address: str, table: str, begun: Any) -> None:
    folder = DataFolder(root)
    begun.set()

    def come_to(name: str) -> None:
        if name == table:
            os.kill(os.getpid(), signal.SIGKILL)

    put(folder, read_manifest(folder, release_id), address, on_table=come_to)


def _wait_until_gone(address: str) -> None:
    """Until the server has noticed that its client died."""
    with psycopg.connect(address, autocommit=True) as connection:
        while connection.execute(
            "select pg_sleep(0.05) from pg_stat_activity where application_name = 'kho publish' limit 1"
        ).fetchone():
            pass


def _size(address: str) -> int:
    with psycopg.connect(address) as connection:
        (size,) = connection.execute(
            "select sum(pg_total_relation_size(oid)) from pg_class where relname like 'fct%' and relkind = 'r'"
        ).fetchone() or (0,)
    return int(size)


def main() -> int:
    """Publish in turns under readers, kill publishers, print what was met."""
    parser = argparse.ArgumentParser()
    for name, default in (
        ("rows", 1_000_000),
        ("readers", 8),
        ("pause", 2),
        ("publications", 3),
        ("kills", 4),
        ("seed", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    told = parser.parse_args()
    chance = random.Random(told.seed)  # noqa: S311  # instants, not secrets
    with (
        started_postgres(is_durable=True) as address,
        tempfile.TemporaryDirectory(prefix="kho-publish-") as root,
    ):
        return _play(address, Path(root), told, chance)


def _play(address: str, root: Path, told: argparse.Namespace, chance: random.Random) -> int:
    folder, manifests, expected = make_two_releases(root, told.rows)
    seconds = _timed(lambda: put(folder, manifests[0], address))
    say(f"first publication of {told.rows} rows: {seconds:.1f} s, {_size(address) / 1e6:.0f} MB")
    again = _timed(lambda: put(folder, manifests[0], address))
    say(f"the same again: {again:.2f} s")
    make_view(address)
    alone = _timed(lambda: put(folder, manifests[1], address))
    say(f"every row changed, nobody reading: {alone:.1f} s, {_size(address) / 1e6:.0f} MB")
    with reading(address, expected, told.readers, told.pause) as readers:
        for number in range(told.publications):
            seconds = _timed(lambda: put(folder, manifests[number % 2], address))  # noqa: B023  # called at once
            say(
                f"publication {number + 1}, every row changed: {seconds:.1f} s, {_size(address) / 1e6:.0f} MB"
            )
    say(f"{told.readers} readers: {readers.reads} reads, releases seen {sorted(readers.seen)},")
    say(f"  errors {len(readers.errors)}, mixed reads {len(readers.mixed)}")
    kept = 0
    for _ in range(told.kills):
        before = state(address)
        other = next(item for item in manifests if item.release_id != before[0])
        instant = chance.uniform(0, 1) * alone
        code = kill_publisher(folder, other.release_id, address, seconds=instant)
        after = state(address)
        whole = after == before or (after[0] == other.release_id and after[1:] == expected[other.release_id])
        kept += whole
        say(
            f"killed after {instant:.1f} s (code {code}): {before[0]} -> {after[0]}, {'whole' if whole else 'BROKEN'}"
        )
    with psycopg.connect(address) as connection:
        (rows,) = connection.execute("select count(*) from bi.figures").fetchone() or (0,)
    say(f"the view of the BI user holds {rows} rows")
    good = not readers.errors and not readers.mixed and kept == told.kills and len(readers.seen) == 2 and rows
    say("GOOD" if good else f"BAD: {readers.errors[:3]} {readers.mixed[:3]}")
    return 0 if good else 1


def _timed(action: Any) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
