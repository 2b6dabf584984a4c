"""Workbooks in the feedback folder: how they are named, and that what people keep there stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from dagster_project import durable
from dagster_project.pipeline import Desk
from dagster_project.quality import feedback as workbooks
from dagster_project.sending_back import SentBack, feedback
from dagster_project.settings import Settings
from dagster_project.warehouse import open_findings, releases
from dagster_project.warehouse.open_findings import SendBack

ROUND = "2244-X-2025"
FOUND = pl.DataFrame({"severity": ["blocking"]})

Send = Callable[..., list[SentBack]]


@pytest.fixture
def send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Feedback of what is to be sent back; a workbook holds the number of its call."""
    calls: list[Sequence[SendBack]] = []

    def write(_content: object, _findings: object, path: Path, **_told: object) -> SimpleNamespace:
        durable.write_text(path, str(len(calls)))
        return SimpleNamespace(path=path, lost=())

    def call(back: Sequence[SendBack], units: Sequence[str] | None = None) -> list[SentBack]:
        calls.append(back)
        return feedback(desk, ROUND, units)

    monkeypatch.setattr(open_findings, "open_findings", lambda *_: calls[-1])
    monkeypatch.setattr(releases, "current_release", lambda _folder: "R0001")
    monkeypatch.setattr(workbooks, "make_feedback", write)
    desk = Desk(Settings(data=tmp_path, catalogue=tmp_path), now=lambda: datetime.now(UTC))
    return call


def _of(*units: str) -> list[SendBack]:
    return [SendBack(unit, None, None, False, FOUND) for unit in units]


@pytest.mark.parametrize("letter", ["n", "ữ", "😀"])
def test_the_longest_names_that_a_disk_takes_get_their_lists(send: Send, letter: str) -> None:
    name = letter * (251 // len(letter.encode())) + ".ods"
    refused = [SendBack(None, sha256, name, True, FOUND) for sha256 in ("a" * 64, "b" * 64)]
    written = {item.path for item in send(refused)}
    assert len(written) == len(refused)
    assert all(path is not None and path.is_file() for path in written)


def test_what_no_longer_holds_goes_and_what_people_keep_beside_it_stays(send: Send, tmp_path: Path) -> None:
    folder = tmp_path / "feedback" / ROUND
    send([*_of("BL-KT", "BL-YT"), SendBack(None, "a" * 64, "la.xlsx", True, FOUND)])
    own = [folder / "theo dõi.xlsx", folder / "BL-CA.xlsm", folder / "chua-ro-don-vi" / "ghi chú.xlsx"]
    for file in own:
        file.write_text("của Lan", encoding="utf-8")
    send(_of("BL-KT"))
    found = {file for file in folder.rglob("*") if file.is_file() and file.suffix != ".json"}
    assert found == {*own, folder / "BL-KT.xlsx"}


def test_a_workbook_edited_by_hand_is_kept_and_told_until_it_is_moved(send: Send, tmp_path: Path) -> None:
    file = tmp_path / "feedback" / ROUND / "BL-KT.xlsx"
    assert [item.is_edited for item in send(_of("BL-KT"))] == [False]
    assert [item.is_edited for item in send(_of("BL-KT"))] == [False]
    assert file.read_text(encoding="utf-8") == "2"
    file.write_text("Lan ghi thêm", encoding="utf-8")
    (kept,) = send(_of("BL-KT"))
    assert (kept.path, kept.is_edited) == (file, True)
    send([])
    assert file.read_text(encoding="utf-8") == "Lan ghi thêm"
    file.rename(file.with_name("cũ.xlsx"))
    assert [item.is_edited for item in send(_of("BL-KT"))] == [False]
    assert file.read_text(encoding="utf-8") == "5"


def test_a_call_for_one_unit_leaves_workbooks_of_others(send: Send, tmp_path: Path) -> None:
    send([*_of("KT", "BL_KT"), SendBack(None, "a" * 64, "KT.xlsx", True, FOUND)])
    send([SendBack("KT", None, None, False, FOUND.clear())], units=["KT"])
    folder = tmp_path / "feedback" / ROUND
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*.xlsx")}
    assert names == {"BL_KT.xlsx", "chua-ro-don-vi/KT.xlsx"}


@pytest.mark.parametrize("index", [None, "", "[1]", '{"BL-KT.xlsx": 1}'])
def test_workbooks_without_an_index_are_put_aside_once_and_new_ones_written(
    send: Send, tmp_path: Path, index: str | None
) -> None:
    folder = tmp_path / "feedback" / ROUND
    send(_of("BL-KT", "BL-YT"))
    (folder / "index.json").unlink()
    if index is not None:
        (folder / "index.json").write_text(index, encoding="utf-8")
    assert [item.is_edited for item in send(_of("BL-KT"))] == [False]
    assert {file.relative_to(folder).as_posix(): file.read_text() for file in folder.rglob("*.xlsx")} == {
        "BL-KT.xlsx": "2",
        "truoc-day/BL-KT.xlsx": "1",
        "truoc-day/BL-YT.xlsx": "1",
    }


def test_what_was_put_aside_before_is_not_written_over(send: Send, tmp_path: Path) -> None:
    folder = tmp_path / "feedback" / ROUND
    for _ in range(3):
        send(_of("BL-KT"))
        (folder / "index.json").unlink()
    assert {file.name: file.read_text() for file in (folder / "truoc-day").iterdir()} == {
        "BL-KT.xlsx": "1",
        "BL-KT-2.xlsx": "2",
    }


def test_what_an_interrupted_call_did_not_write_is_no_edit(
    send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(_of("BL-KT"))

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(durable, "write_bytes", stopped)
            with pytest.raises(KeyboardInterrupt):
                send(_of("BL-KT"))
    assert [item.is_edited for item in send(_of("BL-KT"))] == [False]
    assert (tmp_path / "feedback" / ROUND / "BL-KT.xlsx").read_text() == "4"
