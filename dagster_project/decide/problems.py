"""Everything that is wrong with one decision, collected and told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_project.errors import UsageError
from dagster_project.messages import message


@dataclass(frozen=True)
class Remark:
    """One thing to mend or to know, in both languages."""

    vi: str
    en: str

    def text(self, lang: str) -> str:
        return self.vi if lang == "vi" else self.en


class RefusedError(UsageError):
    """Nothing was written: every problem of what was asked."""

    def __init__(self, problems: Sequence[Remark]) -> None:
        self.problems = tuple(problems)
        super().__init__("ledger.refused", count=len(problems))

    def text(self, lang: str) -> str:
        return "\n".join([super().text(lang), *(f"– {problem.text(lang)}" for problem in self.problems)])


class Problems:
    """Problems as they come up."""

    def __init__(self) -> None:
        self.found: list[Remark] = []

    def add(self, code: str, /, **values: object) -> None:
        self.found.append(remark(code, **values))

    def need(self, **texts: str) -> None:
        """Every option must say something; ``said_by`` stands for ``--said-by``."""
        for name, text in texts.items():
            if not text.strip():
                self.add("ledger.blank", option=f"--{name.replace('_', '-')}")

    def finish(self) -> None:
        """Raise ``RefusedError`` where anything came up."""
        if self.found:
            raise RefusedError(self.found)


def remark(code: str, /, **values: object) -> Remark:
    """The message ``code`` in both languages."""
    return Remark(message(code, "vi", **values), message(code, "en", **values))
