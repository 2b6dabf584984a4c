"""Whom, what and when a form is about: its printed codes against the catalogue, and every fault in them.

Each fault here blocks its file. Faults of rows and cells are in ``form_checks``.
"""

from __future__ import annotations

import hashlib

import polars as pl

from dagster_project.catalogue.load import Catalogue
from dagster_project.catalogue.rounds import Wanted, rounds_of
from dagster_project.forms.layout import HIDDEN_SHEET, IDENTITY
from dagster_project.intake.form_codes import CODES, SPOT, TABLE, VISIBLE, code_key, label_key
from dagster_project.intake.form_findings import finding, suggest
from dagster_project.messages import message
from dagster_project.settings import Office

_TIME_ZONE = "Asia/Ho_Chi_Minh"


def identify(
    keyed: pl.DataFrame,
    tables: pl.DataFrame,
    files: pl.DataFrame,
    catalogue: Catalogue,
    office: Office,
    *,
    assigned: pl.DataFrame | None,
) -> pl.DataFrame:
    """One row per file: its printed and hidden codes, what the catalogue knows of them, its submission_id.

    Codes that ``files`` bring count as printed; their units may report for every area that ``assigned`` gives them,
    which is None where files bring none.
    """
    told = [name for name in files.columns if name.startswith(("printed_", "cell_", "hidden_"))]
    labels = pl.DataFrame({"label": [label_key(item.label) for item in IDENTITY], "name": CODES})
    places = tables.select("sha256", pl.col("sheet").alias("table_sheet"), "code_row")
    heading = (
        keyed.select(*SPOT, "sheet_hidden", "cell", "key", "label")
        .filter(VISIBLE)
        .join(places, on="sha256")
        .filter(
            pl.col("table_sheet").is_null() | (pl.col("sheet") == pl.col("table_sheet")),
            pl.col("code_row").is_null() | (pl.col("row") < pl.col("code_row")),
        )
        .sort(*SPOT)
    )
    in_row = pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in (*TABLE, "row"))
    following = heading.with_columns(
        pl.when(in_row).then(pl.col("key", "cell").shift(-1)).name.prefix("next_")
    ).join(labels, on="label")
    printed = _widen(following.with_columns(pl.col("next_key").alias("key")), "printed")
    cells = _widen(following.with_columns(pl.col("next_cell").alias("key")), "cell")
    mark = label_key("forms.sample_mark")
    marked = heading.filter(pl.col("key").str.contains(mark, literal=True)).select("sha256").unique()
    hidden = _hidden_codes(keyed)
    forms = (
        files.select("sha256", "file_name", "received_at", *told)
        .join(tables, on="sha256", how="left", maintain_order="left")
        .join(printed.drop(told, strict=False), on="sha256", how="left", maintain_order="left")
        .join(cells.drop(told, strict=False), on="sha256", how="left", maintain_order="left")
        .join(hidden.drop(told, strict=False), on="sha256", how="left", maintain_order="left")
        .with_columns(
            pl.col("sha256").is_in(marked["sha256"].implode()).alias("sample_printed"),
            pl.col("has_map").fill_null(value=False),
            (pl.col("hidden_is_sample") == "1").fill_null(value=False).alias("sample_hidden"),
        )
    )
    known = _resolve(forms, catalogue)
    if assigned is not None:
        known = _at_home(known, assigned)
    return known.with_columns(
        (pl.col("sample_printed") | pl.col("sample_hidden") | pl.lit(office.is_sample)).alias("is_sample")
    )


def _widen(rows: pl.DataFrame, prefix: str) -> pl.DataFrame:
    """The first ``key`` of each name as columns ``<prefix>_<name>``; every name has its column."""
    first = rows.group_by("sha256", "name", maintain_order=True).agg(pl.col("key").drop_nulls().first())
    return first.group_by("sha256", maintain_order=True).agg(
        pl.col("key").filter(pl.col("name") == name).first().alias(f"{prefix}_{name}") for name in CODES
    )


def _hidden_codes(keyed: pl.DataFrame) -> pl.DataFrame:
    """What the hidden sheet says of itself, one row per file that has one."""
    sheet = keyed.filter(pl.col("sheet") == HIDDEN_SHEET)
    names = sheet.filter(pl.col("col") == 1).select("sha256", "row", pl.col("key").alias("name"))
    said = sheet.filter(pl.col("col") == 2).join(names, on=["sha256", "row"])
    return said.group_by("sha256", maintain_order=True).agg(
        pl.lit(value=True).alias("has_map"),
        *(
            pl.col("key").filter(pl.col("name") == name).first().alias(f"hidden_{name}")
            for name in (*CODES, "is_sample")
        ),
    )


def _resolve(forms: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Join what the catalogue has under the printed codes; the codes of ``forms`` are the catalogue's own."""
    rounds = _keyed(catalogue.table("rounds"), "round_code").select(
        "printed_round_code",
        "round_code",
        "period_code",
        "data_year",
        pl.col("period_type").fill_null("year"),
        "period_start",
        "period_end",
        "opens_on",
        pl.col("level").alias("round_level"),
        pl.col("criteria_set_code").alias("round_set"),
    )
    known = forms.join(rounds, on="printed_round_code", how="left", maintain_order="left")
    day = pl.col("period_end").fill_null(pl.date(9999, 1, 1))
    versions = _keyed(catalogue.table("forms"), "form_code").with_columns(
        code_key(pl.col("form_version")).alias("printed_form_version")
    )
    known = known.join(
        versions.select(
            "printed_form_code",
            "printed_form_version",
            "form_code",
            "form_version",
            pl.col("level").alias("form_level"),
            pl.col("criteria_set_code").alias("form_set"),
        ).unique(["printed_form_code", "printed_form_version"], keep="last", maintain_order=True),
        on=["printed_form_code", "printed_form_version"],
        how="left",
        maintain_order="left",
    )
    # The version of the unit that is valid on the period's last day, else any: an expired unit is still known.
    known = (
        known.with_columns(day.alias("day"))
        .join(
            catalogue.derived(_printed_units),
            on="printed_reporting_unit_code",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("day").is_between("valid_from", "valid_to").alias("unit_valid"))
        .sort("unit_valid", descending=True, nulls_last=True, maintain_order=True)
        .unique("sha256", keep="first", maintain_order=True)
        .sort("sha256")
    )
    return known.with_columns(
        pl.when(code_key(pl.col("unit_area_code")) == pl.col("printed_area_code"))
        .then("unit_area_code")
        .alias("area_code")
    ).with_columns(_submission_ids(known))


def _printed_units(catalogue: Catalogue) -> pl.DataFrame:
    """Every version of every reporting unit, under its code as a form prints it."""
    return _keyed(catalogue.table("reporting_units"), "reporting_unit_code").select(
        "printed_reporting_unit_code",
        "reporting_unit_code",
        pl.col("area_code").alias("unit_area_code"),
        pl.col("valid_from").fill_null(pl.date(1, 1, 1)),
        pl.col("valid_to").fill_null(pl.date(9999, 12, 31)),
    )


def _at_home(forms: pl.DataFrame, assigned: pl.DataFrame) -> pl.DataFrame:
    """``forms`` whose unit reports for the printed area in the printed round, though it is not its own."""
    codes = ["reporting_unit_code", "area_code", "round_code"]
    homes = assigned.select(codes).drop_nulls().unique()
    for code in codes:
        homes = _keyed(homes, code)
    printed = [f"printed_{code}" for code in codes]
    return (
        forms.join(
            homes.select(*printed, pl.col("area_code").alias("home")),
            on=printed,
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.coalesce("home", "area_code").alias("area_code"),
            (pl.col("home").is_not_null() | pl.col("unit_valid")).alias("unit_valid"),
        )
        .drop("home")
    )


def _keyed(table: pl.DataFrame, code: str) -> pl.DataFrame:
    return table.with_columns(code_key(pl.col(code)).alias(f"printed_{code}"))


def _submission_ids(forms: pl.DataFrame) -> pl.Series:
    parts = forms.select(
        "sha256",
        *(pl.col(f"printed_{name}").fill_null("") for name in CODES if name != "form_version"),
    )
    # polars has no md5; one short text per file.
    ids = [
        hashlib.md5("|".join(row).encode(), usedforsecurity=False).hexdigest() for row in parts.iter_rows()
    ]
    return pl.Series("submission_id", ids, dtype=pl.String)


def check_identity(forms: pl.DataFrame, catalogue: Catalogue, office: Office, wanted: Wanted) -> pl.DataFrame:
    """Faults of who, what and when; each blocks its file."""
    return pl.concat(
        [
            *_check_printed(forms),
            *_check_known(forms, catalogue),
            *_check_period(forms, catalogue, office, wanted),
            *_check_sample(forms, office),
            *_check_hidden(forms),
        ],
        how="diagonal_relaxed",
    )


def _check_printed(forms: pl.DataFrame) -> list[pl.DataFrame]:
    return [
        finding(
            forms.filter(pl.col("code_row").is_not_null() & pl.col(f"printed_{item.name}").is_null()),
            "FORM_CODE_MISSING",
            expected=pl.lit(message(item.label, "vi").rstrip(": ")),
        )
        for item in IDENTITY
    ]


def _check_known(forms: pl.DataFrame, catalogue: Catalogue) -> list[pl.DataFrame]:
    def unknown(name: str, code: str) -> pl.DataFrame:
        printed = f"printed_{name}"
        found = forms.filter(pl.col(printed).is_not_null() & pl.col(name).is_null())
        known = catalogue.table({"reporting_unit_code": "reporting_units", "round_code": "rounds"}[name])
        return finding(
            found.with_columns(suggest(found[printed], known[name])),
            code,
            cell=f"cell_{name}",
            observed=pl.col(printed).str.to_uppercase(),
            expected="suggestion",
        )

    versions = forms.filter(pl.col("printed_form_code").is_not_null() & pl.col("form_code").is_null())
    expired = forms.filter(~pl.col("unit_valid") & pl.col("round_code").is_not_null())
    elsewhere = forms.filter(
        pl.col("unit_area_code").is_not_null()
        & pl.col("printed_area_code").is_not_null()
        & pl.col("area_code").is_null()
    )
    return [
        unknown("reporting_unit_code", "FORM_UNIT_UNKNOWN"),
        unknown("round_code", "FORM_ROUND_UNKNOWN"),
        finding(
            versions,
            "FORM_UNKNOWN",
            cell="cell_form_code",
            observed=pl.format(
                "{} ({})", pl.col("printed_form_code").str.to_uppercase(), pl.col("printed_form_version")
            ),
            expected=pl.lit(", ".join(sorted(set(catalogue.table("forms")["form_code"])))),
        ),
        finding(
            expired,
            "FORM_UNIT_NOT_VALID",
            cell="cell_reporting_unit_code",
            observed="reporting_unit_code",
            expected="round_code",
        ),
        finding(
            elsewhere,
            "FORM_AREA_DIFFERS",
            cell="cell_area_code",
            observed="printed_area_code",
            expected="unit_area_code",
        ),
    ]


def _check_period(
    forms: pl.DataFrame, catalogue: Catalogue, office: Office, wanted: Wanted
) -> list[pl.DataFrame]:
    received = pl.col("received_at").dt.convert_time_zone(_TIME_ZONE).dt.date()
    mismatch = (pl.col("form_level") != pl.col("round_level")) | (pl.col("form_set") != pl.col("round_set"))
    faults = [
        finding(
            forms.filter(received < pl.col("opens_on")),
            "FORM_ROUND_NOT_OPEN",
            cell="cell_round_code",
            observed="round_code",
            expected=pl.col("opens_on").dt.strftime("%d/%m/%Y"),
        ),
        finding(
            forms.filter(mismatch),
            "FORM_ROUND_OF_OTHER_FORM",
            cell="cell_round_code",
            observed="round_code",
            expected="form_code",
        ),
    ]
    if wanted.year is not None:
        faults.append(
            finding(
                forms.filter(pl.col("data_year") != wanted.year),
                "FORM_WRONG_YEAR",
                cell="cell_round_code",
                observed=pl.col("data_year").cast(pl.String),
                expected=pl.lit(str(wanted.year)),
            )
        )
        yearly = ", ".join(rounds_of(catalogue, office, wanted.year))
        of_year = (pl.col("data_year") == wanted.year) & (pl.col("period_type") != "year")
        faults.append(_other_round(forms.filter(of_year), yearly))
    if wanted.round_code is not None:
        faults.append(
            _other_round(forms.filter(pl.col("round_code") != wanted.round_code), wanted.round_code)
        )
    return faults


def _other_round(forms: pl.DataFrame, expected: str) -> pl.DataFrame:
    return finding(
        forms,
        "FORM_OTHER_ROUND",
        cell="cell_round_code",
        observed="round_code",
        expected=pl.lit(expected),
    )


def _check_sample(forms: pl.DataFrame, office: Office) -> list[pl.DataFrame]:
    marked = pl.col("sample_printed") | pl.col("sample_hidden")
    if office.is_sample:
        return [finding(forms.filter(~marked & pl.col("code_row").is_not_null()), "FORM_NOT_SAMPLE")]
    return [finding(forms.filter(marked), "FORM_SAMPLE_IN_OFFICE")]


def _check_hidden(forms: pl.DataFrame) -> list[pl.DataFrame]:
    """The hidden sheet is only a hint, but one that says otherwise means that somebody mixed two forms.

    A printed code that the catalogue lacks is told as such, and not twice.
    """
    return [
        finding(
            forms.filter(
                (pl.col(f"hidden_{name}") != pl.col(f"printed_{name}")) & pl.col(name).is_not_null()
            ),
            "FORM_HIDDEN_DIFFERS",
            cell=f"cell_{name}",
            observed=pl.col(f"printed_{name}").str.to_uppercase(),
            expected=pl.col(f"hidden_{name}").str.to_uppercase(),
        )
        for name in CODES
    ]
