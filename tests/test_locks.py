"""One build at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project import locks
from dagster_project.errors import ExitCode, LockedError
from dagster_project.locks import build_lock

HOLD = """
import sys
from pathlib import Path
from dagster_project.locks import build_lock
with build_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_build_is_refused_until_the_first_one_dies(tmp_path: Path) -> None:
    lock = tmp_path / "build.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError) as refused, build_lock(lock):
            pass
        assert refused.value.exit_code is ExitCode.LOCKED
        assert str(holder.pid) in refused.value.text("vi")
        holder.kill()
    with build_lock(lock):
        pass


def test_a_run_that_waits_goes_on_when_the_other_build_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "build.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        def end_the_other(_seconds: float) -> None:
            holder.kill()
            holder.wait()

        monkeypatch.setattr(locks.time, "sleep", end_the_other)
        with build_lock(lock, seconds=3600):
            pass
