"""How AWS is asked: bounded in time and tries; its many errors told as one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

# A turn has ten seconds: a call that hangs is given up in time for the next.
BOUNDS: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 3,
    "retries": {"total_max_attempts": 2, "mode": "standard"},
}


class CloudUnavailable(Exception):
    """AWS does not answer, refuses, or is not configured; says which call and why."""


def asker(*errors: type[Exception]) -> Callable[[str], AbstractContextManager[None]]:
    """A context that names a call, and raises what of `errors` goes wrong within as CloudUnavailable."""

    @contextmanager
    def asking(call: str) -> Iterator[None]:
        try:
            yield
        except errors as error:
            raise CloudUnavailable(f"{call}: {error}") from error

    return asking
