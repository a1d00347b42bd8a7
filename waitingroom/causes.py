"""Pure: why the wait has grown or shrunk, when it has."""

from collections import deque
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from waitingroom.estimates import GROWN, Forecast, Pace

# Visitors are told every eight seconds at least, pollers nearly ten: a cause stands until everybody has heard it.
STANDS_S = 30.0
LOOKS_S = 5.0
# Near the front everybody is told each second.
RECENT_S = 3.0
# Better news than this is remembered: several steps of it, each nothing to speak of, are something when they are over.
LITTLE_S = 0.5
# Of the line, at whose ends it is looked for who came back.
QUARTERS = 4
# What changed by less is no cause.
LESS = 0.98
# Good news of less than this is not worth a word.
SHRUNK_S = 10.0


class Cause(StrEnum):
    """Why the estimate has risen, or (but for a pause) fallen; the contract's words."""

    PAUSE = "pause"  # the line stands
    THRESHOLD = "threshold"  # staff let fewer in, or more
    FLEET = "fleet"  # fewer servers, or later ones, or such as take fewer in; or the reverse
    LINE = "line"  # people ahead came back, or went away
    STAY = "stay"  # those inside stay longer than it seemed, or shorter


class Change(NamedTuple):
    """Why places wait longer than a moment ago (`cause`), or why they wait less (`relief`); one of them is empty."""

    cause: str = ""
    relief: str = ""


@dataclass(frozen=True, slots=True)
class _Past:
    at_s: float
    pace: Pace
    forecast: Forecast
    better: bool = False  # than the look before


class Causes:
    """One room's last half minute, to see what made it slower."""

    def __init__(self) -> None:
        self._past: deque[_Past] = deque()

    def of(self, now_s: float, mode: str, pace: Pace, forecast: Forecast) -> Change:
        """The cause if any place in line has to wait longer than it would have a moment ago.

        The relief if none has to, and somebody waits less than was foretold half a minute ago.
        """
        if mode == "paused":
            return Change(Cause.PAUSE.value)
        while self._past and not 0 <= now_s - self._past[0].at_s <= STANDS_S:
            self._past.popleft()
        present = _Past(now_s, pace, forecast)
        slower = (past for past in self._past if forecast.slower_than(past.forecast) or _returned(past.pace, pace))
        past, oldest = next(slower, None), self._past[0] if self._past else None
        self._remember(present)
        if past:
            return Change(_cause(past, present).value)
        if oldest and _is_relieved(oldest, present):
            return Change(relief=_relief(oldest, present).value)
        return Change()

    def _remember(self, present: _Past) -> None:
        """Every look of the last seconds, and of those before one in five seconds and what was better."""
        better = bool(self._past) and self._past[-1].forecast.slower_than(present.forecast, LITTLE_S)
        self._past.append(replace(present, better=better))
        kept: deque[_Past] = deque()
        for past in self._past:
            recent = present.at_s - past.at_s <= RECENT_S
            if recent or past.better or not kept or past.at_s - kept[-1].at_s >= LOOKS_S:
                kept.append(past)
        self._past = kept


def _cause(past: _Past, present: _Past) -> Cause:
    before, now, passed_s = past.pace, present.pace, present.at_s - past.at_s
    fewer = _threshold(now) < _threshold(before) * LESS
    if fewer or now.users_per_minute_per_instance < before.users_per_minute_per_instance * LESS:
        return Cause.THRESHOLD
    if _supply(now, 0.0) < _supply(before, passed_s) * LESS:
        return Cause.FLEET
    if _returned(before, now):
        return Cause.LINE
    return Cause.STAY


def _is_relieved(past: _Past, present: _Past) -> bool:
    passed_s = present.at_s - past.at_s
    return present.forecast.sooner_than(past.forecast, passed_s, SHRUNK_S) or _returned(present.pace, past.pace)


def _relief(past: _Past, present: _Past) -> Cause:
    before, now, passed_s = past.pace, present.pace, present.at_s - past.at_s
    more = _threshold(now) * LESS > _threshold(before)
    if more or now.users_per_minute_per_instance * LESS > before.users_per_minute_per_instance:
        return Cause.THRESHOLD
    if _supply(now, 0.0) * LESS > _supply(before, passed_s):
        return Cause.FLEET
    return Cause.LINE if _returned(now, before) else Cause.STAY


def _threshold(pace: Pace) -> int:
    """As staff set it: for each instance, where it follows the fleet."""
    return pace.threshold_per_instance or pace.threshold


def _supply(pace: Pace, from_s: float) -> float:
    """Instance-seconds of the ten minutes from `from_s` on, as far as admission counts on them."""
    until_s = from_s + 600.0
    coming = sum(instances * max(0.0, until_s - max(ready_s, from_s)) for instances, ready_s in pace.coming)
    return (pace.in_service * 600.0 + coming) * pace.multiplier


def _returned(before: Pace, now: Pace) -> bool:
    """Whether people ahead who were absent are back; the other way round, whether some are absent who were not."""
    total = min(before.total, now.total)
    places = {total * part // QUARTERS for part in range(1, QUARTERS + 1)} - {0}
    return any(now.ahead(place) > before.ahead(place) * GROWN + 1 for place in places)
