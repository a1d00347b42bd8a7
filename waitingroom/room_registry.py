"""Which rooms exist, as the database said a moment ago; remembered by each process."""

import logging
import threading
import time
from dataclasses import dataclass

from django.apps import apps
from django.db import DatabaseError

log = logging.getLogger(__name__)

# A new room is seen, and a removed one gone, within so many seconds in every process.
FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """What the gate must know of a room without asking Redis."""

    slug: str
    account_required: bool
    fail_open: bool


class RoomRegistry:
    """The rooms of the database; while it is down, those it named last."""

    def __init__(self) -> None:
        self._rooms: dict[str, RoomConfig] | None = None
        self._asked_at = self._read_at = float("-inf")
        self._lock = threading.Lock()

    @property
    def fresh(self) -> bool:
        """Whether asking again can wait."""
        return self._rooms is not None and time.monotonic() - self._asked_at < FRESH_SECONDS

    @property
    def age_s(self) -> float:
        """Seconds since the database last answered."""
        return time.monotonic() - self._read_at

    def get(self, slug: str) -> RoomConfig | None:
        """The room's settings as known, however the address writes its name."""
        return self._rooms.get(slug.lower()) if self._rooms else None

    def slugs(self) -> list[str]:
        """Every room known."""
        return [room.slug for room in (self._rooms or {}).values()]

    def forget(self) -> None:
        """Ask again at the next chance."""
        self._asked_at = float("-inf")

    def refresh(self) -> None:
        """Ask the database, unless somebody just did; blocks. Raises DatabaseError if it never answered yet."""
        # Who knows something need not wait for who is asking; a process that knows nothing must: it would let all pass.
        if not self._lock.acquire(blocking=self._rooms is None):
            return
        try:
            if self.fresh:
                return
            self._asked_at = time.monotonic()
            table = apps.get_model("waitingroom", "WaitingRoom").objects
            rows = table.values_list("slug", "account_required", "fail_open")
            self._rooms = {slug.lower(): RoomConfig(slug, account, fail_open) for slug, account, fail_open in rows}
            self._read_at = time.monotonic()
        except DatabaseError as error:
            if self._rooms is None:
                raise
            log.warning("the database does not say which rooms exist: %s", error)
        finally:
            self._lock.release()


room_registry = RoomRegistry()
