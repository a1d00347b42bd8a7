"""A copy of an event for another date: its words, plan, prices and room settings, never its orders."""

from datetime import datetime
from typing import Any

from django.db import models, transaction

from events.models import Event, PriceTier, SectionPrice
from events.sale.closing import lay_over_room
from waitingroom.models import Mode, WaitingRoom

# A copy of a line that stands or is closed would open no sale; the rest of the modes are wanted.
_MODES = (Mode.AUTOMATIC, Mode.ALWAYS, Mode.OFF)
# What staff said to those who wait for the other date.
_SAID = {f"{what}_{language}" for what in ("closed_reason", "announcement") for language in ("ko", "en")}


def draft_copy(event: Event, *, slug: str, starts_at: datetime, opens_at: datetime) -> Event:
    """The copy with its room, both unsaved: what ends before the start ends as long before the new one.

    Nothing of what happened is copied: no order, no hold, not that it was called off, no announcement.
    """
    later = starts_at - event.starts_at
    copy = Event(**_settings(event, leaving_out={"room", "opens_at", "starts_at", "announced_at"}))
    copy.series = event.series or event.slug  # another date of the same show
    copy.announced_at, copy.opens_at, copy.starts_at = None, opens_at, starts_at
    copy.closes_at = event.closes_at + later
    copy.cancel_until = None if event.cancel_until is None else event.cancel_until + later
    mode = event.room.mode if event.room.mode in _MODES else Mode.AUTOMATIC
    facts = _settings(event.room, leaving_out={"slug", "mode", "opens_at", *_SAID})
    copy.room = WaitingRoom(**facts, slug=slug, mode=mode, opens_at=opens_at)
    return copy


@transaction.atomic
def copy_event(event: Event, copy: Event) -> Event:
    """Save the copy with its room, and give it the event's tiers, prices and sections on sale."""
    copy.room.save()
    copy.save()
    lay_over_room(copy)  # which hides a draft
    tiers: dict[int, PriceTier] = {}
    for tier in event.tiers.all():
        tiers[tier.pk] = PriceTier(**_settings(tier, leaving_out={"event"}), event=copy)
        tiers[tier.pk].save()
    for price in event.section_prices.order_by("pk"):
        SectionPrice(event=copy, section_id=price.section_id, tier=tiers[price.tier_id]).save()
    return copy


def _settings(row: models.Model, leaving_out: set[str]) -> dict[str, Any]:
    """What staff may set of the row, by field; what only the site writes is none of it."""
    fields = [field for field in row._meta.concrete_fields if field.editable and not field.primary_key]
    return {field.name: getattr(row, field.name) for field in fields if field.name not in leaving_out}
