"""The vocabulary that a form prints and that intake reads back: columns, identity labels, the hidden sheet.

What a form looks like (``issue``) and how one that came back is bound (``intake.bind_form``) both build on
these names; figures and styles do not belong here.
"""

from __future__ import annotations

from dataclasses import dataclass

#: The sheet with the table, and the hidden one with the cell map.
MAIN_SHEET = "Biểu"
HIDDEN_SHEET = "_kho"

#: The sheet with everything to mend that a unit gets in its own workbook, and the code over its column of answers.
FEEDBACK_SHEET = "Điểm cần sửa"
FEEDBACK_ANSWER = "GIAI_TRINH"

#: Between a data element's code and a category's code in a printed row code.
CATEGORY_MARK = ":"
TOTAL = "_T"


@dataclass(frozen=True)
class Column:
    """One column of the table: its printed code, the message with its heading, its width in characters."""

    code: str
    heading: str
    width: float
    role: str | None = None  # what intake binds there; None where it binds nothing


COLUMNS = (
    Column("STT", "forms.column_number", 7),
    Column("TEN", "forms.column_name", 40),
    Column("MA", "forms.column_code", 12),
    Column("DVT", "forms.column_unit", 11),
    Column("KT", "forms.column_prior", 13),
    Column("GT", "forms.column_value", 14, "value"),
    Column("TT", "forms.column_state", 16, "state"),
    Column("LSL", "forms.column_status", 11, "status"),
    Column("NSL", "forms.column_source", 18, "source"),
    Column("GC", "forms.column_note", 22, "note"),
)
ROLES: dict[str, str] = {column.code: column.role for column in COLUMNS if column.role}
POSITION: dict[str, int] = {column.code: index for index, column in enumerate(COLUMNS)}

#: Without these no row can be bound.
REQUIRED_COLUMNS = ("MA", "GT")


@dataclass(frozen=True)
class Identity:
    """One printed code of the identity block: its name in frames, its label, and where it stands (from 0)."""

    name: str
    label: str
    row: int
    column: int


# One below the other beside the names: a column of figures that a unit moves takes no code away from its label.
IDENTITY = (
    Identity("form_code", "forms.label_form", 6, 1),
    Identity("form_version", "forms.label_version", 7, 1),
    Identity("round_code", "forms.label_round", 8, 1),
    Identity("reporting_unit_code", "forms.label_unit", 9, 1),
    Identity("area_code", "forms.label_area", 10, 1),
)

#: The header above the cell map of the hidden sheet.
MAP_HEADER = ("data_element_code", "category_code", "column_code", "cell")


#: Between a column's code and the code of the round that its figures belong to, on forms with years as columns.
ROUND_MARK = "@"
#: The header above the cell map of such a form: each of its sheets has an identity of its own.
BACK_MAP_HEADER = (*MAP_HEADER, "sheet", "round_code", "reporting_unit_code", "area_code")


def row_code(data_element_code: str, category_code: str) -> str:
    """Give the code that a row prints."""
    return (
        data_element_code if category_code == TOTAL else f"{data_element_code}{CATEGORY_MARK}{category_code}"
    )
