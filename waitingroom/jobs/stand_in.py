"""Ticks for the clock when it is late: Celery alone cannot promise liveness."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from channels.layers import get_channel_layer

from waitingroom import hints
from waitingroom.admission import clock_calls, has_somebody, read_ticked
from waitingroom.alive import Sweep, alive_call, are_few, read_alive, swept
from waitingroom.errors import LineUnavailable, SettingsMissing
from waitingroom.redis import pipe
from waitingroom.room_registry import room_registry

log = logging.getLogger(__name__)

# Whoever could be admitted is within two seconds: a clock so late is taken for dead, and looked at so often.
CLOCK_IS_LATE_MS = 1_500
TURN_SECONDS = 0.4
HINT_SECONDS = 1.0


class StandIn:
    """The hub's second clock, for all rooms."""

    def __init__(self) -> None:
        self._failing: dict[str, str] = {}  # room to error, as logged last
        self._having: set[str] = set()  # the rooms that had somebody at the last turn
        self._sweep = Sweep()

    async def turn(self) -> None:
        """Tick in every room with somebody in it, and some others in turn, if the last tick is too old.

        What fails in one room stops no other.
        """
        if room_registry.database_is_away:
            return
        slugs = room_registry.slugs()
        if not are_few(len(slugs)):
            try:
                alive = read_alive(await pipe().run(alive_call(self._having)))
            except LineUnavailable as away:
                log.debug("no tick anywhere: %s", away)  # Redis away is told in one place
                return
            in_turn = self._sweep.take(slugs, max(1, round(swept(len(alive)) * TURN_SECONDS)))
            slugs = list({*alive.intersection(slugs), *in_turn})
        outcomes = await asyncio.gather(*map(self._tick, slugs), return_exceptions=True)
        failing = {slug: repr(error) for slug, error in zip(slugs, outcomes, strict=True) if error is not None}
        if failing != self._failing:  # once, not twice a second
            for slug, error in list(failing.items())[:3]:
                log.warning("no tick in %d of %d rooms; in %s: %s", len(failing), len(slugs), slug, error)
        self._failing = failing

    async def _tick(self, slug: str) -> None:
        expire, admit = clock_calls(slug, "hub", CLOCK_IS_LATE_MS)
        answers: Sequence[Any] = await asyncio.gather(pipe().run(expire), pipe().run(admit), return_exceptions=True)
        (self._having.add if has_somebody(answers[0]) else self._having.discard)(slug)
        try:
            admitted = read_ticked(answers)
        except SettingsMissing:
            return  # the clock, or the next visitor, writes them again
        if admitted:
            async with asyncio.timeout(HINT_SECONDS):
                await get_channel_layer().group_send(hints.GROUP, hints.look_hint(slug, admitted))
