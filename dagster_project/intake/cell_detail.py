"""What is said of one cell beside its value, and the number formats that need no definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ERROR, NO_VALUE = "error", "formula_no_value"
#: Number formats that every spreadsheet program knows by number; those of dates are not needed.
BUILT_IN = {
    0: "",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    37: "#,##0 ;(#,##0)",
    38: "#,##0 ;[Red](#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)",
    48: "##0.0E+0",
    49: "@",
}
#: Errors as the binary kinds number them.
ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass(frozen=True)
class Detail:
    """Of one cell: its number format, and its kind and text where the spreadsheet reader shows it as blank.

    ``font`` is the encoding of its font's letters where that is no Unicode.
    """

    number_format: str = ""
    cell_type: str = ""
    text: str = ""
    font: str = ""


#: By row and column, from 1.
Details = Mapping[tuple[int, int], Detail]


def format_of(number: int, own: Mapping[int, str]) -> str:
    """The format with this number: the workbook's own, else a built-in one; empty for a plain one."""
    code = own.get(number, BUILT_IN.get(number, ""))
    return "" if code.casefold() == "general" else code
