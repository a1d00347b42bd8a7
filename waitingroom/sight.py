"""The rooms as seen a moment ago, and written again where Redis lost them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from channels.db import database_sync_to_async
from django.apps import apps
from django.db import DatabaseError

from waitingroom import configure
from waitingroom.known import known
from waitingroom.redis import LineUnavailable, SettingsMissing
from waitingroom.room import Room, View

T = TypeVar("T")

VIEW_SECONDS = 1.0


class RoomGone(LineUnavailable):
    """The database has no such room any more; it was known a moment ago."""


async def restored(slug: str, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` says; where Redis lost the room's settings, they are written again from the database first.

    Raises RoomGone, and LineUnavailable.
    """
    try:
        return await ask()
    except SettingsMissing:
        pass
    try:
        if not await database_sync_to_async(_restore)(slug):
            known.forget()
            raise RoomGone(slug)
        return await ask()
    except (SettingsMissing, DatabaseError) as error:
        raise LineUnavailable(f"no settings for {slug}") from error


def _restore(slug: str) -> bool:
    rooms = list(apps.get_model("waitingroom", "WaitingRoom").objects.filter(slug=slug))
    configure.put_in_force(rooms)
    return bool(rooms)


class Views:
    """The rooms' pace as seen a moment ago, for estimates; a crowd asks once."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, View]] = {}
        self._asking: dict[tuple[str, asyncio.AbstractEventLoop], asyncio.Task[View]] = {}

    def at_hand(self, slug: str) -> View | None:
        """The room's pace, if it was seen less than VIEW_SECONDS ago."""
        kept = self._kept.get(slug)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < VIEW_SECONDS else None

    async def of(self, slug: str) -> View:
        """The room's pace, at most VIEW_SECONDS old. Raises LineUnavailable."""
        if view := self.at_hand(slug):
            return view
        key = (slug, asyncio.get_running_loop())
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(slug))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, slug: str) -> View:
        view = await restored(slug, Room(slug).look)
        self._kept[slug] = (time.monotonic(), view)
        return view


views = Views()
