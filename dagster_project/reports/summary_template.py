"""Makes ``templates/summary.docx``, the page for leaders: ``python -m`` this module. Its fields are ``summary``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document
from docx.shared import Mm

from dagster_project.reports import word
from dagster_project.reports.filling import SHIPPED
from dagster_project.reports.letter_parts import head_pages, loop_row, set_base_style, set_page
from dagster_project.reports.packing import settle

TEMPLATE = SHIPPED / "summary.docx"
_SIZE = 10.5


def make_template(file: Path) -> None:
    """Write the template to ``file``."""
    document = Document()
    set_base_style(document)
    section = document.sections[0]
    set_page(section)
    section.top_margin, section.bottom_margin = Mm(17), Mm(10)
    section.left_margin = section.right_margin = Mm(15)
    head_pages(section)
    word.add(document, "{{ issuer }}", size=12, bold=True)
    word.add(
        document,
        "TÓM TẮT KẾT QUẢ BỘ TIÊU CHÍ {{ period_capitals }}",
        size=15,
        bold=True,
        align=word.CENTRE,
        before=2,
    )
    word.add(document, "Số liệu chốt đến {{ closed }}", size=_SIZE, italic=True, align=word.CENTRE, after=4)
    _cards(document)
    _groups(document)
    _targets(document)
    _movements(document)
    _charts(document)
    _waiting(document)
    word.add(document, "{{ foot }}", size=9, italic=True, before=3)
    document.save(str(file))
    settle(file)


def _heading(document: Any, text: str) -> None:
    word.add(document, text, size=11.5, bold=True, before=6, after=2).paragraph_format.keep_with_next = True


def _cards(document: Any) -> None:
    table = word.table(document, (45, 45, 45, 45), rows=1)
    for cell, card in zip(table.rows[0].cells, range(4), strict=True):
        word.put(cell, f"{{{{ cards[{card}].number }}}}", size=17, bold=True, align=word.CENTRE, first=True)
        word.put(cell, f"{{{{ cards[{card}].about }}}}", size=10, align=word.CENTRE)


def _groups(document: Any) -> None:
    _heading(document, "Các nhóm tiêu chí")
    heads = (
        "Nhóm",
        "Tổng số",
        "Có kết quả",
        "Không phát sinh",
        "Không áp dụng",
        "Chờ chỉnh sửa",
        "Chưa đủ địa bàn",
        "Chưa có số liệu",
    )
    table = word.table(document, (46, 16, 19, 21, 20, 19, 19, 20), rows=2)
    word.head_row(table.rows[0], heads, size=10)
    names = ("indicators", "with_figure", "zero", "not_applicable", "held", "partial", "none")
    loop_row(
        table,
        "group in groups",
        ("{{ group.name }}", *(f"{{{{ group.{name} }}}}" for name in names)),
        size=10,
        aligns=(word.LEFT, *(word.CENTRE,) * len(names)),
    )


def _targets(document: Any) -> None:
    _heading(document, "Mục tiêu được giao: {{ lights }}")
    word.add(document, "{%p if targets %}")
    table = word.table(document, (88, 32, 28, 32), rows=2)
    word.head_row(table.rows[0], ("Chỉ tiêu", "Mục tiêu", "Thực hiện", "Đánh giá"), size=10)
    loop_row(
        table,
        "item in targets",
        ("{{ item.name }}", "{{ item.target }} ({{ item.period }})", "{{ item.actual }}", "{{ item.light }}"),
        size=10,
        aligns=(word.LEFT, word.CENTRE, word.CENTRE, word.CENTRE),
    )
    word.add(document, "{%p if more_targets %}")
    word.add(document, "và {{ more_targets }} mục tiêu khác, nêu trong báo cáo.", size=9, italic=True)
    word.add(document, "{%p endif %}")
    word.add(document, "{%p endif %}")


def _movements(document: Any) -> None:
    _heading(document, "Biến động lớn nhất so với kỳ trước{% if not movements %}: chưa có{% endif %}")
    word.add(document, "{%p if movements %}")
    table = word.table(document, (68, 40, 28, 44), rows=2)
    word.head_row(table.rows[0], ("Chỉ tiêu", "Kỳ trước → kỳ này", "Thay đổi", "Lý do, lưu ý"), size=10)
    loop_row(
        table,
        "item in movements",
        (
            "{{ item.name }}",
            "{{ item.before }} → {{ item.after }} {{ item.unit }}",
            "{{ item.change }}",
            "{{ item.note }}",
        ),
        size=10,
        aligns=(word.LEFT, word.CENTRE, word.CENTRE, word.LEFT),
    )
    word.add(document, "{%p endif %}")


def _charts(document: Any) -> None:
    word.add(document, "{%p if charts %}")
    word.add(document, "", size=4)
    table = word.table(document, (60, 60, 60), rows=1, grid=False)
    word.keep_whole(table.rows[0])
    for number, cell in enumerate(table.rows[0].cells):
        word.put(cell, f"{{%p if charts|length > {number} %}}", first=True)
        word.put(cell, f"{{{{ charts[{number}].name }}}}", size=9, bold=True)
        word.put(cell, f"{{{{ picture_{number} }}}}", size=9)
        word.put(cell, "{%p endif %}")
        word.put(cell, "", size=2)
    word.add(document, "{%p endif %}")


def _waiting(document: Any) -> None:
    _heading(document, "Chờ quyết định, chỉ đạo{% if not waiting %}: không có{% endif %}")
    word.add(document, "{%p for item in waiting %}")
    word.add(document, "– {{ item }}", size=_SIZE)
    word.add(document, "{%p endfor %}")


if __name__ == "__main__":
    make_template(TEMPLATE)
