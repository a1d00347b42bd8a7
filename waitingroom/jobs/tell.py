"""Tells every visitor with a socket the place in line, at a cadence by position."""

import asyncio
import json
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from waitingroom.answers import ENTER_NOW, closing
from waitingroom.claims import called_in_s, told_of_claim
from waitingroom.errors import LineUnavailable, RoomGone
from waitingroom.gathering import Gathering, pause_s
from waitingroom.place import Phase, Place
from waitingroom.reasons import Reason
from waitingroom.room import MAX_LOOK, Room
from waitingroom.room_cache import snapshots, with_settings_restored
from waitingroom.room_registry import room_registry
from waitingroom.snapshot import Snapshot
from waitingroom.sockets import Sockets, cadence_s
from waitingroom.tickets_left import tickets_left
from waitingroom.timing import FRONT, RETURN_MS, SLOWEST_LOOK_SECONDS

log = logging.getLogger(__name__)

TURN_SECONDS = 0.1
RETRY_SECONDS = 1.0
# Whoever sits out a closing stays present. The reopening itself is told by a hint.
CLOSED_SECONDS = SLOWEST_LOOK_SECONDS
# In a recovery period; the first position is told so soon after it.
RECOVERING_SECONDS = 4.0
CLOSE_UNKNOWN, CLOSE_NO_ROOM, CLOSE_CLOSED, CLOSE_TOO_MANY = 4401, 4404, 4410, 4429

# An admission that nobody took up by then is taken back by the next tick.
AFTER_CLAIM_SECONDS = 1.2


class Teller:
    """Tells the sockets of `rooms`, which others fill."""

    def __init__(self, rooms: dict[str, Sockets]) -> None:
        self._rooms = rooms
        self._answers: set[asyncio.Task[None]] = set()
        self._recovering: set[str] = set()  # rooms, as looked at last

    async def turn(self) -> None:
        """Look at all visitors who are due, and say good-bye for those whose sockets closed."""
        now = asyncio.get_running_loop().time()
        for slug, sockets in list(self._rooms.items()):
            due = sockets.take_due(now)
            for i in range(0, len(due), MAX_LOOK):
                self._spawn(self._look_safely(slug, sockets, due[i : i + MAX_LOOK]))
            left = sockets.take_left()
            for i in range(0, len(left), MAX_LOOK):
                self._spawn(self._miss(slug, left[i : i + MAX_LOOK]))
            if not sockets.by_visitor and not left:
                del self._rooms[slug]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _look_safely(self, slug: str, sockets: Sockets, visitors: list[str]) -> None:
        """Look; whoever could not be told, whatever the reason, is due again soon."""
        try:
            await self._look(slug, sockets, visitors)
        except Exception as error:
            if not isinstance(error, LineUnavailable):
                log.exception("telling %s failed", slug, extra={"room": slug})
            sockets.retry(visitors, asyncio.get_running_loop().time() + RETRY_SECONDS)

    async def _look(self, slug: str, sockets: Sockets, visitors: list[str]) -> None:
        try:
            snapshot = await with_settings_restored(slug, lambda: Room(slug).look(*visitors))
            if await self._taken_back(slug, sockets, visitors, snapshot):
                snapshot = await Room(slug).look(*visitors)
            room = await snapshots.get(slug)
            forecast = room.forecast  # drawing the curve costs more than all else here
        except RoomGone:
            for socket in [socket for visitor in visitors for socket in sockets.by_visitor.get(visitor, ())]:
                socket.finish(CLOSE_NO_ROOM)
            return
        now = asyncio.get_running_loop().time()
        self._recall(slug, sockets, snapshot, now)
        if snapshot.recovering_s:
            recovering = b'{"type":"queue-recovering","endsInSeconds":%d}' % snapshot.recovering_s
        rest = b',"total":%d,"estimatedWait":%%d,"estimatedWaitRange":[%%d,%%d],"scaling":%b,"mode":"%b"%b%b' % (
            snapshot.total,
            room.scaling_json,
            snapshot.mode.encode(),
            room.cause_json,
            tickets_left(slug),
        )
        to_near = forecast.wait_s(FRONT)
        closed = json.dumps({"type": "queue-closed"} | closing(snapshot), ensure_ascii=False)
        gathering = Gathering.of(
            snapshot.opens_in_ms, snapshot.total, room_registry.opening(slug), snapshot.recovering_s
        )
        for visitor, place in zip(visitors, snapshot.places, strict=True):
            if place.gathers:
                text, again_s = gathering.frame(place.position), pause_s(snapshot.opens_in_ms, snapshot.total)
            elif place.phase is Phase.WAITING and snapshot.recovering_s:
                text, again_s = recovering, min(RECOVERING_SECONDS, snapshot.recovering_s)
            elif place.phase is Phase.WAITING:
                wait = forecast.wait_s(place.position)
                told = (wait, *room.ranges.of(place.position))
                missed = b',"missedTurn":true}' if place.missed else b"}"
                text = b'{"type":"queue-position-update","position":%d' % place.position + rest % told + missed
                again_s = cadence_s(place.position, wait - to_near)
            elif place.phase is Phase.CLOSED and place.position:
                # They keep their numbers, and stay to hear of the reopening.
                text, again_s = closed.encode(), CLOSED_SECONDS
            elif (in_s := self._called_in_s(sockets, visitor, place, snapshot)) > 0:
                sockets.schedule(visitor, now + in_s)
                continue
            else:
                self._tell_end(sockets, visitor, place, closed)
                if place.unclaimed and visitor in sockets.by_visitor:
                    sockets.schedule(visitor, now + place.left_ms / 1000 + AFTER_CLAIM_SECONDS)
                continue
            for socket in sockets.by_visitor.get(visitor, ()):
                socket.waits, socket.entered = True, False  # or back from an admission that was not taken up
                socket.push(text)
                socket.announce(snapshot.announcement)
            if visitor in sockets.by_visitor:
                sockets.schedule(visitor, now + again_s)

    async def _taken_back(self, slug: str, sockets: Sockets, visitors: list[str], snapshot: Snapshot) -> bool:
        """Whether Redis forgot somebody here whose slip brought the place back."""
        places = zip(visitors, snapshot.places, strict=True)
        outside = [one for one, place in places if not place.position and place.is_outside]
        if not outside:
            return False
        slips = {visitor: slip for visitor in outside if (slip := sockets.slip_of(visitor))}
        back = await asyncio.gather(*(Room(slug).take_back(visitor, slip) for visitor, slip in slips.items()))
        for visitor, has_place in zip(slips, back, strict=True):
            if not has_place:
                sockets.spend(visitor)
        return any(back)

    def _recall(self, slug: str, sockets: Sockets, snapshot: Snapshot, now: float) -> None:
        """With a recovery period everybody's socket is asked for its slip at once, however rarely it is looked at."""
        if snapshot.recovering_s and slug not in self._recovering:
            self._recovering.add(slug)
            sockets.recall(now)
        elif not snapshot.recovering_s:
            self._recovering.discard(slug)

    def _called_in_s(self, sockets: Sockets, visitor: str, place: Place, snapshot: Snapshot) -> float:
        """In how many seconds pages that wait are told of the turn; who never waited in this socket hears at once."""
        pages = sockets.by_visitor.get(visitor, ())
        if not (place.unclaimed and pages and all(page.waits for page in pages)):
            return 0.0
        return called_in_s(visitor, place, snapshot.called)

    def _tell_end(self, sockets: Sockets, visitor: str, place: Place, closed: str) -> None:
        """The visitor is inside, or has no place here: nothing more comes on the clock."""
        sockets.unschedule(visitor)
        for socket in sockets.by_visitor.get(visitor, ()):
            if place.phase is Phase.ACTIVE:
                if not socket.entered:
                    socket.entered = True
                    socket.tell(enter_frame(place))
            elif place.phase is Phase.CLOSED:
                socket.tell(closed)
                socket.finish(CLOSE_CLOSED)
            # Who came in and is done reads another page by now: of those, a turn not taken up is told alone.
            elif not socket.entered or place.reason is Reason.UNCLAIMED:
                if place.reason is not None:
                    socket.tell(json.dumps({"type": "queue-left", "reason": place.reason.name.lower()}))
                socket.finish(CLOSE_UNKNOWN)

    async def _miss(self, slug: str, visitors: list[str]) -> None:
        with suppress(LineUnavailable):  # their last sign of life ages by itself
            await Room(slug).absent(visitors, RETURN_MS)


def enter_frame(place: Place) -> str:
    """The contract's word that the turn has come; and by when to come, where no page was asked for yet."""
    told = {"type": "queue-enter", "message": ENTER_NOW} | told_of_claim(place)
    return json.dumps(told, ensure_ascii=False)
