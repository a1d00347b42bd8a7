"""Every Redis key of a room: its name, type and meaning."""

from functools import lru_cache

ALIVE = "rooms:alive"
"""ZSET  room with somebody in it scored by when that was last seen, Unix milliseconds; the site's, not one room's."""


class Keys:
    """The keys of one room. The braces put them all into one Cluster slot, so that a script may touch them together."""

    __slots__ = (
        "active",
        "claims",
        "config",
        "curve",
        "drawn",
        "entered",
        "fleet",
        "gone",
        "hands",
        "marks",
        "minutes",
        "missed",
        "pace",
        "present",
        "pushes",
        "queue",
        "record",
        "rings",
        "rung",
        "seen",
        "spent",
        "state",
        "stays",
        "strangers",
    )

    def __init__(self, room: str) -> None:
        self.queue = f"queue:{{{room}}}"
        """ZSET  waiting visitor scored by the queue number, microseconds."""
        self.active = f"active:{{{room}}}"
        """ZSET  visitor inside scored by the instant the place expires, Unix milliseconds."""
        self.seen = f"seen:{{{room}}}"
        """ZSET  waiting visitor scored by the last sign of life, Unix milliseconds."""
        self.present = f"present:{{{room}}}"
        """ZSET  those of them who are present, scored by queue number; each tick brings it up to date."""
        self.strangers = f"strangers:{{{room}}}"
        """ZSET  waiting visitor whose cookie has not come back yet scored by when the number was drawn, Unix
        milliseconds; neither seen nor present until then."""
        self.entered = f"entered:{{{room}}}"
        """ZSET  visitor inside scored by the instant of the admission, Unix milliseconds."""
        self.claims = f"claims:{{{room}}}"
        """ZSET  visitor inside who has not come since the admission, or whose cookie has not come back yet, scored by
        the queue number to go back to when the claim period ends, microseconds (0: to none, they went straight in)."""
        self.missed = f"missed:{{{room}}}"
        """ZSET  visitor who was admitted and did not come scored by the queue number that they wait by again: the next
        time is the last, microseconds; until they come or are gone."""
        self.marks = f"marks:{{{room}}}"
        """HASH  of visitors inside: the mark in force (marks.lua), and when the place last changed browsers, Unix
        milliseconds."""
        self.gone = f"gone:{{{room}}}"
        """ZSET  visitor who left scored by Unix milliseconds x 16 + the reason's code (reasons.py)."""
        self.spent = f"spent:{{{room}}}"
        """ZSET  proof of work that was handed in for a number scored by the instant it would have expired, Unix
        milliseconds."""
        self.drawn = f"drawn:{{{room}}}"
        """ZSET  entrant of a draw scored by the number that it gave them, microseconds: who comes back by a slip from
        before, since Redis lost the line, has this one; as long as such slips count."""
        self.hands = f"hands:{{{room}}}"
        """ZSET  operator's request to admit scored by Unix milliseconds x 4096 + how many it admitted, if any; for an
        hour, so that one sent twice admits once."""
        self.state = f"state:{{{room}}}"
        """HASH  epoch, last_number, swept_ms, tokens, tokens_at_us, tick_at_ms, ticker, awake_at_ms,
        asleep_at_ms, shut_at_ms (the last tick that found the room closed), gathered (a tick found those who wait
        for the opening, who have not been let in yet), lost_at_ms, recovery_ms (Redis lost the line then, and takes
        returning visitors in for so long), forgotten_ms (who left before is no longer among the gone), spent_ms (proofs
        of work that expire by then are spent, though no longer remembered), lined_up (all who were drawn have their
        numbers), drawn_until (the last number given out before that); counts: joined, admitted, gone,
        straight_in, refused."""
        self.config = f"config:{{{room}}}"
        """HASH  the settings staff tune; version, their digest; release, that of who wrote them; confirmed_at_ms."""
        self.fleet = f"fleet:{{{room}}}"
        """HASH  the room's share of the fleet, fractions included: in_service, boots (JSON: [[instances, ready at Unix
        ms], ...]), released (the same of what other rooms will stop needing; estimates alone count on it); multiplier
        (the part of its rate that admission has); at_ms (when it was told)."""
        self.pace = f"pace:{{{room}}}"
        """HASH  counts in 10 s bins: a/m/d/g + bin's start in Unix seconds = arrivals, admissions, departures, and who
        gave up: was present in line, and is gone or absent."""
        self.minutes = f"minutes:{{{room}}}"
        """HASH  counts by the minute for the report, until they are in the database: minute's start in Unix
        seconds, a colon and what: j (numbers drawn), s (straight in), m (let in from the line), b (back in line, after
        a turn that was not taken up), n (strangers who were never seen again), l/i + the reason's code (places in line,
        and inside, that ended)."""
        self.record = f"record:{{{room}}}"
        """STREAM  for the report, until it is in the database: at, in = when somebody was let in from the line, Unix
        milliseconds, and their queue numbers, comma-joined, first in line first; or told = number:seconds,
        comma-joined, the waits that were told to those who drew these numbers."""
        self.stays = f"stays:{{{room}}}"
        """HASH  of who left the inside, by class of length (stays.py): n/s + class = how many, milliseconds they stayed
        in sum; weight (of those inside beside them), left_at_ms."""
        self.pushes = f"pushes:{{{room}}}"
        """HASH  visitor who asked for it while waiting -> where a push reaches them (JSON: endpoint, keys, language);
        until they come in or are gone."""
        self.rings = f"rings:{{{room}}}"
        """ZSET  the same visitors scored by when to look next whether a push is due, Unix milliseconds."""
        self.rung = f"rung:{{{room}}}"
        """HASH  visitor -> what was pushed to them: that the turn is near, or the instant of the admission they
        were told of, Unix milliseconds."""
        self.curve = f"curve:{{{room}}}"
        """ZSET  the room's numbers each five seconds (samples.py) scored by when they were counted, Unix milliseconds;
        of the last half hour, for charts."""

    def all(self) -> tuple[str, ...]:
        """Every key of the room."""
        return tuple(getattr(self, name) for name in self.__slots__)


@lru_cache(maxsize=1024)
def keys_of(room: str) -> Keys:
    """The keys of `room`; remembered, since every request asks."""
    return Keys(room)
