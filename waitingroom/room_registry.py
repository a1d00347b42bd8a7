"""Which rooms there are, and which are hidden, as the database said a moment ago; remembered by each process."""

import logging
import threading
import time
from asyncio import wrap_future
from dataclasses import dataclass
from math import inf
from typing import Any

from django.apps import apps
from django.db import DatabaseError
from django.db.models import Count, Max, Sum

from waitingroom.blocking import BlockingThread
from waitingroom.errors import RoomsUnknown
from waitingroom.opening import ALWAYS_OPEN, Opening
from waitingroom.stale_cache import StaleCache

log = logging.getLogger(__name__)

# A new room is seen, and a removed one gone, within about a second in every process: the hub asks twice as often.
FRESH_SECONDS = 0.9
# For a room nobody has heard of, the database gets so long to say whether it is new.
PATIENCE_SECONDS = 0.8
# With a database silent for so long, nobody more is let in: those inside could not buy.
AWAY_SECONDS = 5.0
ROOMS = "rooms"  # the cache's only key
# Where nothing tells of a change, all rooms are read again after so long: somebody may have written past the site.
READ_ANEW_SECONDS = 10.0
DEFAULT_RECOVERY_SECONDS, DEFAULT_GRACE_SECONDS = 45, 300
# What of a room is remembered, by its columns.
ROW = (
    "slug",
    "account_required",
    "fail_open",
    "work_tries",
    "recovery_seconds",
    "idle_seconds",
    "grace_seconds",
    "mode",
    "closed_because",
    "gathers_at",
    "opens_at",
    "opening_order",
    "hidden",
)


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """What the gate and its pages must know of a room without asking Redis."""

    slug: str
    account_required: bool
    fail_open: bool
    work_tries: int = 0  # of a newcomer's browser before a number is drawn; 0: none
    recovery_seconds: int = DEFAULT_RECOVERY_SECONDS
    idle_seconds: int = 0  # how long a request renews a place inside for
    grace_seconds: int = DEFAULT_GRACE_SECONDS
    closed: bool = False
    opening: Opening = ALWAYS_OPEN
    hidden: bool = False  # from the public; whoever had a number before waits on

    @classmethod
    def read(cls, *row: Any) -> "RoomConfig":
        """From the columns of ROW; where everybody goes straight in, there is no number to work for."""
        slug, account_required, fail_open, work_tries, recovery_s, idle_s, grace_s, mode, why, *opening, hidden = row
        tries = 0 if mode == "off" else work_tries
        closed = mode == "closed" or bool(why)
        planned = Opening.read(*opening)
        return cls(slug, account_required, fail_open, tries, recovery_s, idle_s, grace_s, closed, planned, hidden)


class RoomRegistry:
    """The rooms of the database; while it is silent, those it named last."""

    def __init__(self) -> None:
        self._thread = BlockingThread("waitingroom-rooms")
        self._cache: StaleCache[str, dict[str, RoomConfig]] = StaleCache(self._ask, fresh_s=FRESH_SECONDS)
        self._lock = threading.Lock()
        self._changes = 0  # made by this process: an answer asked for before one of them is out of date
        self._read_at = -inf  # all of them, last
        self._mark: dict[str, Any] = {}  # by which it was seen then whether there is a change

    @property
    def age_s(self) -> float:
        """Seconds since the database last answered."""
        return self._cache.age_s(ROOMS)

    @property
    def database_is_away(self) -> bool:
        """Whether the database was asked, and has said nothing for a while."""
        return self._cache.unanswered_s(ROOMS) >= AWAY_SECONDS

    def get(self, slug: str) -> RoomConfig | None:
        """The room's configuration as remembered, however the address writes it; the hub, or `find`, renews it."""
        rooms = self._cache.peek(ROOMS)  # this is asked by every request: a look at the clock costs half as much again
        found = rooms.get(slug.lower()) if rooms else None
        return None if found is None or found.hidden else found

    def hides(self, slug: str) -> bool:
        """Whether there is such a room, as remembered, and the public may not see it."""
        found = (self._cache.peek(ROOMS) or {}).get(slug.lower())
        return found is not None and found.hidden

    def recovery_s(self, slug: str) -> int:
        """How long the room's recovery period lasts, as remembered; at least a second, for a bar to have a length."""
        config = self.get(slug)
        return max(1, config.recovery_seconds if config else DEFAULT_RECOVERY_SECONDS)

    def grace_s(self, slug: str) -> int:
        """How long who is away keeps the number, as remembered."""
        config = self.get(slug)
        return config.grace_seconds if config else DEFAULT_GRACE_SECONDS

    def opening(self, slug: str) -> Opening:
        """When the room gathers and opens, as remembered."""
        config = self.get(slug)
        return config.opening if config else ALWAYS_OPEN

    async def find(self, slug: str) -> RoomConfig | None:
        """The room's configuration; None if the database has no such room.

        A room that is known is answered for at once, whatever the database does. Raises RoomsUnknown where the database
        does not say in time whether the room is new.
        """
        self._cache.remembered(ROOMS)  # old news is renewed meanwhile
        if (found := self.get(slug)) is None and not self._cache.is_fresh(ROOMS):
            try:
                await self._cache.asked(ROOMS, within_s=PATIENCE_SECONDS)
            except (DatabaseError, TimeoutError) as error:
                raise RoomsUnknown(slug) from error
            found = self.get(slug)
        return found

    def slugs(self) -> list[str]:
        """Every room known that the public may see."""
        return [room.slug for room in (self._cache.peek(ROOMS) or {}).values() if not room.hidden]

    def freshen(self) -> None:
        """Have the database asked, unless it just was; in a running event loop, which does not wait."""
        self._cache.freshen(ROOMS)

    def refresh(self) -> None:
        """Ask the database, unless somebody just did; blocks. Raises DatabaseError if it never answered yet."""
        if self._cache.is_fresh(ROOMS):
            return
        try:
            self._read()
        except DatabaseError as error:
            if self.age_s == inf:
                raise
            log.warning("the database does not say which rooms exist: %s", error)

    def note(self, config: RoomConfig) -> None:
        """This process changed a room, or made it."""
        self._change(config.slug, config)

    def drop(self, slug: str) -> None:
        """This process removed a room."""
        self._change(slug, None)

    def forget(self) -> None:
        """Ask again at the next chance, for all rooms."""
        self._read_at = -inf
        self._cache.doubt(ROOMS)

    async def _ask(self, _key: str) -> dict[str, RoomConfig]:
        return await wrap_future(self._thread.submit(self._read))

    def _read(self) -> dict[str, RoomConfig]:
        while True:
            changes = self._changes
            table = apps.get_model("waitingroom", "WaitingRoom").objects.all()
            mark = table.aggregate(Count("pk"), Max("pk"), Sum("changes"))
            known = self._cache.peek(ROOMS)
            stands = mark == self._mark and time.monotonic() - self._read_at < READ_ANEW_SECONDS
            if known is None or not stands:
                known = {row[0].lower(): RoomConfig.read(*row) for row in table.values_list(*ROW)}
            with self._lock:
                if changes == self._changes:
                    if not stands:
                        self._read_at, self._mark = time.monotonic(), mark
                    self._cache.keep(ROOMS, known)
                    return known

    def _change(self, slug: str, config: RoomConfig | None) -> None:
        with self._lock:
            self._changes += 1
            rooms = {other: room for other, room in (self._cache.peek(ROOMS) or {}).items() if other != slug.lower()}
            self._cache.correct(ROOMS, rooms if config is None else {**rooms, slug.lower(): config})


room_registry = RoomRegistry()
