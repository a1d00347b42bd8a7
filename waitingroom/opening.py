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
    drawn: bool = False  # the order of the gathered is drawn, rather than that of their arrival

    @classmethod
    def read(cls, gathers_at: datetime | None, opens_at: datetime | None, order: str = "arrival") -> "Opening":
        """From a room's instants; without both it has no gathering."""
        if gathers_at is None or opens_at is None:
            return cls()
        return cls(microseconds(min(gathers_at, opens_at)), microseconds(opens_at), order == "draw")

    def is_early(self, now_us: int) -> bool:
        """Whether nobody gathers yet."""
        return now_us < self.gathers_us

    def opens_in_ms(self, now_us: int) -> int:
        """How long until the opening, as the scripts say it; 0 from then on."""
        return max(0, -((now_us - self.opens_us) // 1000))

    def gathers_in_ms(self, opens_in_ms: int) -> int:
        """How long until the gathering opens, where the sale opens in so long; 0 from then on."""
        return max(0, opens_in_ms - (self.opens_us - self.gathers_us) // 1000)


ALWAYS_OPEN = Opening()


def microseconds(at: datetime) -> int:
    """The instant as the scripts count it: Unix microseconds, exactly."""
    return (at - datetime.fromtimestamp(0, tz=at.tzinfo)) // _EPOCH_SECOND
