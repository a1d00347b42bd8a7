"""The seats of one section row by row, for those who do not see a drawing."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from itertools import groupby

from events.models import SeatKind
from events.plans.seat_drawing import SeatRow
from events.sale.availability import FREE


@dataclass(frozen=True)
class ListedSeat:
    """A seat that the viewer may pick, or holds."""

    pk: int
    number: int
    kind: SeatKind
    mine: bool


@dataclass(frozen=True)
class ListedRow:
    """A row with what is free in it, and how many seats it has in all."""

    name: str
    seats: tuple[ListedSeat, ...]
    total: int

    @property
    def free(self) -> int:
        """How many may be picked."""
        return sum(not seat.mine for seat in self.seats)


def rows_of(seats: Iterable[SeatRow], state: str, mine: Container[int]) -> list[ListedRow]:
    """Each row in the section's order; `state` and `mine` as for the drawing."""
    rows = []
    for row, group in groupby(enumerate(seats), key=lambda item: item[1][1]):
        members = list(group)
        listed = tuple(
            ListedSeat(pk, number, SeatKind(kind), pk in mine)
            for ordinal, (pk, _row, number, kind) in members
            if pk in mine or state[ordinal : ordinal + 1] == FREE
        )
        rows.append(ListedRow(row, listed, len(members)))
    return rows
