"""What holds a process, and what is left of those below it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from dagster_project.limits import children, dying_with_parent


def _parent_of_a_sleeper(*, is_asked: bool) -> tuple[int, int]:
    """A process that starts a sleeping one and waits; their ids."""
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "from dagster_project.limits import dying_with_parent\n"
        f"ask = dying_with_parent() if {is_asked} else None\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], preexec_fn=ask)\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert parent.stdout is not None
    return parent.pid, int(parent.stdout.readline())


def test_a_child_that_asked_so_ends_with_a_parent_that_was_killed() -> None:
    parent, child = _parent_of_a_sleeper(is_asked=True)
    watched = os.pidfd_open(child)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    import select

    assert select.select([watched], [], [], 30)[0] == [watched]


def test_children_are_told_by_their_session() -> None:
    own = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert children([own.pid]) == [own.pid]
    finally:
        for process in (own, other):
            process.kill()
            process.wait()
    assert children([own.pid]) == []
    assert callable(dying_with_parent())
