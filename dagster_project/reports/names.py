"""Names of areas and days as an official letter writes them."""

from __future__ import annotations

from datetime import date

_PREFIXES = ("Xã ", "Phường ", "Thị trấn ", "Đặc khu ", "Tỉnh ", "Thành phố ")


def inside_name(name: str) -> str:
    """A name within a sentence: "Xã Bình Lư" as "xã Bình Lư"."""
    return name[:1].lower() + name[1:] if name.startswith(_PREFIXES) else name


def bare_name(name: str) -> str:
    """A name without its kind: "Xã Bình Lư" as "Bình Lư"."""
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)


def official_day(moment: date) -> str:
    """A day as Nghị định 30/2020/NĐ-CP has it: a zero before days under 10 and before months 1 and 2."""
    month = f"{moment.month:02}" if moment.month <= 2 else str(moment.month)
    return f"{moment.day:02}/{month}/{moment.year}"
