"""The site's numbers as Prometheus reads them."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tiketi.queueing import queueing
from tiketi.readiness import OK, Sight

__all__ = ["CONTENT_TYPE_LATEST", "numbers"]

MAILS = {"waiting": "Mails that wait to be sent", "given_up": "Mails that were given up; staff may try them again"}
ROOM = {
    "waiting": "Visitors in line, present and absent",
    "present": "Visitors in line who are there",
    "active": "Visitors inside",
    "threshold": "Most visitors inside",
    "joined": "Queue numbers drawn",
    "admitted": "Visitors admitted from the line",
    "gone": "Visitors who left the line without admission",
    "straight_in": "Visitors who went straight in",
    "admission_per_minute": "Admissions a minute that the servers in service allow",
    "oldest_wait_s": "Seconds the head of the line has waited",
    "in_service": "Servers counted for admission",
    "multiplier": "The part of its rate that admission has",
}


class QueueingCollector(Collector):
    """What waits for this process's threads, and waited."""

    def collect(self) -> Iterator[Metric]:
        """As Prometheus has it, by rank."""
        waited = HistogramMetricFamily("tiketi_queueing_seconds", "Waited for a thread of Django's", labels=["rank"])
        waiting = GaugeMetricFamily("tiketi_queueing_waiting", "Requests that wait for a thread", labels=["rank"])
        shed = CounterMetricFamily("tiketi_shed", "Requests told to come back", labels=["rank"])
        counts, told = queueing.waiting(), queueing.shed()
        for rank, count in counts.items():
            buckets, sum_s = queueing.histogram(rank)
            waited.add_metric([rank.name.lower()], buckets=buckets, sum_value=sum_s)
            waiting.add_metric([rank.name.lower()], count)
            shed.add_metric([rank.name.lower()], told[rank])
        yield from (waited, waiting, shed)


def numbers(seen: Sight, *, whole: bool) -> bytes:
    """Prometheus text; for who is not meant to know more, only whether the site is ready."""
    registry = CollectorRegistry()
    Gauge("tiketi_ready", "Whether /readyz says ready", registry=registry).set(seen.ready)
    if whole:
        Gauge("tiketi_redis_up", "Whether Redis answers", registry=registry).set(seen.keys.state == OK)
        Gauge("tiketi_database_up", "Whether the database answers", registry=registry).set(seen.rows.state == OK)
        for name, text in MAILS.items():
            if name in seen.rows.mails:
                Gauge(f"tiketi_mails_{name}", text, registry=registry).set(seen.rows.mails[name])
        age = Gauge("tiketi_work_age_seconds", "Seconds since it happened last", ["work"], registry=registry)
        late = Gauge("tiketi_work_late", "Whether that is too long", ["work"], registry=registry)
        for name, work in seen.keys.work.items():
            late.labels(name).set(work.late)
            if work.age_s is not None:
                age.labels(name).set(work.age_s)
        for name, text in ROOM.items():
            gauge = Gauge(f"tiketi_room_{name}", text, ["environment", "room"], registry=registry)
            for room in seen.keys.rooms:
                gauge.labels(settings.SCALING_ENVIRONMENT, room.slug).set(getattr(room, name))
        registry.register(QueueingCollector())
    return generate_latest(registry)
