"""Independent work in processes side by side, each a module's function called with one item after another.

Starting, asking and ending such a process belong here, and what runs in it: one pickled question after another on its
input, the answers on its output.
"""

from __future__ import annotations

import gc
import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar, cast

from dagster_project.limits import dying_with_parent

_ANSWER, _HEARD = "answer", "heard"
#: Python looks for garbage after 700 new objects, and finds next to none in what a build makes.
NEW_OBJECTS = 20_000

#: Processes that were started before there was work for them.
_early: list[Worker] = []

T = TypeVar("T")
R = TypeVar("R")


class Worker:
    """A process that answers questions one after another; it loads ``modules`` as soon as it starts.

    It ends with the thread that starts it, for that is what Linux holds to be its parent.
    """

    def __init__(self, *modules: str) -> None:
        self._child = subprocess.Popen(  # noqa: S603 - this interpreter, our own module
            [sys.executable, "-I", "-m", __name__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A session of its own: what interrupts a command ends it, and its end closes the pipe.
            start_new_session=True,
        )
        self._begun = 0

    def begin(self, work: Callable[..., Any], *arguments: Any, is_heard: bool = False) -> None:
        """Ask without waiting; what the next ``ask`` waits for comes after it.

        With ``is_heard`` the first argument of ``work`` is a function, and ``hear`` of ``ask`` gets what it is told.
        """
        if self._child.stdin is None:
            raise EOFError
        pickle.dump((work, arguments, is_heard), self._child.stdin)
        self._child.stdin.flush()
        self._begun += 1

    def ask(self, work: Callable[..., R], *arguments: Any, hear: Callable[[Any], None] | None = None) -> R:
        """What ``work``, a function of a module, gives for ``arguments``; what it raises is raised here.

        Raises ``OSError`` or ``EOFError`` where the process is gone.
        """
        self.begin(work, *arguments, is_heard=hear is not None)
        told: object = None
        while self._begun:
            kind, told = self._next()
            if kind == _HEARD and hear:
                hear(told)
            elif kind == _ANSWER:
                self._begun -= 1
        if isinstance(told, Exception):
            raise told
        return cast("R", told)

    def _next(self) -> tuple[str, Any]:
        if self._child.stdout is None:
            raise EOFError
        try:
            kind, told = pickle.load(self._child.stdout)  # noqa: S301 - from our own process
        except pickle.UnpicklingError as error:  # it was killed in the middle of an answer
            raise EOFError from error
        return str(kind), told

    def stop(self) -> None:
        """End the process and free its memory."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):  # what was not sent yet is not wanted any more
                if pipe is not None:
                    pipe.close()


def start_early(get_ready: Callable[[], object]) -> None:
    """Start a process for the next work side by side; ``get_ready``, a function of a module, loads what that needs.

    Call it from the thread that will ask for that work. Where none can be started, that work tries again.
    """
    with suppress(OSError):
        worker = Worker()
        # One that was killed meanwhile is found so by its first item.
        _early.append(worker)
        worker.begin(get_ready)


def side_by_side(work: Callable[[T], R], items: Sequence[T], processes: int, *, at_least: int = 1) -> list[R]:
    """``work``, a function of a module, of each item, in the order of ``items``.

    At most ``processes`` work at once, this one among them; each but this one gets ``at_least`` items, or is not
    started. After an error no further item is begun, and that error is raised.
    """
    waiting = iter(range(len(items)))
    lock = threading.Lock()
    done: dict[int, R] = {}
    errors: list[BaseException] = []

    def answer(worker: Worker | None) -> None:
        while not errors:
            with lock:
                at = next(waiting, None)
            if at is None:
                return
            try:
                done[at] = _answer(worker, work, items[at], errors)
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that asked for all
                errors.append(error)

    with _workers(min(processes - 1, len(items) // at_least - 1)) as workers:
        threads = [threading.Thread(target=answer, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        answer(None)
        if errors:
            for worker in workers:
                worker.stop()
        for thread in threads:
            thread.join()
    if errors:
        raise errors[0]
    return [done[at] for at in range(len(items))]


def _answer(worker: Worker | None, work: Callable[[T], R], item: T, errors: Sequence[BaseException]) -> R:
    if worker is not None:
        try:
            return worker.ask(work, item)
        except (OSError, EOFError):
            # A process that was killed closes its pipes; what it was asked is done here, if it is still wanted.
            if errors:
                raise
    return work(item)


@contextmanager
def _workers(count: int) -> Iterator[list[Worker]]:
    workers: list[Worker] = []
    try:
        workers += (_early.pop() if _early else Worker() for _ in range(count))
        yield workers
    finally:
        for worker in workers:
            worker.stop()


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded here stays: it is not searched for garbage while it loads, nor later. What follows seldom is."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(NEW_OBJECTS)
        gc.enable()


@contextmanager
def without_garbage() -> Iterator[None]:
    """Many objects are made here of which none is garbage: it is not searched for meanwhile."""
    was_searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_searched:
            gc.enable()


def main() -> None:
    """Answer until the input ends, or the process that asks does."""
    dying_with_parent()()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    with loading():
        for name in sys.argv[1:]:
            importlib.import_module(name)
    lock = threading.Lock()

    def tell(kind: str, told: object) -> None:
        message = pickle.dumps((kind, told))
        with lock:
            answers.write(message)
            answers.flush()

    while True:
        try:
            work, arguments, is_heard = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this
        except EOFError:
            return
        told: object
        try:
            told = work(partial(tell, _HEARD), *arguments) if is_heard else work(*arguments)
        except Exception as error:  # noqa: BLE001 - raised again where the question came from
            told = error
        tell(_ANSWER, told)


if __name__ == "__main__":
    main()
