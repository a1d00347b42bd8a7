"""One per process: the sockets of its visitors, and the jobs that serve them."""

import asyncio
from functools import cache

from waitingroom.jobs import promise, refresh, stand_in, tell
from waitingroom.jobs.hear import Hearer
from waitingroom.jobs.stand_in import StandIn
from waitingroom.jobs.tell import CLOSE_TOO_MANY, CLOSE_UNKNOWN, Teller
from waitingroom.sign_ins import sign_ins
from waitingroom.sockets import Socket, Sockets
from waitingroom.supervisor import Job, JobState, Supervisor


class Hub:
    """The sockets of one process."""

    def __init__(self) -> None:
        self._rooms: dict[str, Sockets] = {}
        self._supervisor = Supervisor(
            (
                Job("tell", Teller(self._rooms).turn, tell.TURN_SECONDS),
                Job("stand in", StandIn().turn, stand_in.TURN_SECONDS),
                Job("hear", Hearer(self._rooms).turn, 0),
                Job("refresh", self._refresh, refresh.TURN_SECONDS),
                Job("promise", promise.promise, promise.TURN_SECONDS),
            )
        )

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._rooms.values())

    @property
    def states(self) -> dict[str, JobState]:
        """How each job fares, by its name."""
        return self._supervisor.states

    def start(self) -> None:
        """Begin the jobs, in the running event loop; those under way go on."""
        self._supervisor.start()

    async def stop(self) -> None:
        """End the hub's own jobs; sockets are the server's to close."""
        await self._supervisor.stop()

    def add(self, socket: Socket) -> None:
        """A visitor's socket opened; of too many the oldest is closed."""
        self.start()
        sockets = self._rooms.setdefault(socket.room, Sockets())
        sockets.add(socket, asyncio.get_running_loop().time())
        if surplus := sockets.take_surplus(socket.visitor):
            surplus.finish(CLOSE_TOO_MANY)

    async def _refresh(self) -> None:
        await refresh.refresh()
        await refresh.tell_refused()
        for visitor in sign_ins.take_news():
            for sockets in self._rooms.values():
                for socket in sockets.take_ended(visitor):
                    socket.finish(CLOSE_UNKNOWN)

    def remove(self, socket: Socket) -> None:
        """A visitor closed a socket: with the last one comes a good-bye."""
        if sockets := self._rooms.get(socket.room):
            sockets.remove(socket)

    def release(self, socket: Socket) -> None:
        """The server closed a socket: its visitor is expected back, and nobody says good-bye."""
        if sockets := self._rooms.get(socket.room):
            sockets.release(socket)


@cache
def hub() -> Hub:
    """The process's hub."""
    return Hub()
