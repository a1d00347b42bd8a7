"""A fresh sale of an event of the demonstration season, on the season's plan and prices, for tonight."""

from datetime import timedelta

from django.utils import timezone

from events.models import Event, SectionPrice
from waitingroom.models import WaitingRoom


def copy_of(slug: str, name: str, *, threshold: int) -> Event:
    """The event again, under another name, behind a room of its own; its door is open already."""
    event = Event.objects.get(room__slug=slug)
    tiers, prices = list(event.tiers.all()), list(event.section_prices.all())
    event.pk = None
    event.room = WaitingRoom.objects.create(slug=name, threshold=threshold, users_per_minute_per_instance=6000)
    event.starts_at = timezone.now() + timedelta(hours=5)
    event.closes_at = event.cancel_until = event.starts_at - timedelta(hours=1)
    event.save()
    copies = {}
    for tier in tiers:
        before, tier.pk, tier.event = tier.pk, None, event
        tier.save()
        copies[before] = tier
    SectionPrice.objects.bulk_create(
        SectionPrice(event=event, section_id=price.section_id, tier=copies[price.tier_id]) for price in prices
    )
    return event
