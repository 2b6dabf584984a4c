"""What a person at a terminal sees of long work."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from dagster_project.cli_progress import progress_shown
from dagster_project.settings import Settings

SETTINGS = Settings(data=Path("d"), catalogue=Path("c"))


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_much_is_done_how_fast_and_how_long_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = _Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_shown(SETTINGS) as tell:
        tell("refresh", 0, None)
        for done in range(0, 1500, 500):
            tell("read", done, 1500)
    shown = terminal.getvalue()
    for text in ("Đọc biểu mẫu", "1000/1500", "/s", "0:0", "0/?", "Đọc, kiểm tra và dựng số liệu"):
        assert text in shown


def test_a_file_gets_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_shown(SETTINGS) as tell:
        tell("read", 1, 2)
    assert capsys.readouterr() == ("", "")
