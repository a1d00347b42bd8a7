"""Pure: what other settings would do to a room, by the sums of admission (rates.py) and of the estimates."""

from dataclasses import dataclass, replace
from typing import Any

from waitingroom import rates
from waitingroom.estimates import Forecast, Pace, boots_in
from waitingroom.fleet_share import FleetShare, PendingCapacity
from waitingroom.opening import Stage
from waitingroom.snapshot import read_pace
from waitingroom.status import STANDS, RoomStatus, flat_table, read_counts

# Nobody new draws a number.
REFUSES = ("closed", "draining")


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """A room at one instant, with all that admission and estimates are reckoned from."""

    status: RoomStatus
    pace: Pace
    now_ms: int
    tokens: float  # as the last tick left them
    tokens_age_s: float  # since that tick
    gathered: bool  # those who gathered come in with the next tick, whatever the rate

    @classmethod
    def read(cls, slug: str, answer: list[Any]) -> "RoomSeen":
        """The room in survey.lua's answer."""
        now_ms, state = int(answer[0]), flat_table(answer[7])
        tokens_at_us = float(state.get("tokens_at_us", now_ms * 1000))
        return cls(
            status=read_counts(slug, answer),
            pace=read_pace(answer[5], now_ms, answer[2]),
            now_ms=now_ms,
            tokens=float(state.get("tokens", 0)),
            tokens_age_s=max(0.0, now_ms / 1000 - tokens_at_us / 1_000_000),
            gathered="gathered" in state,
        )

    @property
    def stands(self) -> bool:
        """Whether nobody is let in, whatever the threshold and the rate."""
        status = self.status
        return status.mode.encode() in STANDS or status.stage != Stage.OPEN.value or status.recovering_s > 0


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings that move admission."""

    threshold: int  # what counts where it does not follow the fleet
    threshold_per_instance: int  # 0: it does not
    users_per_minute_per_instance: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What comes of them. Waits are None where nobody waits, or nobody is let in."""

    threshold: int  # in force
    admitted_at_once: int  # by a tick this moment
    admissions_per_minute: int  # that the next minute has room and servers for, however many wait
    last_wait_s: int | None  # of who stands last in line now
    newcomer_wait_s: int | None  # of who comes this moment; 0: straight in
    above_threshold: int  # people inside beyond the threshold: they stay, and nobody is let in for them


def predict(seen: RoomSeen, tuning: Tuning, share: FleetShare | None = None) -> Prediction:
    """What comes of `tuning`, as the room is now; with the share of the fleet that it would have, if that is known."""
    pace = tuned(seen, tuning, share)
    status, vacancy = seen.status, pace.threshold - pace.active
    straight_in = status.stage == Stage.OPEN.value and (
        status.mode == "off"
        or (status.mode == "automatic" and not seen.stands and vacancy > 0 and not status.present + status.strangers)
    )
    last = newcomer = None
    per_minute = 0
    if not seen.stands:
        forecast = Forecast(pace, max(pace.ahead(pace.total + 1), _possible(pace)))
        per_minute = round(forecast.by(60.0))
        if status.waiting > status.strangers:
            last = forecast.wait_s(status.waiting)
        if status.mode not in REFUSES:
            newcomer = forecast.wait_s(status.waiting + 1)
    return Prediction(
        threshold=pace.threshold,
        admitted_at_once=_at_once(seen, pace, vacancy),
        admissions_per_minute=per_minute,
        last_wait_s=last,
        newcomer_wait_s=0 if straight_in else newcomer,
        above_threshold=max(0, -vacancy),
    )


def tuned(seen: RoomSeen, tuning: Tuning, share: FleetShare | None) -> Pace:
    """The room's pace with other settings, and another share of the fleet."""
    pace = seen.pace
    if share is not None:
        pace = replace(
            pace,
            in_service=share.in_service,
            boots=boots_in(_listed(share.pending), seen.now_ms),
            released=boots_in(_listed(share.released), seen.now_ms),
            multiplier=share.multiplier,
        )
    return replace(
        pace,
        users_per_minute_per_instance=tuning.users_per_minute_per_instance,
        threshold_per_instance=tuning.threshold_per_instance,
        threshold=rates.threshold(tuning.threshold, tuning.threshold_per_instance, pace.in_service),
    )


def _listed(capacity: tuple[PendingCapacity, ...]) -> list[tuple[float, float]]:
    return [(one.instances, one.ready_at_ms) for one in capacity]


def _possible(pace: Pace) -> float:
    """What a minute could admit if nothing held it back: so far the curve has to be drawn."""
    servers = pace.in_service + sum(instances for instances, _ in pace.coming)
    return servers * pace.users_per_minute_per_instance * pace.multiplier


def _at_once(seen: RoomSeen, pace: Pace, vacancy: int) -> int:
    """As admit.lua has it."""
    status = seen.status
    if status.mode == "off" and status.stage == Stage.OPEN.value:
        return min(status.present, rates.MAX_ADMITTED)
    if seen.stands:
        return 0
    rate = rates.per_second(pace.in_service, pace.users_per_minute_per_instance, pace.multiplier)
    wanted = rates.admissible(rates.grown(seen.tokens, seen.tokens_age_s, rate), vacancy)
    if seen.gathered and status.mode == "automatic":
        wanted = max(0, min(rates.MAX_ADMITTED, vacancy))
    return min(wanted, status.present)
