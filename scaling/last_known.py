"""What the database said last, for when it does not say: the loop goes on."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import DatabaseError

log = logging.getLogger(__name__)
T = TypeVar("T")


class LastKnown(Generic[T]):
    """One thing read from the database, remembered by this process."""

    def __init__(self, first: T) -> None:
        """`first` stands until the database answered once."""
        self._known = first

    def read(self, ask: Callable[[], T]) -> T:
        """What `ask` says, or else what it said last."""
        try:
            self._known = ask()
        except DatabaseError as error:
            log.warning("the database does not answer, what it said last stands: %s", error)
        return self._known
