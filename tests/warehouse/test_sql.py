"""What an analyst relies on in `kho sql`, and what the office relies on: nothing but reading, within limits."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tiny import make_marts

from dagster_project.errors import KhoError, UsageError
from dagster_project.warehouse.sql import QueryLimits, render, run_query


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = {
        "dim_area": [{"area_code": "03390", "name_vi": "Xã Bình Lư"}, {"area_code": "03412", "name_vi": None}]
    }
    return make_marts(tmp_path_factory.mktemp("release") / "kho.duckdb", rows)


def shown(file: Path, query: str, style: str = "table") -> str:
    assert style in ("table", "csv", "json")
    return render(run_query(file, query), style)  # type: ignore[arg-type]


def test_marts_are_found_without_their_schema_and_with_it(file: Path) -> None:
    assert run_query(file, "select area_code from dim_area order by 1").rows == [["03390"], ["03412"]]
    assert run_query(file, "from marts.dim_area").columns == ["area_code", "name_vi"]


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select 1 as x) select * from a",
        "describe dim_area",
        "show tables",
        "explain select 1",
        "select 1;",
        "-- lời dẫn\nselect 1",
    ],
)
def test_reading_statements_are_taken(file: Path, query: str) -> None:
    assert run_query(file, query).rows


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- nothing",
        "select 1; select 2",
        "select 1; drop table dim_area",
        "insert into dim_area values ('1', 'a')",
        "create table a as select 1",
        "copy dim_area to 'stolen.csv'",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
        "reset lock_configuration",
        "install httpfs",
        "load httpfs",
        "export database 'out'",
        "call pragma_version(); select 1",
        "checkpoint",
    ],
)
def test_other_statements_are_refused_in_words(file: Path, query: str) -> None:
    with pytest.raises(UsageError) as caught:
        run_query(file, query)
    assert "SELECT" in caught.value.text("vi")


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{file}')",
        "select * from read_blob('/proc/self/environ')",
        "select * from '/etc/passwd'",
        "select * from glob('/*')",
        "select * from sniff_csv('/etc/passwd')",
        "select * from duckdb_secrets() where 1 = read_text('/etc/passwd')",
        "select * from query('attach ''x.db''')",
        "select * from sqlite_scan('a.db', 't')",
        "select * from asked",
        "select getenv('HOME')",
        "select nothing from dim_area",
        "selec 1",
        "select '\ud800'",
    ],
)
def test_files_and_the_process_are_out_of_reach(file: Path, query: str) -> None:
    with pytest.raises(UsageError) as caught:
        run_query(file, query.format(file=file))
    assert caught.value.code == "warehouse.query_wrong"


@pytest.mark.parametrize(
    "query",
    [
        "select repeat('a', 2000000000)",
        "select list(i) from range(900000000) t(i)",
    ],
)
def test_a_query_that_wants_too_much_is_stopped_and_told(file: Path, query: str) -> None:
    with pytest.raises(KhoError):
        run_query(file, query, QueryLimits(memory_bytes=700_000_000, seconds=20))


@pytest.mark.parametrize(
    "query",
    [
        "with recursive t as (select 1 as a union all select a + 1 from t) select max(a) from t",
        "select count(*) from range(10000000000) a, range(10000000000) b where a.range * b.range = 7",
    ],
)
def test_a_query_without_end_is_stopped(file: Path, query: str) -> None:
    """Whichever limit it meets first: that of time, or on a slow machine that of memory."""
    with pytest.raises(KhoError) as caught:
        run_query(file, query, QueryLimits(seconds=1))
    assert caught.value.code in ("warehouse.query_time", "warehouse.query_memory")


def test_a_result_that_would_fill_the_memory_is_stopped(file: Path) -> None:
    with pytest.raises(KhoError) as caught:
        run_query(file, "select repeat('a', 1000) from range(1000000)", QueryLimits(result_bytes=1_000_000))
    assert caught.value.code == "warehouse.query_size"


def test_reading_leaves_no_file_behind(file: Path) -> None:
    run_query(file, "select * from range(100000) t(i) order by hash(i)")
    assert [path.name for path in file.parent.iterdir()] == ["kho.duckdb"]


def test_csv_holds_the_data_as_it_is(file: Path) -> None:
    query = """
        select '03390' as code, '=1+1' as f, 'a,"b' as q, 'x' || chr(10) || 'y' as l, null as n,
            12.50::decimal(9,2) as d, 0.1::double as v, date '2026-04-09' as t, true as b,
            0::decimal(38,10) as z
    """
    text = shown(file, query, "csv")
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["code", "f", "q", "l", "n", "d", "v", "t", "b", "z"],
        ["03390", "=1+1", 'a,"b', "x\ny", "", "12.50", "0.1", "2026-04-09", "true", "0.0000000000"],
    ]


def test_json_keeps_codes_text_and_numbers_exact(file: Path) -> None:
    query = """
        select '03390' as code, 3 as n, 12345678901234567.25::decimal(38,2) as d, 0.1::double as v, null as x,
            timestamptz '2026-04-09 09:30:00+00' as t, 'nan'::double as nan, sum(2::bigint) as s, [1, null] as l
    """
    text = shown(file, query, "json")
    assert '"d": 12345678901234567.25' in text
    (row,) = json.loads(text)
    assert row == {
        "code": "03390",
        "n": 3,
        "d": pytest.approx(12345678901234567.25),
        "v": 0.1,
        "x": None,
        "t": "2026-04-09T16:30:00+07:00",
        "nan": "nan",
        "s": 2,
        "l": [1, None],
    }
    assert json.loads(shown(file, "select 1 where false", "json")) == []
    assert json.loads(shown(file, "select 1 as a, 2 as a", "json")) == [{"a": 1, "a_1": 2}]
    several = "select [cast(1.5 as decimal(4, 2)), null] as few, cast(2.5 as decimal(4, 2)) as one"
    assert json.loads(shown(file, several, "json")) == [{"few": ["1.50", None], "one": 2.5}]


def test_the_table_is_aligned_for_vietnamese_and_wide_letters(file: Path) -> None:
    text = shown(file, "select * from (values ('Bình Lư', 5.5, null), ('县', 1200, 'a')) t(ten, so, ghi_chu)")
    assert text.splitlines() == [
        "ten          so  ghi_chu",
        "───────  ──────  ───────",
        "Bình Lư     5.5  NULL",
        "县       1200.0  a",
        "(2 dòng)",
    ]


def test_text_from_a_file_does_not_steer_the_terminal(file: Path) -> None:
    assert "\x1b" not in shown(file, "select chr(27) || '[2J' as a, chr(8) || chr(13) as b")


def test_a_plan_is_printed_as_a_plan(file: Path) -> None:
    assert len(shown(file, "explain select * from dim_area").splitlines()) > 5
