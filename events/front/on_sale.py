"""What is on sale at an event, as its pages show it: read once an edition, for whoever looks.

The rows are shared by all threads: pages show them, and nobody writes to them. Whoever sells reads rows of their own.
"""

from copy import copy
from dataclasses import dataclass

from events.front.kept import kept
from events.models import Event, PriceTier, Seat, SeatKind, SectionPrice
from events.plans.arena import Map, lay_out
from events.plans.seat_drawing import SeatRow
from events.plans.tier_colours import shades_of


@dataclass(frozen=True)
class OnSale:
    """The sections with their prices, and how they are shown."""

    prices: tuple[SectionPrice, ...]  # each with its section and tier; by level, from left to right
    by_tier: tuple[SectionPrice, ...]  # the same, the dearest first
    tiers: tuple[PriceTier, ...]  # the dearest first
    shades: dict[int, int]  # by a tier's id
    arena: Map
    spaces: tuple[tuple[int, int], ...]  # (section's id, ordinal) of each wheelchair space

    def price_of(self, section_id: int) -> SectionPrice | None:
        """What puts the section on sale; None where it is not."""
        return next((price for price in self.prices if price.section_id == section_id), None)


def event_shown(slug: str) -> Event:
    """The event with its venue and plan, one's own to keep. Raises Event.DoesNotExist."""
    return copy(kept.get(("event", slug), lambda: Event.objects.select_related("venue", "plan").get(room__slug=slug)))


def on_sale(slug: str) -> OnSale:
    """Of the event; nothing is on sale at one that is not there."""
    return kept.get(("on sale", slug), lambda: _read(slug))


def seats_shown(section_id: int) -> tuple[SeatRow, ...]:
    """The seats of a section, in order."""
    return kept.get(("seats", section_id), lambda: _seats(section_id))


def _read(slug: str) -> OnSale:
    prices = tuple(SectionPrice.objects.filter(event__room__slug=slug).select_related("section", "tier"))
    by_tier = sorted(prices, key=lambda price: (-price.tier.price_won, price.tier_id))
    tiers = tuple(dict.fromkeys(price.tier for price in by_tier))
    spaces = Seat.objects.filter(section__in=[price.section_id for price in prices], kind=SeatKind.WHEELCHAIR)
    return OnSale(
        prices=prices,
        by_tier=tuple(by_tier),
        tiers=tiers,
        shades=shades_of(tiers),
        arena=lay_out([price.section for price in prices]),
        spaces=tuple(spaces.order_by("section", "ordinal").values_list("section_id", "ordinal")),
    )


def _seats(section_id: int) -> tuple[SeatRow, ...]:
    seats = Seat.objects.filter(section=section_id).order_by("ordinal")
    return tuple(seats.values_list("pk", "row", "number", "kind"))
