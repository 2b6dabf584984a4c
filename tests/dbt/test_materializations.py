"""Own materializations keep what dbt's keep: contracts, descriptions, hooks, words of a failure in the log."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder, Project
from dagster_project.warehouse.build import run_dbt
from tests.warehouse.tiny import make_inputs, make_project

_MACROS = ("materializations.sql", "slices.sql")
_MODEL = """
version: 2
models:
  - name: fct_told
    description: It's "told"
    config: {contract: {enforced: true}, persist_docs: {relation: true, columns: true}}
    columns:
"""
_CELL = '      - {name: cell, data_type: string, description: "the cell\'s place"}'
_NUMBER = "      - {name: number, data_type: double}"


def build(root: Path, columns: list[str], *, head: str = "") -> DataFolder:
    project = make_project(root / "checkout")
    for name in _MACROS:
        shutil.copy(Project().dbt / "macros" / name, project.dbt / "macros" / name)
    models = project.dbt / "models" / "marts"
    (models / "fct_told.yml").write_text(_MODEL + "\n".join(columns), encoding="utf-8")
    query = "select number, cell from {{ source('inputs', 'cells') }}"
    (models / "fct_told.sql").write_text(head + query, encoding="utf-8")
    folder = DataFolder(root / "office")
    make_inputs(folder, [("A1", 1.5)])
    run_dbt(project, folder)
    return folder


def test_columns_of_a_contract_may_stand_in_any_order_and_are_told_with_their_words(tmp_path: Path) -> None:
    folder = build(tmp_path, [_CELL, _NUMBER])
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        assert connection.execute("from marts.fct_told").fetchall() == [("A1", 1.5)]
        told = connection.execute(
            "select comment from duckdb_tables() where table_name = 'fct_told' union all "
            "select comment from duckdb_columns() where table_name = 'fct_told' order by all"
        ).fetchall()
    assert told == [('It\'s "told"',), ("the cell's place",), (None,)]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ([_CELL, "      - {name: number, data_type: integer}"], "contract"),
        ([_CELL], "contract"),
        ([_CELL, _NUMBER, "      - {name: more, data_type: date}"], "contract"),
        ([_CELL, "      - {name: number}"], "number"),
    ],
    ids=["another type", "a column too many", "a column that is not there", "a column without a type"],
)
def test_a_model_that_breaks_its_contract_fails_and_the_log_says_why(
    tmp_path: Path, columns: list[str], told: str
) -> None:
    with pytest.raises(KhoError, match="fct_told"):
        build(tmp_path, columns)
    log = (tmp_path / "office/logs/dbt.log").read_text(encoding="utf-8")
    errors = [line for line in log.splitlines() if "[error]" in line]
    assert any("fct_told" in line for line in errors)
    assert told in log


def test_hooks_of_a_model_run(tmp_path: Path) -> None:
    before, after = (
        "create table if not exists kho.marts.seen (a integer)",
        "insert into kho.marts.seen values (1)",
    )
    folder = build(
        tmp_path, [_CELL, _NUMBER], head=f'{{{{ config(pre_hook="{before}", post_hook="{after}") }}}} '
    )
    with duckdb.connect(str(folder.build_file), read_only=True) as connection:
        assert connection.execute("from marts.seen").fetchall() == [(1,)]
