"""Blocking work beside the event loop, each purpose in a thread of its own: what hangs, hangs alone."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from django.db import close_old_connections

T = TypeVar("T")


class BlockingThread:
    """One thread for one purpose, begun with its first work; it keeps its database connection as long as that is good.

    A daemon, unlike an executor's: a process may end while its work hangs.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Have `work` done after what was submitted before, unless the future is cancelled until then."""
        future: Future[T] = Future()
        self._work.put((future, work))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
                self._thread.start()
        return future

    def _serve(self) -> None:
        while True:
            future, work = self._work.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                close_old_connections()
                result = work()
                close_old_connections()
            except Exception as error:  # it is whoever waits for the result that meets it
                future.set_exception(error)
            else:
                future.set_result(result)
