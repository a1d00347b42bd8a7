"""Waiting for a condition, and for no longer than that."""

import time
from collections.abc import Callable

import pytest


def until(condition: Callable[[], object], within: float = 15.0) -> None:
    """Return as soon as `condition` holds; fail the test when it does not `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within:.0f} s")
        time.sleep(0.02)
