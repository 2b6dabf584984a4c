"""`kho catalogue import` with an appendix, as an officer uses it: shown, told what is open, written, in the history."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dagster_project.catalogue.load import load_catalogue
from dagster_project.errors import ExitCode
from dagster_project.paths import Project
from tests.catalogue.appendix_files import write_docx, write_xlsx
from tests.command import kho_inside as kho

DOCUMENT = "2244/QĐ-TTg ngày 13/10/2025"
AS_BA_NAM = ("--by", "Bà Năm", "--document", DOCUMENT)
#: What a made-up appendix says otherwise than the catalogue that ships.
NAMES = {
    "II.1.6": "Số lượng giải pháp đổi mới sáng tạo được áp dụng",
    "II.2.4": "Số lượng tổ chức trung gian chuyển giao công nghệ",
    "III.1.3": "Tỷ trọng đóng góp của năng suất các nhân tố tổng hợp vào tăng trưởng",
    "IV.21": "Tỷ lệ hồ sơ thủ tục hành chính trực tuyến toàn trình",
}
UNITS = {"I.2": "tỷ đồng", "II.1.6": "sáng chế", "II.2.4": "cơ sở"}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    assert kho(data, "init", "--area", "03390").code == 0
    return data


def lines(*, with_methods: bool) -> list[tuple[str, ...]]:
    """46 criteria: one is not there, one is new, the lead of one is another unit."""
    table: list[tuple[str, ...]] = []
    shipped = load_catalogue(Project().reference).table("indicators").sort("sort_order")
    for row in shipped.iter_rows(named=True):
        code, kind = row["indicator_code"], row["node_type"]
        name = NAMES.get(code, row["name_vi"])
        if kind == "group":
            table.append((f"{code}. {name.upper()}",))
        elif kind == "criterion":
            table.append(("", name, "", "", "", "", "", ""))
        elif code != "IV.02":
            number = code.rsplit(".", maxsplit=1)[-1].lstrip("0")
            unit, lead = UNITS.get(code, row["unit"] or ""), ""
            if with_methods and code == "IV.14":
                lead = "Trạm Y tế xã Bình Lư"
            method = f"Hướng dẫn tính {number}" if with_methods else ""
            table.append((number, name, unit, method, "Năm", lead, "", ""))
    return [*table, ("30", "Tỷ lệ thôn, bản có điểm hỗ trợ công nghệ số", "%", "", "Năm", "", "", "")]


def test_phu_luc_i_and_ii_arrive_and_the_history_says_who_checked_46_names_and_when(
    tmp_path: Path, office: Path
) -> None:
    first = lines(with_methods=False)
    names = write_docx(tmp_path / "phu-luc-1.docx", [first[:30], first[30:]])
    guide = write_xlsx(tmp_path / "phu-luc-2.xlsx", [lines(with_methods=True)])
    seen = kho(office, "catalogue", "import", names, "--year", "2026", *AS_BA_NAM)
    assert seen.code == ExitCode.BLOCKING_FINDINGS
    (asked,) = [line for line in seen.out.splitlines() if "--accept" in line]
    ref = asked.split("--accept ")[1].split("=")[0]
    assert asked.split("--accept ")[1].split(";")[0] == f"{ref}=IV.21"
    assert "~ I.2: đơn vị tính: triệu đồng → tỷ đồng" in seen.out
    assert "! I.2: gián đoạn chuỗi số liệu từ 2244-X-2026" in seen.out
    accept = ("--accept", f"{ref}=IV.21")
    written = kho(office, "catalogue", "import", names, "--year", "2026", *accept, *AS_BA_NAM)
    assert written.code == 0, written.out + written.err
    assert (
        "46 tiêu chí: 42 khớp danh mục, 3 điền vào chỗ chưa biết tên, 1 mới, 0 chưa rõ; 1 mục" in written.out
    )
    written = kho(office, "catalogue", "import", guide, "--year", "2026", *AS_BA_NAM)
    assert (written.code, "~ IV.14: chủ trì: Trạm Y tế" in written.out) == (0, True)
    assert "!" not in written.out  # a method that was inferred until then breaks nothing
    assert kho(office, "catalogue", "check").code == 0
    told = kho(office, "catalogue", "versions", "--json").json
    assert [(v["how"], v["made_by"], v["document"], v["source_name"]) for v in told] == [
        ("first", "", "", ""),
        ("appendix", "Bà Năm", DOCUMENT, "phu-luc-1.docx"),
        ("appendix", "Bà Năm", DOCUMENT, "phu-luc-2.xlsx"),
    ]
    indicators = load_catalogue(office / "catalogue").table("indicators")
    day = date(2026, 12, 31)
    now = indicators.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)) & pl.col("valid_to").is_null()
    )
    names_now = now.filter(node_type="indicator")
    assert names_now.select("status", "confirmed_by", "document_vi").unique().rows() == [
        ("official", "Bà Năm", DOCUMENT)
    ]
    assert (names_now.height, now.filter(pl.col("status") != "official").height) == (46, 0)


def test_names_of_the_round_that_is_reported_are_confirmed_after_an_appendix_for_the_next(
    tmp_path: Path, office: Path
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", [lines(with_methods=False)])
    told = ("catalogue", "import", file, "--accept-all", *AS_BA_NAM)
    assert kho(office, *told, "--year", "2026").code == 0
    printed = kho(office, "catalogue", "confirm", "IV.21", "--year", "2025", "--by", "Ông Ba")
    assert "IV.21 «Tỷ lệ hồ sơ trực tuyến toàn trình» (hiệu lực … – 31/12/2025)" in printed.out, printed.err
    versions = load_catalogue(office / "catalogue").table("indicators").filter(indicator_code="IV.21")
    assert versions.select("confirmed_by", "valid_to").rows() == [
        ("Ông Ba", date(2025, 12, 31)),
        ("Bà Năm", None),
    ]
    # names that nobody knew before can be confirmed by the appendix only
    assert kho(office, *told, "--year", "2025").code == 0
    assert kho(office, "catalogue", "check").code == 0
    day = date(2025, 12, 31)
    names = (
        load_catalogue(office / "catalogue")
        .table("indicators")
        .filter(
            pl.col("valid_from").fill_null(date.min) <= day,
            pl.col("valid_to").fill_null(date.max) >= day,
            pl.col("node_type") == "indicator",
        )
    )
    assert (names.height, names.filter(pl.col("status") != "official").height) == (46, 0)


def test_names_that_the_appendix_has_word_for_word_are_confirmed_at_once(
    tmp_path: Path, office: Path
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", [lines(with_methods=False)])
    printed = kho(office, "catalogue", "confirm", "--all-from", file, *AS_BA_NAM)
    assert printed.code == 0, printed.err
    # five rows have other names or are new; 41 criteria and the 4 groups and 9 titles are as in the appendix
    assert printed.out.count("Không khớp, chưa xác nhận") == 5
    indicators = load_catalogue(office / "catalogue").table("indicators")
    assert indicators.filter(confirmed_by="Bà Năm").height == 41 + 4 + 9
    (_, version) = kho(office, "catalogue", "versions", "--json").json
    assert (version["how"], version["source_name"]) == ("confirm", "phu-luc.xlsx")


def test_what_is_missing_on_the_command_line_is_told_before_anything_is_read(
    tmp_path: Path, office: Path
) -> None:
    file = write_xlsx(tmp_path / "phu-luc.xlsx", [lines(with_methods=False)])
    shutil.copyfile(file, tmp_path / "khac.xlsx")
    for told, words in (
        (("--year", "2026"), "--reason"),
        (AS_BA_NAM, "--valid-from"),
        ((*AS_BA_NAM, "--valid-from", "1/1/2026"), "2026-01-01"),
        ((*AS_BA_NAM, "--year", "2026", "--accept", "IV.21"), "1:14=IV.21"),
    ):
        printed = kho(office, "catalogue", "import", file, *told)
        assert (printed.code, words in printed.err) == (ExitCode.WRONG_USAGE, True), printed.err
    assert not (office / "catalogue-versions").exists()
