"""Letters to units: who gets which, what they say, and that they are written again without harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import UsageError
from dagster_project.ledger.decisions import Exemption
from dagster_project.paths import DataFolder
from dagster_project.reports.filling import SHIPPED
from dagster_project.reports.letter_templates import make_templates
from dagster_project.reports.letters import Deadline, Debt, Occasion, message_lines
from dagster_project.reports.read import read_round
from dagster_project.reports.release import open_release
from dagster_project.settings import Office
from dagster_project.unit_letters import Letters, write_letters
from dagster_project.warehouse.releases import Manifest
from dagster_project.warehouse.status import Known
from tests.command import kho_inside
from tests.reports.tiny_release import HOSTILE, ROUND, Rows, commune, write_release

#: Wednesday 8 April 2026, 9:00 in Hanoi: the units' form is due before the 10th.
NOW = datetime(2026, 4, 8, 2, tzinfo=UTC)
TABLES = {
    "criteria_sets": "criteria_set_code,name_vi\nT,Bộ thử\n",
    "areas": "area_code,name_vi,level,parent_code\n12,Tỉnh Lai Châu,province,\n03390,Xã Bình Lư,commune,12\n",
    "forms": "form_code,form_version,criteria_set_code,level,name_vi\nB01,1,T,commune,Biểu thu thập số liệu\n",
    "data_elements": "data_element_code,criteria_set_code,name_vi,role\nA.1.GT,T,Nhân lực,value\n",
    "reporting_units": "reporting_unit_code,name_vi,level,area_code\nvp,Văn phòng HĐND và UBND,commune,03390\n"
    "kt,Phòng Kinh tế,commune,03390\nyt,Trạm Y tế,commune,03390\n",
    "assignments": "reporting_unit_code,data_element_code,form_code,role\n"
    "vp,A.1.GT,B01,lead\nkt,A.1.GT,B01,contributor\nyt,A.1.GT,B01,contributor\n",
    "rounds": "round_code,criteria_set_code,level,period_code,data_year,period_type,period_start,period_end,opens_on,"
    f"name_vi\n{ROUND},T,commune,2025,2025,year,2025-01-01,2025-12-31,2026-01-01,Báo cáo năm 2025\n",
    "round_due_dates": f"round_code,level,due_date,inclusive\n{ROUND},unit,2026-04-10,false\n"
    f"{ROUND},commune,2026-04-12,false\n",
}

Write = Callable[..., Letters]


def _known(folder: Path, tables: Mapping[str, str]) -> Known:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return Known(
        catalogue=load_catalogue(folder),
        office=Office(area_code="03390", criteria_set_code="T", level="commune"),
        release_file=None,
        entries=[],
        unconfirmed=[],
        exemptions=[],
        signed_copies=[],
        fixed=(),
        now=NOW,
    )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return _known(tmp_path_factory.mktemp("catalogue"), TABLES)


@pytest.fixture
def write(known: Known, tmp_path: Path) -> Write:
    """Letters of a release with the given rows into one data folder."""

    def call(rows: Rows, *, now: datetime = NOW, exemptions: Any = (), **asked: Any) -> Letters:
        number = len(list(tmp_path.glob("made*")))
        release = write_release(tmp_path / f"made{number}", rows)
        at = replace(known, release_file=release / "kho.duckdb", now=now, exemptions=exemptions)
        return write_letters(at, DataFolder(tmp_path / "data"), release, ROUND, **asked)

    return call


def _rows() -> Any:
    """Phòng Kinh tế has signed, Văn phòng has not; the latter's submission is the one that its findings are about."""
    rows = commune()
    vp, kt = rows["fct_submission"]
    rows["fct_submission"] = [{**vp, "signed_copy": False}, {**kt, "signed_copy": True}]
    for finding in rows["fct_finding"]:
        finding["submission_id"] = "s-vp" if finding.get("reporting_unit_code") == "vp" else None
        finding["round_code"] = finding.get("round_code") or ROUND
    return rows


def _mended() -> Any:
    rows = _rows()
    rows["fct_finding"] = []
    return rows


def _names(done: Letters) -> set[str]:
    return {letter.path.name for letter in done.letters}


def _text(file: Path) -> str:
    document = Document(str(file))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_each_unit_gets_what_it_owes_and_who_owes_nothing_gets_nothing(write: Write) -> None:
    assert _names(write(_rows())) == {
        "cong-van-don-doc.docx",
        "phieu-tra-lai_vp.docx",
        "tin-nhan_vp.txt",
        "tin-nhan_yt.txt",
    }


def test_the_reminder_names_unit_form_and_working_days_left(write: Write) -> None:
    text = _text(write(_rows(), kinds=["reminder"]).letters[0].path)
    assert "Kính gửi: Trạm Y tế." in text
    assert "B01 – Biểu thu thập số liệu" in text
    assert "hạn trước ngày 10/4/2026, còn 1 ngày làm việc" in text  # the 9th
    assert "đã nhận được báo cáo theo 2/3 biểu" in text
    assert "UBND TỈNH LAI CHÂU" in text
    assert "V/v đôn đốc gửi báo cáo số liệu năm 2025" in text
    assert "DỰ THẢO" not in text


def test_the_return_slip_lists_each_cell_with_what_stands_there_and_what_to_do(write: Write) -> None:
    document = Document(str(write(_rows(), kinds=["return"]).letters[0].path))
    mend, explain = document.tables[1:3]
    assert [cell.text for cell in mend.rows[1].cells][:4] == ["1", "Trang Biểu, ô E20", "", HOSTILE]
    assert mend.rows[1].cells[4].text.endswith("Đề nghị đơn vị kiểm tra và nhập lại.")
    assert [row.cells[1].text for row in explain.rows] == ["Vị trí", "Trang Biểu, ô E18"]


def test_the_confirmation_has_every_figure_as_reported_once_nothing_is_to_be_mended(write: Write) -> None:
    rows = _mended()
    rows["fct_reported_value"][0] |= {"value": 1234567.0625, "unit": "người"}
    done = write(rows, kinds=["confirmation"])
    assert _names(done) == {"giay-xac-nhan_vp.docx"}
    document = Document(str(done.letters[0].path))
    told = [[cell.text for cell in row.cells] for row in document.tables[1].rows[1:]]
    assert [(row[1], row[4]) for row in told] == [
        ("A.1.GT", "1.234.567,0625"),
        ("A.2.MS", "8"),
        ("A.2.TS", "3"),
        ("B.1.GT", "chờ đơn vị chỉnh sửa"),
    ]
    assert told[0][3:6:2] == ["người", "Trang Biểu, ô E15"]
    assert told[1][2].endswith("(chưa xác nhận)")
    assert "THỦ TRƯỞNG ĐƠN VỊ" in _text(done.letters[0].path)


def test_a_confirmation_keeps_every_digit_of_a_figure_of_many(write: Write) -> None:
    rows = _mended()
    exact = Decimal("12345678901234567890123456789012.5")
    rows["fct_reported_value"][0] |= {"value": float(exact), "value_decimal": exact}
    document = Document(str(write(rows, kinds=["confirmation"]).letters[0].path))
    assert document.tables[1].rows[1].cells[4].text == "12.345.678.901.234.567.890.123.456.789.012,5"


def test_a_message_has_three_lines_what_is_missing_which_cells_how_long(write: Write) -> None:
    texts = {
        item.path.name: item.path.read_text(encoding="utf-8")
        for item in write(_rows(), kinds=["message"]).letters
    }
    assert texts["tin-nhan_yt.txt"] == (
        "[SỐ LIỆU MINH HỌA] Trạm Y tế – số liệu năm 2025: chưa gửi biểu B01.\n"
        "Không có ô nào phải sửa.\n"
        "Hạn trước ngày 10/4/2026, còn 1 ngày làm việc.\n"
    )
    assert texts["tin-nhan_vp.txt"].splitlines()[1] == (
        "Ô cần sửa: trang Biểu: E20. Ô cần giải trình: trang Biểu: E18."
    )


def test_once_it_is_overdue_the_offices_own_date_is_told(write: Write) -> None:
    text = write(_rows(), now=datetime(2026, 4, 10, 2, tzinfo=UTC), units=["yt"], kinds=["message"])
    assert (
        text.letters[0]
        .path.read_text(encoding="utf-8")
        .splitlines()[0]
        .endswith("chưa gửi biểu B01, đã quá hạn.")
    )
    assert (
        "hạn trước ngày 10/4/2026 đã qua"
        in (told := text.letters[0].path.read_text(encoding="utf-8")).lower()
    )
    assert "phải báo cáo trước ngày 12/4/2026" in told


def test_an_exempt_unit_is_not_asked_and_an_extension_counts(write: Write) -> None:
    def excuse(kind: str, until: date | None) -> Exemption:
        return Exemption(
            reporting_unit_code="yt",
            area_code="03390",
            form_code="B01",
            round_code=ROUND,
            kind=kind,
            until=until,
            reason="sửa chữa trụ sở",
            decided_by="Lan",
            decided_at=NOW,
        )

    assert write(_mended(), exemptions=[excuse("exempt", None)], units=["yt"]).letters == ()
    extended = write(
        _mended(), exemptions=[excuse("extension", date(2026, 4, 14))], kinds=["message"], units=["yt"]
    )
    # 9, 10, 13 and 14 April
    assert extended.letters[0].path.read_text(encoding="utf-8").splitlines()[2] == (
        "Hạn hết ngày 14/4/2026, còn 4 ngày làm việc."
    )


def test_of_two_forms_the_date_of_the_one_that_is_due_first_is_told(tmp_path: Path) -> None:
    tables = {
        **TABLES,
        "forms": TABLES["forms"] + "B02,1,T,commune,Biểu bổ sung\n",
        "assignments": TABLES["assignments"] + "yt,A.1.GT,B02,contributor\n",
    }
    (tmp_path / "catalogue").mkdir()
    release = write_release(tmp_path, _mended())
    extended = Exemption(
        reporting_unit_code="yt",
        area_code="03390",
        form_code="B02",
        round_code=ROUND,
        kind="extension",
        until=date(2026, 4, 20),
        reason="sửa chữa trụ sở",
        decided_by="Lan",
        decided_at=NOW,
    )
    known = replace(
        _known(tmp_path / "catalogue", tables),
        release_file=release / "kho.duckdb",
        exemptions=[extended],
    )
    (letter,) = write_letters(
        known, DataFolder(tmp_path / "data"), release, ROUND, units=["yt"], kinds=["message"]
    ).letters
    lines = letter.path.read_text(encoding="utf-8").splitlines()
    assert "chưa gửi biểu B01; chưa gửi biểu B02" in lines[0]
    assert lines[2] == "Hạn trước ngày 10/4/2026, còn 1 ngày làm việc."


@pytest.mark.parametrize("state", ["for_signature", "issued", "locked"])
def test_a_round_that_takes_nothing_more_asks_only_for_what_still_may_come(
    write: Write, tmp_path: Path, state: str
) -> None:
    write(_rows())
    rows = _rows()
    rows["dim_round"] = [{**row, "state": state} for row in rows["dim_round"]]
    done = write(rows)
    assert _names(done) == {"giay-xac-nhan_vp.docx", "tin-nhan_vp.txt"}
    text = (tmp_path / "data" / "letters" / ROUND / "tin-nhan_vp.txt").read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith("số liệu năm 2025: chưa có bản ký xác nhận số liệu.")
    assert not (tmp_path / "data" / "letters" / ROUND / "cong-van-don-doc.docx").exists()


def test_the_command_says_why_nobody_is_reminded(tmp_path: Path) -> None:
    (tmp_path / "catalogue").mkdir()
    _known(tmp_path / "catalogue", TABLES)
    data = DataFolder(tmp_path / "data")
    data.make()
    rows = _mended()
    rows["dim_round"] = [{**row, "state": "locked"} for row in rows["dim_round"]]
    release = write_release(data.releases, rows)
    manifest = Manifest(release.name, NOW.isoformat(), "0", "0", "0", "0", is_sample=True, sha256="0")
    (release / "manifest.json").write_text(json.dumps(manifest.as_json()), encoding="utf-8")
    data.current_release.write_text(release.name, encoding="utf-8")
    told = ("letters", "--round", ROUND, "--unit", "yt")
    printed = kho_inside(data.root, *told, catalogue=tmp_path / "catalogue")
    assert printed.code == 0
    assert "không đôn đốc" in printed.out


def test_nothing_reported_gives_one_reminder_to_all(write: Write) -> None:
    rows = {
        name: _rows()[name]
        for name in ("dim_indicator", "dim_area", "dim_period", "dim_round", "fct_reporting_rate")
    }
    done = write(rows)
    assert [letter.kind for letter in done.letters] == ["reminder", "message", "message", "message"]
    text = _text(done.letters[0].path)
    assert "Kính gửi: các đơn vị có tên dưới đây." in text
    assert "đã nhận được báo cáo theo 0/3 biểu" in text


def test_written_again_they_are_the_same_bytes_and_what_no_longer_holds_goes(
    write: Write, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "letters" / ROUND
    write(_rows())
    before = {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.glob("*-*")}
    write(_rows())
    assert {file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in folder.glob("*-*")} == before
    done = write(_mended(), units=["vp"], kinds=["return"])
    assert done.removed == 1
    assert not (folder / "phieu-tra-lai_vp.pdf").exists()
    assert (folder / "cong-van-don-doc.pdf").exists()


def test_letters_of_units_with_like_codes_stand_beside_each_other(tmp_path: Path) -> None:
    tables = {
        **TABLES,
        "reporting_units": TABLES["reporting_units"]
        + "MN,Trường Mầm non,commune,03390\nMNĐ,Trường Mầm non Đ,commune,03390\n"
        "KT,Tổ Kinh tế,commune,03390\nBL_KT,Ban Kinh tế,commune,03390\n",
        "assignments": TABLES["assignments"]
        + "".join(f"{unit},A.1.GT,B01,contributor\n" for unit in ("MN", "MNĐ", "KT", "BL_KT")),
    }
    (tmp_path / "catalogue").mkdir()
    release = write_release(tmp_path, _mended())
    known = replace(_known(tmp_path / "catalogue", tables), release_file=release / "kho.duckdb")
    folder = DataFolder(tmp_path / "data")

    def write_to(*exemptions: Exemption, units: list[str] | None = None) -> Letters:
        at = replace(known, exemptions=exemptions)
        return write_letters(at, folder, release, ROUND, units=units, kinds=["message"])

    done = write_to()
    assert {f"tin-nhan_{unit}.txt" for unit in ("MN", "MNĐ", "KT", "BL_KT")} <= _names(done)
    for letter in done.letters:
        assert letter.path.read_text(encoding="utf-8").count("Trường Mầm non Đ") == (
            letter.path.stem == "tin-nhan_MNĐ"
        )
    excused = Exemption(
        reporting_unit_code="KT",
        area_code="03390",
        form_code="B01",
        round_code=ROUND,
        kind="exempt",
        until=None,
        reason="giải thể",
        decided_by="Lan",
        decided_at=NOW,
    )
    assert write_to(excused, units=["KT"]).removed == 1
    left = {file.name for file in (folder.letters / ROUND).glob("*.txt")}
    assert left == _names(done) - {"tin-nhan_KT.txt"}


def test_a_letter_edited_by_hand_is_kept(write: Write) -> None:
    reminder = write(_rows(), kinds=["reminder"]).letters[0].path
    document = Document(str(reminder))
    document.add_paragraph("Số 15/UBND-VX")
    document.save(str(reminder))
    edited = reminder.read_bytes()
    again = write(_rows(), now=datetime(2026, 4, 9, 2, tzinfo=UTC), kinds=["reminder"]).letters[0]
    assert again.is_edited
    assert reminder.read_bytes() == edited


def test_the_offices_own_template_is_used_and_an_unknown_field_in_it_is_named(
    write: Write, tmp_path: Path
) -> None:
    own = tmp_path / "data" / "templates" / "reminder.docx"
    own.parent.mkdir(parents=True)
    document = Document(str(SHIPPED / "reminder.docx"))
    document.add_paragraph("Điện thoại liên hệ: 0213 {{ period }}")
    document.save(str(own))
    assert "Điện thoại liên hệ: 0213 năm 2025" in _text(write(_rows(), kinds=["reminder"]).letters[0].path)
    document.add_paragraph("{{ phone_of_office }}")
    document.save(str(own))
    with pytest.raises(UsageError) as told:
        write(_rows(), kinds=["reminder"])
    assert "phone_of_office" in told.value.text("vi")


def test_a_unit_that_does_not_report_is_told_so(write: Write) -> None:
    with pytest.raises(UsageError) as error:
        write(_rows(), units=["khong-co"])
    assert "khong-co" in error.value.text("vi")


def test_names_of_200_letters_fit_and_a_message_never_begins_as_a_formula(
    tmp_path: Path, write: Write
) -> None:
    long = "Trường phổ thông dân tộc bán trú trung học cơ sở " * 5
    rows = _rows()
    rows["fct_finding"] = [{**rows["fct_finding"][0], "name_vi": long[:200]}]
    file = write(rows, kinds=["return"]).letters[0].path
    assert long[:200].strip() in _text(file)
    assert file.with_suffix(".pdf").stat().st_size
    with open_release(write_release(tmp_path / "x", commune(), is_sample=False)) as release:
        facts = read_round(release, ROUND)
    occasion = Occasion(
        facts=facts, now=NOW, recipient="", sent=0, expected=1, deadline=None, office_deadline=None
    )
    debt = Debt(
        code="x",
        name="=cmd|' /C calc'!A0\n@x",
        owes_confirmation=True,
        deadline=Deadline(NOW.date(), True, 0, False),
    )
    lines = message_lines(occasion, debt).splitlines()
    assert len(lines) == 3
    assert not [line for line in lines if line[0] in "=+-@/\t "]


def test_a_units_code_is_no_path_and_its_name_no_template(tmp_path: Path) -> None:
    tables = {name: text.replace("yt,", "../../../yt,") for name, text in TABLES.items()}
    tables["reporting_units"] = tables["reporting_units"].replace("Trạm Y tế", "=1+1 {{ 7*191 }} <script>")
    (tmp_path / "catalogue").mkdir()
    release = write_release(tmp_path, _rows())
    known = replace(_known(tmp_path / "catalogue", tables), release_file=release / "kho.duckdb")
    done = write_letters(known, DataFolder(tmp_path / "data"), release, ROUND, units=["../../../yt"])
    assert _names(done) == {"cong-van-don-doc_yt.docx", "tin-nhan_yt.txt"}
    assert {letter.path.parent for letter in done.letters} == {tmp_path / "data" / "letters" / ROUND}
    assert "Kính gửi: =1+1 {{ 7*191 }} <script>." in _text(done.letters[0].path)
    assert not done.letters[1].path.read_text(encoding="utf-8").startswith("=")


def test_the_templates_that_ship_are_the_ones_that_are_made(tmp_path: Path) -> None:
    for made in make_templates(tmp_path):
        assert made.read_bytes() == (SHIPPED / made.name).read_bytes(), made.name
