"""The site's numbers as Prometheus reads them.

They are the site's, from Redis and the database, whichever process answers; but for the queueing for threads, which is
that of the process that answers, and says of which: where several share a port, each look may be at another.
"""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from scaling.fleet import Lifecycle
from scaling.registration import process_name
from tiketi.queueing import queueing
from tiketi.readiness import OK, Keys, Rows, Sight
from waitingroom.models import Mode
from waitingroom.opening import Stage
from waitingroom.status import RoomStatus

__all__ = ["CONTENT_TYPE_LATEST", "numbers"]

MAILS = {"waiting": "Mails that wait to be sent", "given_up": "Mails that were given up; staff may try them again"}
# By the field of the room's status.
ROOM_GAUGES = {
    "waiting": ("waiting", "Visitors in line, present and absent"),
    "present": ("present", "Visitors in line who are there"),
    "strangers": ("strangers", "Of those in line, whose cookie has not come back yet"),
    "active": ("active", "Visitors inside"),
    "threshold": ("threshold", "Most visitors inside"),
    "admission_per_minute": ("admissions_per_minute", "Admissions a minute that the servers in service allow"),
    "oldest_wait_s": ("oldest_wait_seconds", "How long the head of the line has waited"),
    "in_service": ("in_service", "Servers counted for admission"),
    "multiplier": ("multiplier", "The part of its rate that admission has"),
    "pending": ("pending", "Servers to come, of the room's share"),
    "recovering_s": ("recovering_seconds", "Until those who return after a loss of Redis are back"),
}
ROOM_COUNTERS = {
    "joined": "Queue numbers drawn",
    "admitted": "Visitors admitted from the line",
    "gone": "Visitors who left the line without admission",
    "straight_in": "Visitors who went straight in",
}


class QueueingCollector(Collector):
    """What waits for this process's threads, and waited."""

    def collect(self) -> Iterator[Metric]:
        """As Prometheus has it, by process and rank: the counters of two would look like one that begins anew."""
        labels = ["process", "rank"]
        waited = HistogramMetricFamily("tiketi_queueing_seconds", "Waited for a thread of Django's", labels=labels)
        waiting = GaugeMetricFamily("tiketi_queueing_waiting", "Requests that wait for a thread", labels=labels)
        shed = CounterMetricFamily("tiketi_shed", "Requests told to come back", labels=labels)
        counts, told = queueing.waiting(), queueing.shed()
        for rank, count in counts.items():
            buckets, sum_s = queueing.histogram(rank)
            of = [process_name(), rank.name.lower()]
            waited.add_metric(of, buckets=buckets, sum_value=sum_s)
            waiting.add_metric(of, count)
            shed.add_metric(of, told[rank])
        yield from (waited, waiting, shed)


def numbers(seen: Sight, *, whole: bool) -> bytes:
    """Prometheus text; for who is not meant to know more, only whether the site is ready."""
    registry = CollectorRegistry()
    registry.register(SiteCollector(seen, whole=whole))
    if whole:
        registry.register(QueueingCollector())
    return generate_latest(registry)


class SiteCollector(Collector):
    """One look at the site as metrics."""

    def __init__(self, seen: Sight, *, whole: bool) -> None:
        self._seen, self._whole = seen, whole

    def collect(self) -> Iterator[Metric]:
        """All that whoever asks is meant to know."""
        yield GaugeMetricFamily("tiketi_ready", "Whether /readyz says ready", self._seen.ready)
        if self._whole:
            yield from _of_rows(self._seen.rows)
            yield from _of_keys(self._seen.keys)
            yield from _of_fleet(self._seen.keys)
            yield from _of_rooms(self._seen.keys.rooms)


def _of_rows(rows: Rows) -> Iterator[Metric]:
    yield GaugeMetricFamily("tiketi_database_up", "Whether the database answers", rows.state == OK)
    for name, text in MAILS.items():
        if name in rows.mails:
            yield GaugeMetricFamily(f"tiketi_mails_{name}", text, rows.mails[name])


def _of_keys(keys: Keys) -> Iterator[Metric]:
    yield GaugeMetricFamily("tiketi_redis_up", "Whether Redis answers", keys.state == OK)
    yield GaugeMetricFamily("tiketi_redis_unwise", "Whether Redis may lose a line as it is set up", bool(keys.unwise))
    yield GaugeMetricFamily("tiketi_scaling_drift", "Differences between the account and the site", len(keys.drift))
    age = GaugeMetricFamily("tiketi_work_age_seconds", "Since it happened last", labels=["work"])
    late = GaugeMetricFamily("tiketi_work_late", "Whether that is too long", labels=["work"])
    for name, work in keys.work.items():
        late.add_metric([name], work.late)
        if work.age_s is not None:
            age.add_metric([name], work.age_s)
    yield from (age, late)


def _of_fleet(keys: Keys) -> Iterator[Metric]:
    if (fleet := keys.fleet) is None:
        return
    known = {
        "desired": ("Instances wanted", fleet.desired),
        "minimum": ("Fewest instances", fleet.minimum),
        "maximum": ("Most instances", fleet.maximum),
        "in_service": ("Instances that serve", fleet.in_service),
        "pending": ("Instances that boot", len(fleet.those(Lifecycle.PENDING))),
    }
    for name, (text, value) in known.items():
        family = GaugeMetricFamily(f"tiketi_fleet_{name}", text, labels=["environment"])
        family.add_metric([settings.SCALING_ENVIRONMENT], value)
        yield family


def _of_rooms(rooms: tuple[RoomStatus, ...]) -> Iterator[Metric]:
    labels = ["environment", "room"]
    families: list[tuple[str, Metric]] = [
        (field, GaugeMetricFamily(f"tiketi_room_{name}", text, labels=labels))
        for field, (name, text) in ROOM_GAUGES.items()
    ]
    families += [
        (field, CounterMetricFamily(f"tiketi_room_{field}", text, labels=labels))
        for field, text in ROOM_COUNTERS.items()
    ]
    for field, family in families:
        for room in rooms:
            family.add_metric([settings.SCALING_ENVIRONMENT, room.slug], getattr(room, field))  # type: ignore[attr-defined]  # both have it
        yield family
    lets_in = GaugeMetricFamily("tiketi_room_lets_in", "Whether anybody is let in at all", labels=labels)
    for room in rooms:
        stands = room.mode in (Mode.PAUSED, Mode.CLOSED) or room.stage != Stage.OPEN or room.recovering_s > 0
        lets_in.add_metric([settings.SCALING_ENVIRONMENT, room.slug], not stands)
    yield lets_in
