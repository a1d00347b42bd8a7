"""A table to be exported: headings, and how a row is made of what the database tells."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from events.models import Event

Cell = str | int | float | datetime | None  # floats are finite, and rounded by who makes them
# So many rows at a time come from the database; no more are in memory.
CHUNK = 2000


class Right(StrEnum):
    """What one may export; each is a permission of its own."""

    BOX_OFFICE = "events.export_orders"
    FINANCE = "events.export_money"
    BUYERS = "events.export_buyers"  # who they are, on top of the other two
    ACTS = "events.view_staffact"
    DECISIONS = "scaling.view_scalingdecision"  # why the fleet, which all sales share, was changed


@dataclass(frozen=True)
class Column:
    """One column; some are only for who has a right besides the table's."""

    heading: str | Promise
    value: Callable[[Any], Cell]
    right: Right | None = None


@dataclass(frozen=True)
class Table:
    """What is exported of an event under a name."""

    name: str
    title: str | Promise
    right: Right
    columns: tuple[Column, ...]
    found: Callable[[Event], Iterable[Any]]

    def lines(self, event: Event, rights: Collection[Right]) -> Iterator[list[Cell]]:
        """The headings, in the current language, then every row; of the columns those that the rights allow."""
        columns = [column for column in self.columns if column.right is None or column.right in rights]
        yield [str(column.heading) for column in columns]
        for row in self.found(event):
            yield [column.value(row) for column in columns]


def at(instant: datetime | None) -> str | None:
    """The instant by the current clock: the venue's, while an export is made. As 2026-11-26T20:00:05+09:00."""
    return timezone.localtime(instant).isoformat(timespec="seconds") if instant else None
