"""A catalogue for the published set of long tables, made from its own files: headers, labels, metadata, code lists.

What the set says is read here and nothing else; which figures it holds is what the test compares.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

SET, UNIT, COUNTRY = "ONS", "ONS", "K02000001"
#: Columns that are no disaggregation, and what they are.
ROLES = {
    "Year": "period",
    "Units": "unit",
    "Unit measure": "unit",
    "Unit multiplier": "multiplier",
    "Observation status": "status",
    "GeoCode": "area_code",
    "Value": "value",
}
_MEASURE = "UNIT_MEASURE"
_NATIONS = "ENSWK"

Row = dict[str, object]


@dataclass(frozen=True)
class LongTable:
    """One published file: its indicator's number, the row of its header, and its rows by header."""

    number: str
    path: Path
    header_row: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]  # with their line, from 1

    @property
    def unit_columns(self) -> list[str]:
        return [name for name in self.header if ROLES.get(name) == "unit"]

    @property
    def dimensions(self) -> dict[str, str]:
        """Headers that tell figures apart, with the code of their dimension; units where there are several."""
        several = [name for name in self.unit_columns if len({row[name] for _, row in self.rows}) > 1]
        return {
            name: _MEASURE if name == self.unit_columns[-1] else slug(name)
            for name in self.header
            if name not in ROLES or name in several
        }


def read_tables(folder: Path) -> list[LongTable]:
    """Every file of the set as the ``csv`` module reads it."""
    return [_read(path) for path in sorted((folder / "data").glob("*.csv"))]


def _read(path: Path) -> LongTable:
    lines = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    first = next(number for number, line in enumerate(lines) if line)
    header = tuple(lines[first])
    rows = tuple(
        (number, dict(zip(header, line, strict=True)))
        for number, line in enumerate(lines[first + 1 :], start=first + 2)
        if any(line)
    )
    number = path.stem.removeprefix("indicator_").replace("-", ".")
    return LongTable(number, path, first + 1, header, rows)


def slug(text: str) -> str:
    """A code from a label."""
    return re.sub(r"[^A-Z0-9]+", "_", text.upper().replace("£", "GBP").replace("%", "PT")).strip("_")


def element(number: str) -> str:
    return f"SDG{number.upper()}.GT"


def period(label: str) -> Row:
    """The period that a label means: a year, a quarter, a year from April to March, or a span of such years."""
    quarter = re.fullmatch(r"(\d{4}) Q([1-4])", label)
    if quarter:
        year, number = int(quarter[1]), int(quarter[2])
        ends = f"{year}-{('03-31', '06-30', '09-30', '12-31')[number - 1]}"
        return _period(f"{year}-Q{number}", year, "quarter", f"{year}-{3 * number - 2:02}-01", ends)
    years = re.findall(r"(\d{4})(?:/(\d{2,4}))?", label)
    (first, split), (last, _) = years[0], years[-1]
    if not split:
        return _period(first, int(first), "year", f"{first}-01-01", f"{first}-12-31")
    code = "–".join(f"{start}/{end[-2:]}" for start, end in (years[0], years[-1])[: len(years)])
    kind = "fiscal_year" if len(years) == 1 else "ad_hoc"
    return _period(code, int(last), kind, f"{first}-04-01", f"{int(last) + 1}-03-31")


def _period(code: str, data_year: int, kind: str, start: str, end: str) -> Row:
    return {
        "period_code": code,
        "data_year": data_year,
        "period_type": kind,
        "period_start": start,
        "period_end": end,
    }


def write_catalogue(folder: Path, shipped: Path, to: Path) -> list[LongTable]:
    """Write the catalogue of the set in ``folder`` to ``to``; general word lists are those of ``shipped``."""
    tables = read_tables(folder)
    names = {row["Text"]: row for row in _csv(folder / "code_mapping.csv")}
    made = _Made(tables, names)
    for name, rows in made.tables(folder, shipped).items():
        _write(to / f"{name}.csv", rows)
    return tables


@dataclass
class _Made:
    files: Sequence[LongTable]
    mapped: Mapping[str, Mapping[str, str]]
    taken: dict[tuple[str, str], str] = field(default_factory=dict)

    def tables(self, folder: Path, shipped: Path) -> dict[str, Iterable[Row]]:
        return {
            "criteria_sets": [{"criteria_set_code": SET, "name_vi": "Sustainable Development Goals, UK"}],
            "indicators": [*self._goals(), *(self._indicator(file, folder) for file in self.files)],
            "data_elements": [self._element(file) for file in self.files],
            "disaggregations": self._disaggregations(),
            "disaggregation_dimensions": [
                {"disaggregation_code": f"SDG{file.number}", "position": at, "dimension_code": code}
                for file in self.files
                for at, code in enumerate(file.dimensions.values(), start=1)
            ],
            "categories": self._categories(),
            "units_of_measure": [
                {"unit": label, "name_vi": label, "dimension": label, "factor": 1}
                for label in self._measures()
            ],
            "unit_multipliers": _csv(shipped / "unit_multipliers.csv"),
            "observation_statuses": _csv(shipped / "observation_statuses.csv"),
            "areas": self._areas(),
            "reporting_units": [
                {"reporting_unit_code": UNIT, "name_vi": UNIT, "level": "national", "area_code": COUNTRY}
            ],
            "forms": [
                {
                    "form_code": f"SDG{file.number}",
                    "form_version": "1",
                    "criteria_set_code": SET,
                    "level": "national",
                    "name_vi": file.path.name,
                }
                for file in self.files
            ],
            "assignments": [
                {
                    "reporting_unit_code": UNIT,
                    "data_element_code": element(file.number),
                    "form_code": f"SDG{file.number}",
                    "role": "lead",
                }
                for file in self.files
            ],
            **self._rounds(),
            "layout_maps": [
                {
                    "layout_code": f"SDG{file.number}",
                    "form_code": f"SDG{file.number}",
                    "reporting_unit_code": UNIT,
                    "file_pattern": file.path.name,
                    "header_first_row": file.header_row,
                    "header_last_row": file.header_row,
                    "first_row": file.header_row + 1,
                    "area_code": COUNTRY,
                }
                for file in self.files
            ],
            "layout_columns": [
                {
                    "layout_code": f"SDG{file.number}",
                    "column": _letter(at),
                    "header": name,
                    "role": self._role(file, name),
                    "data_element_code": element(file.number) if name == "Value" else "",
                    "disaggregation_code": file.dimensions.get(name, ""),
                }
                for file in self.files
                for at, name in enumerate(file.header)
            ],
        }

    def _role(self, file: LongTable, name: str) -> str:
        """Of two columns of units the second gives the unit."""
        role = ROLES.get(name, "category")
        return "category" if role == "unit" and name != file.unit_columns[-1] else role

    def _goals(self) -> list[Row]:
        goals = sorted({file.number.split(".")[0] for file in self.files}, key=int)
        return [
            {"indicator_code": f"SDG{goal}", "criteria_set_code": SET, "node_type": "group"}
            | {"name_vi": f"Goal {goal}", "value_type": "rate", "status": "official"}
            for goal in goals
        ]

    def _indicator(self, file: LongTable, folder: Path) -> Row:
        text = (folder / "meta" / f"{file.number.replace('.', '-')}.md").read_text("utf-8")
        meta = yaml.safe_load(text.split("---")[1])
        return {
            "indicator_code": f"SDG{file.number.upper()}",
            "criteria_set_code": SET,
            "parent_code": f"SDG{file.number.split('.')[0]}",
            "node_type": "indicator",
            "name_vi": meta.get("indicator_available") or meta.get("graph_title") or file.number,
            "unit": self._unit(file),
            "value_type": "rate",
            "numerator": element(file.number),
            "area_aggregation": "none",
            "method_vi": meta.get("computation_definitions"),
            "source_vi": meta.get("source_organisation_1"),
            "status": "official",
        }

    def _element(self, file: LongTable) -> Row:
        return {
            "data_element_code": element(file.number),
            "criteria_set_code": SET,
            "indicator_code": f"SDG{file.number.upper()}",
            "name_vi": f"Indicator {file.number}",
            "unit": self._unit(file),
            "value_type": "rate",
            "unit_aggregation": "lead",
            "area_aggregation": "none",
            "disaggregation_code": f"SDG{file.number}" if file.dimensions else "",
        }

    def _unit(self, file: LongTable) -> str:
        """The file's only unit; none where its rows say several."""
        labels = {row[file.unit_columns[-1]] for _, row in file.rows}
        return labels.pop() if len(labels) == 1 else ""

    def _measures(self) -> list[str]:
        rows = ((file, row) for file in self.files for _, row in file.rows)
        return sorted({row[file.unit_columns[-1]] for file, row in rows} - {""})

    def _disaggregations(self) -> list[Row]:
        single = {code: name for file in self.files for name, code in file.dimensions.items()}
        combined = {f"SDG{file.number}": file.number for file in self.files if file.dimensions}
        return [
            {"disaggregation_code": code, "name_vi": name, "name_en": name}
            for code, name in {**single, **combined}.items()
        ]

    def _categories(self) -> list[Row]:
        """One category per label of a dimension; spellings that differ in case only are one."""
        found: dict[tuple[str, str], Row] = {}
        codes: dict[str, set[str]] = {}
        for file in self.files:
            for name, dimension in file.dimensions.items():
                for _, row in file.rows:
                    label, key = row[name], (dimension, " ".join(row[name].casefold().split()))
                    if not label or key in found:
                        continue
                    code = self._code(dimension, label)
                    while code in codes.setdefault(dimension, set()):
                        code += "_"
                    codes[dimension].add(code)
                    found[key] = {
                        "disaggregation_code": dimension,
                        "category_code": code,
                        "name_vi": label,
                        "name_en": label,
                    }
        return list(found.values())

    def _code(self, dimension: str, label: str) -> str:
        mapped = self.mapped.get(label)
        return str(mapped["Value"]) if mapped and mapped["Dimension"] == dimension else slug(label)

    def _areas(self) -> list[Row]:
        """Areas are those that a row names beside its code."""
        names = {COUNTRY: "United Kingdom"}
        for file in self.files:
            for _, row in file.rows:
                name = row.get("Region") or row.get("Country")
                if row.get("GeoCode") and name:
                    names.setdefault(row["GeoCode"], name)
        return [
            {
                "area_code": code,
                "name_vi": name,
                "name_en": name,
                "level": "national"
                if code == COUNTRY
                else "province"
                if code[1:3] in ("92", "03")
                else "district",
            }
            for code, name in names.items()
        ]

    def _rounds(self) -> dict[str, list[Row]]:
        labels = sorted({row["Year"] for file in self.files for _, row in file.rows})
        of_label = {label: period(label) for label in labels}
        periods = {str(one["period_code"]): one for one in of_label.values()}
        return {
            "rounds": [
                {
                    "round_code": f"{SET}-{slug(code).replace('_', '-')}",
                    "criteria_set_code": SET,
                    "level": "national",
                    "name_vi": code,
                    **one,
                }
                for code, one in periods.items()
            ],
            "period_aliases": [
                {"criteria_set_code": SET, "alias": label, "period_code": one["period_code"]}
                for label, one in of_label.items()
                if label != one["period_code"] and not re.fullmatch(r"\d{4}\.0", label)
            ],
        }


def _letter(at: int) -> str:
    return chr(ord("A") + at)


def _csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        columns = list(dict.fromkeys(name for row in rows for name in row))
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
