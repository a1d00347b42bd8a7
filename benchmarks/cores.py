"""Which core does what: the server under test has one for itself, everything else shares the other."""

from __future__ import annotations

import os
from collections.abc import Callable

from tiketi.tether import die_with_parent

_AVAILABLE = sorted(os.sched_getaffinity(0))
SERVER = _AVAILABLE[0]
OTHERS = _AVAILABLE[-1]  # Redis, the load's client and this harness


def pinned(*cores: int) -> Callable[[], None]:
    """What a child does before it becomes its command: stay on `cores`, threads included, and die with us."""

    def stay() -> None:
        os.sched_setaffinity(0, cores)
        die_with_parent()

    return stay


def stay_off_the_server() -> None:
    """Keep this process away from the core of the server under test."""
    os.sched_setaffinity(0, {OTHERS})


def sentence() -> str:
    """How the processes were placed."""
    if SERVER == OTHERS:
        return "One core for everything: ratios hold, absolute numbers are low."
    return f"The server under test alone on core {SERVER}; Redis, the client and the harness on core {OTHERS}."
