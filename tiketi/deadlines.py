"""How long a server waits for those who are connected: each wait has its limit, whatever else goes on.

The longest-waiting come first in each list, as all of a list get the same time: looking costs what is overdue.
"""

import asyncio
import time
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from uvicorn.config import Config
from uvicorn.server import ServerState

from tiketi.request_limits import BODY_SECONDS, HEAD_SECONDS, LINGER_SECONDS, READER_SECONDS, UPLOAD_SECONDS

LOOK_SECONDS = 1.0
# Whether it closes is asked of each connection in so many looks: of all at once it cost more than all other waits.
ROUND = 5


class Connection(Protocol):
    """One of uvicorn's protocols of ours."""

    transport: asyncio.Transport

    def late(self) -> None:
        """What was waited for did not come."""


class Wait:
    """Those who are waited for, the longest first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[Connection, float] = {}

    def begin(self, one: Connection) -> None:
        """Wait for this one from now on, unless it is waited for already."""
        if one not in self._until:
            self._until[one] = time.monotonic() + self._seconds

    def end(self, one: Connection) -> None:
        """It came, or it is gone."""
        self._until.pop(one, None)

    def longest(self) -> Connection | None:
        """Who has been waited for longest."""
        return next(iter(self._until), None)

    def take_overdue(self, now: float) -> list[Connection]:
        """Those who did not come in time; they are waited for no longer."""
        overdue = []
        for one, until in self._until.items():
            if until > now:
                break
            overdue.append(one)
        for one in overdue:
            del self._until[one]
        return overdue


class Deadlines:
    """One server's connections and what each is waited for."""

    def __init__(self, state: ServerState, idle_s: float) -> None:
        self._connections = state.connections
        self.idles = Wait(idle_s)  # answered, and silent since
        self.heads = Wait(HEAD_SECONDS)
        self.bodies, self.uploads = Wait(BODY_SECONDS), Wait(UPLOAD_SECONDS)
        self.readers = Wait(READER_SECONDS)
        self.closes = Wait(READER_SECONDS - 2 * ROUND * LOOK_SECONDS)  # noticed two rounds late at most
        self.lingers = Wait(LINGER_SECONDS)
        self._waits = (self.heads, self.bodies, self.uploads, self.idles, self.readers, self.closes, self.lingers)
        self._looking = False
        self._to_ask: list[Any] = []  # whether they close, in this round
        self._share = 0

    def watch(self) -> None:
        """Look at them as long as there are any, in the running event loop."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)

    def forget(self, one: Connection) -> None:
        """It is gone."""
        for wait in self._waits:
            wait.end(one)

    def _look(self) -> None:
        self._looking = False
        if self._connections:
            self.watch()
        self._ask_who_closes()
        now = time.monotonic()
        for wait in (self.heads, self.bodies, self.uploads, self.idles):
            for one in wait.take_overdue(now):
                one.late()
        for wait in (self.readers, self.closes, self.lingers):
            for one in wait.take_overdue(now):
                one.transport.abort()

    def _ask_who_closes(self) -> None:
        if not self._to_ask:
            self._to_ask = list(self._connections)
            self._share = -(-len(self._to_ask) // ROUND)
        asked, self._to_ask = self._to_ask[: self._share], self._to_ask[self._share :]
        for connection in asked:
            if connection in self._connections and connection.transport.is_closing():
                self.closes.begin(connection)


_deadlines: WeakKeyDictionary[ServerState, Deadlines] = WeakKeyDictionary()


def deadlines_of(state: ServerState, config: Config) -> Deadlines:
    """The server's one; who is silent after an answer is waited for as long as uvicorn is told to."""
    if (found := _deadlines.get(state)) is None:
        found = _deadlines[state] = Deadlines(state, config.timeout_keep_alive)
    return found
