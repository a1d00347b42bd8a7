"""The site's numbers as Prometheus reads them."""

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from tiketi.readiness import OK, Sight

__all__ = ["CONTENT_TYPE_LATEST", "numbers"]

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
}


def numbers(seen: Sight, *, whole: bool) -> bytes:
    """Prometheus text; for who is not meant to know more, only whether the site is ready."""
    registry = CollectorRegistry()
    Gauge("tiketi_ready", "Whether /readyz says ready", registry=registry).set(seen.ready)
    if whole:
        Gauge("tiketi_redis_up", "Whether Redis answers", registry=registry).set(seen.redis == OK)
        environment = getattr(settings, "SCALING_ENVIRONMENT", "local")
        for name, text in ROOM.items():
            gauge = Gauge(f"tiketi_room_{name}", text, ["environment", "room"], registry=registry)
            for room in seen.rooms:
                gauge.labels(environment, room.slug).set(getattr(room, name))
    return generate_latest(registry)
