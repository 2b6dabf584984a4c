"""The process that ``beside`` starts: one pickled question after another on its input, the answers on its output."""

from __future__ import annotations

import os
import pickle
import sys


def main() -> None:
    """Answer until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    from dagster_project.quality.suites import ask

    while True:
        try:
            question = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        told: object
        try:
            told = ask(*question)
        except Exception as error:  # noqa: BLE001 - raised again where the question came from
            told = error
        pickle.dump(told, answers)
        answers.flush()


if __name__ == "__main__":
    main()
