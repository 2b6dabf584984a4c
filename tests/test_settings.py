"""What the program is told, and how it answers wrong settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dagster_project.errors import UsageError
from dagster_project.paths import Project
from dagster_project.settings import read_settings


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    told = read_settings(tmp_path / "a", None, None, {"KHO_DATA": str(tmp_path / "b"), "KHO_LANG": "en"})
    assert told.data == tmp_path / "a"
    assert told.lang == "en"


def test_the_offices_own_catalogue_comes_before_the_shipped_one(tmp_path: Path) -> None:
    assert read_settings(tmp_path, None, None, {}).catalogue == Project().reference
    (tmp_path / "catalogue").mkdir()
    assert read_settings(tmp_path, None, None, {}).catalogue == tmp_path / "catalogue"


@pytest.mark.parametrize("content", ["level = 'village'", "unknown = 1", "not toml", "keep_releases = 0"])
def test_a_wrong_settings_file_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "settings.toml").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path, None, None, {})
    assert "settings.toml" in error.value.text("vi")


def test_all_faults_of_a_settings_file_are_told_at_once_and_no_secret_with_them(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "level = 'village'\nunknown = 1\n[read_limits]\nzip_entry = 3\n[mail]\nsender = 'topsecret'\n",
        encoding="utf-8",
    )
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path, None, None, {})
    told = error.value.text("vi")
    for name in ("level", "unknown", "read_limits.zip_entry", "mail.host", "mail.sender"):
        assert f" {name}" in told
    assert "topsecret" not in told
    assert "http" not in told


@pytest.mark.parametrize(
    ("line", "usable"),
    [
        ("level = 'village'", "level (commune | province | national)"),
        ("is_sample = 'ja'", "is_sample (true | false)"),
        ("area_code = 3390", 'area_code ("…")'),
        ("keep_releases = 0", "keep_releases (≥ 1)"),
        ("keep_releases = 'ten'", "keep_releases (123)"),
        ("build_memory_mb = 1.5", "build_memory_mb (123)"),
        ("mail = 3", "mail ([…])"),
        ("mail = {host = '', sender = 'a@b'}", 'mail.host ("…")'),
        ("mail = {host = 'h', sender = 'a'}", "mail.sender (a@b.vn)"),
        ("mail = {host = 'h', sender = 'văn-phòng@xa.vn'}", "mail.sender (a@b.vn)"),
        ("mail = {host = 'h', sender = 'a@b', port = 65536}", "mail.port (≤ 65535)"),
        ("mail = {host = 'h', sender = 'a@b', seconds = 0}", "mail.seconds (> 0)"),
        ("mail = {host = 'h', sender = 'a@b', seconds = 'x'}", "mail.seconds (1.5)"),
    ],
)
def test_what_could_stand_in_place_of_a_wrong_value_is_told_in_signs(
    tmp_path: Path, line: str, usable: str
) -> None:
    (tmp_path / "settings.toml").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path, None, None, {})
    assert f": {usable}." in error.value.text("vi")


def test_a_catalogue_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        read_settings(tmp_path, tmp_path / "nowhere", None, {})
    assert "nowhere" in error.value.text("vi")


def test_the_number_of_processes_is_told_or_that_of_the_processors(tmp_path: Path) -> None:
    assert read_settings(tmp_path, None, None, {"KHO_PROCESSES": "7"}).processes == 7
    assert read_settings(tmp_path, None, None, {}).processes == len(os.sched_getaffinity(0))
    for wrong in ("0", "-1", "two", "1.5"):
        with pytest.raises(UsageError) as error:
            read_settings(tmp_path, None, None, {"KHO_PROCESSES": wrong})
        assert wrong in error.value.text("vi")
