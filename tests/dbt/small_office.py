"""A small office written by hand: three communes that became one, one that stayed, two units in the new one."""

from __future__ import annotations

from dbt_inputs import LATE_2025, Inputs, day

OLD, NEW = {"valid_to": day("2025-06-30")}, {"valid_from": day("2025-07-01")}
YEARS = (2022, 2023, 2024, 2025)


def small_office() -> Inputs:
    """Submissions of four years; the figures stand in ``test_marts`` beside what follows from them."""
    office = Inputs(tables=_tables())
    _formulas(office)
    _rules(office)
    _submissions(office)
    return office


def _tables() -> dict[str, list[dict[str, object]]]:
    def indicator(code: str, **columns: object) -> dict[str, object]:
        return {
            "indicator_code": code,
            "criteria_set_code": "T",
            "parent_code": "G",
            "node_type": "indicator",
            "name_vi": f"Chỉ tiêu {code}",
            "value_type": "count",
            "numerator": f"{code}.GT",
            "area_aggregation": "sum",
            "status": "candidate",
            **columns,
        }

    def element(code: str, **columns: object) -> dict[str, object]:
        return {
            "data_element_code": code,
            "criteria_set_code": "T",
            "indicator_code": code.split(".", maxsplit=1)[0],
            "name_vi": f"Số liệu {code}",
            "unit": "nguoi",
            "value_type": "count",
            "unit_aggregation": "lead",
            "area_aggregation": "sum",
            **columns,
        }

    def unit(code: str, area: str, **validity: object) -> dict[str, object]:
        return {
            "reporting_unit_code": code,
            "name_vi": f"Đơn vị {code}",
            "level": "commune",
            "area_code": area,
            **validity,
        }

    percent = {
        "value_type": "percent",
        "numerator": "R.TS",
        "denominator": "R.MS",
        "multiplier": 100.0,
        "area_aggregation": "ratio_of_sums",
        "status": "official",
    }
    led = ("P.GT", "R.TS", "R.MS", "R.TL", "S.GT", "X.GT", "Y.GT")
    leads = {"U1": led, "O1": led, "O2": led, "O3": led, "K4": led, "O5": led}
    return {
        "criteria_sets": [{"criteria_set_code": "T", "name_vi": "Bộ thử"}],
        "indicators": [
            indicator("G", parent_code=None, node_type="group", numerator=None, status="official"),
            indicator("P"),
            indicator("R", **percent),
            indicator("S"),
            indicator("X", value_type="index", area_aggregation="none"),
            indicator("Y", value_type="level", area_aggregation="none"),
            indicator("V", numerator="P.GT - prev(P.GT)", denominator="prev(P.GT)", area_aggregation="none"),
            indicator("D", numerator="D.GT"),
            indicator("D2", numerator="D2.GT"),
            indicator("N", numerator=None),
            indicator("C", numerator=None),
            indicator("L", numerator="L.GT", valid_from=day("2025-01-01")),
        ],
        "applicability": [
            {"indicator_code": "P", "level": "commune", "how": "reported"},
            {"indicator_code": "R", "level": "commune", "how": "computed"},
            {"indicator_code": "N", "level": "commune", "how": "not_applicable"},
            {"indicator_code": "C", "level": "commune", "how": "supplied"},
        ],
        "data_elements": [
            element("P.GT", disaggregation_code="GT"),
            element("R.TS"),
            element("R.MS"),
            element("R.TL", value_type="percent", role="typed", area_aggregation="none"),
            element("S.GT", unit_aggregation="sum"),
            element("X.GT", value_type="index", area_aggregation="none"),
            element("Y.GT", value_type="level", area_aggregation="none"),
            element("D.GT", role="derived"),
            element("D2.GT", role="derived"),
            element("L.GT", valid_from=day("2025-01-01")),
        ],
        "disaggregations": [{"disaggregation_code": "GT", "name_vi": "Giới tính"}],
        "categories": [
            {"disaggregation_code": "GT", "category_code": "NAM", "name_vi": "Nam"},
            {"disaggregation_code": "GT", "category_code": "NU", "name_vi": "Nữ"},
        ],
        "areas": [
            {"area_code": code, "name_vi": name, "level": "commune", **validity}
            for code, name, validity in (
                ("001", "Thị trấn Cũ", OLD),
                ("002", "Xã Hai", OLD),
                ("003", "Xã Ba", OLD),
                ("001", "Xã Mới", NEW),
                ("004", "Xã Bốn", {}),
                ("005", "Xã Năm", OLD),
                ("006", "Xã Sáu", NEW),
            )
        ],
        "area_successions": [
            {"old_code": old, "new_code": "001", "date": day("2025-07-01"), "basis": "whole"}
            for old in ("001", "002", "003")
        ]
        + [{"old_code": "005", "new_code": "006", "date": day("2025-07-01"), "basis": "unknown"}],
        "reporting_unit_successions": [{"old_code": "O1", "new_code": "U1", "date": day("2025-07-01")}],
        "forms": [
            {
                "form_code": "F1",
                "form_version": "1",
                "criteria_set_code": "T",
                "level": "commune",
                "name_vi": "Biểu 1",
            }
        ],
        "reporting_units": [
            unit("U1", "001", **NEW),
            unit("U2", "001", **NEW),
            unit("U3", "001", **NEW),
            unit("O1", "001", **OLD),
            unit("O2", "002", **OLD),
            unit("O3", "003", **OLD),
            unit("K4", "004"),
            unit("O5", "005", **OLD),
        ],
        "assignments": [
            *(
                {
                    "reporting_unit_code": code,
                    "data_element_code": element_code,
                    "form_code": "F1",
                    "role": "lead",
                }
                for code, elements in leads.items()
                for element_code in elements
            ),
            *(
                {
                    "reporting_unit_code": code,
                    "data_element_code": element_code,
                    "form_code": "F1",
                    "role": "contributor",
                }
                for code, element_code in (("U2", "P.GT"), ("U2", "S.GT"), ("U3", "X.GT"))
            ),
        ],
        "rounds": [
            {
                "round_code": f"T-{year}",
                "criteria_set_code": "T",
                "level": "commune",
                "period_code": str(year),
                "data_year": year,
                "period_type": "year",
                "request_number": 1,
                "period_start": day(f"{year}-01-01"),
                "period_end": day(f"{year}-12-31"),
                "is_break": year == 2025,
            }
            for year in (*YEARS, 2026)
        ],
        "round_due_dates": [
            {
                "round_code": f"T-{year}",
                "level": level,
                "due_date": day(f"{year + 1}-04-{number}"),
                "inclusive": inclusive,
            }
            for year in (*YEARS, 2026)
            for level, number, inclusive in (
                ("unit", 10, False),
                ("commune", 12, False),
                ("province", 15, True),
            )
        ],
    }


def _formulas(office: Inputs) -> None:
    for code in ("P", "S", "X", "Y", "L"):
        office.formula(code, {f"{code}.GT": 1})
    office.formula("R", {"R.TS": 1}, {"R.MS": 1})
    office.formula("V", {"P.GT": 1, "prev(P.GT)": -1}, {"prev(P.GT)": 1})
    office.formula("D.GT", {"R.MS": 1, "R.TS": -1}, owner_type="data_element")
    office.formula("D2.GT", {"D.GT": 2, None: 5}, owner_type="data_element", level=1)
    office.formula("D", {"D.GT": 1})
    office.formula("D2", {"D2.GT": 1}, level=2)


def _rules(office: Inputs) -> None:
    office.rule("PART_LE_WHOLE", {"R.TS": 1}, "<=", {"R.MS": 1}, holds_element="R.TS", severity="blocking")
    office.rule("TYPED_RATE", {"R.TL": 1}, "==", {"R.TS": 100}, right_denominator={"R.MS": 1}, tolerance=0.05)
    office.rule("TOTAL", {"P.GT": 1}, "==", {"P.GT:NAM": 1, "P.GT:NU": 1})
    office.rule("SLIP", {"P.GT": 1}, "<", {"prev(P.GT)": 500}, absolute_floor=10.0, severity="blocking")
    office.rule(
        "SLIP_UP",
        {"R.TS": 1},
        "<=",
        {"prev(R.TS)": 500},
        missing_strategy="skip_if_zero",
        absolute_floor=10.0,
        holds_element="R.TS",
        severity="blocking",
    )
    office.rule("FEW_WOMEN", {"P.GT:NU": 1}, "<=", {None: 282}, holds_element="P.GT:NU", severity="blocking")
    office.rule("SMALL_PART", {"S.GT": 1}, "<=", {None: 5})
    office.rule("PART_JUMP", {"S.GT": 1}, "<=", {"prev(S.GT)": 10}, holds_element="S.GT", severity="blocking")
    office.rule("LEAD_CONTRIBUTOR", kind="lead_contributor")
    office.rule(
        "SUBMISSION_MISSING",
        kind="submission_missing",
        severity="blocking",
        message_vi="{reporting_unit_name} chưa nộp, hạn {due}.",
    )
    office.rule("SUBMISSION_LATE", kind="submission_late", message_vi="Nhận {received}, hạn {due}.")
    office.rule("SUBMISSION_REVISED", kind="submission_revised", severity="info")


def _submissions(office: Inputs) -> None:
    for year, people in ((2022, 100), (2023, 110), (2024, 121)):
        office.submit("O1", "001", year, {"P.GT": people, "R.TS": 30, "R.MS": 40, "X.GT": 5, "S.GT": 1})
    for year in (2022, 2023, 2024):
        office.submit("O2", "002", year, {"P.GT": 200, "R.TS": 10, "R.MS": 20, "X.GT": 7})
    office.submit("O3", "003", 2023, {"P.GT": "not_applicable", "R.TS": 0, "R.MS": 0})
    office.submit("O3", "003", 2024, {"P.GT": 300, "R.TS": 20, "R.MS": 140, "X.GT": 9})
    office.submit("O5", "005", 2024, {"P.GT": 50, "R.TS": 1, "R.MS": 2})
    # The first file of U1 is replaced as a whole: its S.GT has no figure in the second.
    office.submit(
        "U1",
        "001",
        2025,
        {"P.GT": 600, "P.GT:NAM": 300, "P.GT:NU": 300, "S.GT": 9, "R.TS": 1, "R.MS": 2},
        received_at="2026-04-01T09:00:00+07:00",
    )
    office.submit(
        "U1",
        "001",
        2025,
        {
            "P.GT": 683.1,
            "P.GT:NAM": 400,
            "P.GT:NU": 283,
            "S.GT": 4,
            "R.TS": 45,
            "R.MS": 60,
            "R.TL": 80,
            "X.GT": 3,
            "Y.GT": "=Mức 3",
            "L.GT": None,
        },
        received_at="2026-04-11T09:00:00+07:00",
        quarantined=("X.GT",),
    )
    office.submit("U1", "001", 2025, {"P.GT": 1}, received_at="2026-04-12T09:00:00+07:00", blocked=True)
    for number, element in enumerate(("P.GT", None)):
        office.findings.append(
            {
                "finding_id": f"returned-{number}",
                "rule_code": "RETURNED_TO_MEND",
                "stage": "returned",
                "status": "fail",
                "severity": "warning",
                "sha256": "of-the-return",
                "file_name": "tra-lai.zip",
                "reporting_unit_code": "O5",
                "area_code": "005",
                "round_code": "T-2024",
                "period_code": "2024",
                "data_element_code": element,
                "is_sample": False,
            }
        )
    office.submit("U2", "001", 2025, {"P.GT": 700, "S.GT": 6}, received_at=LATE_2025)
    office.submit("K4", "004", 2022, {"P.GT": 10, "R.TS": "zero", "R.MS": "zero", "S.GT": 2})
    office.submit("K4", "004", 2024, {"P.GT": 40, "R.TS": 8, "R.MS": 5, "S.GT": "zero"})
    office.submit("K4", "004", 2025, {"P.GT": 30_000, "R.TS": 3, "R.MS": 4, "S.GT": 3})
