"""dbt, run in process: one parse kept for all offices of a checkout, one build for one data folder.

Running dbt and telling what its nodes did belong here. Models live in ``dbt/``; making a release from the build file
is ``releases``. The caller holds the build lock.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import math
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import version
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from dagster_project import durable
from dagster_project.errors import KhoError
from dagster_project.paths import DataFolder, Project
from dagster_project.settings import BUILD_MEMORY_MB
from dagster_project.side_by_side import Worker, loading
from dagster_project.warehouse.connection import connect
from dagster_project.warehouse.marts import SCHEMA, Reached
from dagster_project.warehouse.slices import Slice, find_parts, find_slice, keep_read

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

#: Stands for the data folder while parsing: what is parsed once must hold no office's own path.
_ANY_FOLDER = DataFolder(Path("/kho-any-data-folder"))

_MANIFEST = "manifest.json"
#: Written when a build is whole: what it was made from.
_BUILT = "built.json"
_MADE_FROM = ("code", "models", "folder", "inputs")
#: What the last whole build read of files.
_READ = "read"
_LOCATION = re.compile(r"[^']+\.parquet")
_DBT = "dbt"
_PARSE_CACHE = "partial_parse.msgpack"
_PARSED_PREFIX = "parsed-"
_PARSED_KEPT = 5
_ASIDE_PREFIX = ".parse-"
#: No parse takes so long: what lies aside since then was interrupted.
_ASIDE_SECONDS = 3_600
_GENERATED = ("target", "logs", "dbt_packages")
#: The status of a model that was not built again, because nothing that it reads has changed.
KEPT = "kept"
#: The process that gets ready for the next build, and there what it has ready, by the name of the parse.
_started: list[Worker] = []
_ready: dict[str, Manifest] = {}
#: The copying of build files that are releases, too: each copy with its sha256.
_copying: dict[Path, Future[tuple[Path, str]]] = {}
#: The sha256 of the build file since it is a release, too.
_RELEASED = "released.sha256"
#: What models in Python load where they first run.
_LOADED_BY_MODELS = (
    *(f"dagster_project.statistics.{name}" for name in ("forecasts", "rounds", "trends")),
    "pandas",
    "pyarrow.dataset",
)
#: A build that goes on leaves the gaps of the rows that it replaced, for to close them takes longer than to make new
#: rows; one of so many such builds closes the gaps of all, with as many tasks as DuckDB takes by itself.
_TIDYING = {"KHO_BUILD_VACUUM_TASKS": "100"}
_TIDIED_AFTER = 20
_FAILED = ("error", "fail", "runtime error", "partial success")
_OUT_OF_MEMORY = "Out of Memory Error"
_NODES = ("model", "test")
_LOG = "dbt.log"
_LOG_BYTES, _LOGS_KEPT = 10_000_000, 5
#: What dbt tells of its own inner life.
_NOT_LOGGED = ("debug", "test")
_NAMED_AT_MOST = 10
#: What dbt tells of a run in files nobody reads: the manifest is kept where it was parsed, results are returned.
_NOTHING_TOLD = "--no-write-json"
#: dbt's unit tests are about the models, not about an office's figures: they run with the tests of this checkout.
#: Exposures say what is made from the marts; there is nothing in them to build.
_NOT_BUILT = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")


@dataclass(frozen=True)
class NodeResult:
    """What one model or test of a build did; ``failures`` counts rows that break a test."""

    unique_id: str
    status: str
    seconds: float
    message: str
    failures: int


@dataclass(frozen=True)
class Built:
    """A whole build: hashes of the program and models that made it and of all that it was made from.

    Where it went on from another one it names that build, and what it made anew.
    """

    made_by: str
    build: str
    went_on_from: str | None
    reached: Reached | None


def clear_build(folder: DataFolder) -> None:
    """Remove what an earlier build left, but the files of a whole one: ``run_dbt`` goes on from them."""
    if not (folder.build / _BUILT).is_file():
        shutil.rmtree(folder.build, ignore_errors=True)
    for left in (folder.build_inputs, folder.build / _DBT, folder.build_spill):
        shutil.rmtree(left, ignore_errors=True)
    durable.sweep(folder.build)


def copy_early(folder: DataFolder) -> None:
    """Where the build file is a release, too, begin the copy that ``run_dbt`` needs; gigabytes take seconds."""
    _copying.pop(folder.build_file, None)
    if folder.build_file.is_file() and durable.has_second_name(folder.build_file):
        copy = _copying[folder.build_file] = Future()
        # Nobody who interrupts a run waits for it; the next one removes what is left.
        threading.Thread(target=_copy, args=(folder.build_file, copy), daemon=True).start()


def _copy(file: Path, copy: Future[tuple[Path, str]]) -> None:
    try:
        copy.set_result(_copied(file))
    except BaseException as error:  # noqa: BLE001 - raised again where the copy is waited for
        copy.set_exception(error)


def _copied(file: Path) -> tuple[Path, str]:
    """A copy beside ``file``, and the sha256 of what the disk gave for it."""
    aside = durable.copy_aside(file)
    return aside, durable.file_hash(aside)


def note_released(folder: DataFolder, sha256: str) -> None:
    """Remember what the build file holds when it becomes a release under another name, and is out of our hands."""
    durable.write_text(folder.build / _RELEASED, sha256)


def is_as_released(folder: DataFolder) -> bool:
    """Whether the build file still is what it was when it became a release, if it did."""
    noted = _read_released(folder)
    if noted is None:
        return not durable.has_second_name(folder.build_file)
    return noted == durable.file_hash(folder.build_file)


def _read_released(folder: DataFolder) -> str | None:
    noted = folder.build / _RELEASED
    return noted.read_text(encoding="utf-8") if noted.is_file() else None


def _own_build_file(folder: DataFolder) -> None:
    """Let the build file be written to: what a release holds under another name stays as it is.

    Where the file is no longer what was released nobody goes on from it: everything is built again.
    """
    file, begun = folder.build_file, _copying.pop(folder.build_file, None)
    copy = None
    if begun:
        with suppress(Exception):  # whatever was in the way is met again below
            copy = begun.result()
    if durable.has_second_name(file):
        aside, sha256 = copy if copy and copy[0].is_file() else _copied(file)
        is_whole = sha256 == _read_released(folder)
        aside.replace(file)
    else:
        is_whole = is_as_released(folder)
    if not is_whole:
        (folder.build / _BUILT).unlink(missing_ok=True)
    (folder.build / _RELEASED).unlink(missing_ok=True)
    file.chmod(file.stat().st_mode | stat.S_IWUSR)


def run_dbt(
    project: Project,
    folder: DataFolder,
    on_node: Callable[[NodeResult], None] | None = None,
    *,
    code_version: str | None = None,
    memory_mb: int = BUILD_MEMORY_MB,
) -> Sequence[NodeResult]:
    """Build the models and run the tests on the two files of ``folder``; returns one result per model and test run.

    Where both were built before by the same ``code_version`` and the same models, only those are built again of
    which an input changed, with their tests; the others are told first, models as ``KEPT``, tests as before.
    The database holds at most ``memory_mb`` in memory and writes the rest aside. ``on_node`` hears of each model and
    test as it ends, from dbt's own threads. Raises ``KhoError`` naming what failed where a model or a test of severity
    error fails.
    """
    asked = (project, folder, code_version, memory_mb)
    if folder.build_file.is_file():
        _own_build_file(folder)
    if _started:
        worker = _started.pop()
        try:
            return worker.ask(_run_dbt, *asked, hear=on_node or (lambda _: None))
        except (OSError, EOFError):
            pass  # One that was killed left no whole build: it is built here.
        finally:
            worker.stop()
    return _run_dbt(on_node, *asked)


def start_early(project: Project) -> None:
    """Let another process get ready for the next ``run_dbt``; nothing to do where this one has loaded dbt."""
    if not _started and "dbt.cli.main" not in sys.modules:
        worker = Worker()
        worker.begin(_get_ready, project)
        _started.append(worker)


def stop_early() -> None:
    """End the process that was started early: there is nothing to build."""
    while _started:
        _started.pop().stop()


def _get_ready(project: Project) -> None:
    """Load dbt and what was parsed, and let dbt look at both once: what it makes of its own classes takes seconds.

    Last comes what models in Python load.
    """
    with loading():
        from dbt.cli.main import dbtRunner

        parsed = ensure_manifest(project).parent
        manifest = _load(parsed / _PARSE_CACHE)
    if manifest is None:
        return
    with (
        tempfile.TemporaryDirectory(prefix="kho-dbt-") as aside,
        _dbt_environment(_ANY_FOLDER, BUILD_MEMORY_MB),
        _connections_closed(),
    ):
        line = [*_options(Path(aside)), _NOTHING_TOLD, "list", *_places(project, Path(aside))]
        dbtRunner(manifest=manifest).invoke([*line, "--select", "fqn:none"])
    _ready[parsed.name] = manifest
    with loading():
        for name in _LOADED_BY_MODELS:
            importlib.import_module(name)


def _run_dbt(
    on_node: Callable[[NodeResult], None] | None,
    project: Project,
    folder: DataFolder,
    code_version: str | None,
    memory_mb: int,
) -> Sequence[NodeResult]:
    from dbt.cli.main import dbtRunner

    parsed = ensure_manifest(project).parent
    target = folder.build / _DBT
    target.mkdir(parents=True, exist_ok=True)
    manifest = (
        _ready.pop(parsed.name, None) or _load(parsed / _PARSE_CACHE) or _parse(project, target, folder.logs)
    )
    _point_sources(manifest, folder)
    marker = folder.build / _BUILT
    made_from = {
        "code": code_version,
        "models": parsed.name,
        "folder": str(folder.build_inputs),
        "inputs": _inputs(manifest),
    }
    is_there = folder.build_file.is_file() and folder.build_work.is_file()
    before = _read_marker(marker) if code_version and is_there else {}
    changed = _changed(before, made_from)
    touched = _slice(folder, changed, memory_mb) if changed else None
    parts = find_parts(folder.build_inputs) if touched is None and changed != [] else ()
    if parts:
        # Views that are kept have no parts, or those of an earlier build: what memory does not hold is made whole.
        changed = None
    # From here on the files are no whole build.
    marker.unlink(missing_ok=True)
    durable.sync_folder(marker.parent)
    if changed is None:
        for name in (folder.build_file.name, folder.build_work.name):
            for file in folder.build.glob(f"{name}*"):
                file.unlink()
    results: list[NodeResult] = []
    untidy = before.get("untidy", 0) if changed is not None else 0
    if touched:
        untidy = (untidy + 1) % _TIDIED_AFTER
    if changed is None or changed:
        chosen = ("--select", *(f"source:{name}+" for name in changed)) if changed else ()
        environment = _dbt_environment(folder, memory_mb, is_tidying=bool(touched and not untidy))
        with environment, _connections_closed(), _log(folder.logs / _LOG) as log:
            callbacks = [log, _listener(on_node)] if on_node else [log]
            done = dbtRunner(manifest=manifest, callbacks=callbacks).invoke(
                [
                    *(*_options(folder.logs), _NOTHING_TOLD, "build", *_NOT_BUILT),
                    *(*_places(project, target), *chosen, *_variables(touched, parts)),
                ]
            )
        results = [_result(item) for item in getattr(done.result, "results", ()) if _is_reported(item.node)]
        failed = [result for result in results if result.status in _FAILED]
        if failed:
            told = {"nodes": _named(failed), "log": folder.logs / _LOG}
            if any(_OUT_OF_MEMORY in result.message for result in failed):
                raise KhoError("warehouse.memory_too_small", **told, memory=memory_mb)
            raise KhoError("warehouse.build_failed", **told)
        _raise_broken(done)
    made = {result.unique_id for result in results}
    kept = list(_kept(manifest, made, before))
    tests = {one.unique_id: [one.status, one.failures] for one in (*kept, *results) if _is_test(one)}
    if code_version:
        keep_read(folder.build_inputs, folder.build / _READ)
        told = {
            **made_from,
            "tests": tests,
            "untidy": untidy,
            "went_on_from": _build(before) if touched else None,
            "reached": asdict(_reached(folder, touched, manifest, made)) if touched else None,
        }
        durable.write_text(marker, json.dumps(told, sort_keys=True))
    return [*kept, *results]


def read_built(folder: DataFolder) -> Built | None:
    """What the build file is; None where it is no whole build."""
    told = _read_marker(folder.build / _BUILT)
    if not told:
        return None
    reached = Reached(**told["reached"]) if told.get("reached") else None
    return Built(_made_by(told), _build(told), told.get("went_on_from"), reached)


def _made_by(told: Mapping[str, Any]) -> str:
    return _digest({name: told[name] for name in ("code", "models")})


def _build(told: Mapping[str, Any]) -> str:
    return _digest({name: json.dumps(told[name], sort_keys=True) for name in _MADE_FROM})


def _slice(folder: DataFolder, changed: Collection[str], memory_mb: int) -> Slice | None:
    """The slice of the models to build again, where the rest cannot have changed."""
    kept = folder.build / _READ
    return find_slice(folder.build_inputs, kept, changed, memory_mb=memory_mb, spill=folder.build_spill)


def _reached(folder: DataFolder, touched: Slice, manifest: Manifest, built: Collection[str]) -> Reached:
    """What was made anew: the areas as the models found them, and of each mart what its model says."""
    with connect(folder.build_work) as connection:
        areas = [code for (code,) in connection.execute("from reached.areas order by all").fetchall()]
    nodes = [node for name, node in manifest.nodes.items() if name in built and node.schema == SCHEMA]
    return Reached(touched.rounds, areas, {node.name: node.config.meta.get("slice", "all") for node in nodes})


def _variables(touched: Slice | None, parts: Sequence[Slice]) -> Sequence[str]:
    """What ``dbt/macros/slices.sql`` is told."""
    if touched:
        return ("--vars", json.dumps({"slice": touched.as_json()}))
    return ("--vars", json.dumps({"parts": [part.as_json() for part in parts]})) if parts else ()


def ensure_manifest(project: Project) -> Path:
    """The manifest of dbt for the models as they stand, parsed anew only where a file below ``dbt/`` changed.

    Several processes may ask at once: each parse is written aside and put in place whole. A checkout that cannot be
    written to is parsed into a folder of this process's own.
    """
    name = f"{_PARSED_PREFIX}{_models_hash(project)}"
    kept = project.dbt / "target" / name
    if not (kept / _MANIFEST).is_file():
        try:
            _parse_into(project, kept)
            _forget_old(kept)
        except OSError:
            kept = Path(_own_folder().name) / name
            if not kept.is_dir():
                _parse_into(project, kept)
    return kept / _MANIFEST


def _parse_into(project: Project, kept: Path) -> None:
    """Parse beside ``kept`` and put it there, unless another process was faster."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE_PREFIX, dir=kept.parent))
    try:
        _parse(project, aside, aside)
        aside.chmod(0o755)  # other users of the checkout read it too
        for file in (_MANIFEST, _PARSE_CACHE):
            durable.sync_file(aside / file)
        with suppress(OSError):  # a folder that holds files is not replaced
            aside.rename(kept)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _load(kept: Path) -> Manifest | None:
    """What was parsed before; None where the file cannot be read. dbt's own partial parse costs a second more."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    try:
        manifest: Manifest = Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # noqa: BLE001  # whatever is wrong with a kept parse, parsing anew mends it
        return None
    return manifest


def _parse(project: Project, target: Path, logs: Path) -> Manifest:
    from dbt.cli.main import dbtRunner

    with _dbt_environment(_ANY_FOLDER, BUILD_MEMORY_MB), _connections_closed():
        done = dbtRunner().invoke([*_options(logs), "parse", *_places(project, target)])
    _raise_broken(done)
    return cast("Manifest", done.result)


def _point_sources(manifest: Manifest, folder: DataFolder) -> None:
    """Give the sources, which dbt renders when it parses, the inputs of this data folder."""
    anywhere, here = str(_ANY_FOLDER.build_inputs), str(folder.build_inputs)
    for source in manifest.sources.values():
        for holder in (source.meta, source.source_meta, source.config.meta):
            for key, value in holder.items():
                if isinstance(value, str):
                    holder[key] = value.replace(anywhere, here)


def _kept(manifest: Manifest, built: Collection[str], before: Mapping[str, Any]) -> Iterator[NodeResult]:
    """The models that were not built again, each after those that it reads, and what their tests said before."""
    reads = {
        name: node.depends_on_nodes
        for name, node in manifest.nodes.items()
        if str(node.resource_type) == "model"
    }
    for name in TopologicalSorter(reads).static_order():
        if name in reads and name not in built:
            yield NodeResult(name, KEPT, 0.0, "", 0)
    for name, (status, failures) in before.get("tests", {}).items():
        if name not in built:
            yield NodeResult(name, status, 0.0, "", failures)


def _is_test(result: NodeResult) -> bool:
    return result.unique_id.startswith("test.")


def _inputs(manifest: Manifest) -> dict[str, str]:
    """sha256 of each source, by the name that dbt selects it with."""
    hashes = {}
    for source in manifest.sources.values():
        location = _LOCATION.search(str(source.meta["external_location"]).replace("{name}", source.name))
        if location is None:
            raise KhoError("warehouse.models_broken", detail=source.unique_id)
        hashes[f"{source.source_name}.{source.name}"] = _content(Path(location[0]))
    return hashes


def _content(location: Path) -> str:
    """The sha256 of a file, or of the names of files of a folder: these change with what the files hold."""
    if "*" in location.name:
        names = sorted(file.name for file in location.parent.glob(location.name))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()
    return durable.file_hash(location) if location.is_file() else ""


def _read_marker(marker: Path) -> Mapping[str, Any]:
    """What the last whole build was made from, and what its tests said; empty where there is none."""
    try:
        told: dict[str, Any] = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told


def _changed(before: Mapping[str, Any], made_from: Mapping[str, Any]) -> Sequence[str] | None:
    """The sources that differ from those of the build before; None: everything is to be built."""
    if any(before.get(name) != made_from[name] for name in ("code", "models", "folder")):
        return None
    inputs = before["inputs"]
    return [name for name, sha256 in made_from["inputs"].items() if inputs.get(name) != sha256]


def _options(logs: Path) -> list[str]:
    return [
        "--quiet",
        *("--log-level", "none", "--log-level-file", "none", "--log-path", str(logs)),
        *("--no-send-anonymous-usage-stats", "--no-version-check"),
    ]


def _places(project: Project, target: Path) -> list[str]:
    return [
        *("--project-dir", str(project.dbt), "--profiles-dir", str(project.dbt)),
        *("--target-path", str(target)),
    ]


def dbt_variables(
    folder: DataFolder, memory_mb: int = BUILD_MEMORY_MB, *, is_tidying: bool = False
) -> Mapping[str, str]:
    """What dbt's profile and sources read from the environment; ``is_tidying`` closes gaps of replaced rows."""
    return {
        "KHO_INPUTS": str(folder.build_inputs),
        "KHO_BUILD_FILE": str(folder.build_file),
        "KHO_BUILD_WORK": str(folder.build_work),
        "KHO_BUILD_MEMORY": f"{memory_mb}MB",
        "KHO_BUILD_SPILL": str(folder.build_spill),
        **(_TIDYING if is_tidying else {}),
    }


@contextmanager
def _dbt_environment(folder: DataFolder, memory_mb: int, *, is_tidying: bool = False) -> Iterator[None]:
    """The variables of dbt, only while it runs."""
    told = dbt_variables(folder, memory_mb, is_tidying=is_tidying)
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _connections_closed() -> Iterator[None]:
    """After it ends, dbt keeps the DuckDB file open, and locked against every reader: close it."""
    try:
        yield
    finally:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters

        untyped: tuple[Any, ...] = (DuckDBConnectionManager.close_all_connections, reset_adapters)
        for close in untyped:
            close()


@contextmanager
def _log(file: Path) -> Iterator[Callable[[Any], None]]:
    """Hear what dbt tells and write it down; its own log makes a line of nine times as many events and drops them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=_LOGS_KEPT, encoding="utf-8")

    def write(event: Any) -> None:
        told = event.info
        if told.level not in _NOT_LOGGED:
            line = f"{told.ts.ToJsonString()} [{told.level}] {told.msg}"
            handler.handle(logging.makeLogRecord({"msg": line}))

    try:
        yield write
    finally:
        handler.close()


def _listener(on_node: Callable[[NodeResult], None]) -> Callable[[Any], None]:
    def hear(event: Any) -> None:
        if event.info.name != "NodeFinished":
            return
        node, run = event.data.node_info, event.data.run_result
        if node.resource_type in _NODES:
            on_node(
                NodeResult(
                    unique_id=node.unique_id,
                    status=node.node_status,
                    seconds=run.execution_time,
                    message=run.message,
                    failures=run.num_failures,
                )
            )

    return hear


def _is_reported(node: Any) -> bool:
    return str(node.resource_type) in _NODES


def _result(item: Any) -> NodeResult:
    return NodeResult(
        unique_id=item.node.unique_id,
        status=str(item.status),
        seconds=item.execution_time,
        message=item.message or "",
        failures=item.failures or 0,
    )


def _named(failed: Sequence[NodeResult]) -> str:
    shown = [
        f"{result.unique_id.split('.')[2]} ({_first_line(result)})" for result in failed[:_NAMED_AT_MOST]
    ]
    rest = len(failed) - len(shown)
    return "; ".join([*shown, f"+{rest}"] if rest else shown)


def _first_line(result: NodeResult) -> str:
    lines = [line.strip() for line in result.message.splitlines() if line.strip()]
    return " ".join(lines[:2]) or result.status


def _raise_broken(done: dbtRunnerResult) -> None:
    if done.exception is not None and not isinstance(done.exception, Exception):
        raise done.exception  # an interruption, which dbt catches like a fault of its own
    if not done.success:
        detail = str(done.exception or "dbt").strip()
        raise KhoError("warehouse.models_broken", detail=detail) from done.exception


def _models_hash(project: Project) -> str:
    """What dbt would parse: every file below ``dbt/`` that dbt did not make, and dbt itself."""
    facts: dict[str, str] = {name: version(name) for name in ("dbt-core", "dbt-duckdb")}
    facts["root"] = str(project.dbt)
    for file in sorted(project.dbt.rglob("*")):
        parts = file.relative_to(project.dbt).parts
        if parts[0] not in _GENERATED and not file.name.startswith(".") and file.is_file():
            facts["/".join(parts)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return _digest(facts)[:16]


def _digest(facts: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(f"{name}={value}" for name, value in facts.items()).encode()).hexdigest()


def _forget_old(newest: Path) -> None:
    """Keep the last few parses: another process may still be reading the one before, or writing one aside."""

    def made_at(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except FileNotFoundError:  # put in place, or removed, by another process meanwhile
            return math.inf

    parsed = sorted(newest.parent.glob(f"{_PARSED_PREFIX}*"), key=made_at)
    aside = newest.parent.glob(f"{_ASIDE_PREFIX}*")
    interrupted = [path for path in aside if made_at(path) < made_at(newest) - _ASIDE_SECONDS]
    for path in [*parsed[:-_PARSED_KEPT], *interrupted]:
        shutil.rmtree(path, ignore_errors=True)


@cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes with this process."""
    return tempfile.TemporaryDirectory(prefix="kho-dbt-")
