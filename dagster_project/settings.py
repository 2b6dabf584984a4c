"""One typed settings object, read in one place and passed in everywhere.

Order: command line, environment (``KHO_*``), the data folder's ``settings.toml``, defaults. No other module reads
the environment or a settings file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, ValidationError

from dagster_project.errors import UsageError
from dagster_project.limits import ReadLimits, processors
from dagster_project.paths import DataFolder, Project
from dagster_project.text import printable

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Level = Literal["commune", "province", "national"]
LEVELS: tuple[str, ...] = get_args(Level)
ReferenceAreas = Literal["own", "national"]
REFERENCE_AREAS: tuple[str, ...] = get_args(ReferenceAreas)
#: Below us these are taken for patterns (Polars, Dagster), a template (dbt) or the end of a text (SQL).
_UNFIT_IN_A_PATH = set("*?[]{}'")
#: Servers of mail know no other letters, and the library fails with them.
_ADDRESS = r"^[!-?A-~]+@[!-?A-~]+$"
#: With what Python and dbt take, the build of a nation stays below 4 GiB.
BUILD_MEMORY_MB = 2_300

#: What pydantic calls a name that a model, or a dataclass, does not know, and one that it lacks; else a value is wrong.
_KINDS = {"extra_forbidden": "unknown", "unexpected_keyword_argument": "unknown", "missing": "missing"}
#: What can be used where pydantic finds a value wrong, by its type of fault: in signs, which are of every language.
_USABLE = {
    "greater_than_equal": "≥ {ge}",
    "greater_than": "> {gt:g}",
    "less_than_equal": "≤ {le:g}",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "a@b.vn",
    **dict.fromkeys(("bool_type", "bool_parsing"), "true | false"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "123"),
    **dict.fromkeys(("float_type", "float_parsing"), "1.5"),
    **dict.fromkeys(("string_type", "string_too_short"), '"…"'),
    **dict.fromkeys(("model_type", "dataclass_type"), "[…]"),
}
#: How pydantic lists what it expects: 'a', 'b' or 'c'.
_EXPECTED = re.compile(r"'([^']*)'")
#: Rights of the group and of everybody on a file.
_OTHERS = 0o077


class Mail(BaseModel):
    """``[mail]`` in ``settings.toml``: the server that notices are handed to; its password never stands there.

    The password comes from ``KHO_SMTP_PASSWORD`` or from ``password_file``, which only its owner may read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = Field(pattern=_ADDRESS)
    user: str = ""
    password_file: str = ""
    office: str = Field(default="", pattern=f"^$|{_ADDRESS}")
    maintainer: str = Field(default="", pattern=f"^$|{_ADDRESS}")
    seconds: float = Field(default=10, gt=0, le=60)


class Office(BaseModel):
    """``settings.toml``: whose data folder this is.

    Addresses of databases may hold a password: they are left out wherever the office is written down or hashed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    is_sample: bool = False
    level: Level = "commune"
    area_code: str = ""
    criteria_set_code: str = ""
    reference_areas: ReferenceAreas = "own"
    keep_releases: int = Field(default=10, ge=1)
    # what a build may hold in memory changes no figure; the rest it writes aside
    build_memory_mb: int = Field(default=BUILD_MEMORY_MB, ge=500, exclude=True)
    read_limits: ReadLimits = ReadLimits()
    ledger_url: SecretStr | None = Field(default=None, exclude=True)
    postgres_url: SecretStr | None = Field(default=None, exclude=True)
    # where notices go changes no figure
    mail: Mail | None = Field(default=None, exclude=True)


class Settings(BaseModel):
    """Everything the program was told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    catalogue: Path
    lang: Literal["vi", "en"] = "vi"
    office: Office = Office()
    ledger_url: SecretStr | None = None
    postgres_url: SecretStr | None = None
    person: str = "kho"
    """Who acts where a command asks for no name: ``KHO_BY``, else the account on this machine."""
    smtp_password: SecretStr | None = None
    processes: int = Field(default_factory=processors, ge=1)
    """So many processes work beside each other where work can be parted: ``KHO_PROCESSES``, else the processors."""

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.data)

    @property
    def reference_areas(self) -> Path | None:
        """The folder of areas that the office loads beside its own; none where it keeps to its own."""
        return Project().national if self.office.reference_areas == "national" else None

    @property
    def ledger(self) -> Path | SecretStr:
        """Where the ledger is: the address that was told, else a file in the data folder."""
        return self.ledger_url or self.folder.ledger_file

    @property
    def has_ledger(self) -> bool:
        """Whether anything was written yet; a database is taken to be there."""
        return self.ledger_url is not None or self.folder.ledger_file.is_file()


def read_settings(
    data: Path | None = None,
    catalogue: Path | None = None,
    lang: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Settings for one command. Raises ``UsageError`` where a value or ``settings.toml`` is wrong."""
    root = Path(data or environment.get("KHO_DATA") or "data").resolve()
    _check_folder(root)
    folder = DataFolder(root)
    told = catalogue or environment.get("KHO_CATALOGUE")
    if told:
        chosen = Path(told).resolve()
    elif folder.catalogue.is_dir():
        chosen = folder.catalogue
    else:
        chosen = Project().reference
    if not chosen.is_dir():
        raise UsageError("cli.no_catalogue", folder=chosen)
    wanted = lang or environment.get("KHO_LANG") or "vi"
    if wanted not in ("vi", "en"):
        raise UsageError("cli.wrong_lang", wanted=wanted)
    office = read_office(folder.settings)
    address, published = environment.get("KHO_LEDGER_URL"), environment.get("KHO_POSTGRES_URL")
    password = environment.get("KHO_SMTP_PASSWORD")
    return Settings(
        data=root,
        catalogue=chosen,
        lang="en" if wanted == "en" else "vi",
        office=office,
        ledger_url=SecretStr(address) if address else office.ledger_url,
        person=_person(environment),
        postgres_url=SecretStr(published) if published else office.postgres_url,
        smtp_password=SecretStr(password) if password else None,
        processes=_processes(environment.get("KHO_PROCESSES")),
    )


def _processes(told: str | None) -> int:
    if not told:
        return processors()
    if not (told.isascii() and told.isdecimal() and int(told) > 0):
        raise UsageError("cli.wrong_processes", wanted=printable(told))
    return int(told)


def _person(environment: Mapping[str, str]) -> str:
    told = (environment.get(name, "").strip() for name in ("KHO_BY", "USER", "LOGNAME"))
    return printable(next(filter(None, told), "kho"))


def _check_folder(root: Path) -> None:
    """Refuse a data folder that nothing could be kept in."""
    name = printable(str(root))
    unfit = {letter for letter in name if letter in _UNFIT_IN_A_PATH} | (
        {"\ufffd"} if name != str(root) else set()
    )
    if unfit:
        raise UsageError("cli.wrong_folder_name", folder=name, letters=" ".join(sorted(unfit)))
    if root.exists() and not root.is_dir():
        raise UsageError("cli.not_a_folder", folder=root)


def read_office(file: Path) -> Office:
    """The office's own settings; defaults where the file is not there."""
    if not file.is_file():
        return Office()
    try:
        office = Office.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("cli.wrong_settings", file=file, detail=str(error)) from error
    except ValidationError as error:
        raise _unfit(file, error) from error
    mode = file.stat().st_mode & 0o777
    if mode & _OTHERS and _holds_secret(office):
        raise UsageError("days.open_secret", file=file, mode=f"{mode:o}")
    return office


def _unfit(file: Path, error: ValidationError) -> UsageError:
    """All that is wrong with the settings of ``file``, at once; what stands there may be a secret and is not told."""
    told: dict[str, list[str]] = {"unknown": [], "missing": [], "wrong": []}
    for fault in error.errors(include_url=False, include_input=False):
        name = printable(".".join(map(str, fault["loc"])))
        kind = _KINDS.get(fault["type"], "wrong")
        told[kind].append(f"{name} ({_usable(fault)})" if kind == "wrong" else name)
    return UsageError(
        "cli.unfit_settings", file=file, **{kind: "; ".join(names) or "–" for kind, names in told.items()}
    )


def _usable(fault: ErrorDetails) -> str:
    """What could stand there instead; pydantic's own words for a type of fault that none of our fields has."""
    if fault["type"] not in _USABLE:
        return fault["msg"]
    limits = fault.get("ctx", {})
    listed = " | ".join(_EXPECTED.findall(str(limits.get("expected", ""))))
    return _USABLE[fault["type"]].format_map({**limits, "expected": listed})


def _holds_secret(told: BaseModel) -> bool:
    """Whether anything in ``told`` is kept from being shown."""
    values = [getattr(told, name) for name in type(told).model_fields]
    return any(
        isinstance(value, (SecretStr, SecretBytes)) or (isinstance(value, BaseModel) and _holds_secret(value))
        for value in values
    )
