"""The rooms' snapshots of a moment ago, and their settings written again where Redis lost them."""

from asyncio import wrap_future
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from django.apps import apps
from django.db import DatabaseError

from waitingroom import configure
from waitingroom.blocking import BlockingThread
from waitingroom.causes import Cause, Causes
from waitingroom.errors import LineUnavailable, RoomGone, SettingsMissing
from waitingroom.room import Room
from waitingroom.room_registry import room_registry
from waitingroom.snapshot import Snapshot
from waitingroom.stale_cache import StaleCache

T = TypeVar("T")

# Estimates may be so old; beyond it they are waited for.
FRESH_SECONDS, STALE_SECONDS = 1.0, 2.0
# The database gets so long to bring back what Redis lost.
PATIENCE_SECONDS = 1.0

_causes: dict[str, Causes] = {}
_settings_thread = BlockingThread("waitingroom-settings")


async def with_settings_restored(slug: str, ask: Callable[[], Awaitable[T]]) -> T:
    """What `ask` says; where Redis lost the room's settings, they are written again from the database first.

    Raises RoomGone, and LineUnavailable.
    """
    try:
        return await ask()
    except SettingsMissing:
        pass
    try:
        if not await restorations.asked(slug, within_s=PATIENCE_SECONDS):
            room_registry.drop(slug)
            raise RoomGone(slug)
        return await ask()
    except (SettingsMissing, DatabaseError, TimeoutError) as error:
        raise LineUnavailable(f"no settings for {slug}") from error


async def _restored(slug: str) -> bool:
    return await wrap_future(_settings_thread.submit(partial(_restore, slug)))


def _restore(slug: str) -> bool:
    rooms = list(apps.get_model("waitingroom", "WaitingRoom").objects.filter(slug=slug))
    configure.put_in_force(rooms)
    return bool(rooms)


async def _look(slug: str) -> Snapshot:
    snapshot = await with_settings_restored(slug, Room(slug).look)
    causes = _causes.setdefault(slug, Causes())
    change = causes.of(snapshot.now_ms / 1000, snapshot.mode, snapshot.pace, snapshot.forecast)
    snapshot.cause, snapshot.relief = change
    if snapshot.recovering_s:  # those who return after a loss come in front by their old numbers
        snapshot.cause = Cause.LINE.value
    snapshots.keep(slug, snapshot)
    return snapshot


# Whether the database has the room, whose settings are then in force; nothing of it is kept, but a crowd asks once.
restorations: StaleCache[str, bool] = StaleCache(_restored, fresh_s=0)
# The rooms' pace, for estimates. Raises LineUnavailable.
snapshots: StaleCache[str, Snapshot] = StaleCache(_look, fresh_s=FRESH_SECONDS, stale_s=STALE_SECONDS)
