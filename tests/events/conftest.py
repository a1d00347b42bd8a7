"""An event of one's own for every test."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event, PriceTier, Venue
from waitingroom.models import WaitingRoom


@pytest.fixture
def make_event(db: None) -> Callable[..., Event]:
    """An event on sale, in a room nobody else uses."""

    def make(**facts: Any) -> Event:
        name = f"event-{uuid.uuid4().hex[:12]}"
        now = timezone.now()
        event = Event.objects.create(
            **{
                "room": WaitingRoom.objects.create(slug=name),
                "title_ko": "한밤의 연주회",
                "title_en": "Midnight Recital",
                "venue": Venue.objects.create(name_ko=f"공연장 {name}", name_en=f"Hall {name}"),
                "opens_at": now - timedelta(hours=1),
                "closes_at": now + timedelta(days=9),
                "starts_at": now + timedelta(days=10),
            }
            | facts
        )
        PriceTier.objects.create(event=event, name_ko="R석", name_en="R", price_won=110_000)
        return event

    return make


@pytest.fixture
def event(make_event: Callable[..., Event]) -> Event:
    """An event on sale."""
    return make_event()
