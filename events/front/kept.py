"""What was made of an edition, kept by this process until the next one, or until the clock changes it."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime
from math import inf
from typing import Any, TypeVar

from django.utils import timezone

from events.front.edition import edition
from events.programme.listed import changes_at

T = TypeVar("T")

# However little changes: what depends on a day's passing, or on a change that was not noticed, is seen so much later.
MAX_SECONDS = 30.0
MAX_KEPT = 300


class Kept:
    """One process's; the least lately asked for goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[str, float, Any]] = OrderedDict()
        self._ends: tuple[str, float] = ("", 0.0)

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of this edition; made now where there is none."""
        name = edition.now()  # before it is made: what changes meanwhile belongs to the next
        if name is None:
            return make()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == name and time.monotonic() < kept[1]:
                self._kept.move_to_end(key)
                value: T = kept[2]
                return value
        ends = self._ends_of(name)
        value = make()
        with self._lock:
            self._kept[key] = (name, ends, value)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return value

    def _ends_of(self, name: str) -> float:
        """When all that is made of the edition now ends, so that the clock's next change is asked for once."""
        edition_asked, ends = self._ends
        if edition_asked != name or time.monotonic() >= ends:
            ends = time.monotonic() + lasts_s()
            self._ends = name, ends
        return ends

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()
            self._ends = "", 0.0


def lasts_s() -> float:
    """How long what is made now is kept."""
    return min(MAX_SECONDS, clock_turns_in_s())


def clock_turns_in_s(now: datetime | None = None) -> float:
    """How long what is made now stays true if nobody changes anything; infinite if the clock never makes it false."""
    now = now or timezone.now()
    at = changes_at(now)
    return inf if at is None else max(0.0, (at - now).total_seconds())


kept = Kept()
