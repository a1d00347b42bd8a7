"""What the clock, staff and the other apps do with a room. Blocking."""

import json
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitingroom import hints, rates, scripts
from waitingroom.configure import configure_call
from waitingroom.errors import SettingsMissing
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.reasons import Reason
from waitingroom.redis import run_now
from waitingroom.room import leave_call
from waitingroom.scripts import Call
from waitingroom.slips import LIFE_SECONDS

if TYPE_CHECKING:
    from waitingroom.models import WaitingRoom

# Of each kind in one call; the rest waits for the next tick, a second later.
MAX_EXPIRED = 1000


@dataclass(frozen=True, slots=True)
class Boot:
    """Servers on their way: how many, and the instant they will be ready, Unix milliseconds."""

    instances: float
    ready_at_ms: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """The servers that admission may count on (a fraction while new ones ramp up), and those to come."""

    in_service: float
    boots: tuple[Boot, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomStatus:
    """Everything staff and metrics want to know of a room, from one instant."""

    slug: str
    mode: str
    threshold: int  # in force, after threshold_per_instance
    waiting: int  # present and absent
    present: int
    active: int
    joined: int  # drew a number; joined = waiting + admitted + gone
    admitted: int  # out of the line
    gone: int  # left the line without admission
    straight_in: int
    in_service: float
    admission_per_minute: float  # what the servers in service allow
    admitted_last_minute: int
    departed_last_minute: int
    arrivals: tuple[tuple[int, int], ...]  # (start of a 10 s bin, Unix seconds; newcomers in it), oldest first
    oldest_wait_s: float
    estimated_wait_s: int  # of a newcomer who has to wait
    last_tick_age_s: float | None
    ticker: str  # who ticked last: "clock" or "hub", and the host
    epoch: str
    users_per_minute_per_instance: float = 0.0  # 0: Redis has no settings of the room
    threshold_per_instance: int = 0  # 0: the threshold does not follow the fleet


def clock_calls(room: str, ticker: str, idle_ms: int = 0) -> tuple[Call, Call]:
    """`expire` and `admit`, ready to be sent; they do nothing unless the last tick is `idle_ms` old."""
    return (
        scripts.EXPIRE.call(room, MAX_EXPIRED, LIFE_SECONDS * 1000, idle_ms, ""),
        scripts.ADMIT.call(room, f"{ticker}@{socket.gethostname()}", idle_ms, "", ""),
    )


def read_admitted(answer: Any) -> list[str]:
    """The visitors in admit.lua's answer. Raises SettingsMissing."""
    if isinstance(answer, bytes):
        raise SettingsMissing
    return [visitor.decode() for visitor in answer]


def tick(rooms: Iterable["WaitingRoom"]) -> dict[str, list[str]]:
    """Settings, expiry and admission in every room, in one pipeline, and hints to the hubs; the admitted by room.

    The settings go along so that what staff saved while Redis was away, or what Redis lost, is in force a second later.
    Raises LineUnavailable.
    """
    rooms = list(rooms)
    answers = run_now([call for room in rooms for call in (configure_call(room), *clock_calls(room.slug, "clock"))])
    admitted = {room.slug: read_admitted(answer) for room, answer in zip(rooms, answers[2::3], strict=True)}
    for slug, visitors in admitted.items():
        if visitors:
            hints.look(slug, visitors)
    return admitted


def admit(room: str, count: int) -> list[str]:
    """Admit up to `count` from the head at once, besides the rate but never above the threshold; an operator's word."""
    (answer,) = run_now([scripts.ADMIT.call(room, "operator", 0, count, "")])
    visitors = read_admitted(answer)
    if visitors:
        hints.look(room, visitors)
    return visitors


def leave(room: str, visitor: str, reason: Reason) -> str:
    """Give up the visitor's place; returns what was given up: "waiting", "active" or "none". Raises LineUnavailable."""
    answer: bytes = run_now([leave_call(room, visitor, reason)])[0]
    if answer != b"none":
        hints.look(room, [visitor])
    return answer.decode()


def take_over(rooms: Sequence[str], from_visitor: str, to_visitor: str) -> dict[str, str]:
    """`to_visitor` takes the other's place in each room; the better of two places stays.

    Returns where `to_visitor` stands now, by room: "active", "waiting" or "none". Raises LineUnavailable.
    """
    calls = [scripts.TAKE_OVER.call(room, from_visitor, to_visitor, int(Reason.MERGED), "") for room in rooms]
    return {room: standing.decode() for room, standing in zip(rooms, run_now(calls), strict=True)}


def set_fleet(rooms: Iterable[str], fleet: Fleet) -> None:
    """Tell the rooms how many servers admission may count on, and which are to come. Raises LineUnavailable."""
    boots = json.dumps([[boot.instances, boot.ready_at_ms] for boot in fleet.boots])
    run_now([scripts.FLEET.call(room, str(fleet.in_service), boots, "") for room in rooms])


def status(rooms: Sequence[str]) -> list[RoomStatus]:
    """The rooms' status, in the order asked, in one pipeline. Raises LineUnavailable."""
    return [
        read_status(room, answer)
        for room, answer in zip(rooms, run_now([scripts.SURVEY.call(r, "") for r in rooms]), strict=True)
    ]


def _table(flat: list[bytes]) -> dict[str, str]:
    texts = [part.decode() for part in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def read_status(slug: str, answer: list[Any]) -> RoomStatus:
    """The status in survey.lua's answer."""
    now_ms, waiting, present, active, first = (int(float(part)) for part in answer[:5])
    state, config, fleet, bins = (_table(part) for part in answer[5:])
    minimum = float(config.get("minimum_instances", 0))
    reported = float(fleet["in_service"]) if "in_service" in fleet else None
    in_service = rates.in_service(reported, int(fleet.get("at_ms", 0)), minimum, now_ms)
    per_minute = float(config.get("users_per_minute_per_instance", 0))
    per_instance = int(config.get("threshold_per_instance", 0))
    threshold = rates.threshold(int(config.get("threshold", 0)), per_instance, in_service)
    now_s = now_ms // 1000
    recent = {name: _recent(bins, name, now_s) for name in "mda"}
    departures = [at for at, _ in recent["d"]]
    pace = Pace(
        users_per_minute_per_instance=per_minute,
        in_service=in_service,
        boots=boots_in(json.loads(fleet.get("boots", "[]")), now_ms),
        active=active,
        threshold=threshold,
        threshold_per_instance=per_instance,
        departed=sum(n for _, n in recent["d"]),
        over_s=now_ms / 1000 - departures[0] if departures else 0.0,
    )
    tick_at = state.get("tick_at_ms")
    return RoomStatus(
        slug=slug,
        mode=config.get("mode", ""),
        threshold=threshold,
        waiting=waiting,
        present=present,
        active=active,
        joined=int(state.get("joined", 0)),
        admitted=int(state.get("admitted", 0)),
        gone=int(state.get("gone", 0)),
        straight_in=int(state.get("straight_in", 0)),
        in_service=in_service,
        admission_per_minute=per_minute * in_service,
        admitted_last_minute=sum(n for _, n in recent["m"]),
        departed_last_minute=pace.departed,
        arrivals=tuple(sorted((int(b[1:]), int(n)) for b, n in bins.items() if b[0] == "a")),
        oldest_wait_s=max(0.0, now_ms / 1000 - first / 1_000_000) if first else 0.0,
        estimated_wait_s=Forecast(pace, waiting + 1).wait_s(waiting + 1) if waiting else 0,
        last_tick_age_s=(now_ms - int(tick_at)) / 1000 if tick_at else None,
        ticker=state.get("ticker", ""),
        epoch=state.get("epoch", ""),
        users_per_minute_per_instance=per_minute,
        threshold_per_instance=per_instance,
    )


def _recent(bins: dict[str, str], name: str, now_s: int) -> list[tuple[int, int]]:
    """The counts of the last six bins, as look.lua reads them: (start of the bin, count), oldest first."""
    oldest = now_s // 10 * 10 - 50
    return sorted((int(b[1:]), int(n)) for b, n in bins.items() if b[0] == name and int(b[1:]) >= oldest)
