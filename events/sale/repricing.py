"""Putting sections on sale, into another tier or off sale: staff's side of the price, under the sale's own locks."""

from collections.abc import Collection, Mapping

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from events.models import Event, Occupancy, Plan, SectionPrice


class SeatsBeingTaken(Exception):
    """Somebody takes a seat, this moment, in a section that is to go off sale."""

    def __str__(self) -> str:
        return _("Seats are being taken where you end the sale. Please try again.")


def lock_sale(event_id: int) -> Event:
    """The event, locked before its plan, until the transaction ends: nobody prices it or builds its plan meanwhile."""
    event = Event.objects.select_for_update(no_key=True).get(pk=event_id)
    if event.plan_id is not None:
        Plan.objects.select_for_update(no_key=True).get(pk=event.plan_id)
    return event


def must_stay(event: Event, leaving: Collection[int]) -> set[int]:
    """Which of the sections (ids) cannot go off sale, because seats there are held or sold.

    Locks the prices of all of them, so that nobody takes a seat there any more. Raises SeatsBeingTaken.
    """
    prices = event.section_prices.filter(section__in=leaving).order_by("pk")
    try:
        with transaction.atomic():
            # Not waited for: who has one locked is taking a seat there this moment.
            list(prices.select_for_update(nowait=True))
    except OperationalError as error:
        raise SeatsBeingTaken from error
    occupied = Occupancy.objects.filter(event=event, seat__section__in=leaving)
    return set(occupied.values_list("seat__section", flat=True))


def reprice(event: Event, tiers: Mapping[int, int | None]) -> None:
    """Put each section (by id) into its tier (by id), or off sale; every change is in the history.

    Inside the caller's transaction, after `lock_sale` and `must_stay`. By the prices' ids, as buyers lock them.
    """
    prices = {price.section_id: price for price in event.section_prices.order_by("pk")}
    for section, price in prices.items():
        if section not in tiers or tiers[section] == price.tier_id:
            continue
        if (tier := tiers[section]) is None:
            price.delete()
        else:
            price.tier_id = tier
            price.save(update_fields=["tier"])
    for section, tier in tiers.items():
        if section not in prices and tier is not None:
            SectionPrice.objects.create(event=event, section_id=section, tier_id=tier)
    event.save(update_fields=["version"])  # tells other editors
