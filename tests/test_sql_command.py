"""`kho sql` and `kho describe` as people meet them: one query, a prompt with history, and no way out of either."""

from __future__ import annotations

import os
import pty
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder
from dagster_project.warehouse.releases import make_release
from dagster_project.warehouse.sql import QueryLimits, run_query
from tests.command import ROOT, Printed, kho_inside
from tests.warehouse.tiny import make_build

BUILD = """
    create table marts.dim_area as
    select * from (values ('03390', 'Xã Bình Lư'), ('12', 'Lai Châu')) t(area_code, name_vi);
    comment on table marts.dim_area is 'Một dòng cho mỗi địa bàn. — One row per area.';
    comment on column marts.dim_area.area_code is 'Mã địa bàn. — Area code.';
    create table marts.fct_finding as select i from range(3) t(i);
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = DataFolder(tmp_path_factory.mktemp("office"))
    folder.make()
    make_build(folder, BUILD)
    make_release(
        folder,
        inputs_hash="i",
        catalogue_hash="c",
        code_version="v",
        is_sample=False,
        created_at=datetime(2026, 4, 11, tzinfo=UTC),
        keep=3,
    )
    return folder.root


def test_tables_and_columns_are_described_in_either_language(data: Path) -> None:
    assert kho_inside(data, "describe").out.splitlines() == [
        "dim_area     Một dòng cho mỗi địa bàn.",
        "fct_finding",
    ]
    assert kho_inside(data, "describe", "marts.dim_area").out.splitlines() == [
        "dim_area (2 dòng): Một dòng cho mỗi địa bàn.",
        "",
        "area_code  VARCHAR  Mã địa bàn.",
        "name_vi    VARCHAR",
    ]
    english = CliRunner().invoke(app, ["--data", str(data), "--lang", "en", "describe", "dim_area"])
    assert "One row per area." in english.stdout
    assert "Area code." in english.stdout
    (told,) = kho_inside(data, "describe", "dim_area", "--json").json
    assert told["columns"][0]["comment"] == "Mã địa bàn. — Area code."


def test_a_mistyped_table_is_answered_with_the_nearest(data: Path) -> None:
    printed = kho_inside(data, "describe", "fct_findings")
    assert printed.code == 2
    assert "fct_finding" in printed.err
    assert "dim_area" not in printed.err


def test_a_query_may_come_by_standard_input(data: Path) -> None:
    def piped(query: str) -> Printed:
        done = CliRunner().invoke(app, ["--data", str(data), "sql", "--csv"], input=query)
        code = int(done.exception.exit_code) if isinstance(done.exception, KhoError) else done.exit_code
        return Printed(code, done.stdout, "")

    assert piped("select count(*) as n\nfrom dim_area").out.splitlines() == ["n", "2"]
    assert piped(" \n").code == 2


def test_the_prompt_answers_goes_on_after_a_mistake_and_remembers(data: Path) -> None:
    said = _converse(
        data,
        ["select name_vi", "from dim_area where area_code = '12';", "selec;", "\\d dim_area", "\\x", "\\q"],
    )
    assert "Lai Châu" in said
    assert "Parser Error" in said
    assert "Mã địa bàn." in said
    assert r"\x" in said
    history = DataFolder(data).sql_history
    assert history.read_text(encoding="utf-8").splitlines() == [
        "select name_vi from dim_area where area_code = '12';",
        "selec;",
        "\\d dim_area",
        "\\x",
    ]
    assert history.stat().st_mode & 0o077 == 0


def _converse(data: Path, lines: list[str]) -> str:
    """What the prompt prints on a terminal of its own."""
    program = "from dagster_project.cli import main; main()"
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(PYTHONPATH=str(ROOT), KHO_LANG="vi", TERM="dumb")
        line = [sys.executable, "-c", program, "--data", str(data), "sql"]
        os.execv(sys.executable, line)  # noqa: S606  # our own program, on a terminal
    said = b""
    for line in lines:
        said += _until_asked(terminal)
        os.write(terminal, f"{line}\n".encode())
    said += _until_asked(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    return said.decode("utf-8").replace("\r", "")


def _until_asked(terminal: int) -> bytes:
    said = b""
    while not re.search(rb"(kho>|\.\.\.) $", said):
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            return said
        if not part:
            return said
        said += part
    return said


#: Ways out of a database that is only to be read; {secret} is a file beside the release, {out} one to be written.
WAYS_OUT = {
    "read a file": "select * from read_text('{secret}')",
    "read a table from a file": "select * from read_csv('{secret}')",
    "list a folder": "select * from glob('{folder}/*')",
    "attach another database": "attach '{secret}' as other",
    "write a file": "copy (select 1) to '{out}'",
    "install an extension": "install httpfs; load httpfs",
    "change a setting": "set enable_external_access = true",
    "sniff a file": "select * from sniff_csv('{secret}')",
    "read the environment": "select getenv('KHO_SECRET')",
    "fetch from the network": "select * from read_text('http://127.0.0.1:1/a')",
    "two gigabytes of text": "select repeat('a', 2000000000)",
    "a query without end": (
        "select count(*) from range(10000000000) a, range(10000000000) b where a.range * b.range = 7"
    ),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_leads_out_of_a_query(
    data: Path, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHO_SECRET", "mat-khau")
    secret, out = tmp_path / "secret.csv", tmp_path / "out.csv"
    secret.write_text("mat-khau\n", encoding="utf-8")
    folder = DataFolder(data)
    file = folder.release(folder.current_release.read_text(encoding="utf-8").strip()) / "kho.duckdb"
    query = WAYS_OUT[way].format(secret=secret, out=out, folder=tmp_path)
    with pytest.raises(KhoError) as caught:
        run_query(file, query, QueryLimits(memory_bytes=1_000_000_000, seconds=3))
    assert "mat-khau" not in caught.value.text("vi")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
