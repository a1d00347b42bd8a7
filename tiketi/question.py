"""A question that may never be answered: asked by one thread at a time, whoever wants to know."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TooLong
from typing import Generic, TypeVar

T = TypeVar("T")

# However many machines ask, the database and Redis are asked once in so long.
KEPT_SECONDS = 1.0


class Question(Generic[T]):
    """What `ask` returns, kept for a second. Whoever hangs costs one thread, which ends with the process."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: Future[T] | None = None
        self._asked_at = 0.0

    def answer(self) -> "Future[T]":
        """The answer of a moment ago, or the one to come; cancelled if `ask` raised, which is logged."""
        with self._lock:
            kept = time.monotonic() - self._asked_at < KEPT_SECONDS
            if self._answer is None or (self._answer.done() and not kept):
                self._answer, self._asked_at = Future(), time.monotonic()
                # A pool's threads are waited for when the process ends; a hanging one must not hold that up.
                threading.Thread(target=self._run, args=(self._answer,), name="question", daemon=True).start()
            return self._answer

    def forget(self) -> None:
        """Ask anew at the next call."""
        with self._lock:
            self._answer = None

    def _run(self, answer: "Future[T]") -> None:
        try:
            answer.set_result(self._ask())
        finally:
            answer.cancel()  # does nothing to an answer that came


def within(answer: "Future[T]", seconds: float) -> T | None:
    """The answer, or None if there is none within `seconds`."""
    try:
        return answer.result(max(seconds, 0))
    except (TooLong, CancelledError):
        return None
