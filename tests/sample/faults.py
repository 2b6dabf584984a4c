"""What is wrong in the sample on purpose, and the finding that each fault must end in.

A fault changes one filled form of the clean sample, says when it came, or leaves it out. How forms are filled and
where they are written is not known here (``make``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.sample.workbook import Form


@dataclass(frozen=True)
class Fault:
    """One planted fault; ``rule_code`` is empty where it must be read without any remark but info."""

    name: str
    unit: str
    year: int
    rule_code: str
    severity: str
    stage: str
    note: str
    #: Changes the form and gives the cell where the finding must stand, empty for one about the whole file.
    plant: Callable[[Form], str] | None = None
    #: Changes a first version of the form, which is sent before the right one.
    first: Callable[[Form], str] | None = None
    received_at: str = ""
    is_missing: bool = False


def _number(form: Form, code: str) -> float:
    value = form.at(code).value
    assert isinstance(value, int | float)
    return value


def _times(code: str, factor: float) -> Callable[[Form], str]:
    return lambda form: form.put(code, round(_number(form, code) * factor, 2))


def _plus(code: str, step: float) -> Callable[[Form], str]:
    return lambda form: form.put(code, round(_number(form, code) + step, 2))


def _percent_sign(code: str) -> Callable[[Form], str]:
    return lambda form: form.put(code, f"{_number(form, code)}%".replace(".", ","))


def _dotted(code: str) -> Callable[[Form], str]:
    """Type the whole part with a dot between thousands, as text."""
    return lambda form: form.put(code, f"{int(_number(form, code)):,}".replace(",", "."))


def _in_words(code: str) -> Callable[[Form], str]:
    def plant(form: Form) -> str:
        form.put(code, None, "TT")
        return form.put(code, "không phát sinh")

    return plant


def _whole_sheet(change: Callable[[Form], object]) -> Callable[[Form], str]:
    def plant(form: Form) -> str:
        change(form)
        return ""

    return plant


FAULTS = (
    Fault(
        "late",
        "SB-YT",
        2022,
        "SUBMISSION_LATE",
        "warning",
        "meaning",
        "Đến sau hạn (trước ngày 10/4) hai ngày.",
        received_at="2023-04-12T09:15:00+07:00",
    ),
    Fault(
        "resubmitted",
        "BLC-YT",
        2023,
        "SUBMISSION_REVISED",
        "info",
        "meaning",
        "Lần nộp thứ hai thay số hồ sơ sức khỏe điện tử của lần thứ nhất.",
        first=_plus("IV.14.TS", -120),
    ),
    Fault(
        "resubmitted_again",
        "BL-YT",
        2025,
        "SUBMISSION_REVISED",
        "info",
        "meaning",
        "Lần nộp thứ hai thay tổng dân số của lần thứ nhất.",
        first=_plus("IV.14.MS", 300),
    ),
    Fault(
        "missing_unit",
        "BL-THPT",
        2025,
        "SUBMISSION_MISSING",
        "warning",
        "meaning",
        "Trường THPT không gửi báo cáo năm 2025.",
        is_missing=True,
    ),
    Fault(
        "lead_contributor_differ",
        "BL-MTTQ",
        2025,
        "LEAD_CONTRIBUTOR_DIFFERS",
        "warning",
        "meaning",
        "Đơn vị phối hợp ghi số người được phổ cập kỹ năng số thấp hơn 250 so với đơn vị chủ trì.",
        plant=_plus("IV.16.TS", -250),
    ),
    Fault(
        "typed_rate",
        "TD-VP",
        2023,
        "RATE_DIFFERS_IV_21",
        "warning",
        "meaning",
        "Tỷ lệ ghi tay cao hơn 7,5 điểm phần trăm so với tử số chia mẫu số.",
        plant=_plus("IV.21.TL", 7.5),
    ),
    Fault(
        "unit_slip",
        "BL-KT",
        2025,
        "SLIP_UP_II_2_3_GT",
        "blocking",
        "meaning",
        "Giá trị hợp đồng ghi theo nghìn đồng thay vì triệu đồng.",
        plant=_times("II.2.3.GT", 1000),
    ),
    Fault(
        "percent_text",
        "SB-VHXH",
        2023,
        "",
        "",
        "",
        "Ghi chữ có dấu phần trăm trong ô tỷ lệ: nhận đúng số phần trăm.",
        plant=_percent_sign("IV.11.TL"),
    ),
    Fault(
        "dotted_count",
        "BLC-VP",
        2022,
        "NUMBER_THOUSANDS_READ",
        "info",
        "intake",
        "Ghi chữ có dấu chấm hàng nghìn trong ô số đếm: nhận đúng số nguyên.",
        plant=_dotted("IV.21.MS"),
    ),
    Fault(
        "dotted_decimal",
        "BLC-KT",
        2023,
        "NUMBER_AMBIGUOUS",
        "blocking",
        "intake",
        "Ghi chữ có dấu chấm trong ô có phần thập phân: không rõ hàng nghìn hay thập phân, chờ đơn vị chỉnh sửa.",
        plant=_dotted("IV.20.MS"),
    ),
    Fault(
        "words_for_zero",
        "TD-KT",
        2022,
        "",
        "",
        "",
        "Ghi 'không phát sinh' ngay trong ô số: nhận là không phát sinh, giá trị 0.",
        plant=_in_words("II.1.5.GT"),
    ),
    Fault(
        "total_not_sum",
        "TD-KT",
        2023,
        "PARTS_DIFFER_I_2",
        "warning",
        "meaning",
        "Tổng mức đầu tư cao hơn tổng ba nguồn 50 triệu đồng.",
        plant=_plus("I.2.GT", 50),
    ),
    Fault(
        "decomposed_unicode",
        "SB-VHXH",
        2024,
        "FORM_TEXT_DECOMPOSED",
        "info",
        "intake",
        "Chữ tiếng Việt lưu ở dạng Unicode tổ hợp.",
        plant=_whole_sheet(lambda form: form.decompose()),
    ),
    Fault(
        "row_inserted",
        "TD-VHXH",
        2022,
        "FORM_CELLS_MOVED",
        "info",
        "intake",
        "Chèn một dòng trống giữa bảng.",
        plant=_whole_sheet(lambda form: form.insert_row("IV.11.TS")),
    ),
    Fault(
        "column_moved",
        "BLC-VHXH",
        2022,
        "FORM_CELLS_MOVED",
        "info",
        "intake",
        "Đổi chỗ cột kỳ trước và cột giá trị.",
        plant=_whole_sheet(lambda form: form.swap_columns("KT", "GT")),
    ),
    Fault(
        "hidden_sheet_lost",
        "BLC-VP",
        2024,
        "FORM_MAP_MISSING",
        "info",
        "intake",
        "Chép trang biểu ra tệp khác, mất trang ẩn.",
        plant=_whole_sheet(lambda form: form.drop_hidden_sheet()),
    ),
)
