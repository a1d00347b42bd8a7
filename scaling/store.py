"""What scaling remembers between its turns, in Redis: one hash tag of its own, so that Redis Cluster serves it."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, TypeVar, cast

from redis.exceptions import LockError

from scaling.alarms import State
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.observation import AlarmRecord
from waitingroom.redis import client, clock_s

T = TypeVar("T")

TURN = "turn:{scaling}"
"""STRING  who holds the present turn; expires with it. With ":running" behind: who is at work on one."""
GROUP = "group:{scaling}"
"""STRING  the local fleet as JSON (local_fleet.py)."""
VIEW = "view:{scaling}"
"""STRING  the fleet as last read, JSON."""
SAMPLES = "samples:{scaling}"
"""LIST    what was published, newest first: JSON {"at": instant, metric: value, ...}."""
ALARMS = "alarms:{scaling}"
"""HASH    alarm -> JSON {"state", "period": the last one evaluated, "value", "since"}."""
BOOTS = "boots:{scaling}"
"""LIST    observed boots in seconds, newest first."""
SERVERS = "servers:{scaling}"
"""ZSET    web process (instance:pid) scored by its last sign of life, Unix seconds."""
ROOMS = "rooms:{scaling}"
"""STRING  the rooms worth a look as seen last, JSON (rooms_seen.py)."""
ESTIMATES = "estimates:{scaling}"
"""STRING  what newcomers to the rooms were told at the last turn, JSON {"at", "waits": room to seconds}."""
PRESSURE = "pressure:{scaling}"
"""HASH    web process (instance:pid) -> JSON {"at", "multiplier", "waited_s"}: how long those inside wait there."""
HEALTH = "health:{scaling}"
"""HASH    published_at, read_at; publish_, read_, order_ and boot_failures; last_fault, last_fault_at; unreadable;
        stuck, missing_since; multiplier_told, as the last decision about it has it."""

TUNED = "tuned:{scaling}"
"""STRING  what staff tuned of the fleet's settings, JSON; the database has it too."""
DRIFT = "drift:{scaling}"
"""STRING  what differed between site and account at the last look, JSON {"at", "found": [[code, terms], ...]}."""
HELD_BACK = "held_back:{scaling}"
"""STRING  the changes that were decided, written and not ordered, JSON [[reason, before, after], ...]."""

BOOTS_KEPT = 50
SERVER_FORGOTTEN_S = 300
LONGEST_TURN_S = 60


def now() -> float:
    """Redis's clock, Unix seconds: hosts may be skewed, the line's clock is not."""
    return clock_s()


def take_turn(name: str, lasts_s: float) -> bool:
    """Whether this process has the turn `name` for the next `lasts_s`; any number of beats may ask."""
    return bool(client().set(f"{TURN}:{name}", "taken", nx=True, px=round(lasts_s * 1000)))


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody else is at work on `name`; whoever died at it holds others up for a minute."""
    lock = client().lock(f"{TURN}:{name}:running", timeout=LONGEST_TURN_S, blocking=False)
    taken = lock.acquire()
    try:
        yield taken
    finally:
        if taken:
            with suppress(LockError):  # it took longer, and is another's by now
                lock.release()


def keep_view(view: FleetSnapshot) -> None:
    """Remember the fleet as read."""
    client().set(VIEW, json.dumps(asdict(view)))


def last_view() -> FleetSnapshot | None:
    """The fleet as last read."""
    text = cast("bytes | None", client().get(VIEW))
    if text is None:
        return None
    known = json.loads(text)
    instances = tuple(Instance(**{**i, "lifecycle": Lifecycle(i["lifecycle"])}) for i in known.pop("instances"))
    return FleetSnapshot(**known, instances=instances)


def tuned() -> dict[str, Any] | None:
    """What staff tuned, by the settings' names; None if it was lost."""
    text = cast("bytes | None", client().get(TUNED))
    return None if text is None else cast("dict[str, Any]", json.loads(text))


def keep_tuned(values: dict[str, Any]) -> None:
    """Put what staff tuned in force, in every process."""
    client().set(TUNED, json.dumps(values))


def drift() -> tuple[float | None, list[tuple[str, dict[str, Any]]]]:
    """When site and account were compared last, and what differed then: (code, terms)."""
    text = cast("bytes | None", client().get(DRIFT))
    known = json.loads(text) if text else {"at": None, "found": []}
    return known["at"], [(code, terms) for code, terms in known["found"]]


def keep_drift(found: Iterable[tuple[str, dict[str, Any]]], at: float) -> None:
    """Remember what differs."""
    client().set(DRIFT, json.dumps({"at": at, "found": list(found)}, default=str))


def held_back() -> list[list[Any]]:
    """The changes that were written and not ordered."""
    return cast("list[list[Any]]", json.loads(cast("bytes | None", client().get(HELD_BACK)) or b"[]"))


def keep_held_back(changes: list[list[Any]]) -> None:
    """Remember them, so that each is written once."""
    client().set(HELD_BACK, json.dumps(changes))


def keep_sample(sample: dict[str, float], kept: int) -> None:
    """Remember what was published, and the `kept` newest of all."""
    pipeline = client().pipeline()
    pipeline.lpush(SAMPLES, json.dumps(sample))
    pipeline.ltrim(SAMPLES, 0, kept - 1)
    pipeline.execute()


def samples() -> list[dict[str, float]]:
    """What was published lately, newest first."""
    return [json.loads(text) for text in cast("list[bytes]", client().lrange(SAMPLES, 0, -1))]


def alarm(name: str) -> AlarmRecord | None:
    """What is remembered of an alarm; nothing at first."""
    text = cast("bytes | None", client().hget(ALARMS, name))
    if text is None:
        return None
    known = json.loads(text)
    return AlarmRecord(State(known["state"]), known["period"], known["value"], known["since"])


def keep_alarm(name: str, record: AlarmRecord) -> None:
    """Remember an alarm."""
    client().hset(ALARMS, name, json.dumps(asdict(record)))


def learn_boot(seconds: float) -> None:
    """One more observed boot."""
    pipeline = client().pipeline()
    pipeline.lpush(BOOTS, round(seconds, 1))
    pipeline.ltrim(BOOTS, 0, BOOTS_KEPT - 1)
    pipeline.execute()


def boots() -> list[float]:
    """Observed boots, newest first."""
    return [float(text) for text in cast("list[bytes]", client().lrange(BOOTS, 0, -1))]


def servers(at: float) -> dict[str, float]:
    """Web process -> seconds since its last sign of life; the long silent are forgotten."""
    client().zremrangebyscore(SERVERS, "-inf", at - SERVER_FORGOTTEN_S)
    rows = cast("list[tuple[bytes, float]]", client().zrange(SERVERS, 0, -1, withscores=True))
    return {name.decode(): at - seen for name, seen in rows}


def report_pressure(process: str, at: float, multiplier: float, waited_s: float) -> None:
    """What a web process makes of its waits."""
    client().hset(PRESSURE, process, json.dumps({"at": at, "multiplier": multiplier, "waited_s": round(waited_s, 3)}))


def pressures(at: float, believed_s: float) -> dict[str, dict[str, float]]:
    """Web process -> its report, those of the last seconds; the long silent are forgotten."""
    told = cast("dict[bytes, bytes]", client().hgetall(PRESSURE))
    known = {name.decode(): json.loads(report) for name, report in told.items()}
    if gone := [name for name, report in known.items() if at - report["at"] > SERVER_FORGOTTEN_S]:
        client().hdel(PRESSURE, *gone)
    return {name: report for name, report in known.items() if abs(at - report["at"]) <= believed_s}


def multiplier_told() -> float:
    """The multiplier as the last decision about it has it; 1 before any."""
    return float(cast("bytes | None", client().hget(HEALTH, "multiplier_told")) or 1)


def keep_multiplier_told(multiplier: float) -> None:
    """There is a decision about it."""
    client().hset(HEALTH, "multiplier_told", str(multiplier))


def record_success(what: str, at: float) -> None:
    """`what` ("published", "read") worked."""
    client().hset(HEALTH, f"{what}_at", str(at))


def record_failure(what: str, error: Exception | str, at: float) -> None:
    """`what` ("publish", "read", "order", "boot") failed; counted and kept for people to see."""
    pipeline = client().pipeline()
    pipeline.hincrby(HEALTH, f"{what}_failures", 1)
    pipeline.hset(HEALTH, mapping={"last_fault": f"{what}: {error}", "last_fault_at": at})
    pipeline.execute()


def note_unreadable(error: Exception, at: float) -> None:
    """The fleet cannot be read, from now on."""
    record_failure("read", error, at)
    client().hset(HEALTH, "unreadable", "yes")


def note_readable() -> None:
    """The fleet can be read again."""
    client().hdel(HEALTH, "unreadable")


def stuck() -> set[str]:
    """The instances that were told to be overdue."""
    text = cast("bytes | None", client().hget(HEALTH, "stuck"))
    return set(json.loads(text)) if text else set()


def keep_stuck(names: Iterable[str]) -> None:
    """Remember that these were told."""
    client().hset(HEALTH, "stuck", json.dumps(sorted(names)))


def missing_since(at: float, *, missing: bool) -> float:
    """Since when ordered instances are not launched: from `at` on, unless remembered; forgotten without any."""
    if not missing:
        client().hdel(HEALTH, "missing_since")
        return at
    client().hsetnx(HEALTH, "missing_since", str(at))
    return float(cast("bytes", client().hget(HEALTH, "missing_since")))


def unreadable() -> bool:
    """Whether the last reading of the fleet failed."""
    return bool(client().hexists(HEALTH, "unreadable"))


def health() -> dict[str, str]:
    """What is known of how scaling itself fares."""
    return {k.decode(): v.decode() for k, v in cast("dict[bytes, bytes]", client().hgetall(HEALTH)).items()}


def change(key: str, alter: Callable[[T | None], T]) -> T:
    """Replace the JSON at `key` by what `alter` makes of it, as one step whoever else writes."""

    def step(pipeline: Any) -> T:
        text = pipeline.get(key)
        after = alter(json.loads(text) if text else None)
        pipeline.multi()
        pipeline.set(key, json.dumps(after))
        return after

    transaction = cast("Callable[..., T]", client().transaction)  # its stubs know no values from callables
    return transaction(step, key, value_from_callable=True)
