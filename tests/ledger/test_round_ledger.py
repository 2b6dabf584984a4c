"""Acts on rounds stand in order with who, when and why, the same on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from dagster_project.errors import ExitCode, KhoError
from dagster_project.ledger.decisions import Exemption, add_exemption, list_exemptions, withdraw
from dagster_project.ledger.rounds import (
    Document,
    RoundAct,
    add_round_act,
    add_round_release,
    last_receipt_number,
    read_rounds,
    round_frames,
)
from dagster_project.ledger.store import (
    Receipt,
    add_receipts,
    list_acts,
    list_receipts,
    open_ledger,
    receipt_numbers,
)
from dagster_project.settings import read_settings
from tests.ledger.server import open_empty_ledger

NOON = datetime(2026, 4, 11, 5, 0, tzinfo=UTC)
REVIEWED = RoundAct(
    round_code="R-2025",
    act="review",
    state="reviewed",
    reason="đủ",
    set_by="Lan",
    set_at=NOON,
    figures_hash="h",
)
SECRET = "mat-khau-rat-dai"  # noqa: S105  # a made-up password that must not be repeated


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return open_ledger(tmp_path / "ledger.sqlite")
    return open_empty_ledger(request.getfixturevalue("postgres"))


def _act(act: str, state: str, follows: int, hours: int, **more: str) -> RoundAct:
    return replace(
        REVIEWED, act=act, state=state, follows=follows, set_at=NOON + timedelta(hours=hours), **more
    )


def test_a_round_is_fixed_from_its_signature_until_it_is_opened(ledger: Engine) -> None:
    first = add_round_act(ledger, REVIEWED)
    assert read_rounds(ledger).fixed() == {}
    signed = add_round_act(ledger, _act("sign", "for_signature", first, 1, release_id="R0001-00000000"))
    assert read_rounds(ledger).fixed()["R-2025"].release_id == "R0001-00000000"
    add_round_release(ledger, signed, "R0002-00000000", NOON)
    document = Document(
        round_code="R-2025",
        document_number="15/BC-UBND",
        document_date=date(2026, 4, 11),
        signer="Nguyễn Văn A",
        file_sha256="0" * 64,
        file_name="da-ky.pdf",
        release_id="R0002-00000000",
        revision=1,
    )
    issued = add_round_act(ledger, _act("issue", "issued", signed, 2), document)
    fixed = read_rounds(ledger).fixed()["R-2025"]
    assert (fixed.state, fixed.fixed_by.number, fixed.last.number) == ("issued", signed, issued)
    assert fixed.release_id == "R0002-00000000"
    amended = _act("amend", "draft", issued, 3, amendment="update", reason="số chính thức")
    add_round_act(ledger, amended)
    rounds = read_rounds(ledger)
    assert (rounds.fixed(), rounds.state("R-2025"), rounds.amendment("R-2025")) == ({}, "draft", "update")
    assert "R0002-00000000" in rounds.kept_releases()
    assert rounds.acts[-1].set_at == NOON + timedelta(hours=3)
    then = read_rounds(ledger, NOON + timedelta(hours=1))
    assert (then.state("R-2025"), len(then.documents)) == ("for_signature", 0)
    frames = round_frames(rounds, is_sample=True)
    assert frames["documents"].select("registered_by", "document_date").row(0) == ("Lan", date(2026, 4, 11))
    assert frames["round_states"]["act"].to_list() == ["review", "sign", "issue", "amend"]
    assert [act["act"] for act in list_acts(ledger)] == [
        *("round.review", "round.sign", "round.issue", "round.amend")
    ]
    assert list_acts(ledger)[-1]["detail"] == "update · số chính thức"


def test_two_acts_upon_the_same_state_cannot_both_be_written(ledger: Engine) -> None:
    add_round_act(ledger, REVIEWED)
    with pytest.raises(KhoError) as error:
        add_round_act(ledger, REVIEWED)
    assert "R-2025" in error.value.text("vi")
    assert len(read_rounds(ledger).acts) == len(list_acts(ledger)) == 1


def test_the_order_of_the_ledger_and_no_clock_tells_what_came_after(ledger: Engine) -> None:
    assert last_receipt_number(ledger) == 0
    files = [
        Receipt(sha256=letter * 64, file_name=name, size_bytes=1, received_at=NOON - timedelta(days=day))
        for letter, name, day in (("a", "1.xlsx", 0), ("b", "2.xlsx", 9), ("a", "1 (1).xlsx", 0))
    ]
    for file in files:
        add_receipts(ledger, [file])
    places = receipt_numbers(ledger)
    assert places["a" * 64] < places["b" * 64] < last_receipt_number(ledger)
    assert [receipt.file_name for receipt in list_receipts(ledger)] == ["1.xlsx", "2.xlsx", "1 (1).xlsx"]
    assert list_receipts(ledger)[0].received_at == NOON


def test_decisions_are_the_same_on_either(ledger: Engine) -> None:
    exemption = Exemption(
        reporting_unit_code="U",
        area_code="00001",
        form_code="F",
        round_code="R-2025",
        kind="extension",
        until=date(2026, 4, 12),
        reason="bão",
        decided_by="Lan",
        decided_at=NOON,
    )
    number = add_exemption(ledger, exemption)
    (kept,) = list_exemptions(ledger)
    assert replace(kept, exemption_id="") == exemption
    assert withdraw(ledger, number, by="Lan", reason="nhầm", at=NOON)
    assert list_exemptions(ledger) == []


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"postgresql://kho:{SECRET}@127.0.0.1:1/kho", ExitCode.FAILED),
        (f"mysql://kho:{SECRET}@127.0.0.1/kho", ExitCode.WRONG_USAGE),
        (f"{SECRET}", ExitCode.WRONG_USAGE),
    ],
    ids=["no server", "other database", "no address"],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(address: str, code: ExitCode) -> None:
    with pytest.raises(KhoError) as error:
        open_ledger(SecretStr(address))
    assert error.value.exit_code == code
    for text in (error.value.text("vi"), error.value.text("en"), str(error.value)):
        assert SECRET not in text
    assert error.value.__cause__ is None


def test_the_address_stands_in_the_settings_or_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    address = f"postgresql://kho:{SECRET}@may-chu/kho"
    (tmp_path / "settings.toml").write_text(f'ledger_url = "{address}"\n', encoding="utf-8")
    (tmp_path / "settings.toml").chmod(0o600)
    told = read_settings(tmp_path, environment={})
    other = read_settings(tmp_path, environment={"KHO_LEDGER_URL": "postgresql://khac/kho"})
    assert isinstance(told.ledger, SecretStr)
    assert isinstance(other.ledger, SecretStr)
    assert told.ledger.get_secret_value() == address
    assert other.ledger.get_secret_value() == "postgresql://khac/kho"
    assert SECRET not in f"{told!r} {told.office.model_dump_json()}"
    (tmp_path / "settings.toml").write_text(f'ledgerurl = "{address}"\n', encoding="utf-8")
    with pytest.raises(KhoError) as error:
        read_settings(tmp_path, environment={})
    assert SECRET not in error.value.text("vi")
