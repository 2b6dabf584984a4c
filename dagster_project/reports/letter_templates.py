"""Makes the Word templates of the letters to and from units: ``python -m`` this module.

Head, page and signature are those of every document (``letter_parts``); the words of each letter stand here. An
office may edit its own copies in Word; what goes into their fields is ``letters``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from docx import Document

from dagster_project.reports import word
from dagster_project.reports.filling import SHIPPED
from dagster_project.reports.letter_parts import (
    closing,
    head_pages,
    letterhead,
    loop_row,
    set_base_style,
    set_page,
)
from dagster_project.reports.packing import settle


def make_templates(folder: Path) -> list[Path]:
    """Write all of them into ``folder``."""
    files = []
    for name, build in _BUILDERS.items():
        document = Document()
        set_base_style(document)
        set_page(document.sections[0])
        head_pages(document.sections[0])
        build(document)
        files.append(folder / f"{name}.docx")
        document.save(str(files[-1]))
        settle(files[-1])
    return files


def _reminder(document: Any) -> None:
    letterhead(document, about="V/v đôn đốc gửi báo cáo số liệu {{ period }}")
    word.add(document, "Kính gửi: {{ addressee }}.", align=word.CENTRE, before=14, after=8)
    word.body(
        document,
        "Đợt “{{ round_name }}” có hạn các đơn vị gửi biểu số liệu {{ due }}. Đến {{ at }}, {{ issuer }} "
        "{{ received }}. Còn {{ count }} biểu chưa nhận được hoặc không đọc được:",
        keep=True,
    )
    _grid(
        document,
        (10, 62, 53, 40),
        {
            "TT": "{{ loop.index }}",
            "Đơn vị": "{{ item.unit }}",
            "Biểu": "{{ item.form }}",
            "Tình trạng": "{{ item.state }}",
        },
        "item in unsent",
    )
    word.body(
        document,
        "{{ issuer }} đề nghị {{ asked }} gửi biểu về {{ recipient }}; {{ deadline }}. Số liệu không phát sinh thì "
        "ghi “không phát sinh”, không để trống. Đơn vị chưa gửi được đề nghị báo lý do và thời điểm sẽ gửi.",
        before=6,
    )
    word.body(document, "Trân trọng./.", keep=True)
    closing(document)


def _return(document: Any) -> None:
    letterhead(document)
    _title(document, "PHIẾU TRẢ LẠI", "Số liệu {{ period }} đề nghị kiểm tra, chỉnh sửa")
    word.add(document, "Kính gửi: {{ unit }}.", align=word.CENTRE, before=8, after=8)
    word.body(
        document,
        "Qua kiểm tra số liệu của đơn vị trong đợt “{{ round_name }}”{{ files }}, {{ issuer }} đề nghị đơn vị xem lại "
        "các nội dung dưới đây. Số liệu cần sửa chưa được đưa vào kết quả tổng hợp.",
    )
    for number, (name, title) in enumerate((("mend", "Cần sửa"), ("explain", "Cần giải trình")), start=1):
        word.heading(document, f"{number}. {title}: {{{{ {name}|length }}}} nội dung")
        word.add(document, f"{{%p if {name} %}}")
        _grid(
            document,
            (9, 27, 40, 22, 67),
            {
                "TT": "{{ loop.index }}",
                "Vị trí": "{{ item.place }}",
                "Số liệu": "{{ item.name }}",
                "Đơn vị ghi": "{{ item.entered }}",
                "Nội dung, đề nghị": "{{ item.text }}",
            },
            f"item in {name}",
        )
        word.add(document, "{%p endif %}")
    word.body(
        document,
        "Đơn vị sửa trên chính biểu đã gửi rồi gửi lại cả biểu về {{ recipient }}; {{ deadline }}.",
        before=6,
        keep=True,
    )
    closing(document)


def _confirmation(document: Any) -> None:
    letterhead(document, ("{{ issuer }}",))
    _title(document, "GIẤY XÁC NHẬN SỐ LIỆU", "Đợt “{{ round_name }}”, số liệu {{ period }}")
    word.add(document, "Kính gửi: {{ addressee }}.", align=word.CENTRE, before=8, after=8)
    word.body(
        document,
        "{{ unit }} xác nhận các số liệu dưới đây, mà {{ addressee }} đã nhận của đơn vị{{ files }}:",
        keep=True,
    )
    _grid(
        document,
        (9, 22, 54, 20, 28, 32),
        {
            "TT": "{{ loop.index }}",
            "Mã số liệu": "{{ item.code }}",
            "Số liệu": "{{ item.name }}",
            "Đơn vị tính": "{{ item.unit }}",
            "Giá trị": "{{ item.value }}",
            "Ghi nhận từ": "{{ item.source }}",
        },
        "item in values",
    )
    word.body(document, "☐ Đúng với số liệu của đơn vị.      ☐ Cần sửa như sau:", before=8)
    for _ in range(2):
        word.add(document, "…" * 33, align=word.LEFT, before=4)
    word.add(document, "", size=8)
    table = word.table(document, (80, 85), grid=False)
    word.keep_whole(table.rows[0])
    for cell, texts in zip(
        table.rows[0].cells,
        (("NGƯỜI LẬP", "(Ký, ghi rõ họ tên)"), ("THỦ TRƯỞNG ĐƠN VỊ", "(Ký, ghi rõ họ tên, đóng dấu)")),
        strict=True,
    ):
        word.put(cell, texts[0], size=13, bold=True, align=word.CENTRE, first=True)
        word.put(cell, texts[1], size=12, italic=True, align=word.CENTRE)
        for _ in range(4):
            word.put(cell, "", size=13)


def _title(document: Any, kind: str, about: str) -> None:
    word.add(document, kind, bold=True, align=word.CENTRE, before=14)
    word.add(document, about, bold=True, align=word.CENTRE)
    word.underline(document.add_paragraph(), 65, 65)


def _grid(document: Any, widths: tuple[float, ...], columns: Mapping[str, str], loop: str) -> None:
    table = word.table(document, widths, rows=2)
    word.head_row(table.rows[0], tuple(columns), size=11)
    middle = {"TT", "Vị trí", "Mã số liệu", "Đơn vị tính"}
    aligns = tuple(
        word.CENTRE if head in middle else word.RIGHT if head == "Giá trị" else word.LEFT for head in columns
    )
    loop_row(table, loop, tuple(columns.values()), size=11, aligns=aligns)


_BUILDERS: Mapping[str, Callable[[Any], None]] = {
    "reminder": _reminder,
    "return": _return,
    "confirmation": _confirmation,
}


if __name__ == "__main__":
    make_templates(SHIPPED)
