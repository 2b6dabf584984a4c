"""Great Expectations is loaded without what no suite of ours asks of it, and answers all the same."""

from __future__ import annotations

import subprocess
import sys

from dagster_project.quality.suites import _loaded_when_used

_ASKED = """
import sys
import polars as pl
from dagster_project.quality.suites import ask

def loaded():
    return [name for name in ("altair", "scipy.stats") if name in sys.modules]

frame = pl.DataFrame({"a": [1.0, 1.0, 5.0, 9.0]})
between = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "max_value": 5}}
alike = {
    "type": "expect_column_kl_divergence_to_be_less_than",
    "kwargs": {"column": "a", "partition_object": {"bins": [0, 4, 10], "weights": [0.5, 0.5]}, "threshold": 0.1},
}
print([answer.success for answer in ask("one", frame, [between])], loaded())
print([answer.success for answer in ask("two", frame, [alike, between])], loaded())
import altair
print(altair.Chart.__name__)
"""


def test_what_compares_distributions_is_loaded_when_it_is_used() -> None:
    told = subprocess.run([sys.executable, "-c", _ASKED], capture_output=True, check=True, text=True).stdout
    assert told.splitlines() == ["[False] []", "[True, False] ['scipy.stats']", "Chart"]


def test_what_is_used_while_others_load_is_there_at_once() -> None:
    sys.modules.pop("colorsys", None)
    with _loaded_when_used("colorsys", "sys"):
        import colorsys as early

        assert not vars(early).get("rgb_to_hsv")
        assert early.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert sys.modules["colorsys"].rgb_to_hsv is early.rgb_to_hsv
    assert "sys" in sys.modules
