"""Small files for tests: marts with the columns that the outside relies on, and a dbt project of three models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from dagster_project.paths import DataFolder, Project

MARTS = {
    "dim_indicator": "indicator_code varchar, name_vi varchar",
    "dim_data_element": "data_element_code varchar, indicator_code varchar",
    "dim_area": "area_code varchar, name_vi varchar",
    "fct_indicator": """
        indicator_value_key varchar, round_code varchar, period_code varchar, data_year integer,
        criteria_set_code varchar, area_code varchar, area_name varchar, area_level varchar, indicator_code varchar,
        category_code varchar, name_vi varchar, category_name varchar, unit varchar, decimals integer,
        numerator double, denominator double, value double, value_state varchar, value_status varchar,
        applicability varchar, break_in_series boolean, comparable_from integer, n_sources bigint, coverage double,
        origin varchar, status varchar, is_confirmed boolean, is_sample boolean, partial_value double,
        n_areas bigint, n_areas_expected bigint, break_reason_vi varchar, break_reason_en varchar""",
    "fct_reported_value": """
        reported_value_key varchar, round_code varchar, period_code varchar, data_year integer, area_code varchar,
        area_name varchar, reporting_unit_code varchar, reporting_unit_name varchar, assignment_role varchar,
        indicator_code varchar, data_element_code varchar, category_code varchar, name_vi varchar,
        category_name varchar, value double, value_decimal decimal(38,6), value_text varchar, value_state varchar,
        value_status varchar, unit varchar, submission_id varchar, sha256 varchar, file_name varchar, sheet varchar,
        cell varchar, raw_text varchar, source_text varchar, note_text varchar, revision integer,
        received_at timestamptz, entered_how varchar, is_sample boolean""",
    "fct_finding": """
        finding_id varchar, rule_code varchar, stage varchar, status varchar, severity varchar, round_code varchar,
        period_code varchar, data_year integer, area_code varchar, area_name varchar, reporting_unit_code varchar,
        reporting_unit_name varchar, indicator_code varchar, data_element_code varchar, category_code varchar,
        name_vi varchar, submission_id varchar, sha256 varchar, file_name varchar, sheet varchar, cell varchar,
        observed varchar, expected varchar, message_vi varchar, message_en varchar, advice_vi varchar,
        advice_en varchar, unit_response varchar, is_sample boolean""",
    "fct_reporting_rate": """
        round_code varchar, period_code varchar, data_year integer, area_code varchar, area_name varchar,
        reporting_unit_code varchar, reporting_unit_name varchar, form_code varchar, expected bigint, actual bigint,
        actual_on_time bigint, reporting_rate double, reporting_rate_on_time double, exempt boolean,
        is_sample boolean""",
    "fct_receipt": "sha256 varchar, file_name varchar",
    "bridge_indicator_source": """
        indicator_value_key varchar, reported_value_key varchar, part varchar, coefficient double,
        is_sample boolean""",
}


def make_marts(file: Path, rows: Mapping[str, Sequence[Mapping[str, object]]]) -> Path:
    """A DuckDB file with the marts above and the rows given; columns left out are null."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts")
        for table, columns in MARTS.items():
            connection.execute(f"create table marts.{table} ({columns})")
            for row in rows.get(table, ()):
                names, marks = ", ".join(row), ", ".join("?" for _ in row)
                query = f"insert into marts.{table} ({names}) values ({marks})"  # noqa: S608  # names of our own
                connection.execute(query, list(row.values()))
    return file


def make_build(folder: DataFolder, statements: str) -> None:
    """A build file made by SQL, in place of the one before."""
    folder.build.mkdir(parents=True, exist_ok=True)
    for replaced in (folder.build_file, folder.build / "released.sha256"):
        replaced.unlink(missing_ok=True)
    with duckdb.connect(str(folder.build_file)) as connection:
        connection.execute("create schema marts; create schema staging")
        connection.execute(statements)


_PROJECT_FILES = {
    "dbt_project.yml": """
name: kho
version: "1.0"
config-version: 2
profile: kho
model-paths: [models]
models: {kho: {+materialized: table, marts: {+schema: marts}}}
""",
    "profiles.yml": """
kho:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('KHO_BUILD_WORK') }}"
      attach: [{path: "{{ env_var('KHO_BUILD_FILE') }}", alias: kho}]
      schema: main
      threads: 2
""",
    "macros/schema.sql": (
        "{% macro generate_schema_name(custom_schema_name, node) %}"
        "{{ custom_schema_name or target.schema }}{% endmacro %}"
    ),
    "macros/database.sql": (
        "{% macro generate_database_name(custom_database_name=none, node=none) %}"
        "{{ return('kho' if node.config.schema == 'marts' else target.database) }}{% endmacro %}"
    ),
    "models/sources.yml": """
version: 2
sources:
  - name: inputs
    meta: {external_location: "{{ env_var('KHO_INPUTS') }}/{name}.parquet"}
    tables: [{name: cells}, {name: factors}]
models:
  - name: fct_cell
    columns: [{name: cell, data_tests: [not_null, unique]}]
""",
    "models/marts/fct_cell.sql": "select cell, number from {{ source('inputs', 'cells') }}",
    "models/marts/dim_factor.sql": "select factor from {{ source('inputs', 'factors') }}",
    "models/marts/dim_count.sql": "select count(*) as cells from {{ ref('fct_cell') }}",
}


def make_project(root: Path) -> Project:
    """A checkout with a dbt project of three models and two tests."""
    project = Project(root)
    for name, content in _PROJECT_FILES.items():
        file = project.dbt / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return project


def make_inputs(folder: DataFolder, cells: Sequence[tuple[str, float]]) -> None:
    """The build's inputs of one office."""
    folder.make()
    folder.build_inputs.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("create table cells (cell varchar, number double)")
        connection.executemany("insert into cells values (?, ?)", cells)
        connection.execute(f"copy cells to '{folder.build_inputs}/cells.parquet'")
        connection.execute(f"copy (select 1 as factor) to '{folder.build_inputs}/factors.parquet'")
