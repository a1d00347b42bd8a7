"""One look at a room's keys in Redis, all at the same instant."""

import time
from dataclasses import dataclass
from typing import Any

import redis

from waitingroom import rates
from waitingroom.keys import Keys

STANDING = {"paused", "closed"}  # modes in which nobody is let in


@dataclass(frozen=True, slots=True)
class Counts:
    """The room's counters."""

    joined: int
    waiting: int
    admitted: int
    gone: int

    @property
    def balanced(self) -> bool:
        """Everybody who drew a number is waiting, admitted or gone."""
        return self.joined == self.waiting + self.admitted + self.gone


@dataclass(frozen=True, slots=True)
class Sample:
    """The room at `at_ms`, Unix milliseconds of Redis's clock."""

    at_ms: float
    clock_ahead_ms: float  # Redis's clock minus ours, known to within half of `took_ms`
    took_ms: float
    threshold: int  # in force, after threshold_per_instance
    claim_ms: int
    idle_ms: int
    tick_at_ms: float  # the last admission's instant
    counts: Counts
    active: dict[str, float]  # visitor: when the place expires
    mode: str = "automatic"
    epoch: str = ""
    recovering_ms: float = 0.0  # until the recovery period ends; 0: there is none
    per_second: float = 0.0  # what the servers in service let in
    opens_ms: float = 0.0  # the opening of the room; 0: it has none
    gate_holds: bool = False  # until the opening, and until its order is drawn

    @property
    def lets_in(self) -> bool:
        """Whether whoever is next may enter."""
        return self.mode not in STANDING and not self.recovering_ms and not self.gate_holds

    @property
    def vacancy(self) -> int:
        """Places free."""
        return self.threshold - len(self.active)


def take(client: "redis.Redis", keys: Keys) -> Sample:
    """Look now; raises RedisError."""
    pipeline = client.pipeline(transaction=True)
    pipeline.time()
    pipeline.zrange(keys.active, 0, -1, withscores=True)
    pipeline.zcard(keys.queue)
    pipeline.hmget(keys.state, ["joined", "admitted", "gone", "tick_at_ms", "lost_at_ms", "recovery_ms"])
    pipeline.hmget(keys.config, ["threshold", "threshold_per_instance", "minimum_instances", "claim_ms", "idle_ms"])
    pipeline.hmget(keys.config, ["users_per_minute_per_instance", "mode"])
    pipeline.hmget(keys.config, ["opens_us", "opening_order", "lined_up"])
    pipeline.hget(keys.state, "epoch")
    pipeline.hmget(keys.fleet, ["in_service", "at_ms"])
    asked_ms = time.time() * 1000
    answers: list[Any] = pipeline.execute()
    answered_ms = time.time() * 1000
    (seconds, micros), active, waiting, state, config, (per_minute, mode), opening, epoch, (told, told_at_ms) = answers
    at_ms = seconds * 1000 + micros / 1000
    joined, admitted, gone, tick_at_ms, lost_at_ms, recovery_ms = (int(float(value or 0)) for value in state)
    threshold, per_instance, minimum, claim_ms, idle_ms = (int(value or 0) for value in config)
    opens_ms = int(opening[0] or 0) / 1000
    in_service = rates.in_service(float(told) if told else None, int(told_at_ms or 0), minimum, at_ms)
    return Sample(
        at_ms=at_ms,
        clock_ahead_ms=at_ms - (asked_ms + answered_ms) / 2,
        took_ms=answered_ms - asked_ms,
        threshold=rates.threshold(threshold, per_instance, in_service),
        claim_ms=claim_ms,
        idle_ms=idle_ms,
        tick_at_ms=tick_at_ms,
        counts=Counts(joined, waiting, admitted, gone),
        active={visitor.decode(): expires_ms for visitor, expires_ms in active},
        mode=(mode or b"automatic").decode(),
        epoch=(epoch or b"").decode(),
        recovering_ms=max(0.0, lost_at_ms + recovery_ms - at_ms) if lost_at_ms else 0.0,
        per_second=rates.per_second(in_service, float(per_minute or 0)),
        opens_ms=opens_ms,
        gate_holds=at_ms < opens_ms or (opening[1] == b"draw" and not opening[2]),
    )
