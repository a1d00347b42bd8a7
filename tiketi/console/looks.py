"""The process's looks at sales: one a second of each, whoever asks; what the database says comes beside them."""

import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import dropwhile

from redis.exceptions import RedisError

from scaling import rooms_seen, store
from scaling.fleet import Lifecycle
from scaling.in_force import configuration
from tiketi import heartbeats
from tiketi.console import curve
from tiketi.console.sums import Sums, fleet_records, sale_figures
from tiketi.console.view import (
    AlarmStands,
    Alert,
    ConsoleView,
    FleetFigures,
    FleetRecords,
    OverviewView,
    SaleFigures,
    Trouble,
)
from tiketi.readiness import TICK_IS_LATE_S
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.errors import LineUnavailable
from waitingroom.redis import clock_s
from waitingroom.room_registry import room_registry
from waitingroom.samples import Sample, sample_of
from waitingroom.status import RoomStatus
from waitingroom.timing import SAMPLE_SECONDS

# A little less than the feed's second, so that each of its turns looks anew.
FRESH_SECONDS = 0.9
# Of the seconds since the last sample that Redis keeps, and some more for rates where it keeps none.
MAX_SECONDS = 30
MULTIPLIER_WHOLE = 0.995
SITE = ""  # the one key of the fleet's records
AWAY = (LineUnavailable, RedisError, OSError)

sale_sums: Sums[SaleFigures | None] = Sums("console-sales", sale_figures)
fleet_sums: Sums[FleetRecords] = Sums("console-fleet", fleet_records)


class Looks:
    """The last views, and what is remembered between two looks. Any thread may ask; one looks at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[str, tuple[float, ConsoleView]] = {}
        self._overview: tuple[float, OverviewView] | None = None
        self._curves: dict[str, tuple[float, list[Sample]]] = {}
        self._seconds: dict[str, deque[Sample]] = {}

    def at(self, slugs: Collection[str]) -> dict[str, ConsoleView]:
        """The sales as of this second. Blocks as long as Redis does, and raises nothing where it does not answer."""
        with self._lock:
            now = time.monotonic()
            old = [slug for slug in slugs if slug not in self._views or now - self._views[slug][0] >= FRESH_SECONDS]
            if old:
                self._look(old)
            return {slug: self._views[slug][1] for slug in slugs}

    def overview(self) -> OverviewView:
        """All sales as of this second. Blocks and fails as `at` does."""
        with self._lock:
            now = time.monotonic()
            if self._overview is None or now - self._overview[0] >= FRESH_SECONDS:
                found = self._look_over(self._overview[1] if self._overview else None)
                self._overview = (time.monotonic(), found)
            return self._overview[1]

    def _look(self, slugs: Sequence[str]) -> None:
        try:
            now = clock_s()
            rooms = {status.slug: status for status in admission.status(slugs)}
            fleet, alerts = _fleet(now)
            for slug in slugs:
                self._read_curve(slug)
        except AWAY as error:
            now, rooms, fleet = time.time(), {}, None
            alerts = [Alert(Trouble.REDIS_AWAY, str(error))]
        for slug in slugs:
            kept = self._views.get(slug)
            view = self._view(slug, now, rooms.get(slug), fleet, alerts, kept[1] if kept else ConsoleView(slug, now))
            # As old as its end: who waited for a Redis that hangs does not look anew, one after another.
            self._views[slug] = (time.monotonic(), view)

    def _view(
        self,
        slug: str,
        now: float,
        room: RoomStatus | None,
        fleet: FleetFigures | None,
        alerts: Sequence[Alert],
        before: ConsoleView,
    ) -> ConsoleView:
        records, sale = fleet_sums.latest(SITE), sale_sums.latest(slug)
        found = [*alerts, *_of_room(room)]
        if fleet_sums.is_away(SITE) or sale_sums.is_away(slug):
            found.append(Alert(Trouble.DATABASE_AWAY))
        found.sort(key=lambda one: list(Trouble).index(one.trouble))
        view = replace(before, at=now, records=records, sale=sale, alerts=tuple(found))
        if room is None:
            return view
        seen = self._curve_with(slug, sample_of(room, now, room.estimated_wait_s))
        return replace(
            view,
            room=room,
            room_seen_at=now,
            fleet=fleet,
            rates=curve.rates(seen, seen[-1]),
            promise=curve.promise_kept(seen),
            curve=tuple(seen),
            minutes=curve.minutes(seen),
        )

    def _read_curve(self, slug: str) -> None:
        read_at, _ = self._curves.get(slug, (float("-inf"), []))
        if time.monotonic() - read_at >= SAMPLE_SECONDS:
            self._curves[slug] = (time.monotonic(), admission.samples(slug))

    def _curve_with(self, slug: str, now: Sample) -> list[Sample]:
        """What Redis keeps, then this process's own seconds since, `now` at the end."""
        kept = self._curves[slug][1]
        seconds = self._seconds.setdefault(slug, deque(maxlen=MAX_SECONDS))
        since = list(dropwhile(lambda one: bool(kept) and one.at_s <= kept[-1].at_s, seconds))
        seconds.append(now)
        return [*kept, *since, now]

    def _look_over(self, before: OverviewView | None) -> OverviewView:
        try:
            now = clock_s()
            waits = rooms_seen.estimates(now)
            rooms = {
                room.slug: replace(room, estimated_wait_s=waits.get(room.slug, 0) if room.waiting else 0)
                for room in admission.counts(worth_a_look(room_registry.slugs()))
            }
            fleet, alerts = _fleet(now)
        except AWAY as error:
            gone = (Alert(Trouble.REDIS_AWAY, str(error)),)
            return replace(before or OverviewView(time.time(), {}), at=time.time(), alerts=gone)
        return OverviewView(now, rooms, now, fleet, tuple(alerts))


def _of_room(room: RoomStatus | None) -> list[Alert]:
    if room is None:
        return []
    found = []
    age_s = room.last_tick_age_s
    if room.waiting and (age_s is None or age_s > TICK_IS_LATE_S):
        found.append(Alert(Trouble.CLOCK_LATE, "" if age_s is None else str(round(age_s))))
    if room.recovering_s:
        found.append(Alert(Trouble.RECOVERING, str(room.recovering_s)))
    if room.multiplier < MULTIPLIER_WHOLE:
        found.append(Alert(Trouble.SLOWED, f"{room.multiplier:.0%}"))
    return found


def _fleet(now: float) -> tuple[FleetFigures | None, list[Alert]]:
    """The fleet as last read, and what of the site's work is late. Raises RedisError."""
    view, health = store.last_view(), store.health()
    alerts = [Alert(Trouble.FLEET_FAULT, health.get("last_fault", ""))] if "unreadable" in health else []
    late = {beat.name: beat.late_after_s for beat in heartbeats.BEATS.values()}
    alerts += [
        Alert(Trouble.WORK_LATE, name)
        for name, age_s in heartbeats.ages(now).items()
        if age_s is None or age_s > late[name]
    ]
    if view is None:
        return None, alerts
    pending = view.those(Lifecycle.PENDING)

    return (
        FleetFigures(
            desired=view.desired,
            in_service=view.in_service,
            ready_in_s=tuple(None if one.ready_at is None else max(0.0, one.ready_at - now) for one in pending),
            alarms=tuple(_alarm(rule.alarm.name) for rule in configuration().rules),
        ),
        alerts,
    )


def _alarm(name: str) -> AlarmStands:
    record = store.alarm(name)
    return AlarmStands(name, record.state.value, record.since) if record else AlarmStands(name, None, None)


looks = Looks()
