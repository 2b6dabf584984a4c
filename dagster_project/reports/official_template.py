"""Makes ``templates/official.docx``, the Word template of the official report: ``python -m`` this module.

The layout of Nghị định 30/2020/NĐ-CP, Phụ lục I, and the words that are the same in every report. An office may edit
the template in Word; what goes into its fields is ``official``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document

from dagster_project.reports import word
from dagster_project.reports.letter_parts import (
    closing,
    head_pages,
    letterhead,
    loop_row,
    set_base_style,
    set_page,
)
from dagster_project.reports.official_appendices import add_areas, add_periods
from dagster_project.reports.packing import settle

TEMPLATE = Path(__file__).parent / "templates" / "official.docx"

#: Below "TM.": who signs for the chair, or the chair.
_SIGNED = (
    "TM. ỦY BAN NHÂN DÂN",
    *("{%p if is_for_chair %}", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
    *("{%p else %}", "CHỦ TỊCH", "{%p endif %}"),
)
_SUBJECT = "kết quả thu thập và tổng hợp số liệu theo bộ tiêu chí {{ period }}"

_RESULTS = (
    "Bộ tiêu chí có {{ results.indicators }} tiêu chí{% if is_overview %}, tổng hợp cho {{ results.areas }} địa bàn. "
    "Phụ lục I nêu số địa bàn đã có số liệu của từng tiêu chí, Phụ lục II nêu số liệu của từng địa bàn.{% else %}. "
    "Kết quả {{ period }}: {{ results.with_figure + results.zero }} tiêu chí đã có kết quả (kể cả không phát sinh), "
    "{{ results.not_applicable }} tiêu chí không áp dụng ở cấp báo cáo, {{ results.held }} tiêu chí chờ đơn vị chỉnh "
    "sửa số liệu, {% if results.partial %}{{ results.partial }} tiêu chí mới có số liệu của một phần địa bàn, "
    "{% endif %}{{ results.none }} tiêu chí chưa có số liệu. Kết quả từng tiêu chí "
    "{% if results.first != results.last %}từ {{ results.first }} đến {% endif %}{{ results.last }} nêu tại Phụ lục"
    "{% if is_consolidated %} I, số liệu từng địa bàn nêu tại Phụ lục II{% endif %} kèm theo.{% endif %}"
)
#: Field, heading, what is said where there are some and where there are none, head and field of the last column.
_QUESTIONS = (
    (
        *("blocking", "Số liệu chờ đơn vị chỉnh sửa"),
        "Có {{ blocking.count }} nội dung đề nghị đơn vị kiểm tra, chỉnh sửa; số liệu liên quan chưa đưa vào kết quả.",
        "Không có số liệu chờ đơn vị chỉnh sửa.",
        *("Vị trí", "place"),
    ),
    (
        *("warning", "Số liệu cần giải trình"),
        "Có {{ warning.count }} nội dung đề nghị đơn vị giải trình.",
        "Không có số liệu cần giải trình.",
        *("Vị trí", "place"),
    ),
    (
        *("settled", "Nội dung đã giải trình, đã có quyết định"),
        "Có {{ settled.count }} nội dung đã được đơn vị giải trình hoặc đã có quyết định.",
        "Chưa có nội dung nào được giải trình hoặc quyết định.",
        *("Giải trình, quyết định", "answer"),
    ),
    (
        *("entered", "Số liệu nhập thay, đính chính chờ đơn vị xác nhận"),
        "Có {{ entered.count }} số liệu do cán bộ nhập thay hoặc đính chính, đang chờ đơn vị xác nhận.",
        "Không có số liệu nhập thay hoặc đính chính nào chờ xác nhận.",
        *("Giá trị", "value"),
    ),
)
_REST = (
    "{% if NAME.rest %}{{ NAME.named }} nội dung đầu nêu tại bảng dưới đây, các nội dung còn lại xem phụ lục số liệu "
    "(bảng tính).{% else %}Các nội dung nêu tại bảng dưới đây.{% endif %}"
)


def make_template(file: Path) -> None:
    """Write the template to ``file``."""
    document = Document()
    set_base_style(document)
    set_page(document.sections[0])
    head_pages(document.sections[0])
    letterhead(document)
    _title(document)
    _section_collection(document)
    _section_results(document)
    _section_changes(document)
    _section_targets(document)
    _section_quality(document)
    _section_assessment(document)
    closing(document, _SIGNED)
    add_periods(document)
    add_areas(document)
    document.save(str(file))
    settle(file)


def _title(document: Any) -> None:
    word.add(document, "BÁO CÁO", bold=True, align=word.CENTRE, before=14)
    word.add(document, _SUBJECT.replace("kết", "Kết", 1), bold=True, align=word.CENTRE)
    word.add(document, "{%p if relation %}")
    word.add(document, "({{ relation }})", italic=True, align=word.CENTRE)
    word.add(document, "{%p endif %}")
    word.underline(document.add_paragraph(), 65, 65)
    word.add(document, "{%p if addressee %}")
    word.add(document, "Kính gửi: {{ addressee }}.", align=word.CENTRE, before=8, after=8)
    word.add(document, "{%p endif %}")
    word.body(
        document,
        "{% if legal_basis %}Thực hiện {{ legal_basis }} về việc ban hành {{ criteria_set }}, {% endif %}"
        f"{{{{ issuer }}}} {{% if is_consolidated %}}tổng hợp, {{% endif %}}báo cáo {_SUBJECT} như sau:",
        before=8,
    )


def _section_collection(document: Any) -> None:
    word.heading(document, "I. TÌNH HÌNH THU THẬP SỐ LIỆU")
    word.heading(document, "1. Tình hình gửi báo cáo của các đơn vị")
    word.body(
        document,
        "{% if units.expected %}Đợt báo cáo có {{ units.expected }} đơn vị phải gửi báo cáo"
        "{% if units.due %}, hạn gửi {{ units.due_words }}{% endif %}. "
        "Đến thời điểm chốt số liệu (ngày {{ release_day }}) đã có {{ units.sent }}/{{ units.expected }} "
        "đơn vị gửi "
        "báo cáo, đạt {{ units.percent }}%{% if units.due %}; trong đó {{ units.on_time }} đơn vị gửi đúng "
        "hạn, "
        "{{ units.late }} đơn vị gửi sau hạn{% endif %}."
        "{% else %}Đợt báo cáo chưa có danh sách đơn vị phải gửi báo cáo (thời điểm chốt số liệu: ngày "
        "{{ release_day }}).{% endif %}",
    )
    _areas(document)
    word.add(document, "{%p if not is_consolidated %}")
    _listing(
        document,
        "missing",
        "Có {{ units.missing }} đơn vị chưa gửi báo cáo:",
        "reason",
        " – {{ item.reason }}",
    )
    word.add(document, "{%p endif %}")
    _listing(
        document,
        "late",
        "Có {{ units.late }} đơn vị gửi báo cáo sau hạn:",
        "received",
        " (nhận lúc {{ item.received }})",
    )
    _listing(
        document,
        "excused",
        "Các đơn vị được miễn, không gửi hoặc không phát sinh số liệu:",
        "reason",
        " – {{ item.reason }}",
    )
    word.heading(document, "2. Số liệu đã tiếp nhận")
    word.body(
        document,
        "Đã tiếp nhận {{ submissions.count }} lần nộp{% if submissions.replaced %}, trong đó "
        "{{ submissions.replaced }} lần nộp đã được thay bằng lần nộp sau,{% endif %} với {{ "
        "submissions.figures }} số "
        "liệu; {{ submissions.held }} số liệu đang chờ đơn vị chỉnh sửa. Kết quả kiểm tra: "
        "{{ submissions.blocking }} nội dung cần sửa, {{ submissions.warning }} nội dung cần giải trình.",
    )
    _written(document, "collection")


def _areas(document: Any) -> None:
    """Per area who has not sent, in a consolidated report."""
    word.add(document, "{%p if areas %}")
    word.body(
        document,
        "Các địa bàn còn đơn vị chưa gửi hoặc gửi sau hạn; những địa bàn khác đã gửi đủ, đúng hạn:",
        keep=True,
    )
    table = word.table(document, (10, 38, 18, 18, 18, 63), rows=2)
    heads = ("TT", "Địa bàn", "Phải gửi", "Đã gửi", "Sau hạn", "Đơn vị chưa gửi")
    word.head_row(table.rows[0], heads, size=11)
    loop_row(
        table,
        "area in areas",
        tuple(f"{{{{ area.{name} }}}}" for name in ("number", "name", "expected", "sent", "late", "missing")),
        size=11,
        aligns=(word.CENTRE, word.LEFT, *(word.CENTRE,) * 3, word.LEFT),
    )
    word.add(document, "{%p endif %}")


def _section_results(document: Any) -> None:
    word.heading(document, "II. KẾT QUẢ THEO BỘ TIÊU CHÍ")
    word.body(document, _RESULTS)
    _written(document, "results")
    word.body(document, "Tình hình số liệu {{ period }} theo từng nhóm:", keep=True)
    table = word.table(document, (45, 16, 18, 18, 18, 17, 17, 17), rows=2)
    heads = (
        "Nhóm tiêu chí",
        "Tổng số",
        "Có số liệu",
        "Không phát sinh",
        "Không áp dụng",
        "Chờ chỉnh sửa",
        "Chưa đủ địa bàn",
        "Chưa có số liệu",
    )
    word.head_row(table.rows[0], heads, size=11)
    kinds = ("indicators", "with_figure", "zero", "not_applicable", "held", "partial", "none")
    aligns = (word.LEFT, *(word.CENTRE,) * 7)
    loop_row(
        table,
        "group in groups",
        ("{{ group.name }}", *(f"{{{{ group.{kind} }}}}" for kind in kinds)),
        size=11,
        aligns=aligns,
    )
    totals = ("Tổng cộng", *(f"{{{{ results.{kind} }}}}" for kind in kinds))
    word.fill(table.add_row(), totals, size=11, bold=True, aligns=aligns)


def _section_changes(document: Any) -> None:
    word.heading(document, "III. NHỮNG THAY ĐỔI VÀ NGUYÊN NHÂN")
    _written(document, "changes")
    word.add(document, "{%p if movements %}")
    word.body(
        document,
        "Các tiêu chí biến động nhiều nhất so với kỳ trước, xếp theo mức thay đổi tương đối:",
        keep=True,
    )
    table = word.table(document, (16, 54, 21, 21, 21, 32), rows=2)
    heads = ("TT", "Tiêu chí", "Kỳ trước", "Kỳ báo cáo", "Tăng, giảm", "Giải trình của đơn vị")
    word.head_row(table.rows[0], heads, size=11)
    loop_row(
        table,
        "item in movements",
        (
            "{{ item.code }}",
            "{{ item.name }}{% if item.unit %} ({{ item.unit }}){% endif %}",
            *(f"{{{{ item.{name} }}}}" for name in ("before", "after", "change", "reason")),
        ),
        size=11,
        aligns=(word.CENTRE, word.LEFT, *(word.RIGHT,) * 3, word.LEFT),
    )
    word.add(document, "{%p else %}")
    word.body(
        document,
        "Không có biến động so với kỳ trước để nêu: chưa có số liệu của hai năm so sánh được, hoặc số liệu không đổi.",
    )
    word.add(document, "{%p endif %}")
    for field in ("chart_1", "chart_2", "chart_3"):
        word.add(document, f"{{%p if {field} %}}")
        word.add(document, f"{{{{ {field} }}}}", align=word.CENTRE, before=6)
        word.add(document, "{%p endif %}")
    word.add(document, "{%p for item in breaks %}")
    word.body(
        document,
        "(*) Năm {{ item.period }} có thay đổi phạm vi số liệu, không so sánh trực tiếp với các năm trước: "
        "{{ item.reason }}.",
        before=6,
    )
    word.add(document, "{%p endfor %}")
    word.add(document, "{%p for item in definitions %}")
    word.body(
        document,
        "Tiêu chí {{ item.code }} ({{ item.name }}), từ năm {{ item.period }}: {{ item.reason }}; không so "
        "sánh trực "
        "tiếp với các năm trước.",
    )
    word.add(document, "{%p endfor %}")


def _section_targets(document: Any) -> None:
    word.heading(document, "IV. TÌNH HÌNH THỰC HIỆN MỤC TIÊU")
    word.add(document, "{%p if targets %}")
    word.body(
        document,
        "Có {{ targets|length }} mục tiêu được giao: {% for light in lights %}{{ light.count }} mục tiêu "
        "{{ light.name|lower }}{% if not loop.last %}, {% endif %}{% endfor %}.",
        keep=True,
    )
    table = word.table(document, (15, 44, 15, 19, 18, 18, 18, 20), rows=2)
    heads = (
        "TT",
        "Tiêu chí",
        "Năm",
        "Mục tiêu",
        "Thực hiện",
        "So với mục tiêu",
        "Cần đạt theo tiến độ",
        "Đánh giá",
    )
    word.head_row(table.rows[0], heads, size=10)
    loop_row(
        table,
        "item in targets",
        (
            "{{ item.code }}",
            "{{ item.name }}{% if item.unit %} ({{ item.unit }}){% endif %}",
            *(f"{{{{ item.{name} }}}}" for name in ("period", "target", "actual", "gap", "pace", "light")),
        ),
        size=10,
        aligns=(word.CENTRE, word.LEFT, word.CENTRE, *(word.RIGHT,) * 4, word.LEFT),
    )
    word.add(document, "{%p else %}")
    word.body(document, "Chưa có mục tiêu nào được giao cho kỳ này.")
    word.add(document, "{%p endif %}")
    _written(document, "targets")


def _section_quality(document: Any) -> None:
    word.heading(document, "V. CHẤT LƯỢNG SỐ LIỆU")
    for number, (name, title, some, none, head, last) in enumerate(_QUESTIONS, start=1):
        word.heading(document, f"{number}. {title}")
        rest = _REST.replace("NAME", name)
        word.body(document, f"{{% if {name}.count %}}{some} {rest}{{% else %}}{none}{{% endif %}}")
        _question_table(document, name, head, last)
    word.heading(
        document, f"{len(_QUESTIONS) + 1}. Tên gọi, cách tính chưa xác nhận và số liệu chưa chính thức"
    )
    word.body(
        document,
        "{% if unconfirmed.count %}Có {{ unconfirmed.count }}/{{ results.indicators }} tiêu chí chưa được "
        "đối chiếu với "
        "phụ lục chính thức của văn bản ban hành, được đánh dấu {{ unconfirmed.mark }} trong báo cáo này."
        "{% else %}Tên gọi của cả {{ results.indicators }} tiêu chí đã được xác nhận.{% endif %} "
        "{% if not_final.count %}Có {{ not_final.count }} kết quả {{ period }} còn là số ước tính "
        "({{ not_final.estimate }}) hoặc sơ bộ ({{ not_final.preliminary }}).{% endif %}",
    )
    _written(document, "quality")


def _question_table(document: Any, name: str, head: str, last: str) -> None:
    word.add(document, f"{{%p if {name}.rows %}}")
    table = word.table(document, (10, 33, 76, 46), rows=2)
    word.head_row(table.rows[0], ("TT", "Đơn vị", "Nội dung", head), size=11)
    loop_row(
        table,
        f"item in {name}.rows",
        ("{{ item.number }}", "{{ item.unit }}", "{{ item.text }}", f"{{{{ item.{last} }}}}"),
        size=11,
        aligns=(word.CENTRE, word.LEFT, word.LEFT, word.LEFT),
    )
    word.add(document, "{%p endif %}")


def _section_assessment(document: Any) -> None:
    """What the officer wrote; else what the units explained and what is still open."""
    word.heading(document, "VI. ĐÁNH GIÁ VÀ KIẾN NGHỊ")
    word.heading(document, "1. Đánh giá")
    word.add(document, "{%p if texts.assessment %}")
    _written(document, "assessment")
    word.add(document, "{%p elif explained %}")
    word.body(document, "Theo giải trình của các đơn vị:", keep=True)
    word.add(document, "{%p for item in explained %}")
    word.body(
        document, "- {{ item.unit }}: {% if item.subject %}{{ item.subject }} – {% endif %}{{ item.text }};"
    )
    word.add(document, "{%p endfor %}")
    word.add(document, "{%p else %}")
    word.body(document, "Kết quả và những thay đổi chính nêu tại mục II và mục III.")
    word.add(document, "{%p endif %}")
    word.heading(document, "2. Đề xuất, kiến nghị")
    word.add(document, "{%p if texts.proposals %}")
    _written(document, "proposals")
    word.add(document, "{%p else %}")
    _if(
        document,
        "units.missing",
        "Đề nghị {{ units.missing }} đơn vị chưa gửi báo cáo khẩn trương hoàn thành việc gửi số liệu.",
    )
    _if(
        document,
        "blocking.count or warning.count",
        "Đề nghị các đơn vị {% if blocking.count %}kiểm tra, chỉnh sửa {{ blocking.count }} nội dung{% endif %}"
        "{% if blocking.count and warning.count %} và {% endif %}"
        "{% if warning.count %}giải trình {{ warning.count }} nội dung{% endif %} nêu tại mục V.",
    )
    _if(
        document,
        "not (units.missing or blocking.count or warning.count)",
        "Không có đề xuất, kiến nghị.",
    )
    word.add(document, "{%p endif %}")
    word.body(
        document,
        f"Trên đây là báo cáo {_SUBJECT} của {{{{ issuer }}}}{{% if addressee %}}, kính gửi {{{{ addressee "
        f"}}}} xem xét, "
        "tổng hợp{% endif %}./.",
        before=10,
        keep=True,
    )


def _listing(document: Any, name: str, title: str, detail: str, told: str) -> None:
    """Those of a list by name, each with a detail where there is one, and how many more there are."""
    word.add(document, f"{{%p if {name} %}}")
    word.body(document, title, keep=True)
    word.add(document, f"{{%p for item in {name} %}}")
    word.body(document, f"- {{{{ item.name }}}}{{% if item.{detail} %}}{told}{{% endif %}};")
    word.add(document, "{%p endfor %}")
    if name != "excused":
        _if(document, f"{name}_rest", f"- và {{{{ {name}_rest }}}} đơn vị khác (xem phụ lục số liệu).")
    word.add(document, "{%p endif %}")


def _if(document: Any, condition: str, text: str) -> None:
    word.add(document, f"{{%p if {condition} %}}")
    word.body(document, text)
    word.add(document, "{%p endif %}")


def _written(document: Any, section: str) -> None:
    """What the officer wrote into a section."""
    word.add(document, f"{{%p for paragraph in texts.{section} %}}")
    word.body(document, "{{ paragraph }}")
    word.add(document, "{%p endfor %}")


if __name__ == "__main__":
    make_template(TEMPLATE)
