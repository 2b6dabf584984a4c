"""A small office for the chaos run: two units, eight figures, a release, and what comes in next."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.command import kho
from tests.package_office import AREA, COMMUNE_ROUND, FIGURES, write_catalogue
from tests.sample.workbook import Form

_CHANGED = {"BL-VP": ("A.1.GT:NAM", 699), "BL-KT": ("C.3.GT", 12)}


@dataclass(frozen=True)
class Office:
    """Folders of the play: the data folder in use, its state before each chain of kills, and two deliveries."""

    root: Path

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def before(self) -> Path:
        return self.root / "before"

    @property
    def first(self) -> Path:
        return self.root / "first"

    @property
    def second(self) -> Path:
        return self.root / "second"

    def beside(self, name: str) -> Office:
        """A copy of the office, to be played at the same time."""
        copy = Office(self.root / name)
        copy.root.mkdir()
        for folder in (self.before, self.first, self.second):
            shutil.copytree(folder, copy.root / folder.name)
        return copy

    def restore(self) -> None:
        """The data folder as it was before the second delivery."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.before, self.data)


def make_office(root: Path) -> Office:
    """An office with its forms issued; the first delivery holds every form, the second two revisions and a letter."""
    office = Office(root)
    catalogue = write_catalogue(root / "catalogue")
    told = ("init", "--level", "commune", "--area", AREA, "--criteria-set", "T")
    assert kho(office.data, *told, catalogue=catalogue).code == 0
    assert kho(office.data, "forms", "issue", "--year", "2025").code == 0
    for folder, revision in ((office.first, 1), (office.second, 2)):
        folder.mkdir()
        for unit, figures in FIGURES.items():
            form = Form(office.data / "forms" / COMMUNE_ROUND / f"B-X_{unit}_{COMMUNE_ROUND}.xlsx")
            changed = dict([_CHANGED[unit]]) if revision > 1 else {}
            for code, value in {**figures, **changed}.items():
                form.put(code, value)
            form.save(folder / f"{unit}-{revision}.xlsx")
    (office.second / "ghi chú.txt").write_text("Kính gửi Phòng Văn hóa – Xã hội", encoding="utf-8")
    for number, folder in enumerate((office.first, office.second), start=1):
        names = sorted(path.name for path in folder.iterdir())
        rows = [f"{name},2026-04-0{number}T08:00:00+07:00,{name[:5]},email\n" for name in names]
        (folder / "receipts.csv").write_text(
            "file,received_at,sender,channel\n" + "".join(rows), encoding="utf-8"
        )
    return office
