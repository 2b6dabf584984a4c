"""Notices: one per event, as files always; handed to a mail server that may be down, slow or unsure, never twice."""

from __future__ import annotations

import shutil
import socket
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import ExitCode, UsageError
from dagster_project.ledger.decisions import Exemption, add_exemption
from dagster_project.ledger.notices import list_notices
from dagster_project.ledger.store import open_ledger
from dagster_project.mail import is_time, left_over, send_waiting, waiting
from dagster_project.notices import SENT_WITHIN, Notice, failure, write_notices
from dagster_project.pipeline import Desk
from dagster_project.settings import Mail, Office, Settings, read_settings
from dagster_project.timetable import REMINDER, Step, remind
from tests.command import kho_inside
from tests.mail_server import MailServer, mail_server
from tests.season.catalogue import AREA, ROUND, write_season_catalogue

NOW = datetime(2026, 4, 9, 9, tzinfo=UTC)
SECRET = "closed-word"  # noqa: S105


def desk_of(folder: Path, mail: Mail | None = None, *, later: timedelta = timedelta()) -> Desk:
    settings = Settings(
        data=folder, catalogue=folder, office=Office(mail=mail), smtp_password=SecretStr(SECRET)
    )
    desk = Desk(settings=settings, now=lambda: NOW + later)
    desk.folder.make()
    return desk


def mail_of(server: MailServer | int, **told: object) -> Mail:
    port = server if isinstance(server, int) else server.port
    return Mail.model_validate(
        {
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "sender": "kho@xa.example",
            "seconds": 2,
            **told,
        }
    )


def notice(unit: str = "BL-KT", recipient: str = "bl-kt@xa.example") -> Notice:
    return Notice(
        kind="receipt",
        key=("r1", unit),
        round_code="T1",
        unit=unit,
        recipient=recipient,
        subject="Đã nhận tệp biểu.xlsx",
        body="Kính gửi: Phòng Kinh tế",
        attached=(("danh-sach.txt", "F17: cần sửa"),),
    )


def outcomes(desk: Desk) -> list[str | None]:
    return [item.outcome for item in list_notices(open_ledger(desk.settings.ledger))]


def test_an_event_is_written_once_and_its_folder_holds_the_text_and_what_is_attached(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (folder,) = write_notices(desk, [notice(), notice()])
    assert (folder / "thong-bao.txt").read_text("utf-8").startswith("Đã nhận tệp biểu.xlsx\n\nKính gửi")
    assert (folder / "danh-sach.txt").read_text("utf-8") == "F17: cần sửa"
    assert write_notices(desk_of(tmp_path, later=timedelta(days=1)), [notice()]) == []


def test_a_folder_left_by_a_crash_before_its_row_is_written_again_the_same(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (folder,) = write_notices(desk, [notice()])
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    desk.folder.ledger_file.unlink()
    assert write_notices(desk, [notice()]) == [folder]
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_server_takes_each_notice_once_with_its_attachment(tmp_path: Path) -> None:
    with mail_server() as server:
        desk = desk_of(tmp_path, mail_of(server))
        write_notices(desk, [notice(), notice("BL-QS", recipient="")])
        send_waiting(desk)
        send_waiting(desk)
    (taken,) = server.taken
    assert (taken["To"], taken["Subject"]) == ("bl-kt@xa.example", "Đã nhận tệp biểu.xlsx")
    body = taken.get_body(("plain",))
    assert body is not None
    assert "Kính gửi: Phòng Kinh tế" in body.get_content()
    (attached,) = taken.iter_attachments()
    assert attached.get_content().strip() == "F17: cần sửa"
    assert outcomes(desk) == ["sent", None]


def test_a_server_that_is_down_is_asked_again_later_and_not_at_once(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    down = desk_of(tmp_path, mail_of(port))
    write_notices(down, [notice(), notice("BL-VP", "bl-vp@xa.example")])
    assert [item.outcome for item in send_waiting(down)] == ["failed", "failed"]
    assert not is_time(down, waiting(down))
    with mail_server() as server:
        up = desk_of(tmp_path, mail_of(server), later=timedelta(minutes=5))
        assert is_time(up, waiting(up))
        send_waiting(up)
        assert sorted(server.recipients) == ["bl-kt@xa.example", "bl-vp@xa.example"]
    assert outcomes(up) == ["sent", "sent"]


def test_a_server_that_falls_silent_after_the_text_is_not_sent_the_same_again_unless_asked(
    tmp_path: Path,
) -> None:
    with mail_server({"END": ""}) as server:
        desk = desk_of(tmp_path, mail_of(server))
        write_notices(desk, [notice(), notice("BL-VP", "bl-vp@xa.example")])
        assert [item.outcome for item in send_waiting(desk)] == ["unknown", "failed"]
        assert [item.reporting_unit_code for item in waiting(desk)] == ["BL-VP"]
    with mail_server() as server:
        desk = desk_of(tmp_path, mail_of(server))
        send_waiting(desk, [1])
        assert server.recipients == ["bl-kt@xa.example"]


def test_an_address_that_the_server_refuses_holds_up_no_other(tmp_path: Path) -> None:
    with mail_server({"RCPT": "550 nobody of that name"}) as server:
        desk = desk_of(tmp_path, mail_of(server))
        write_notices(desk, [notice()])
        (sent,) = send_waiting(desk)
        assert (sent.outcome, sent.detail) == ("refused", "550 nobody of that name")
        assert waiting(desk) == []


def test_two_at_once_send_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server() as server:
        desk = desk_of(tmp_path, mail_of(server))
        write_notices(desk, [notice()])
        seen_by_both = waiting(desk)
        monkeypatch.setattr("dagster_project.mail.waiting", lambda _desk: seen_by_both)
        send_waiting(desk)
        assert send_waiting(desk) == []
        assert len(server.taken) == 1


def test_a_password_is_not_sent_over_an_open_line_nor_read_from_an_open_file(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, mail_of(25, host="mail.xa.example", user="kho"))
    with pytest.raises(UsageError, match=r"mail\.xa\.example"):
        send_waiting(desk)
    file = tmp_path / "smtp-password"
    file.write_text(SECRET, encoding="utf-8")
    file.chmod(0o644)
    told = desk_of(tmp_path, mail_of(25, user="kho", password_file="smtp-password"))  # noqa: S106
    open_file = replace(told, settings=told.settings.model_copy(update={"smtp_password": None}))
    with pytest.raises(UsageError, match="smtp-password"):
        send_waiting(open_file)
    letters = told.settings.model_copy(update={"smtp_password": SecretStr("kín")})
    with pytest.raises(UsageError) as refused:
        send_waiting(replace(told, settings=letters))
    assert "kín" not in refused.value.text("vi")


def test_a_login_that_fails_tells_no_password(tmp_path: Path) -> None:
    with mail_server({"EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": f"535 {SECRET}"}) as server:
        desk = desk_of(tmp_path, mail_of(server, user="kho"))
        write_notices(desk, [notice()])
        (sent,) = send_waiting(desk)
    assert sent.outcome == "failed"
    assert SECRET not in sent.detail
    assert SECRET.encode() not in desk.folder.ledger_file.read_bytes()


def test_settings_name_the_server_and_never_the_password(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        '[mail]\nhost = "mail.xa.example"\nsender = "kho@xa.example"\npassword = "x"\n', encoding="utf-8"
    )
    (tmp_path / "catalogue").mkdir()
    with pytest.raises(UsageError, match="password"):
        read_settings(tmp_path, environment={})
    with pytest.raises(ValidationError):
        mail_of(25, sender="kho")


def test_where_notices_go_changes_no_release(tmp_path: Path) -> None:
    with_mail = desk_of(tmp_path, mail_of(25)).settings.office
    assert with_mail.model_dump(mode="json") == Office().model_dump(mode="json")


def test_a_failed_run_is_told_once_with_its_reason(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, mail_of(25, maintainer="it@xa.example"))
    told = failure(desk, run_id="r1", job="refresh", at=NOW, error="Ổ đĩa đầy")
    (folder,) = write_notices(desk, [told])
    assert write_notices(desk, [told]) == []
    text = (folder / "thong-bao.txt").read_text("utf-8")
    for word in ("refresh", "09/04/2026 16:00", "Ổ đĩa đầy", "kho run"):
        assert word in text
    assert list_notices(open_ledger(desk.settings.ledger))[0].recipient == "it@xa.example"


def test_what_was_written_before_there_was_a_server_is_left_to_people_once_it_is_old(tmp_path: Path) -> None:
    write_notices(desk_of(tmp_path), [notice()])
    with mail_server() as server:
        desk = desk_of(tmp_path, mail_of(server), later=SENT_WITHIN + timedelta(minutes=1))
        write_notices(desk, [notice("BL-VP", "bl-vp@xa.example")])
        assert [item.reporting_unit_code for item in waiting(desk)] == ["BL-VP"]
        send_waiting(desk)
        assert server.recipients == ["bl-vp@xa.example"]
        assert [item.reporting_unit_code for item in left_over(desk)] == ["BL-KT"]
        send_waiting(desk, [1])
        assert server.recipients == ["bl-vp@xa.example", "bl-kt@xa.example"]
    assert left_over(desk) == []


def test_a_server_that_is_back_after_a_weekend_takes_what_was_written_before_it(tmp_path: Path) -> None:
    write_notices(desk_of(tmp_path), [notice()])
    with mail_server() as server:
        send_waiting(desk_of(tmp_path, mail_of(server), later=timedelta(days=2, hours=15)))
        assert server.recipients == ["bl-kt@xa.example"]


def test_the_list_and_sending_say_that_old_notices_wait_for_people(tmp_path: Path) -> None:
    catalogue = write_season_catalogue(tmp_path / "catalogue")
    data = tmp_path / "data"
    write_notices(desk_of(data, later=timedelta(days=-2000)), [notice(), notice("BL-QS", recipient="")])
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    (data / "settings.toml").write_text(
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "kho@xa.example"\n', "utf-8"
    )
    by_mail, by_hand = kho_inside(data, "notices", "list", catalogue=catalogue).out.splitlines()
    assert "giao tận tay, hoặc kho notices send --again 1" in by_mail
    assert by_hand.endswith("giao tận tay (không có địa chỉ thư)")
    sent = kho_inside(data, "notices", "send")
    assert sent.code == ExitCode.DONE
    assert "Không có thông báo nào chờ gửi" in sent.out
    assert "1 thông báo viết đã quá 3 ngày mà chưa gửi" in sent.out
    asked = kho_inside(data, "notices", "send", "--again", "1")
    assert asked.code == ExitCode.FAILED
    assert "không tự gửi lại" in asked.out
    assert "Sẽ thử lại" not in asked.out
    assert "kho notices send --again 1" in kho_inside(data, "notices", "list", catalogue=catalogue).out


@pytest.mark.parametrize(
    "fault", ["a folder that is gone", "bl-vp@xa.example\nBcc: x@y.example", "phòng@xa.vn"]
)
def test_a_notice_that_no_mail_can_be_made_of_holds_up_no_other_and_is_told_with_its_reason(
    tmp_path: Path, fault: str
) -> None:
    with mail_server() as server:
        desk = desk_of(tmp_path, mail_of(server))
        recipient = fault if "@" in fault else "bl-vp@xa.example"
        folders = write_notices(
            desk, [notice(), notice("BL-VP", recipient), notice("BL-QS", "bl-qs@xa.example")]
        )
        if recipient != fault:
            shutil.move(folders[1], tmp_path / "aside")
        done = send_waiting(desk)
        assert [item.outcome for item in done] == ["sent", "unmade", "sent"] == outcomes(desk)
        assert server.recipients == ["bl-kt@xa.example", "bl-qs@xa.example"]
        assert "Error" in list_notices(open_ledger(desk.settings.ledger))[1].detail
        assert waiting(desk) == []
        if recipient != fault:
            shutil.move(tmp_path / "aside", folders[1])
            assert [item.outcome for item in send_waiting(desk, [2])] == ["sent"]


def test_a_number_that_no_notice_has_points_to_the_list(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        send_waiting(desk_of(tmp_path, mail_of(25)), [7])
    assert "kho notices list" in error.value.text("vi")
    assert "kho notices list" in error.value.text("en")


def reminded(folder: Path, moment: datetime, *extended: tuple[str, str, date]) -> dict[str, str]:
    """What a reminder says to each unit of the season's round, in which BL-KT has a second form to send."""
    shipped = write_season_catalogue(folder / "catalogue")
    for table, row in {
        "forms": "F2,1,T1,commune,Biểu bổ sung,Quyết định số 1/QĐ-UBND",
        "assignments": "BL-KT,B.1.GT,F2,contributor,confirmed",
    }.items():
        file = shipped / f"{table}.csv"
        file.write_text(file.read_text("utf-8") + row + "\n", encoding="utf-8")
    office = Office(level="commune", area_code=AREA, criteria_set_code="T1")
    desk = Desk(Settings(data=folder / "data", catalogue=shipped, office=office), now=lambda: moment)
    desk.folder.make()
    ledger = open_ledger(desk.settings.ledger)
    for unit, form, until in extended:
        more_time = Exemption(
            reporting_unit_code=unit,
            area_code=AREA,
            form_code=form,
            round_code=ROUND,
            kind="extension",
            until=until,
            reason="huấn luyện",
            decided_by="Lan",
            decided_at=moment,
        )
        add_exemption(ledger, more_time)
    remind(desk, load_catalogue(shipped), Step(REMINDER, ROUND, "1"), "Lan")
    return {
        item.reporting_unit_code: (desk.folder.root / item.folder / "thong-bao.txt").read_text("utf-8")
        for item in list_notices(ledger)
    }


@pytest.mark.parametrize(
    ("moment", "until", "told"),
    [
        # 9, 10, 13, 14, 15, 16, 17 and 20 April
        ("2026-04-08T09:00+07:00", date(2026, 4, 20), "đến hết ngày 20/04/2026; còn 8 ngày làm việc"),
        ("2026-04-10T00:05+07:00", date(2026, 4, 20), "đến hết ngày 20/04/2026; còn 6 ngày làm việc"),
        # all others must send before that very day
        ("2026-04-08T09:00+07:00", date(2026, 4, 10), "đến hết ngày 10/04/2026; còn 2 ngày làm việc"),
    ],
)
def test_a_reminder_tells_a_unit_with_more_time_its_own_last_day_and_the_days_until_it(
    tmp_path: Path, moment: str, until: date, told: str
) -> None:
    texts = reminded(tmp_path, datetime.fromisoformat(moment), ("BL-QS", "F1", until))
    assert f"Hạn gửi: {told}." in texts["BL-QS"]
    assert "trước ngày 10/04/2026" in texts["BL-VP"]


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-04-08T09:00+07:00", "Hạn gửi: trước ngày 10/04/2026; còn 1 ngày làm việc."),
        ("2026-04-10T09:00+07:00", "Đã quá hạn gửi Báo cáo năm 2025 (trước ngày 10/04/2026)"),
    ],
)
def test_more_time_for_one_form_is_not_told_of_another(tmp_path: Path, moment: str, told: str) -> None:
    texts = reminded(tmp_path, datetime.fromisoformat(moment), ("BL-KT", "F2", date(2026, 4, 20)))
    assert told in texts["BL-KT"]
    assert "20/04/2026" not in texts["BL-KT"]
