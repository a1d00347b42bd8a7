"""Waiting for a condition, and for no longer than that."""

import time
from collections.abc import Callable
from math import inf

import pytest

# What a busy machine may take beside what is promised. What would hang, hangs for longer where it is measured.
BUSY_S = 8.0


def until(condition: Callable[[], object], within: float = 15.0) -> None:
    """Return as soon as `condition` holds; fail the test when it does not `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:.0f} s")
        time.sleep(0.02)


def quickest(tried: Callable[[], float], promised_s: float, tries: int = 3) -> float:
    """The shortest of some tries: a busy machine is slow now and then, and what waits for something always is.

    None is begun after one that kept the promise.
    """
    best_s = inf
    for _ in range(tries):
        best_s = min(best_s, tried())
        if best_s < promised_s:
            break
    return best_s
