"""What a buyer is offered for their wishes, price by price: seats by name, and how near to each other they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from events.models import Event, PriceTier, Seat, Section, SectionPrice
from events.plans.arena import lay_out
from events.plans.seat_layout import SectionLayout, forget_layout, layouts_of
from events.sale.availability import free_seats, section_states
from events.sale.best_seats import Block, Offer, best_spaces, best_together, nearest
from events.sale.picks import are_neighbours
from events.sale.seat_wishes import SeatWishes

# A level up, and a turn around the stage, are worth as many rows.
LEVEL, DEGREES = 8, 15


@dataclass(frozen=True)
class SeatOffer:
    """For one price: seats of a section, or an area where so many stand; no section where there are not so many."""

    tier: PriceTier
    left: int  # free at this price
    section: Section | None = None
    seats: tuple[Seat, ...] = ()
    together: bool = True


def offers_for(event: Event, prices: Sequence[SectionPrice], wishes: SeatWishes) -> list[SeatOffer]:
    """An offer for each price that the wishes allow, the dearest first.

    Holds nothing. A handful of questions to the database, however many seats, sections and prices there are.
    """
    free, states = free_seats(event.slug), section_states(event.slug, [price.section_id for price in prices])
    arena = lay_out([price.section for price in prices])
    layouts = layouts_of(event.plan) if event.plan is not None else {}
    tiers = {price.tier for price in prices if wishes.tier is None or price.tier_id == wishes.tier.pk}
    found: dict[PriceTier, Offer | Section | None] = {}
    for tier in sorted(tiers, key=lambda tier: (-tier.price_won, tier.pk)):
        sections = [price.section for price in prices if price.tier_id == tier.pk]
        blocks = [
            Block(
                section.pk,
                layouts.get(section.pk, SectionLayout()),
                states.get(section.pk, ""),
                LEVEL * section.level + abs(arena.shapes[section.pk].angle) / DEGREES,
            )
            for section in sections
            if not section.standing
        ]
        found[tier] = _search(blocks, wishes) or _area(sections, free, wishes)
    named = {price.section_id: price.section for price in prices}
    seats = _seats_of(event, [offer for offer in found.values() if isinstance(offer, Offer)], named)
    left = {tier: sum(free.get(p.section_id, 0) for p in prices if p.tier_id == tier.pk) for tier in found}
    return [_named(tier, offer, left[tier], seats, named) for tier, offer in found.items()]


def _search(blocks: Sequence[Block], wishes: SeatWishes) -> Offer | None:
    if wishes.wheelchair:
        return best_spaces(blocks, wishes.count)
    return best_together(blocks, wishes.count) or nearest(blocks, wishes.count)


def _area(sections: Iterable[Section], free: Mapping[int, int], wishes: SeatWishes) -> Section | None:
    areas = (section for section in sections if section.standing and free.get(section.pk, 0) >= wishes.count)
    return None if wishes.wheelchair else next(areas, None)


def _seats_of(event: Event, offers: Sequence[Offer], named: Mapping[int, Section]) -> dict[tuple[int, int], Seat]:
    """The offered seats by section and ordinal, in one question."""
    if not offers:
        return {}
    wanted = reduce(or_, (Q(section=offer.section, ordinal__in=offer.ordinals) for offer in offers))
    seats = {(seat.section_id, seat.ordinal): seat for seat in Seat.objects.filter(wanted)}
    for seat in seats.values():
        seat.section = named[seat.section_id]
    return seats


def _named(
    tier: PriceTier,
    offer: Offer | Section | None,
    left: int,
    seats: Mapping[tuple[int, int], Seat],
    named: Mapping[int, Section],
) -> SeatOffer:
    if not isinstance(offer, Offer):
        return SeatOffer(tier, left, offer)
    chosen = tuple(seats[key] for key in ((offer.section, ordinal) for ordinal in offer.ordinals) if key in seats)
    if len(chosen) < len(offer.ordinals):  # the plan was corrected within the minute
        forget_layout(named[offer.section].plan)
        return SeatOffer(tier, left)
    together = offer.together and (are_neighbours(chosen) or any(seat.kind for seat in chosen))
    return SeatOffer(tier, left, named[offer.section], chosen, together)
