"""SDMX-ML 2.1 of a round's figures: the structure, and one data set of data elements and indicators together.

Optional: needs the extra ``sdmx``. Codes, names and observations belong here; which figures there are is the package's
matter. Names stand under the language that the writing library gives all names, whatever theirs is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_project.errors import KhoError
from dagster_project.messages import message
from dagster_project.reports.read import RoundFacts
from dagster_project.reports.safe import plain

if TYPE_CHECKING:
    import pandas as pd

STRUCTURE, DATA = "sdmx/structure.xml", "sdmx/data.xml"
_AGENCY, _VERSION, _DSD, _CONCEPTS = "KHO", "1.0", "KHO_FIGURES", "KHO_CONCEPTS"
_DIMENSIONS = ("REF_AREA", "ITEM", "CATEGORY", "TIME_PERIOD")
_ATTRIBUTES = ("OBS_STATUS", "OBS_CONF", "UNIT_MEASURE")
#: Of the SDMX code list of observation states; what is not among them says why there is no value.
_STATES = {
    "value": "A",
    "zero": "A",
    "missing": "M",
    "not_available": "L",
    "not_applicable": "O",
    "held": "Q",
}
_ESTIMATED = {"estimate": "E", "preliminary": "P"}
_WORDS = {
    "A": "Normal value",
    "E": "Estimated value",
    "P": "Provisional value",
    "M": "Missing value",
    "L": "Missing value; data exist but were not collected",
    "O": "Missing value; not applicable",
    "Q": "Held back for checking",
}
_UNFIT = re.compile(r"[^A-Za-z0-9_@$-]")


def write_sdmx_parts(tables: Mapping[str, pl.DataFrame], facts: RoundFacts, folder: Path) -> list[str]:
    """Write structure and data below ``folder``; returns their paths. Raises ``KhoError`` without the library."""
    try:
        from pysdmx.io import write_sdmx
        from pysdmx.io.format import Format
        from pysdmx.io.pd import PandasDataset
        from pysdmx.model import Schema
    except ImportError:
        raise KhoError("package.no_sdmx") from None
    observations = observe(tables)
    structure, components = _structure(tables, facts, observations)
    header = _header(facts)
    (folder / "sdmx").mkdir()
    write_sdmx(structure, Format.STRUCTURE_SDMX_ML_2_1, str(folder / STRUCTURE), header=header)
    schema = Schema(
        "datastructure", id=_DSD, agency=_AGENCY, version=_VERSION, components=components, artefacts=[]
    )
    data = PandasDataset(structure=schema, data=_pandas(observations))
    write_sdmx([data], Format.DATA_SDMX_ML_2_1_STR, str(folder / DATA), header=header)
    return [DATA, STRUCTURE]


def observe(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per area, data element or indicator, and category: dimensions, OBS_VALUE (null: none), attributes.

    Raises ``KhoError`` where two codes become one.
    """
    figures = pl.concat(
        [
            _figures(tables["fct_element_value"], "data_element_code"),
            _figures(tables["fct_indicator"], "indicator_code"),
        ]
    )
    said = figures.select(*_DIMENSIONS).unique()
    coded = figures.with_columns(_code(name) for name in _DIMENSIONS[:-1])
    doubled = said.height - coded.select(*_DIMENSIONS).unique().height
    if doubled:
        raise KhoError("package.sdmx_codes", codes=", ".join(_alike(said)))
    return coded.sort(*_DIMENSIONS)


def _figures(frame: pl.DataFrame, item: str) -> pl.DataFrame:
    return frame.select(
        pl.col("area_code").alias("REF_AREA"),
        pl.col(item).alias("ITEM"),
        pl.col("category_code").alias("CATEGORY"),
        # SDMX writes half-years as S.
        pl.col("period_code").str.replace("-H", "-S", literal=True).alias("TIME_PERIOD"),
        pl.col("value").alias("OBS_VALUE"),
        pl.when(pl.col("value").is_not_null(), pl.col("value_status").is_in(list(_ESTIMATED)))
        .then(pl.col("value_status").replace(_ESTIMATED))
        .otherwise(pl.col("value_state").replace_strict(_STATES, default="M"))
        .alias("OBS_STATUS"),
        pl.when("is_sample").then(pl.lit("SAMPLE")).otherwise(pl.lit("F")).alias("OBS_CONF"),
        pl.col("unit").alias("UNIT_MEASURE"),
    )


def _code(name: str) -> pl.Expr:
    """A code as SDMX takes it: letters, digits, ``_ @ $ -``."""
    return pl.col(name).str.replace_all(_UNFIT.pattern, "_")


def _alike(said: pl.DataFrame) -> list[str]:
    items = said.select("ITEM").unique().with_columns(_code("ITEM").alias("code"))
    return sorted(items.filter(pl.len().over("code") > 1)["ITEM"])


def _header(facts: RoundFacts) -> Any:
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    return Header(
        id=_UNFIT.sub("_", f"{facts.stamp.release_id}_{facts.round.code}"),
        prepared=facts.stamp.created_at.astimezone(UTC),
        sender=Organisation(_AGENCY),
        test=facts.stamp.is_sample,
    )


def _structure(
    tables: Mapping[str, pl.DataFrame], facts: RoundFacts, observations: pl.DataFrame
) -> tuple[list[Any], Any]:
    """Code lists of what is observed, concepts, the data structure with its components, and its data flow."""
    from pysdmx.model import (
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        ItemReference,
        Role,
    )

    lists = _codelists(tables, observations)
    names = {
        "REF_AREA": "Area",
        "ITEM": "Data element or indicator",
        "CATEGORY": "Category of the disaggregation",
        "TIME_PERIOD": "Period",
        "OBS_VALUE": "Value",
        "OBS_STATUS": "State of the value",
        "OBS_CONF": "Sample mark",
        "UNIT_MEASURE": "Unit of measure",
    }
    types = {"TIME_PERIOD": DataType.PERIOD, "OBS_VALUE": DataType.DOUBLE}
    concepts = ConceptScheme(
        _CONCEPTS,
        agency=_AGENCY,
        name="Concepts",
        version=_VERSION,
        items=[
            Concept(code, name=name, dtype=types.get(code, DataType.STRING)) for code, name in names.items()
        ],
    )

    def component(code: str, role: Role, *, required: bool) -> Component:
        return Component(
            code,
            required,
            role,
            ItemReference("Concept", _AGENCY, _CONCEPTS, _VERSION, code),
            local_dtype=None if code in lists else types.get(code, DataType.STRING),
            local_codes=lists.get(code),
            attachment_level="O" if role == Role.ATTRIBUTE else None,
        )

    components = Components(
        [
            *(component(code, Role.DIMENSION, required=True) for code in _DIMENSIONS),
            component("OBS_VALUE", Role.MEASURE, required=False),
            *(component(code, Role.ATTRIBUTE, required=False) for code in _ATTRIBUTES),
        ]
    )
    told = DataStructureDefinition(
        _DSD, agency=_AGENCY, version=_VERSION, name="Figures of a reporting round", components=components
    )
    flow = Dataflow(
        _DSD, agency=_AGENCY, version=_VERSION, name=plain(facts.round.name("en")), structure=told
    )
    return [*lists.values(), concepts, told, flow], components


def _codelists(tables: Mapping[str, pl.DataFrame], observations: pl.DataFrame) -> dict[str, Any]:
    from pysdmx.model import Code, Codelist

    categories = [
        tables[table].select(pl.col("category_code").alias("code"), pl.col("category_name").alias("name"))
        for table in ("fct_element_value", "fct_indicator")
    ]
    areas = tables["dim_area"].select(
        pl.col("area_code").alias("code"), pl.coalesce("name_en", "name_vi").alias("name")
    )
    names = {"REF_AREA": areas, "ITEM": item_names(tables), "CATEGORY": pl.concat(categories)}
    lists = {}
    for dimension, known in names.items():
        texts = (
            known.drop_nulls().with_columns(_code("code")).unique("code", keep="first", maintain_order=True)
        )
        coded = (
            observations.select(pl.col(dimension).alias("code"))
            .unique()
            .join(texts, on="code", how="left")
            .sort("code")
        )
        lists[dimension] = Codelist(
            f"CL_{dimension}",
            agency=_AGENCY,
            version=_VERSION,
            name=dimension,
            items=[Code(code, name=plain(name or code)) for code, name in coded.iter_rows()],
        )
    lists["OBS_STATUS"] = Codelist(
        "CL_OBS_STATUS",
        agency=_AGENCY,
        version=_VERSION,
        name="OBS_STATUS",
        items=[Code(code, name=name) for code, name in _WORDS.items()],
    )
    return lists


def item_names(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Code and name of data elements and indicators, marked where the indicator's name is not confirmed."""
    indicators = tables["dim_indicator"]
    elements = tables["dim_data_element"].join(
        indicators.select("indicator_code", "is_confirmed"),
        on="indicator_code",
        how="left",
        maintain_order="left",
    )
    name = pl.coalesce(_marked_name("en"), _marked_name("vi")).alias("name")
    return pl.concat(
        frame.select(pl.col(code).alias("code"), name)
        for frame, code in ((elements, "data_element_code"), (indicators, "indicator_code"))
    )


def _marked_name(lang: str) -> pl.Expr:
    name = pl.col(f"name_{lang}")
    marked = name + pl.lit(f" {message('reports.unconfirmed', lang)}")
    # An element of no indicator has no name of the decision's to confirm.
    return pl.when(pl.col("is_confirmed").fill_null(value=True)).then(name).otherwise(marked)


def _pandas(observations: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = {name: observations[name].to_list() for name in (*_DIMENSIONS, "OBS_VALUE", *_ATTRIBUTES)}
    return pd.DataFrame(columns)
