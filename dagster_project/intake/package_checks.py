"""What is wrong with a package of the level below: parts, round, level, area, definitions, annex against CSV.

Each check gives rows for ``build_findings``, one finding per fault. What is held out because of them is decided in
``bind_package``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from dagster_project.intake.form_findings import finding
from dagster_project.intake.keys import folded
from dagster_project.intake.package_parts import ANNEX, table_path
from dagster_project.intake.package_tables import parts, table
from dagster_project.intake.report_identity import one_form, submission_ids
from dagster_project.intake.report_meanings import valid_at_end
from dagster_project.intake.report_tables import LINE, SHEET, find_tables, read_lines
from dagster_project.messages import message
from dagster_project.settings import LEVELS, Office

if TYPE_CHECKING:
    from dagster_project.catalogue.load import Catalogue
    from dagster_project.catalogue.rounds import Wanted

_TOTAL = "_T"
_FIGURES = ("numerator", "denominator", "value")
#: Parts of one rounding: an annex holds doubles as a workbook writes them.
_TOLERANCE = 1e-9
#: What makes a figure another figure, and what makes an indicator another sum of the same figures.
_HOLDING = ("unit", "value_type", "disaggregation_code")
_RECKONING = ("unit", "value_type", "numerator", "denominator", "multiplier")
#: Of a list in one message, so many are written out.
_SHOWN = 3
_OPEN = ("blocking", "warning")


def check_parts(raw: pl.DataFrame, needed: tuple[str, ...]) -> pl.DataFrame:
    """Parts that are not what the manifest lists, are missing, or are not listed; tables that are needed."""
    seen = parts(raw)
    wrong = seen.with_columns(
        pl.when(pl.col("told").is_null())
        .then(pl.lit("PACKAGE_PART_ADDED"))
        .when(pl.col("found").is_null())
        .then(pl.lit("PACKAGE_PART_MISSING"))
        .when(pl.col("told") != pl.col("found"))
        .then(pl.lit("PACKAGE_DAMAGED"))
        .alias("rule_code")
    ).drop_nulls("rule_code")
    there = raw.select("sha256", "sheet").unique()
    lacking = (
        raw.select("sha256")
        .unique(maintain_order=True)
        .join(pl.DataFrame({"path": list(needed)}), how="cross")
        .join(there, left_on=["sha256", "path"], right_on=["sha256", "sheet"], how="anti")
        .join(wrong, on="sha256", how="anti")
        .with_columns(pl.lit("PACKAGE_PART_MISSING").alias("rule_code"))
    )
    return pl.concat([wrong, lacking], how="diagonal_relaxed").select(
        "rule_code", "sha256", pl.col("path").alias("observed")
    )


def identify(packages: pl.DataFrame, catalogue: Catalogue, office: Office, wanted: Wanted) -> pl.DataFrame:
    """``packages`` (sha256 and what the manifest says) with round, unit, area and form; null where there is none.

    A package of a request that is asked for by its code is of that one, else of the first of its period.
    """
    rounds = catalogue.table("rounds").filter(
        pl.col("level") == office.level,
        pl.col("criteria_set_code") == (office.criteria_set_code or pl.col("criteria_set_code")),
    )
    rounds = (
        rounds.sort(
            (pl.col("round_code") != pl.lit(wanted.round_code, pl.String)).fill_null(value=False),
            pl.col("request_number").fill_null(1),
        )
        .unique(["criteria_set_code", "period_code"], keep="first", maintain_order=True)
        .select(
            *("round_code", "criteria_set_code", "period_code", "data_year", "period_type", "period_end"),
            "opens_on",
        )
    )
    known = packages.join(
        rounds,
        left_on=["round.criteria_set_code", "round.period_code"],
        right_on=["criteria_set_code", "period_code"],
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.col("round.criteria_set_code").alias("criteria_set_code"),
        pl.col("round.period_code").alias("period_code"),
    )
    day = pl.col("period_end")
    units = (
        known.select("sha256", "round_code", "period_end", pl.col("area.code").alias("area_code"))
        .join(catalogue.table("reporting_units").filter(pl.col("level") == office.level), on="area_code")
        .filter(day.is_between(pl.col("valid_from").fill_null(day), pl.col("valid_to").fill_null(day)))
        .join(one_form(catalogue), on=["reporting_unit_code", "round_code"])
        .filter(pl.len().over("sha256") == 1)
        .select("sha256", "reporting_unit_code", "area_code", "form_code", "form_version")
    )
    return (
        known.join(units, on="sha256", how="left", maintain_order="left")
        .with_columns(pl.lit(office.is_sample).alias("is_sample"))
        .pipe(lambda frame: frame.with_columns(submission_ids(frame)))
    )


def check_identity(packages: pl.DataFrame, catalogue: Catalogue, office: Office) -> pl.DataFrame:
    """Packages of another level, another round, an area where nobody reports, or of the other kind of figures.

    One finding each: what is of another level has no round here either.
    """
    rank = {level: number for number, level in enumerate(LEVELS)}
    level = pl.col("round.level").replace_strict(rank, default=None, return_dtype=pl.Int64)
    other_level = (level.fill_null(-2) != rank[office.level] - 1).fill_null(value=True)
    has_round = pl.col("round_code").is_not_null()
    expected = ", ".join(
        catalogue.table("rounds")
        .filter(pl.col("level") == office.level)
        .select(pl.format("{} · {}", "criteria_set_code", "period_code"))
        .to_series()
        .unique(maintain_order=True)
    )
    said = pl.format(
        "{} · {}",
        pl.col("round.criteria_set_code").fill_null("–"),
        pl.col("round.period_code").fill_null("–"),
    )
    area = pl.format("{} {}", pl.col("area.code").fill_null("–"), pl.col("area.name").fill_null(""))
    kind = pl.format("is_sample = {}", pl.col("said_sample").fill_null("–"))
    of_sample = pl.col("said_sample") != pl.lit(str(office.is_sample).lower())
    rules = (
        pl.when(of_sample.fill_null(value=True))
        .then(pl.struct(pl.lit("PACKAGE_IS_SAMPLE").alias("rule_code"), kind.alias("observed")))
        .when(other_level)
        .then(
            pl.struct(
                pl.lit("PACKAGE_OTHER_LEVEL").alias("rule_code"), pl.col("round.level").alias("observed")
            )
        )
        .when(~has_round)
        .then(pl.struct(pl.lit("PACKAGE_OTHER_ROUND").alias("rule_code"), said.alias("observed")))
        .when(pl.col("reporting_unit_code").is_null())
        .then(pl.struct(pl.lit("PACKAGE_OTHER_UNIT").alias("rule_code"), area.alias("observed")))
    )
    words = {"PACKAGE_OTHER_LEVEL": office.level, "PACKAGE_OTHER_ROUND": expected}
    return (
        packages.select("sha256", rules.alias("fault"))
        .unnest("fault")
        .drop_nulls("rule_code")
        .with_columns(
            pl.col("rule_code").replace_strict(words, default=None, return_dtype=pl.String).alias("expected")
        )
    )


def check_state(packages: pl.DataFrame) -> pl.DataFrame:
    """Packages of rounds that are not issued yet."""
    words = {code: message(f"rounds.state_{code}", "vi") for code in ("draft", "reviewed", "for_signature")}
    early = packages.filter(~pl.col("round.state").is_in(["issued", "locked"]).fill_null(value=False))
    state = pl.col("round.state").replace_strict(words, default="–", return_dtype=pl.String)
    return finding(early, "PACKAGE_DRAFT", observed=state)


def check_definitions(raw: pl.DataFrame, packages: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Data elements and indicators that the package defines otherwise than the round's catalogue."""
    rounds = packages.select("round_code", "criteria_set_code", "period_end").unique().drop_nulls()
    found = []
    for name, owner, code, attributes, rule in (
        ("dim_data_element", "data_elements", "data_element_code", _HOLDING, "PACKAGE_OTHER_DEFINITION"),
        ("dim_indicator", "indicators", "indicator_code", _RECKONING, "PACKAGE_OTHER_FORMULA"),
    ):
        columns = (code, "name_vi", *attributes)
        here = valid_at_end(catalogue.table(owner), rounds).select(
            "round_code", code, *(_text(column).alias(f"{column}_here") for column in columns[1:])
        )
        theirs = table(raw, name, columns).select(
            "sha256", code, *(_text(column).alias(column) for column in columns[1:])
        )
        both = theirs.join(packages.select("sha256", "round_code"), on="sha256").join(
            here, on=["round_code", code], maintain_order="left"
        )
        found += [
            _differing(both, rule, code, attributes),
            _differing(
                both.filter(folded(both["name_vi"]) != folded(both["name_vi_here"])),
                "PACKAGE_OTHER_NAME",
                code,
                ("name_vi",),
            ),
        ]
    return pl.concat(found, how="diagonal_relaxed")


def _text(column: str) -> pl.Expr:
    """A number as one text, however it is written."""
    text = pl.col(column).cast(pl.String).str.strip_chars()
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_not_null()).then(number.cast(pl.String)).otherwise(text)


def _differing(both: pl.DataFrame, rule: str, code: str, attributes: tuple[str, ...]) -> pl.DataFrame:
    unlike = {name: pl.col(name).ne_missing(pl.col(f"{name}_here")) for name in attributes}

    def said(suffix: str) -> pl.Expr:
        return pl.concat_str(
            [
                pl.when(differs).then(pl.format(f"{name}: {{}}", pl.col(f"{name}{suffix}").fill_null("–")))
                for name, differs in unlike.items()
            ],
            separator="; ",
            ignore_nulls=True,
        )

    return both.filter(pl.any_horizontal(*unlike.values())).select(
        pl.lit(rule).alias("rule_code"),
        "sha256",
        code,
        said("").alias("observed"),
        said("_here").alias("expected"),
    )


def check_annex(raw: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    """Figures of the annex that are not those of the CSV, and figures that it lacks; one finding per indicator."""
    annex = raw.filter(pl.col("sheet").str.starts_with(f"{ANNEX}/"))
    columns = find_tables(annex, ())
    as_reported = [message("reports.basis.as_reported", lang) for lang in ("vi", "en")]
    whose = packages.select("sha256", pl.col("period_code"), pl.col("area.code").alias("own_area"))
    lines = (
        read_lines(annex, columns)
        .join(whose, on="sha256")
        .filter(
            pl.col("period_text").fill_null(pl.col("period_code")) == pl.col("period_code"),
            pl.col("area_code_text").fill_null(pl.col("own_area")) == pl.col("own_area"),
            pl.col("basis_text").is_null() | pl.col("basis_text").is_in(as_reported),
        )
        .select(*LINE, "code_text", "category_text")
    )
    shown = (
        lines.join(columns.filter(pl.col("role").is_in(_FIGURES)).select(*SHEET, "col", "role"), on=SHEET)
        .join(annex.select(*SHEET, "row", "col", "number"), on=[*SHEET, "row", "col"])
        .select(
            "sha256",
            pl.col("code_text").str.strip_chars().alias("indicator_code"),
            _category("category_text"),
            "role",
            "number",
        )
        .drop_nulls("number")
    )
    told = table(
        raw,
        "fct_indicator",
        ("indicator_code", "category_code", "category_name", "area_code", "period_code", *_FIGURES),
    )
    told = (
        told.join(whose, on="sha256", suffix="_own")
        .filter(pl.col("area_code") == pl.col("own_area"), pl.col("period_code") == pl.col("period_code_own"))
        .with_columns(pl.when(pl.col("category_code") != _TOTAL).then("category_name").alias("category_name"))
        .select("sha256", "indicator_code", _category("category_name"), *_FIGURES)
        .unpivot(
            _FIGURES, index=["sha256", "indicator_code", "category"], variable_name="role", value_name="said"
        )
        .with_columns(pl.col("said").cast(pl.Float64, strict=False))
        .drop_nulls("said")
    )
    place = ["sha256", "indicator_code", "category", "role"]
    both = told.join(shown, on=place, how="left", maintain_order="left")
    size = pl.max_horizontal(pl.col("said").abs(), pl.col("number").abs())
    alike = ((pl.col("said") - pl.col("number")).abs() <= _TOLERANCE * size).fill_null(value=False)
    wrong = both.filter(~alike.any().over(place))
    return wrong.group_by("sha256", "indicator_code", maintain_order=True).agg(
        pl.lit("PACKAGE_ANNEX_DIFFERS").alias("rule_code"),
        pl.col("number").cast(pl.String).fill_null("–").first().alias("observed"),
        pl.col("said").cast(pl.String).first().alias("expected"),
    )


def _category(column: str) -> pl.Expr:
    """A category's name as a key; the total's name is blank."""
    text = pl.col(column).str.strip_chars().str.to_lowercase()
    return pl.when(text.is_null() | (text == "")).then(pl.lit(_TOTAL)).otherwise(text).alias("category")


def tell_open(raw: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    """What the level below has not settled itself, one line per figure."""
    return (
        _still_open(raw, packages)
        .group_by("sha256", "data_element_code", "category_code", maintain_order=True)
        .agg(
            pl.lit("PACKAGE_BELOW_OPEN").alias("rule_code"),
            pl.len().cast(pl.String).alias("observed"),
            pl.col("message_vi").head(_SHOWN).str.join(" ").alias("expected"),
        )
    )


def held_below(raw: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    """sha256, data_element_code, category_code (null: all) that the level below counts in no indicator yet."""
    blocking = _still_open(raw, packages).filter(pl.col("severity") == "blocking")
    return (
        blocking.select("sha256", "data_element_code", "category_code")
        .drop_nulls("data_element_code")
        .unique()
    )


def _still_open(raw: pl.DataFrame, packages: pl.DataFrame) -> pl.DataFrame:
    columns = ("status", "severity", "is_open", "data_element_code", "category_code", "message_vi")
    found = table(raw, "fct_finding", columns).join(packages.select("sha256"), on="sha256", how="semi")
    return found.filter(
        pl.col("status") == "fail",
        pl.col("is_open").fill_null("true") == "true",
        pl.col("severity").is_in(_OPEN),
    )


def needed_tables() -> tuple[str, ...]:
    """Parts without which nothing can be taken in."""
    return tuple(map(table_path, ("fct_element_value", "fct_indicator", "dim_data_element", "dim_indicator")))
