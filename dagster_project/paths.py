"""Every folder and file that the program reads or writes, named in one place.

``Project`` is the checkout; ``DataFolder`` is one office's data. Nothing here creates, opens or deletes a file
except ``DataFolder.make``, and nothing looks at the current folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: The office's own account may do everything, its group may read, nobody else comes in.
FOLDER_MODE = 0o750
PROJECT_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Project:
    """The checkout from which the program runs."""

    root: Path = PROJECT_ROOT

    @property
    def package(self) -> Path:
        return self.root / "dagster_project"

    @property
    def dbt(self) -> Path:
        return self.root / "dbt"

    @property
    def expectations(self) -> Path:
        return self.root / "expectations"

    @property
    def reference(self) -> Path:
        """The catalogue that ships with the product."""
        return self.root / "seeds" / "reference"

    @property
    def national(self) -> Path:
        """Areas of the whole country that an office may load beside its own."""
        return self.root / "seeds" / "national"

    @property
    def appendix_words(self) -> Path:
        """What the columns of an official appendix are called."""
        return self.root / "seeds" / "appendix_words.csv"

    @property
    def office(self) -> Path:
        """The office that ``kho init`` takes where it is told none."""
        return self.root / "seeds" / "office.toml"

    @property
    def sample(self) -> Path:
        """The sample submissions: an inbox with ``receipts.csv``."""
        return self.root / "seeds" / "sample"


@dataclass(frozen=True)
class DataFolder:
    """One office's data folder; a build beside the main one is given a ``build_name`` of its own."""

    root: Path
    build_name: str = "build"

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def catalogue(self) -> Path:
        """The office's own catalogue, made by ``kho init``."""
        return self.root / "catalogue"

    @property
    def catalogue_versions(self) -> Path:
        """Every state of the catalogue that was used or imported, one file each."""
        return self.root / "catalogue-versions"

    @property
    def catalogue_read(self) -> Path:
        """What was read of a large catalogue; made again where it is missing."""
        return self.root / "catalogue-read"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        """Every byte received, by sha256; never changed."""
        return self.root / "landing"

    def landed(self, sha256: str) -> Path:
        return self.landing / sha256[:2] / sha256

    @property
    def ledger_file(self) -> Path:
        """The ledger where no other place is set."""
        return self.root / "ledger.sqlite"

    @property
    def cells(self) -> Path:
        """What was read from landed files, one folder per batch."""
        return self.root / "cells"

    @property
    def build(self) -> Path:
        """The build in progress: never read by anything but the build."""
        return self.root / self.build_name

    @property
    def build_inputs(self) -> Path:
        """Parquet files that dbt reads as sources."""
        return self.build / "inputs"

    @property
    def build_file(self) -> Path:
        """The marts of the build, in the form of a release."""
        return self.build / "kho.duckdb"

    @property
    def build_work(self) -> Path:
        """What stands between the inputs and the marts."""
        return self.build / "work.duckdb"

    @property
    def build_spill(self) -> Path:
        """What a build or a release writes aside where its memory is too small."""
        return self.build / "spill"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    def release(self, release_id: str) -> Path:
        """The folder of a release, or of a build beside them, which is named ``K-…``."""
        return (self.known if release_id.startswith("K-") else self.releases) / release_id

    @property
    def current_release(self) -> Path:
        """The pointer: a text file with one release id."""
        return self.releases / "CURRENT"

    @property
    def known(self) -> Path:
        """Builds beside the releases: what was known at earlier moments, what another catalogue would say."""
        return self.root / "known"

    @property
    def exports(self) -> Path:
        """One folder per release."""
        return self.root / "exports"

    @property
    def forms(self) -> Path:
        """Issued forms, one folder per round."""
        return self.root / "forms"

    @property
    def templates(self) -> Path:
        """Word templates that the office edits; one that is not here is the shipped one."""
        return self.root / "templates"

    @property
    def letters(self) -> Path:
        """Letters to units, one folder per round."""
        return self.root / "letters"

    @property
    def feedback(self) -> Path:
        """Workbooks that go back to units, one folder per round."""
        return self.root / "feedback"

    @property
    def sql_history(self) -> Path:
        """What was asked at the prompt of ``kho sql``."""
        return self.root / "sql-history"

    @property
    def notices(self) -> Path:
        """What was written to units and officers: one folder per round, in it one per notice."""
        return self.root / "notices"

    @property
    def handovers(self) -> Path:
        """Pages on which one officer handed over to the next."""
        return self.root / "handovers"

    @property
    def dagster_home(self) -> Path:
        return self.root / "dagster"

    @property
    def build_lock(self) -> Path:
        return self.root / "build.lock"

    @property
    def serve_lock(self) -> Path:
        return self.root / "serve.lock"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    def make(self) -> None:
        """Make the folders that must exist; existing ones are left alone."""
        for folder in (
            self.root,
            self.inbox,
            self.landing,
            self.cells,
            self.releases,
            self.exports,
            self.forms,
            self.dagster_home,
            self.logs,
        ):
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
