"""The rooms as seen a moment ago, and written again where Redis lost them."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from channels.db import database_sync_to_async
from django.apps import apps
from django.db import DatabaseError

from waitingroom import configure
from waitingroom.errors import LineUnavailable, RoomGone, SettingsMissing
from waitingroom.room import Room
from waitingroom.room_registry import room_registry
from waitingroom.snapshot import Snapshot

T = TypeVar("T")

SNAPSHOT_SECONDS = 1.0


async def with_settings_restored(slug: str, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` says; where Redis lost the room's settings, they are written again from the database first.

    Raises RoomGone, and LineUnavailable.
    """
    try:
        return await ask()
    except SettingsMissing:
        pass
    try:
        if not await database_sync_to_async(_restore)(slug):
            room_registry.forget()
            raise RoomGone(slug)
        return await ask()
    except (SettingsMissing, DatabaseError) as error:
        raise LineUnavailable(f"no settings for {slug}") from error


def _restore(slug: str) -> bool:
    rooms = list(apps.get_model("waitingroom", "WaitingRoom").objects.filter(slug=slug))
    configure.put_in_force(rooms)
    return bool(rooms)


class SnapshotCache:
    """The rooms' pace as seen a moment ago, for estimates; a crowd asks once."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Snapshot]] = {}
        self._asking: dict[tuple[str, asyncio.AbstractEventLoop], asyncio.Task[Snapshot]] = {}

    def cached(self, slug: str) -> Snapshot | None:
        """The room's pace, if it was seen less than SNAPSHOT_SECONDS ago."""
        kept = self._kept.get(slug)
        return kept[1] if kept is not None and time.monotonic() - kept[0] < SNAPSHOT_SECONDS else None

    async def of(self, slug: str) -> Snapshot:
        """The room's pace, at most SNAPSHOT_SECONDS old. Raises LineUnavailable."""
        if snapshot := self.cached(slug):
            return snapshot
        key = (slug, asyncio.get_running_loop())
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._ask(slug))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _ask(self, slug: str) -> Snapshot:
        snapshot = await with_settings_restored(slug, Room(slug).look)
        self._kept[slug] = (time.monotonic(), snapshot)
        return snapshot


snapshots = SnapshotCache()
