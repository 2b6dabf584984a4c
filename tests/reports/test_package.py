"""The machine package from outside: validated by another library, read back by another, safe and equal each time."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from dagster_project.errors import KhoError
from dagster_project.reports.package import write_package
from dagster_project.reports.release import open_release
from dagster_project.reports.sdmx import item_names
from tests.reports.tiny_package import FIGURES, NOTE, package, release_with_figures
from tests.reports.tiny_release import ROUND, commune, write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return release_with_figures(tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="module")
def made(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(release, tmp_path_factory.mktemp("package") / "p.zip")


@pytest.fixture(scope="module")
def with_sdmx(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pysdmx", reason="the extra sdmx is not installed")
    folder = tmp_path_factory.mktemp("sdmx")
    with zipfile.ZipFile(package(release, folder / "p.zip", sdmx=True)) as archive:
        archive.extractall(folder)
    return folder


def test_equal_releases_give_equal_bytes(release: Path, made: Path, tmp_path: Path) -> None:
    assert package(release, tmp_path / "again.zip").read_bytes() == made.read_bytes()


def test_the_manifest_names_round_and_area_and_the_sha256_of_every_part(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        told = json.loads(archive.read("manifest.json"))
        parts = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
    assert told["format"] == "kho-package/1"
    assert (told["round"]["round_code"], told["area"]["code"], told["is_sample"]) == (ROUND, "03390", False)
    assert {item["path"]: item["sha256"] for item in told["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in parts.items()
    }
    assert {
        "annex.xlsx",
        "datapackage.json",
        "csv/fct_finding.csv",
        "parquet/fct_element_value.parquet",
    } < set(parts)
    assert not [name for name in parts if name.startswith("sdmx/")]


def test_the_data_package_validates_with_its_types_and_keys(made: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path)
    report = frictionless.Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]
    told = {
        item["name"]: item for item in json.loads((tmp_path / "datapackage.json").read_text())["resources"]
    }
    facts = told["fct_element_value"]["schema"]
    fields = {field["name"]: field for field in facts["fields"]}
    assert fields["value"] == {"name": "value", "type": "number", "description": "Giá trị | Value"}
    assert facts["primaryKey"] == ["element_value_key"]
    referred = {key["reference"]["resource"] for key in facts["foreignKeys"]}
    assert {"dim_data_element", "dim_area", "dim_round", "dim_period"} <= referred


def test_no_text_in_a_package_runs_as_a_formula(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        content = archive.read("csv/fct_element_value.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert {row["note_text"] for row in rows} == {f"'{NOTE}"}
    assert "'@SUM(1+1) Nghị quyết 12" in {row["value_text"] for row in rows}


def test_sdmx_is_read_back_by_another_library_with_every_observation_equal(with_sdmx: Path) -> None:
    sdmx = pytest.importorskip("sdmx", reason="sdmx1 is not installed")
    structure = sdmx.read_sdmx(with_sdmx / "sdmx" / "structure.xml")
    data = sdmx.read_sdmx(with_sdmx / "sdmx" / "data.xml", structure=structure.structure["KHO_FIGURES"])
    (told,) = data.data
    read = {}
    for item in told.obs:
        key = {name: value.value for name, value in item.key.values.items()}
        state = item.attached_attribute["OBS_STATUS"].value
        read[key["ITEM"], key["CATEGORY"]] = (None if item.value is None else float(item.value), str(state))
        assert (key["REF_AREA"], key["TIME_PERIOD"]) == ("03390", "2025")
    states = {"value": "A", "zero": "A", "missing": "M", "not_applicable": "O"}
    statuses = {"estimate": "E", "preliminary": "P"}
    figures = {
        (code.replace(".", "_"), category): (value, statuses.get(status or "", states[state]))
        for code, category, value, _, _, state, status, *_ in FIGURES
    }
    # The three indicators of the release.
    figures |= {("A_1", "_T"): (1234.0, "A"), ("A_2", "_T"): (37.5, "A"), ("B_1", "_T"): (0.0, "A")}
    assert read == figures
    names = {code.id: str(code.name) for code in structure.codelist["CL_ITEM"]}
    assert (names["A_1_GT"], names["A_1"]) == ("Nhân lực", "Nhân lực")
    assert names["A_2"] == "Tỷ lệ hồ sơ trực tuyến (chưa xác nhận)"
    assert names["A_2_TS"] == "Hồ sơ nộp trực tuyến (chưa xác nhận)"


def test_sdmx_marks_an_unconfirmed_name_in_its_own_language() -> None:
    elements = {"indicator_code": ["1", "2"], "data_element_code": ["1.A", "2.A"]}
    names = {"name_vi": ["Nhân lực", "Tỷ lệ"], "name_en": [None, "Share"]}
    people = {"indicator_code": [None], "data_element_code": ["DS"], "name_vi": ["Dân số"], "name_en": [None]}
    tables = {
        "dim_indicator": pl.DataFrame({"indicator_code": ["1", "2"], **names, "is_confirmed": [False] * 2}),
        "dim_data_element": pl.concat(
            [pl.DataFrame({**elements, **names}), pl.DataFrame(people)], how="vertical_relaxed"
        ),
    }
    told = dict(item_names(tables).iter_rows())
    assert told["1"] == told["1.A"] == "Nhân lực (chưa xác nhận)"
    assert told["2"] == told["2.A"] == "Share (unconfirmed)"
    # of no indicator, so that there is no name of the decision's to confirm
    assert told["DS"] == "Dân số"


def test_a_release_from_before_packages_says_so(tmp_path: Path) -> None:
    old = write_release(tmp_path, commune())
    with open_release(old) as opened, pytest.raises(KhoError) as told:
        write_package(opened, ROUND, tmp_path / "p.zip", "vi")
    assert told.value.code == "package.release_too_old"
