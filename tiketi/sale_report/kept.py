"""What was made for a page, kept for some seconds: who loads it again and again makes none anew."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KEPT_SECONDS = 10.0
MAX_KEPT = 2  # a long line's turns are some megabytes

Made = TypeVar("Made")


class Kept(Generic[Made]):
    """This process's. Any thread may ask; one makes at a time, and who waited for the same gets the same."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, tuple[float, Made]] = {}

    def of(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What was made under the key not long ago, or is made now; raises what `make` does, and keeps nothing then."""
        with self._lock:
            now = time.monotonic()
            self._made = {k: made for k, made in self._made.items() if now - made[0] < KEPT_SECONDS}
            if key not in self._made:
                made = make()
                while len(self._made) >= MAX_KEPT:
                    del self._made[next(iter(self._made))]
                self._made[key] = (time.monotonic(), made)
            return self._made[key][1]
