"""What machines ask: alive, ready, and the numbers."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from redis.exceptions import RedisError

from scaling.status import publish_age_s
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.redis import ping_ms
from waitingroom.room_registry import room_registry
from waitingroom.status import RoomStatus

# The clock ticks every second, and a hub when three seconds are missing; beyond, nobody admits.
TICK_IS_LATE_S = 5.0
GAUGES = {
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


def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"status": "alive"})


def readyz(_request: HttpRequest) -> HttpResponse:
    """Redis, the database, and the age of the last admission tick; 503 if one of them fails.

    Also the age of the last published metrics: without them the line orders no servers, but goes on.
    """
    checks: dict[str, object] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        room_registry.refresh()
        checks["database"] = "ok"
    except DatabaseError as error:
        checks["database"] = str(error)
    try:
        checks["redis"] = "ok" if ping_ms() >= 0 else ""
        rooms = admission.status(room_registry.slugs())
        ages = [room.last_tick_age_s for room in rooms if room.last_tick_age_s is not None]
        checks["last_tick_age_s"] = max(ages, default=None)
        checks["ticker"] = sorted({room.ticker for room in rooms if room.ticker})
        # Where there is no room, there is nobody to admit.
        late = bool(rooms) and (not ages or max(ages) > TICK_IS_LATE_S)
        checks["clock"] = "late" if late else "ok"
        checks["last_publish_age_s"] = publish_age_s()
    except (LineUnavailable, RedisError) as error:
        checks["redis"] = str(error)
    ready = all(checks.get(part) == "ok" for part in ("database", "redis", "clock"))
    return JsonResponse({"status": "ready" if ready else "not ready", **checks}, status=200 if ready else 503)


def metrics(_request: HttpRequest) -> HttpResponse:
    """Prometheus text: the counts of every room; only whether Redis is up, while it is away."""
    registry = CollectorRegistry()
    up = Gauge("tiketi_redis_up", "Whether Redis answers", registry=registry)
    try:
        room_registry.refresh()
        _fill(registry, admission.status(room_registry.slugs()))
        up.set(1)
    except (LineUnavailable, DatabaseError):
        up.set(0)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _fill(registry: CollectorRegistry, rooms: list[RoomStatus]) -> None:
    environment = getattr(settings, "SCALING_ENVIRONMENT", "local")
    for name, text in GAUGES.items():
        gauge = Gauge(f"tiketi_room_{name}", text, ["environment", "room"], registry=registry)
        for room in rooms:
            gauge.labels(environment, room.slug).set(getattr(room, name))


urlpatterns = [path("healthz", healthz), path("readyz", readyz), path("metrics", metrics)]
