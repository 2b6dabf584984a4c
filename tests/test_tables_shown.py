"""Tables on a terminal: what people wrote stands there as they wrote it."""

from __future__ import annotations

import pytest

from dagster_project.cli_base import print_table
from dagster_project.settings import read_settings


@pytest.mark.parametrize("text", ["số [bản sửa] mới", "[/x]", "[red]số", ":warning:"])
def test_brackets_and_colons_in_a_reason_are_no_marks(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    print_table(read_settings(tmp_path_factory.mktemp("data"), None, None), ("release",), [(text,)])
    assert text in capsys.readouterr().out
