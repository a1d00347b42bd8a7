"""The opening by the clock: before its instant a room gathers those who come, and lets nobody in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_EPOCH_SECOND = timedelta(microseconds=1)


class Stage(StrEnum):
    """What a room is at an instant, as the scripts name it."""

    EARLY = "early"  # nobody gathers yet: its page is everybody's
    GATHERING = "gathering"  # who comes has a place, and nobody is let in
    DRAWING = "drawing"  # the instant has come, the order of the gathered has not
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Opening:
    """When a room's gathering opens and when its sale does, Unix microseconds; 0: it always was open."""

    gathers_us: int = 0
    opens_us: int = 0

    @classmethod
    def read(cls, gathers_at: datetime | None, opens_at: datetime | None) -> "Opening":
        """From a room's instants; without both it has no gathering."""
        if gathers_at is None or opens_at is None:
            return cls()
        return cls(microseconds(min(gathers_at, opens_at)), microseconds(opens_at))

    def is_early(self, now_us: int) -> bool:
        """Whether nobody gathers yet."""
        return now_us < self.gathers_us


def microseconds(at: datetime) -> int:
    """The instant as the scripts count it: Unix microseconds, exactly."""
    return (at - datetime.fromtimestamp(0, tz=at.tzinfo)) // _EPOCH_SECOND
