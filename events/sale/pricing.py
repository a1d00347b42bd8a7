"""What seats cost at an event, now; what is held keeps the price it was held at."""

from collections.abc import Iterable

from events.models import Event, Seat, SectionPrice
from events.sale.refusals import BadPick


def prices_of(event: Event, seats: Iterable[Seat]) -> dict[int, SectionPrice]:
    """What puts the seats' sections on sale, with its tier, by section id. Raises BadPick if one is not on sale."""
    sections = {seat.section_id for seat in seats}
    prices = SectionPrice.objects.filter(event=event, section__in=sections).select_related("tier")
    found = {price.section_id: price for price in prices}
    if found.keys() != sections:
        raise BadPick
    return found
