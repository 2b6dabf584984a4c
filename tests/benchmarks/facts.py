"""Sets of facts without workbooks: ``python -m tests.benchmarks.facts --facts 1000000 DIR``.

Everything that a build reads, as gate 1 would leave it, written set-wise: made-up communes of made-up provinces with
the units and the duties of the reference catalogue, ten yearly rounds, figures that grow from year to year and now and
then break a rule, a few of them revised, blank, zero or quarantined. Equal sizes and seeds give equal figures. A
hundredth of a nation's set is seconds, a hundred million facts are minutes; nothing is held in memory but the
catalogue.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import polars as pl

from dagster_project import frames
from dagster_project.catalogue.artifacts import write_parquet
from dagster_project.catalogue.load import Catalogue, load_catalogue
from dagster_project.paths import Project
from tests.faultset.__main__ import say

_PATTERN = "BL-"
_PATTERN_ROUND = "2244-X-2026"
_FORM = "B01-X"
_LAST_YEAR = 2026
#: Communes of one made-up province; the country has 3,321 in 34.
_COMMUNES = 98
NATION = "VN"
#: One file in so many was sent a second time.
_REVISED = 50
#: One bound figure in so many is not a number: blank, nothing to report, not applicable, held by gate 1.
_BLANK, _ZERO, _NOT_APPLICABLE, _HELD = 50, 40, 200, 400
#: One cell without a role (a label) comes with so many figures.
_FIGURES_PER_LABEL = 5
_ROW_GROUP = 250_000
_FIRST_ROW = 9

_TYPES = {pl.String(): "varchar", pl.Boolean(): "boolean", pl.Int32(): "integer", pl.Int64(): "bigint"} | {
    pl.Float64(): "double",
    pl.Date(): "date",
    frames.TIMESTAMP: "timestamptz",
}


@dataclass(frozen=True)
class FactSet:
    """What was written: the folder of a build's inputs, and how much is in it."""

    inputs: Path
    areas: int
    years: int
    facts: int
    files: int


def write_facts(inputs: Path, facts: int, *, years: int = 10, seed: int = 1) -> FactSet:
    """The inputs of a build with about ``facts`` current figures, never fewer than one commune of all ``years``."""
    patterns = _patterns(reference := load_catalogue(Project().reference))
    areas = max(1, round(facts / (patterns.height * years)))
    write_parquet(_catalogue(reference, areas, years), inputs / "catalogue")
    with duckdb.connect(config={"preserve_insertion_order": True}) as connection:
        connection.execute("set TimeZone = 'Asia/Ho_Chi_Minh'; set enable_progress_bar = false")
        connection.register("given_patterns", patterns.to_arrow())
        connection.execute("create table patterns as from given_patterns")
        files = _write_files(connection, inputs, areas, years, seed)
        (inputs / "cells").mkdir()
        _copy(
            connection,
            _CELLS.format(first_row=_FIRST_ROW, **_shares(seed)),
            frames.CELLS,
            inputs / "cells" / f"{facts}-{years}-{seed}.parquet",
        )
        _copy(connection, _FINDINGS.format(**_shares(seed)), frames.FINDINGS, inputs / "findings.parquet")
    for name, schema in (
        ("entries", frames.ENTRIES),
        ("responses", frames.RESPONSES),
        ("verdicts", frames.VERDICTS),
        ("exemptions", frames.EXEMPTIONS),
        ("round_states", frames.ROUND_STATES),
        ("documents", frames.DOCUMENTS),
        ("report_texts", frames.REPORT_TEXTS),
    ):
        frames.empty(schema).write_parquet(inputs / f"{name}.parquet")
    return FactSet(inputs, areas, years, patterns.height * areas * years, files)


def _patterns(reference: Catalogue) -> pl.DataFrame:
    """One row per figure that the units of one area report, with the row of its form."""
    elements = reference.table("data_elements").select(
        "data_element_code",
        "value_type",
        "role",
        "decimals",
        "unit",
        "disaggregation_code",
        "unit_aggregation",
    )
    categories = pl.concat(
        [
            reference.table("categories").select("disaggregation_code", "category_code", "sort_order"),
            elements.select(
                "disaggregation_code", category_code=pl.lit("_T"), sort_order=pl.lit(0, dtype=pl.Int64)
            ).unique(),
        ]
    )
    ours = (
        reference.table("assignments")
        .filter(pl.col("reporting_unit_code").str.starts_with(_PATTERN), pl.col("form_code") == _FORM)
        .join(elements, on="data_element_code", maintain_order="left")
        .join(categories, on="disaggregation_code", nulls_equal=True, maintain_order="left")
        .with_row_index("place")
        .sort("reporting_unit_code", "place", "sort_order", maintain_order=True)
    )
    units = pl.col("reporting_unit_code")
    return ours.select(
        position=pl.int_range(pl.len()).cast(pl.Int64),
        unit=units.rle_id().cast(pl.Int64),
        suffix=units.str.strip_prefix(_PATTERN),
        data_element_code="data_element_code",
        element=pl.col("data_element_code").str.replace(r"\.[A-Z]+$", "."),
        category_code="category_code",
        n_categories=pl.len().over("reporting_unit_code", "data_element_code") - 1,
        part=pl.col("data_element_code").str.extract(r"\.([A-Z]+)$"),
        decimals=pl.col("decimals").fill_null(0),
        unit_of_measure="unit",
        row=_FIRST_ROW + pl.int_range(pl.len()).over("reporting_unit_code").cast(pl.Int32),
    )


def _catalogue(reference: Catalogue, areas: int, years: int) -> Catalogue:
    """The reference catalogue with the made-up areas, their units and their rounds in place of its own."""
    numbers = pl.DataFrame({"number": range(1, areas + 1)})
    code = pl.format("9{}", pl.col("number").cast(pl.String).str.zfill(5))
    province = (pl.col("number") - 1) // _COMMUNES
    province_code = pl.format("P{}", province.cast(pl.String).str.zfill(3))
    nowhere = {"name_en": None, "area_type": None, "area_km2": None, "valid_from": None, "valid_to": None}
    communes = numbers.select(
        area_code=code,
        name_vi=pl.format("Xã Minh họa {}", "number"),
        level=pl.lit("commune"),
        parent_code=province_code,
    )
    provinces = communes.select(area_code=pl.col("parent_code").unique(maintain_order=True)).with_columns(
        name_vi=pl.format("Tỉnh Minh họa {}", "area_code"),
        level=pl.lit("province"),
        parent_code=pl.lit(NATION),
    )
    nation = pl.DataFrame(
        {"area_code": [NATION], "name_vi": ["Cả nước"], "level": ["national"], "parent_code": [None]}
    )
    tables = dict(reference.tables)
    tables["areas"] = _like(
        tables["areas"],
        pl.concat([nation.cast({"parent_code": pl.String}), provinces, communes]).with_columns(
            **{name: pl.lit(value) for name, value in nowhere.items()}
        ),
    )
    always = {"valid_from": pl.lit(None), "valid_to": pl.lit(None)}
    for name in ("reporting_units", "assignments"):
        ours = tables[name].filter(pl.col("reporting_unit_code").str.starts_with(_PATTERN))
        moved = ours.join(numbers, how="cross", maintain_order="right").with_columns(
            reporting_unit_code=pl.format(
                "A{}-{}", "number", pl.col("reporting_unit_code").str.strip_prefix(_PATTERN)
            ),
            **({"area_code": code} if "area_code" in ours.columns else {}),
            **always,
        )
        tables[name] = _like(tables[name], moved)
    chosen = pl.DataFrame({"data_year": range(_LAST_YEAR - years + 1, _LAST_YEAR + 1)})
    year = pl.col("data_year").cast(pl.String)
    pattern = tables["rounds"].filter(pl.col("round_code") == _PATTERN_ROUND)
    tables["rounds"] = _like(
        tables["rounds"],
        pattern.drop("data_year")
        .join(chosen, how="cross")
        .with_columns(
            round_code=pl.format("2244-X-{}", year),
            period_code=year,
            level=pl.lit("national"),
            **{name: pl.date("data_year", 12, 31) for name in ("period_end", "cut_off")},
            period_start=pl.date("data_year", 1, 1),
            opens_on=pl.date(pl.col("data_year") + 1, 1, 1),
        ),
    )
    tables["forms"] = tables["forms"].with_columns(
        level=pl.when(pl.col("form_code") == _FORM).then(pl.lit("national")).otherwise("level")
    )
    due = tables["round_due_dates"].filter(pl.col("round_code") == _PATTERN_ROUND).drop("round_code")
    tables["round_due_dates"] = _like(
        tables["round_due_dates"],
        due.join(chosen, how="cross").with_columns(
            round_code=pl.format("2244-X-{}", year),
            due_date=pl.col("due_date").dt.offset_by(pl.format("{}y", pl.col("data_year") - _LAST_YEAR)),
        ),
    )
    for name in ("area_successions", "reporting_unit_successions", "unit_aliases", "area_aliases", "targets"):
        tables[name] = tables[name].clear()
    return replace(reference, tables=tables)


def _like(table: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the columns and types of ``table``."""
    return frames.conform(rows.select(name for name in table.columns if name in rows.columns), table.schema)


def _shares(seed: int) -> dict[str, int]:
    return {
        "seed": seed,
        "blank": _BLANK,
        "zero": _ZERO,
        "not_applicable": _NOT_APPLICABLE,
        "held": _HELD,
        "figures_per_label": _FIGURES_PER_LABEL,
    }


def _write_files(
    connection: duckdb.DuckDBPyConnection, inputs: Path, areas: int, years: int, seed: int
) -> int:
    """The table ``files`` and what the ledger and intake would tell of them; returns how many."""
    connection.execute(
        _FILES,
        {
            "areas": areas,
            "years": years,
            "first": _LAST_YEAR - years + 1,
            "revised": _REVISED,
            "seed": seed,
            "form": _FORM,
        },
    )
    _copy(connection, _SUBMISSIONS, frames.SUBMISSIONS, inputs / "submissions.parquet")
    _copy(connection, _RECEIPTS, frames.RECEIPTS, inputs / "receipts.parquet")
    return int(connection.execute("select count(*) from files").fetchall()[0][0])


def _copy(connection: duckdb.DuckDBPyConnection, query: str, schema: pl.Schema, file: Path) -> None:
    """The rows of ``query`` with the columns and types of ``schema``; a column that it lacks is null."""
    told = [column for column, *_ in connection.execute(f"describe {query}").fetchall()]
    unknown = set(told) - set(schema)
    if unknown:
        raise ValueError(f"columns outside the contract: {sorted(unknown)}")
    columns = ", ".join(
        f"cast({_quoted(name) if name in told else 'null'} as {_TYPES[kind]}) as {_quoted(name)}"
        for name, kind in schema.items()
    )
    connection.execute(
        f"copy (select {columns} from ({query})) to '{file}' (format parquet, row_group_size {_ROW_GROUP})"  # noqa: S608  # texts of this module
    )


def _quoted(name: str) -> str:
    return f'"{name}"'


#: A file per unit, area and year, and an earlier one where it was revised; 0 is the first that came.
_FILES = """
    create table files as
    with units as (select distinct unit, suffix from patterns),
    sent as (
        select
            $first + years.y as data_year,
            1 + areas.a as area_number,
            units.unit,
            units.suffix,
            hash($seed, years.y, areas.a, units.unit) as chance
        from range($years) as years(y), range($areas) as areas(a), units
    ),
    revised as (
        select *, 1 as revision from sent
        union all
        select *, 0 as revision from sent where chance % $revised = 0
    )
    select
        *,
        printf('9%05d', area_number) as area_code,
        'A' || area_number || '-' || suffix as reporting_unit_code,
        '2244-X-' || data_year as round_code,
        data_year::varchar as period_code,
        $form || '_' || area_number || '-' || suffix || '_' || data_year
            || case revision when 0 then '' else '_1' end || '.xlsx' as file_name,
        sha256(concat_ws('|', $seed, data_year, area_number, suffix, revision)) as sha256,
        md5(concat_ws('|', $seed, data_year, area_number, suffix, revision)) as submission_id,
        make_timestamptz(data_year + 1, 3, 1 + ((chance >> 8) % 9)::bigint, 8, revision * 30, 0.0) as received_at,
        $form as form_code
    from revised
    order by data_year, area_number, unit, revision
"""

_SUBMISSIONS = """
    select
        submission_id, sha256, file_name, reporting_unit_code, area_code, form_code, '1' as form_version, round_code,
        period_code, received_at, chance % 3 = 0 as signed_copy, false as blocked, 'form' as entered_how,
        false as is_sample
    from files
"""

_RECEIPTS = """
    select
        md5(sha256) as receipt_id, sha256, file_name, 10000 as size_bytes, received_at,
        lower(suffix) || '@a' || area_number || '.example' as sender, 'email' as channel, 'received' as status,
        false as is_sample
    from files
"""

#: A part is at most its whole but for one in some hundreds, a typed rate is that of its parts but for one in fifty.
_FIGURES = """
    select
        files.*,
        patterns.* exclude (unit, suffix),
        hash({seed}, files.data_year, files.area_number, patterns.position, files.revision) as lot,
        hash({seed}, files.area_number, patterns.element) % 9000 + 1000 as base,
        power(1.03 + hash({seed}, files.area_number, patterns.element) % 7 / 100.0, files.data_year - 2017) as growth,
        0.30 + hash({seed}, files.area_number, patterns.element, 'share') % 60 / 100.0 as share
    from files
    inner join patterns on files.unit = patterns.unit
"""

_CELLS = (
    """
    with figures as ("""
    + _FIGURES
    + """),
    valued as (
        select
            *,
            round(base * growth * (0.97 + lot % 7 / 100.0)) as whole,
            case
                when lot % {held} = 0 then 'held'
                when lot % {blank} = 1 then 'missing'
                when lot % {zero} = 2 then 'zero'
                when lot % {not_applicable} = 3 then 'not_applicable'
                else 'value'
            end as state
        from figures
    ),
    told as (
        select
            *,
            case
                when state = 'zero' then 0
                when state in ('missing', 'not_applicable') then null
                when part = 'TS' then round(base * growth * (case when lot % 300 = 7 then 1.2 else share end))
                when part = 'MS' then round(base * growth)
                when part = 'TL' then round(case when lot % 50 = 9 then 77 else 100 * share end, 2)
                when category_code <> '_T' then floor(base * growth / n_categories)
                when n_categories > 0
                    then n_categories * floor(base * growth / n_categories) + case when lot % 100 = 11 then 1 else 0 end
                else whole
            end::double as figure
        from valued
    )
    select
        sha256, file_name, 'Biểu' as sheet, "row", 6 as col, 'F' || "row" as cell,
        case
            when state = 'held' then printf('%d.%03d', (figure / 1000)::int, figure::int % 1000)
            when decimals > 0 and part = 'TL' then coalesce(replace(printf('%.2f', figure), '.', ','), '')
            else coalesce(figure::bigint::varchar, '')
        end as raw_text,
        case when figure is null then 'blank' when state = 'held' then 'text' else 'number' end as cell_type,
        case when state <> 'held' then figure end as number,
        '#,##0' as number_format,
        'value' as role,
        submission_id, reporting_unit_code, area_code, form_code, round_code, period_code, data_element_code,
        category_code,
        case when state <> 'held' then figure end as value,
        case when state <> 'held' then case part when 'TL' then printf('%.2f', figure) else figure::bigint::varchar end
        end as value_exact,
        state as value_state,
        case when figure is not null then 'final' end as value_status,
        unit_of_measure as unit,
        'Sổ theo dõi của đơn vị' as source_text,
        'form' as entered_how,
        false as is_sample,
        case when state = 'held' then 'quarantined' else 'accepted' end as disposition,
        case when state = 'held' then 'NUMBER_AMBIGUOUS' end as reason
    from told
    union all
    select
        sha256, file_name, 'Biểu', "row", 3, 'C' || "row", 'Số liệu ' || data_element_code, 'text', null, '', null,
        submission_id, reporting_unit_code, area_code, form_code, round_code, period_code, null, null, null, null, null,
        null, null, null, null, false, 'ignored', 'label'
    from told
    where position % {figures_per_label} = 0
    """
)

_FINDINGS = (
    """
    select
        md5(concat_ws('|', submission_id, position)) as finding_id, 'NUMBER_AMBIGUOUS' as rule_code,
        'admission' as stage, 'fail' as status, 'blocking' as severity, sha256, file_name, 'Biểu' as sheet,
        'F' || "row" as cell, submission_id, reporting_unit_code, area_code, round_code, period_code,
        data_element_code, category_code, 'a text' as observed, 'a number' as expected,
        'Số liệu ' || data_element_code || ' viết theo cách đọc được hai nghĩa.' as message_vi,
        data_element_code || ' reads in two ways.' as message_en,
        'Đề nghị đơn vị ghi lại.' as advice_vi, 'Please write it again.' as advice_en, false as is_sample
    from ("""
    + _FIGURES
    + """)
    where lot % {held} = 0
    """
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one set and say how much it is."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.facts", description=__doc__)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    began = time.perf_counter()
    made = write_facts(told.inputs, told.facts, years=told.years, seed=told.seed)
    size = sum(file.stat().st_size for file in told.inputs.rglob("*.parquet"))
    say(
        f"{made.facts:,} facts of {made.areas:,} communes in {made.years} years, {made.files:,} files, "
        f"{size / 1e6:,.0f} MB, {time.perf_counter() - began:.1f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
