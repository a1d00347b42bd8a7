"""A room whose opening draws lots, and both clocks of the site in the test's hands."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waitingroom.draw.evening import ROUND
from waitingroom import draw_steps, drawing
from waitingroom.draw_plan import DrawPlan
from waitingroom.drawing import Drawing
from waitingroom.keys import keys_of
from waitingroom.models import OpeningOrder, WaitingRoom
from waitingroom.redis import client, run_now
from waitingroom.room import JoinIntent, enter_call

# The real round 657413 comes a minute before the opening, half an hour after the last entry.
OPENS = ROUND.at + timedelta(minutes=1)
CLOSES = ROUND.at - timedelta(minutes=30)
GATHERS = OPENS - timedelta(hours=1)


@dataclass
class Hour:
    """The hour before an opening, by drand unless a plan says otherwise."""

    plan: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    at: datetime = GATHERS

    def __post_init__(self) -> None:
        room = WaitingRoom.objects.create(slug=f"room-{uuid.uuid4().hex[:12]}", **{"mode": "always", **self.settings})
        if self.plan:
            DrawPlan.objects.create(room=room, **self.plan)
        room.open_by(OPENS, GATHERS, OpeningOrder.DRAW)
        self.slug, self.worker = room.slug, Drawing()

    @property
    def room(self) -> WaitingRoom:
        return WaitingRoom.objects.get(slug=self.slug)

    def is_open(self) -> bool:
        """Whether the gate lets in those who gathered."""
        return self.room.lined_up

    def hold(self, monkeypatch: pytest.MonkeyPatch) -> "Hour":
        """Both clocks say what the test says."""
        monkeypatch.setattr(draw_steps, "timezone", SimpleNamespace(now=lambda: self.at))
        monkeypatch.setattr(drawing, "clock_s", lambda: self.at.timestamp())
        return self

    def come(self, visitors: Iterable[str], *, intent: JoinIntent = JoinIntent.JOIN) -> None:
        """They load the page, in this order."""
        run_now([enter_call(self.slug, [(visitor, intent, "") for visitor in visitors])])

    def turn(self, at: datetime | None = None) -> None:
        """The clock's turn, at that instant from now on."""
        self.at = at or self.at
        self.worker.turn()

    def line(self) -> dict[str, int]:
        """Who stands in line, and by which number."""
        found: Any = client().zrange(keys_of(self.slug).queue, 0, -1, withscores=True)
        return {visitor.decode(): int(number) for visitor, number in found}


LAST_ENTRY = CLOSES - timedelta(minutes=5)
LATER = timedelta(seconds=1)
