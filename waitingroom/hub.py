"""One per process: tells all local sockets their positions at a cadence, and stands in for the clock."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from functools import cache
from typing import Any

from channels.layers import get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from waitingroom import hints
from waitingroom.admission import clock_calls, read_admitted
from waitingroom.answers import ENTER_NOW, closing
from waitingroom.errors import LineUnavailable, RoomGone, SettingsMissing
from waitingroom.place import Phase, Place
from waitingroom.redis import pipe
from waitingroom.room import MAX_LOOK, Room
from waitingroom.room_cache import snapshots, with_settings_restored
from waitingroom.room_registry import room_registry
from waitingroom.sockets import NEAR, Socket, Sockets, cadence_s

log = logging.getLogger(__name__)

TURN_SECONDS = 0.1
# A reload closes one socket and opens another: so much time passes before its visitor counts as absent.
RETURN_MS = 5_000
# Celery's tick comes every second; when three are missing, the hubs tick.
CLOCK_IS_LATE_MS = 3_000
# How often the database is asked for the rooms, and the last tick's age looked at.
TICK_SECONDS = 0.5
# With a database silent for so long, nobody more is let in: those inside could not buy.
DATABASE_SECONDS = 5.0
RETRY_SECONDS = 1.0
# Well within the least presence: whoever sits out a closing stays present. The reopening itself is told by a hint.
CLOSED_SECONDS = 8.0
CLOSE_UNKNOWN, CLOSE_NO_ROOM, CLOSE_CLOSED = 4401, 4404, 4410

ENTER_FRAME = json.dumps({"type": "queue-enter", "message": ENTER_NOW}, ensure_ascii=False)


class Hub:
    """The sockets of one process."""

    def __init__(self) -> None:
        self._rooms: dict[str, Sockets] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._answers: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return sum(len(sockets) for sockets in self._rooms.values())

    def start(self) -> None:
        """Begin telling and ticking, in the running event loop; once."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(job()) for job in (self._tell, self._tick, self._hear)]

    async def stop(self) -> None:
        """End the hub's own tasks; sockets are the server's to close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def add(self, socket: Socket) -> None:
        """A visitor's socket opened."""
        self.start()
        self._rooms.setdefault(socket.room, Sockets()).add(socket, asyncio.get_running_loop().time())

    def remove(self, socket: Socket) -> None:
        """A visitor's socket closed."""
        if sockets := self._rooms.get(socket.room):
            sockets.remove(socket)

    async def _tell(self) -> None:
        """Every turn, look at all visitors who are due, and say good-bye for those whose sockets closed."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(TURN_SECONDS)
            for slug, sockets in list(self._rooms.items()):
                due = sockets.take_due(loop.time())
                for i in range(0, len(due), MAX_LOOK):
                    self._spawn(self._look(slug, sockets, due[i : i + MAX_LOOK]))
                left = sockets.take_left()
                for i in range(0, len(left), MAX_LOOK):
                    self._spawn(self._miss(slug, left[i : i + MAX_LOOK]))
                if not sockets.by_visitor and not left:
                    del self._rooms[slug]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _look(self, slug: str, sockets: Sockets, visitors: list[str]) -> None:
        loop = asyncio.get_running_loop()
        try:
            snapshot = await with_settings_restored(slug, lambda: Room(slug).look(*visitors))
            forecast = (await snapshots.get(slug)).forecast  # drawing the curve costs more than all else here
        except RoomGone:
            for socket in [socket for visitor in visitors for socket in sockets.by_visitor.get(visitor, ())]:
                socket.finish(CLOSE_NO_ROOM)
            return
        except LineUnavailable:
            for visitor in visitors:
                if visitor in sockets.by_visitor:
                    sockets.schedule(visitor, loop.time() + RETRY_SECONDS)
            return
        now = loop.time()
        rest = b',"total":%d,"estimatedWait":%%d,"scaling":%b,"mode":"%b"}' % (
            snapshot.total,
            snapshot.scaling_json,
            snapshot.mode.encode(),
        )
        to_near = forecast.wait_s(NEAR)
        closed = json.dumps({"type": "queue-closed"} | closing(snapshot), ensure_ascii=False)
        for visitor, place in zip(visitors, snapshot.places, strict=True):
            if place.phase is Phase.WAITING:
                wait = forecast.wait_s(place.position)
                text = b'{"type":"queue-position-update","position":%d' % place.position + rest % wait
                for socket in sockets.by_visitor.get(visitor, ()):
                    socket.push(text)
                if visitor in sockets.by_visitor:
                    sockets.schedule(visitor, now + cadence_s(place.position, wait - to_near))
            elif place.phase is Phase.CLOSED and place.position:
                # They keep their numbers, and stay to hear of the reopening.
                for socket in sockets.by_visitor.get(visitor, ()):
                    socket.push(closed.encode())
                if visitor in sockets.by_visitor:
                    sockets.schedule(visitor, now + CLOSED_SECONDS)
            else:
                self._tell_end(sockets, visitor, place, closed)

    def _tell_end(self, sockets: Sockets, visitor: str, place: Place, closed: str) -> None:
        """The visitor is inside, or has no place here: nothing more comes on the clock."""
        sockets.unschedule(visitor)
        for socket in sockets.by_visitor.get(visitor, ()):
            if place.phase is Phase.ACTIVE:
                if not socket.entered:
                    socket.entered = True
                    socket.tell(ENTER_FRAME)
            elif place.phase is Phase.CLOSED:
                socket.tell(closed)
                socket.finish(CLOSE_CLOSED)
            else:
                if place.reason is not None:
                    socket.tell(json.dumps({"type": "queue-left", "reason": place.reason.name.lower()}))
                socket.finish(CLOSE_UNKNOWN)

    async def _miss(self, slug: str, visitors: list[str]) -> None:
        with suppress(LineUnavailable):  # their last sign of life ages by itself
            await Room(slug).absent(visitors, RETURN_MS)

    async def _tick(self) -> None:
        """Stand in for the clock: Celery alone cannot promise liveness."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                room_registry.freshen()
                if room_registry.age_s < DATABASE_SECONDS:
                    await asyncio.gather(*(self._tick_room(slug) for slug in room_registry.slugs()))
            except (LineUnavailable, DatabaseError, RedisError, OSError) as error:
                log.warning("hub's tick: %s", error)

    async def _tick_room(self, slug: str) -> None:
        expire, admit = clock_calls(slug, "hub", CLOCK_IS_LATE_MS)
        answers = [pipe().run(expire), pipe().run(admit)]
        await asyncio.gather(*answers)
        try:
            admitted = read_admitted(answers[1].result())
        except SettingsMissing:
            return  # the clock, or the next visitor, writes them again
        if admitted:
            await get_channel_layer().group_send(hints.GROUP, hints.look_hint(slug, admitted))

    async def _hear(self) -> None:
        """Listen for hints; the channel layer itself resumes after Redis was away."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                layer = get_channel_layer()
                channel = await layer.new_channel()
                await layer.group_add(hints.GROUP, channel)
                while True:
                    hint = await layer.receive(channel)
                    if sockets := self._rooms.get(hint["room"]):
                        sockets.wake(hint["visitors"], loop.time())
            except (RedisError, OSError) as error:
                log.warning("no hints for now: %s", error)
                await asyncio.sleep(RETRY_SECONDS)


@cache
def hub() -> Hub:
    """The process's hub."""
    return Hub()
