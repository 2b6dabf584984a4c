"""One catalogue for a province and a commune of it, with a disaggregation, a text and every state; written by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import province_catalogue
from tests.command import kho
from tests.sample.workbook import Form

AREA, COMMUNE_ROUND, PROVINCE_ROUND = "03390", "T-X-2025", province_catalogue.ROUND
_ELEMENTS = ("A.1.GT", "A.2.TS", "A.2.MS", "A.2.TL", "B.1.GT", "C.1.VB", "C.2.GT", "C.3.GT")
_MORE: dict[str, str] = {
    "data_elements": (
        "C.1.VB,T,A.1,3,Văn bản đã ban hành,,text,value,0,lead,none,official\n"
        "C.2.GT,T,A.1,4,Kinh phí,triệu đồng,money,value,1,sum,sum,official\n"
        "C.3.GT,T,A.1,5,Số lớp,lớp,count,value,0,lead,sum,official\n"
    ),
    "units_of_measure": "triệu đồng,triệu đồng,million dong,money,1\nlớp,lớp,class,classes,1\n",
    "value_statuses": "value_status,word,is_label\nestimate,Ước tính,true\nfinal,Chính thức,true\n",
    "disaggregations": "disaggregation_code,name_vi\nGIOI,Giới tính\n",
    "categories": "disaggregation_code,category_code,name_vi,sort_order\nGIOI,NAM,Nam,1\nGIOI,NU,Nữ,2\n",
    "forms": "B-X,1,T,commune,Biểu cấp xã\n",
    "reporting_units": (
        "BL-VP,Văn phòng,commune,03390,office,true\nBL-KT,=Phòng <b>Kinh tế</b> {{x}},commune,03390,department,false\n"
    ),
    "assignments": (
        "".join(f",commune,{code},B-T,lead,confirmed\n" for code in ("C.1.VB", "C.2.GT", "C.3.GT"))
        + "".join(
            f"BL-VP,,{code},B-X,lead,confirmed\n"
            for code in ("A.1.GT", "A.2.TS", "A.2.MS", "A.2.TL", "C.1.VB")
        )
        + "".join(f"BL-KT,,{code},B-X,lead,confirmed\n" for code in ("B.1.GT", "C.3.GT"))
        + "BL-KT,,A.2.TS,B-X,contributor,confirmed\n"
        + "".join(
            f"{unit},,C.2.GT,B-X,{role},confirmed\n"
            for unit, role in (("BL-VP", "lead"), ("BL-KT", "contributor"))
        )
    ),
    "rounds": (
        f"{COMMUNE_ROUND},T,commune,2025,2025,year,1,2025-01-01,2025-12-31,2026-01-01,false,Báo cáo 2025 cấp xã\n"
        "T-X-2024,T,commune,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,false,Báo cáo 2024 cấp xã\n"
        "T-T-2024,T,province,2024,2024,year,1,2024-01-01,2024-12-31,2025-01-01,false,Báo cáo 2024\n"
    ),
    "round_due_dates": (
        f"{COMMUNE_ROUND},unit,2026-04-10,false\n"
        "T-X-2024,unit,2025-04-10,false\nT-T-2024,unit,2025-04-12,false\n"
    ),
}
FIGURES: dict[str, dict[str, object]] = {
    "BL-VP": {
        "A.1.GT": 1234,
        "A.1.GT:NAM": 700,
        "A.1.GT:NU": 534,
        "A.2.TS": 3,
        "A.2.MS": 8,
        "C.1.VB": "@SUM(1+1) Nghị quyết 12",
        "C.2.GT": 10.5,
    },
    "BL-KT": {"B.1.GT": "không phát sinh", "C.2.GT": 2.25, "C.3.GT": "không áp dụng", "A.2.TS": 4},
}


def write_catalogue(folder: Path) -> Path:
    """The province's tables with those of the commune below it."""
    province_catalogue.write_catalogue(folder)
    elements = folder / "data_elements.csv"
    lines = elements.read_text("utf-8").splitlines()
    head, *rest = (f"{line}," for line in lines)
    disaggregated = [f"{line}GIOI" if line.startswith("A.1.GT,") else line for line in rest]
    elements.write_text("\n".join([f"{head}disaggregation_code", *disaggregated, ""]), "utf-8")
    for name, rows in _MORE.items():
        file = folder / f"{name}.csv"
        text = file.read_text("utf-8") if file.exists() else ""
        more = "".join(f"{row},\n" for row in rows.splitlines()) if name == "data_elements" else rows
        file.write_text(text + more, "utf-8")
    return folder


def commune(data: Path, catalogue: Path) -> Path:
    """A commune's data folder after its run; returns the package that its release was packed into."""
    told = ("init", "--level", "commune", "--area", AREA, "--criteria-set", "T")
    assert kho(data, *told, catalogue=catalogue).code == 0
    assert kho(data, "forms", "issue", "--year", "2025").code == 0
    for unit, figures in FIGURES.items():
        form = Form(data / "forms" / COMMUNE_ROUND / f"B-X_{unit}_{COMMUNE_ROUND}.xlsx")
        for code, value in figures.items():
            form.put(code, value)
        form.save(data / "inbox" / f"{unit}.xlsx")
    printed = kho(data, "run", "--year", "2025")
    assert printed.code in (0, 1), printed.err
    (package,) = (data / "exports").rglob(f"goi-so-lieu-{COMMUNE_ROUND}.zip")
    return package


def province(data: Path, catalogue: Path) -> Path:
    """An empty data folder of the province."""
    told = ("init", "--level", "province", "--area", "12", "--criteria-set", "T")
    assert kho(data, *told, catalogue=catalogue).code == 0
    return data


def copy_to(folder: Path, package: Path, name: str) -> Path:
    """The package under another name: it is known by its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(package, folder / name))
