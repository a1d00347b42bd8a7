"""Companion seats are for who comes along with somebody in a wheelchair space of the same row."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Q

from events.models import Event, Occupancy, Seat, SeatKind
from events.sale.refusals import CompanionAlone


def check_companions(event: Event, account_id: int, seats: Iterable[Seat]) -> None:
    """Refuse companion seats beyond the wheelchair spaces of their row that the account has, holds, or takes with them.

    Raises CompanionAlone. Costs a question only where a companion seat is among the seats.
    """
    taken = list(seats)
    if any(seat.kind == SeatKind.COMPANION for seat in taken):
        _check(Counter((seat.section_id, seat.row, seat.kind) for seat in taken) + _of(event, account_id))


def check_what_is_left(event: Event, account_id: int) -> None:
    """Refuse to give a wheelchair space back and keep the seat of its companion. Raises CompanionAlone."""
    _check(_of(event, account_id))


def _of(event: Event, account_id: int) -> Counter[tuple[int, str, str]]:
    """How many seats of each section, row and kind are the account's, ordinary ones left out."""
    whose = Q(hold__account=account_id) | Q(order__account=account_id)
    seats = Occupancy.objects.filter(whose, event=event).exclude(seat__kind=SeatKind.ORDINARY)
    return Counter(seats.values_list("seat__section", "seat__row", "seat__kind"))


def _check(seats: Counter[tuple[int, str, str]]) -> None:
    for (section, row, kind), count in seats.items():
        if kind == SeatKind.COMPANION and count > seats[section, row, SeatKind.WHEELCHAIR]:
            raise CompanionAlone
