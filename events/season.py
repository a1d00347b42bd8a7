"""The demonstration season as `demo/season.toml` tells it."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from events.models import Event, PriceTier, Venue
from waitingroom.models import WaitingRoom

SEASON = Path(__file__).parent / "demo" / "season.toml"


def seed(now: datetime) -> tuple[int, int]:
    """Add the events that are missing, one a transaction; how many were added, and how many were there."""
    season = tomllib.loads(SEASON.read_text())
    venues = {key: _venue(**hall) for key, hall in season["halls"].items()}
    added = sum(_event(venue=venues[show.pop("hall")], now=now, **show) for show in season["shows"])
    return added, len(season["shows"]) - added


def _venue(*, name_ko: str, **named: str) -> Venue:
    return Venue.objects.get_or_create(name_ko=name_ko, defaults=named)[0]


@transaction.atomic
def _event(
    *,
    slug: str,
    now: datetime,
    opens_in_hours: float,
    starts_in_days: int,
    starts_hour: int,
    prices: list[dict[str, Any]],
    **facts: Any,
) -> bool:
    """Add the event with its room and prices; false if it was there."""
    if Event.objects.filter(room__slug=slug).exists():
        return False
    starts_at = (now + timedelta(days=starts_in_days)).replace(hour=starts_hour, minute=0, second=0, microsecond=0)
    opens_at = now + timedelta(hours=opens_in_hours)
    opens_at = opens_at.replace(minute=opens_at.minute // 10 * 10, second=0, microsecond=0)  # sales open at round times
    room, _ = WaitingRoom.objects.update_or_create(slug=slug, defaults={"opens_at": opens_at})
    event = Event.objects.create(
        room=room, opens_at=opens_at, starts_at=starts_at, closes_at=starts_at - timedelta(hours=1), **facts
    )
    PriceTier.objects.bulk_create(PriceTier(event=event, **price) for price in prices)
    return True
