"""Figures of a fixed round are compared as a signed report says them, whatever led to them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from dagster_project.errors import LockedError
from dagster_project.fixed_rounds import FixedError, check_fixed, refuse_fixed
from dagster_project.ledger.rounds import RoundAct, Rounds
from dagster_project.paths import DataFolder
from dagster_project.warehouse.fixed import changed_figures, figures_hash, files_that_came
from tests.ledger.test_round_ledger import NOON
from tests.warehouse.tiny import make_marts

ROW = {
    "round_code": "R",
    "area_code": "03390",
    "indicator_code": "A.2",
    "category_code": "_T",
    "name_vi": "Tỷ lệ",
    "unit": "%",
    "value": 80.0,
    "value_state": "value",
}


def _file(folder: Path, name: str, *rows: dict[str, object]) -> Path:
    return make_marts(folder / name / "kho.duckdb", {"fct_indicator": rows})


def test_what_only_leads_to_a_figure_is_no_change_and_what_it_says_is(tmp_path: Path) -> None:
    old = _file(tmp_path, "R0001-00000000", ROW | {"indicator_value_key": "k1", "n_sources": 1})
    same = _file(tmp_path, "same", ROW | {"indicator_value_key": "k2", "n_sources": 2, "value": 80.0 + 1e-13})
    other = _file(tmp_path, "other", ROW | {"value": 90.0}, ROW | {"round_code": "Q"})
    assert changed_figures(old, same, "R") == []
    assert figures_hash(old, "R") == figures_hash(same, "R") != figures_hash(other, "R")
    (change,) = changed_figures(old, other, "R")
    assert change.place == "03390 A.2 _T"
    assert "80" in change.old
    assert "90" in change.new
    assert changed_figures(old, _file(tmp_path, "gone"), "R")[0].new == "–"
    assert changed_figures(old, other, "Q")[0].old == "–"


def test_the_files_that_came_since_are_named_with_what_would_change(tmp_path: Path) -> None:
    known = {"sha256": "1", "file_name": "cũ.xlsx"}
    old = make_marts(tmp_path / "old.duckdb", {"fct_receipt": [known]})
    late = {"sha256": "2", "file_name": "hồi cứu 2024.xlsx"}
    new = make_marts(tmp_path / "new.duckdb", {"fct_receipt": [known, late, late]})
    files = files_that_came(old, new)
    assert files == ["hồi cứu 2024.xlsx"]
    assert "hồi cứu 2024.xlsx" in FixedError([], files).text("vi")
    many = FixedError([], [f"{number}.xlsx" for number in range(9)]).text("en")
    assert "4.xlsx, …" in many
    assert "5.xlsx" not in many


def test_a_column_that_only_one_of_them_has_is_not_compared(tmp_path: Path) -> None:
    old, new = _file(tmp_path, "old", ROW), _file(tmp_path, "new", ROW)
    with duckdb.connect(str(new)) as connection:
        connection.execute("alter table marts.fct_indicator drop column coverage")
    assert changed_figures(old, new, "R") == []


@pytest.mark.parametrize("is_kept", [True, False], ids=["release", "hash"])
def test_a_fixed_round_stays_whether_its_release_is_kept_or_only_its_hash(
    tmp_path: Path, is_kept: bool
) -> None:
    folder = DataFolder(tmp_path)
    held = _file(folder.releases, "R0001-00000000", ROW)
    signed = RoundAct(
        round_code="R",
        act="sign",
        state="for_signature",
        reason="",
        set_by="Lan",
        set_at=NOON,
        release_id="R0001-00000000" if is_kept else "R0009-00000000",
        figures_hash=figures_hash(held, "R"),
        number=1,
    )
    rounds = Rounds([signed], [], {})
    check_fixed(folder, rounds, _file(tmp_path, "same", ROW))
    with pytest.raises(LockedError) as error:
        check_fixed(folder, rounds, _file(tmp_path, "other", ROW | {"value": 90.0}))
    assert ("90" in error.value.text("vi")) is is_kept
    assert "trình ký" in error.value.text("vi")
    with pytest.raises(LockedError):
        refuse_fixed(rounds, ["Q", "R"])
    refuse_fixed(rounds, ["Q"])
