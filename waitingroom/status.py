"""What staff and metrics read of a room, from one instant."""

from dataclasses import dataclass, replace
from typing import Any

from waitingroom.estimates import Forecast
from waitingroom.opening import Stage
from waitingroom.place import seconds_of
from waitingroom.snapshot import read_pace

# Modes in which nobody is let in, as the scripts name them.
STANDS = (b"paused", b"closed")


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
    admission_per_minute: float  # what the servers in service allow, the multiplier counted
    admitted_last_minute: int
    departed_last_minute: int
    arrivals: tuple[tuple[int, int], ...]  # (start of a 10 s bin, Unix seconds; newcomers in it), oldest first
    oldest_wait_s: float
    estimated_wait_s: int  # of a newcomer who has to wait; 0 while the line stands, and where nobody asked for it
    last_tick_age_s: float | None
    ticker: str  # who ticked last: "clock" or "hub", and the host
    epoch: str
    users_per_minute_per_instance: float = 0.0  # 0: Redis has no settings of the room
    threshold_per_instance: int = 0  # 0: the threshold does not follow the fleet
    fleet_weight: int = 1
    fleet_floor: int = 0  # instances
    pending: float = 0.0  # instances to come, of the room's share
    mean_stay_s: float = 0.0  # 0: unknown
    strangers: int = 0  # of those waiting; their cookies have not come back yet
    recovering_s: int = 0  # of a recovery period, until it ends; 0: there is none
    stage: str = "open"  # early, gathering, drawing (nobody is let in before a draw is lined up), open
    opens_in_s: int = 0  # until the opening; 0 from then on
    multiplier: float = 1.0  # the part of its rate that admission has: less while those inside wait too long
    refused: int = 0  # newcomers who were told to come back: too many of their network, or in one process


def read_status(slug: str, answer: list[Any]) -> RoomStatus:
    """The status in survey.lua's answer."""
    counted = read_counts(slug, answer)
    stands = answer[1] in STANDS or counted.stage != Stage.OPEN.value
    if stands or counted.waiting <= counted.strangers:
        return counted
    forecast = Forecast(read_pace(answer[5], int(answer[0]), answer[2]))
    return replace(counted, estimated_wait_s=forecast.wait_s(counted.waiting + 1))


def read_counts(slug: str, answer: list[Any]) -> RoomStatus:
    """The same without the estimate, which costs many times the rest."""
    now_ms, first = int(answer[0]), int(float(answer[4]))
    waiting, pace, admissions = answer[2], read_pace(answer[5], now_ms, answer[2]), answer[6]
    state, bins = flat_table(answer[7]), flat_table(answer[8])
    strangers = answer[11]
    stage = Stage(answer[13].decode())
    tick_at = state.get("tick_at_ms")
    return RoomStatus(
        slug=slug,
        mode=answer[1].decode(),
        threshold=pace.threshold,
        waiting=waiting,
        present=answer[3],
        active=pace.active,
        joined=int(state.get("joined", 0)),
        admitted=int(state.get("admitted", 0)),
        gone=int(state.get("gone", 0)),
        straight_in=int(state.get("straight_in", 0)),
        in_service=pace.in_service,
        admission_per_minute=pace.users_per_minute_per_instance * pace.in_service * pace.multiplier,
        admitted_last_minute=admissions,
        departed_last_minute=pace.departed,
        arrivals=tuple(sorted((int(b[1:]), int(n)) for b, n in bins.items() if b[0] == "a")),
        oldest_wait_s=max(0.0, now_ms / 1000 - first / 1_000_000) if first else 0.0,
        estimated_wait_s=0,
        last_tick_age_s=(now_ms - int(tick_at)) / 1000 if tick_at else None,
        ticker=state.get("ticker", ""),
        epoch=state.get("epoch", ""),
        users_per_minute_per_instance=pace.users_per_minute_per_instance,
        threshold_per_instance=pace.threshold_per_instance,
        fleet_weight=int(answer[9]),
        fleet_floor=int(answer[10]),
        pending=sum(instances for instances, _ in pace.boots),
        mean_stay_s=pace.stays.mean_s if pace.stays else 0.0,
        strangers=strangers,
        recovering_s=seconds_of(answer[12]),
        stage=stage.value,
        opens_in_s=seconds_of(answer[14]),
        multiplier=pace.multiplier,
        refused=int(state.get("refused", 0)),
    )


def flat_table(flat: list[bytes]) -> dict[str, str]:
    """A hash as Redis lists it, field by field."""
    texts = [part.decode() for part in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))
