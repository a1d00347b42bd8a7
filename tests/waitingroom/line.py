"""A room's line with the clock in the test's hands: every verb takes an instant, so no test has to sleep."""

import json
from typing import Any, cast

from waitingroom import scripts
from waitingroom.admission import read_admitted
from waitingroom.configure import configure_call
from waitingroom.cookies import due_slip
from waitingroom.epochs import succeed
from waitingroom.fleet_share import FleetShare
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.place import Place, read_entered
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now
from waitingroom.room import JoinIntent, enter_call, read_taken_back
from waitingroom.scripts import Call
from waitingroom.slips import KEPT_SECONDS, Slip, presented
from waitingroom.snapshot import Snapshot
from waitingroom.status import RoomStatus, read_status
from waitingroom.visits import from_environ

SECOND = 1_000_000  # microseconds, as the verbs count
NOON = 1_900_000_000 * SECOND  # a round instant, the start of a 10 s bin


def names(count: int, start: int = 0) -> list[str]:
    """So many visitors, in alphabetical order."""
    return [f"visitor-{i:04}" for i in range(start, start + count)]


def join_call(slug: str, visitor: str) -> Call:
    """A visitor's `enter`, ready to be sent."""
    return enter_call(slug, [(visitor, JoinIntent.JOIN, "")])


def entered(answer: list[Any]) -> Place:
    """The one place in enter.lua's answer; raises what Redis said instead."""
    (place,) = read_entered(answer)
    if isinstance(place, Exception):
        raise place
    return place


class Line:
    """A line in Redis alone: its settings come from the test, not from the database."""

    def __init__(self, slug: str, **settings: Any) -> None:
        self.slug = slug
        self.keys = keys_of(slug)
        self.now_us = NOON
        self.settings = WaitingRoom(slug=slug)
        self.configure(**settings)

    def configure(self, **settings: Any) -> None:
        """Staff save these settings."""
        for name, value in settings.items():
            setattr(self.settings, name, value)
        in_force: bytes
        while (in_force := self._configured()) != self.settings.epoch.encode():
            succeed(self.settings, in_force.decode())
        self.settings.epoch_begun = True

    def _configured(self) -> bytes:
        call = configure_call(self.settings)
        at = 3 + len(call.script.key_names) + 4  # where a test says what time it is
        (answer,) = run_now([Call(call.script, (*call.command[:at], self.now_us, *call.command[at + 1 :]))])
        return cast(bytes, answer)

    def pass_s(self, seconds: float) -> None:
        """Time passes (or, below zero, the server's clock jumps back)."""
        self.now_us += round(seconds * SECOND)

    def live_s(self, seconds: float) -> list[str]:
        """Time passes with the clock ticking; who was admitted meanwhile."""
        admitted = []
        end = self.now_us + round(seconds * SECOND)
        while self.now_us < end:
            self.now_us = min(end, self.now_us + SECOND)
            admitted += self.tick()
        return admitted

    def run(self, script: scripts.Script, *args: str | int) -> Any:
        """The script's raw answer."""
        (answer,) = run_now([script.call(self.slug, *args)])
        return answer

    def enter(self, visitor: str, slip: Slip | None = None) -> Place:
        """A page is asked for."""
        return entered(self.run(scripts.ENTER, self.now_us, visitor, "join", presented(slip)))

    def come(self, visitor: str) -> Place:
        """A page is asked for without a cookie."""
        return entered(self.run(scripts.ENTER, self.now_us, visitor, "new", ""))

    def knock(self, visitor: str, slip: Slip | None = None) -> Place:
        """A change is asked for, which lets no newcomer join."""
        return entered(self.run(scripts.ENTER, self.now_us, visitor, "stay", presented(slip)))

    def take_back(self, *returning: Slip) -> list[bool]:
        """Whose sockets Redis knows no more come back with their slips."""
        parts = [part for slip in returning for part in (slip.visitor, presented(slip))]
        return read_taken_back(self.run(scripts.TAKE_BACK, self.now_us, *parts))

    def due_slip(self, place: Place, visitor: str, held: Slip | None = None) -> Slip | None:
        """The slip that comes with that answer, if one does."""
        visit = from_environ(self.slug, {}, f"/events/{self.slug}/", "GET")
        return due_slip(visit._replace(visitor=visitor, slip=held), place)

    def slip(self, visitor: str) -> Slip:
        """The visitor asks for a page, and gets this slip."""
        slip = self.due_slip(self.enter(visitor), visitor)
        assert slip is not None
        return slip

    def lose(self, *, recorded: bool = True) -> None:
        """Redis loses everything, and whoever finds out does as a process with the database does."""
        client().unlink(*self.keys.all())
        if recorded:
            self.configure()

    def kept_out(self, visitor: str) -> Place:
        """A page is asked for while nobody more is let in."""
        return entered(self.run(scripts.ENTER, self.now_us, visitor, "join-in-line", ""))

    def fill(self, *visitors: str) -> list[Place]:
        """Several enter, a microsecond apart."""
        places = []
        for visitor in visitors:
            places.append(self.enter(visitor))
            self.now_us += 1
        return places

    def crowd(self, count: int, name: str = "crowd") -> None:
        """So many join in this instant, thousands in a call."""
        for first in range(0, count, 2000):
            coming = [part for i in range(first, min(first + 2000, count)) for part in (f"{name}-{i}", "join", "")]
            self.run(scripts.ENTER, self.now_us, *coming)

    def look(self, *visitors: str) -> Snapshot:
        return Snapshot.read(self.run(scripts.LOOK, self.now_us, *visitors))

    def where(self, *visitors: str) -> list[int | str]:
        """What `look` finds: a position, why somebody is gone, or the phase."""
        places = self.look(*visitors).places
        return [place.position or (place.reason.name.lower() if place.reason else place.phase) for place in places]

    def leave(self, visitor: str, reason: Reason = Reason.LEFT) -> str:
        answer: bytes = self.run(scripts.LEAVE, visitor, int(reason), self.now_us)
        return answer.decode()

    def keep(self, visitor: str, hold_ms: int) -> int:
        """Seats are held for so long; 0: no more. When the place expires."""
        return int(self.run(scripts.KEEP, visitor, hold_ms, self.now_us))

    def admit(self, *, count: int | str = "", ticker: str = "clock@test", idle_ms: int = 0) -> list[str]:
        return read_admitted(self.run(scripts.ADMIT, ticker, idle_ms, count, self.now_us))

    def expire(self, *, most: int = 1000, keep_ms: int = KEPT_SECONDS * 1000, idle_ms: int = 0) -> tuple[int, int]:
        """(expired inside, left the line)."""
        inside, waiting, _left = self.run(scripts.EXPIRE, most, keep_ms, idle_ms, self.now_us)
        return inside, waiting

    def tick(self) -> list[str]:
        """What the clock does: expire, then admit."""
        self.expire()
        return self.admit()

    def absent(self, *visitors: str, return_ms: int = 5_000) -> int:
        waiting: int = self.run(scripts.ABSENT, return_ms, self.now_us, *visitors)
        return waiting

    def take_over(self, from_visitor: str, to_visitor: str) -> str:
        answer: bytes = self.run(scripts.TAKE_OVER, from_visitor, to_visitor, int(Reason.MERGED), self.now_us)
        return answer.decode()

    def fleet(self, fleet: FleetShare) -> None:
        boots, released = (
            json.dumps([[one.instances, one.ready_at_ms] for one in those]) for those in (fleet.pending, fleet.released)
        )
        self.run(scripts.FLEET, str(fleet.in_service), boots, released, str(fleet.multiplier), self.now_us)

    def status(self) -> RoomStatus:
        return read_status(self.slug, self.run(scripts.SURVEY, self.now_us))

    def scores(self, name: str) -> dict[str, int]:
        """What a sorted set of the room holds: visitor to score."""
        rows = cast(list[tuple[bytes, float]], client().zrange(getattr(self.keys, name), 0, -1, withscores=True))
        return {visitor.decode(): int(score) for visitor, score in rows}

    def table(self, name: str) -> dict[str, str]:
        """What a hash of the room holds."""
        rows = cast(dict[bytes, bytes], client().hgetall(getattr(self.keys, name)))
        return {field.decode(): value.decode() for field, value in rows.items()}

    def reasons(self) -> dict[str, Reason]:
        """Why those who are gone are gone."""
        return {visitor: Reason(score % 16) for visitor, score in self.scores("gone").items()}

    def copy(self) -> dict[str, bytes | None]:
        """What a replica has now."""
        return {key: cast("bytes | None", client().dump(key)) for key in self.keys.all()}

    def fail_over(self, replica: dict[str, bytes | None]) -> None:
        """The replica serves: what was written since is lost."""
        client().unlink(*replica)
        for key, value in replica.items():
            if value is not None:
                client().restore(key, 0, value)
        self.configure()

    def everything(self) -> dict[str, bytes]:
        """The room's whole state, to be compared: each key's serialized value."""
        return {key: cast(bytes, client().dump(key)) for key in self.keys.all()}

    def remove(self) -> None:
        """Nothing of the room stays in Redis."""
        client().unlink(*self.keys.all())
