"""What all visitors of one storm share."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from tiketi.storm.forecast import Forecast


def now_ms() -> float:
    """Our clock, Unix milliseconds."""
    return time.time() * 1000


@dataclass(slots=True)
class Tally:
    """How many visitors are where, and everything that went wrong, by kind."""

    arrived: int = 0
    waiting: int = 0
    done: int = 0
    retries: Counter[str] = field(default_factory=Counter)  # the site asked to come again, and it was done
    reconnects: Counter[int] = field(default_factory=Counter)  # sockets the site ended in good order, by close code
    errors: Counter[str] = field(default_factory=Counter)
    purchases: Counter[str] = field(default_factory=Counter)  # by how they ended


@dataclass(slots=True)
class Scene:
    """The forecast, one source of chance, one group of tasks, one tally."""

    forecast: Forecast
    chance: random.Random
    tasks: asyncio.TaskGroup
    tally: Tally
    present: dict[str, float]  # who waits, has told so, and chose no absence since (Unix ms): for the witness

    @property
    def slug(self) -> str:
        """The room's name."""
        return self.forecast.slug

    def page_pause(self, attempt: int, wish: str) -> float:
        """Seconds until a page is asked for again: Retry-After's wish, and more, so that no crowd returns as one."""
        least = float(wish) if wish.isdigit() else 2.0
        return least + self.chance.uniform(0, min(28.0, 5.0 * 2**attempt))

    def socket_pause(self, attempt: int) -> float:
        """Seconds until a socket is opened again; as the waiting page's script does it."""
        return self.chance.uniform(0, min(30.0, 10.0 * 2**attempt))

    def restart_pause(self) -> float:
        """Seconds until a socket is opened again that the server closed to restart."""
        return self.chance.uniform(1.0, 10.0)

    def question_pause(self) -> float:
        """Seconds until a page that has no socket asks by HTTP."""
        return self.chance.uniform(0.5, 3.0)
