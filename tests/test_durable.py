"""Files and folders are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project import durable


def test_an_interrupted_write_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    durable.write_text(file, "old")
    with pytest.raises(RuntimeError), durable.replaced(file) as aside:
        aside.write_text("half", encoding="utf-8")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert file.read_text(encoding="utf-8") == "old"


def test_a_new_folder_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for content in ("old", "new"):
        with durable.new_folder(folder) as aside:
            (aside / content).write_text(content, encoding="utf-8")
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_an_interrupted_folder_leaves_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    with durable.new_folder(folder) as aside:
        (aside / "old").touch()
    with pytest.raises(RuntimeError), durable.new_folder(folder) as aside:
        (aside / "half").touch()
        raise RuntimeError
    assert [path.name for path in folder.iterdir()] == ["old"]


def test_sweeping_removes_only_what_was_left_aside(tmp_path: Path) -> None:
    (tmp_path / ".left").mkdir()
    (tmp_path / ".half").touch()
    (tmp_path / "kept").touch()
    durable.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
