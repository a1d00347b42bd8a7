"""How the fleet fares: what `scaling status` and the admin show."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import override

from scaling import drift, pins, store
from scaling.configuration import Configuration
from scaling.fleet import Lifecycle
from scaling.in_force import configuration
from scaling.openings import all_rooms, windows
from scaling.percentile import percentile
from scaling.pressure import BELIEVED_S
from scaling.registration import SILENT_S
from scaling.schedule import scheduled_minimum
from scaling.sharing import multiplier, observe_room
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.status import RoomStatus

# So long before its opening a sale is worth checking.
SOON_S = 7 * 86_400


def status() -> dict[str, Any]:
    """Everything known of the fleet now, ready for JSON. Raises RedisError, DatabaseError."""
    all_of_them = all_rooms()
    rooms = admission.status(worth_a_look([room.slug for room in all_of_them]))
    c, now = configuration(), store.now()
    compared_at, differences = store.drift()
    view, observed, health = store.last_view(), store.boots(), store.health()
    servers = {name: round(silent, 1) for name, silent in store.servers(now).items()}
    serving = {name.rsplit(":", 1)[0] for name, silent in servers.items() if silent <= SILENT_S}
    samples = store.samples()
    found: dict[str, Any] = {
        "fleet": c.fleet,
        "policy": c.policy,
        "shadow": c.in_shadow,
        "drift": drift.told(differences),
        "drift_age_s": None if compared_at is None else round(now - compared_at, 1),
        "environment": c.environment,
        "group": c.group,
        "minimum": c.minimum,
        "maximum": c.maximum,
        "scheduled_minimum": scheduled_minimum(windows(c, all_of_them), now),
        "to_come": [
            room.slug for room in all_of_them if room.opens_at and 0 < room.opens_at.timestamp() - now < SOON_S
        ],
        "desired": None,
        "in_service": None,
        "pending": [],
        "overdue": [],
        "missing": 0,
        "terminating": [],
        "not_serving": [],
        "boot_s": {
            "p50": percentile(observed, 0.5, c.boot_s),
            "p90": percentile(observed, 0.9, c.boot_s),
            "observed": len(observed),
        },
        "alarms": [
            {"name": rule.alarm.name}
            | ({"state": record.state, "value": record.value, "since": record.since} if record else {})
            for rule in c.rules
            for record in [store.alarm(rule.alarm.name)]
        ],
        "metrics": samples[0] if samples else {},
        "pin": _pin(now),
        "rooms": _rooms(rooms, c, now),
        "ticker": sorted({room.ticker for room in rooms if room.ticker}),
        "servers": servers,
        "multiplier": round(multiplier(now), 3),
        "pressure": store.pressures(now, BELIEVED_S),
        "read_age_s": _age(health, "read_at", now),
        "publish_age_s": _age(health, "published_at", now),
        "faults": {k: int(health.get(f"{k}_failures", 0)) for k in ("read", "publish", "order", "boot")},
        "unreadable": "unreadable" in health,
        "last_fault": health.get("last_fault", ""),
        "last_fault_age_s": _age(health, "last_fault_at", now),
    }
    if view:
        in_service = view.those(Lifecycle.IN_SERVICE)
        found |= {
            "desired": view.desired,
            "in_service": len(in_service),
            "counted": round(view.counted(now, c.ramp_s)[0], 2),
            "pending": [
                {"instance": one.name, "ready_in_s": None if one.ready_at is None else round(one.ready_at - now, 1)}
                for one in view.those(Lifecycle.PENDING)
            ],
            "overdue": [one.name for one in view.overdue],
            "missing": view.missing,
            "terminating": [one.name for one in view.those(Lifecycle.TERMINATING)],
            # The local fleet's instances are not machines: this one serves for all of them.
            "not_serving": [one.name for one in in_service if one.name not in serving] if c.fleet == "aws" else [],
        }
    return found


def _pin(now: float) -> dict[str, Any] | None:
    """The operator's pin in force."""
    row = pins.row_in_force(now)
    if row is None:
        return None
    return {"floor": row.floor, "ceiling": row.ceiling, "until": row.until, "why": row.why, "by": row.by}


def _rooms(rooms: Sequence[RoomStatus], c: Configuration, now: float) -> list[dict[str, Any]]:
    """Which room holds what of the fleet; those with visitors first, the largest share first."""
    rows = [
        {
            "slug": room.slug,
            "share": round(room.in_service, 2),
            "pending": round(room.pending, 2),
            "weight": room.fleet_weight,
            "floor": room.fleet_floor,
            "waiting": room.waiting,
            "active": room.active,
            "threshold": room.threshold,
            "held_by": "threshold" if observe_room(room, now).held_by_threshold(c.target_wait_s) else "",
        }
        for room in rooms
    ]
    return sorted(rows, key=lambda row: (not (row["waiting"] or row["active"]), -row["share"], row["slug"]))


def fleet_drift() -> tuple[str, ...]:
    """What differed between site and account at the last look, in English. Raises RedisError."""
    with override("en"):
        return tuple(drift.told(store.drift()[1]))


def publish_age_s() -> float | None:
    """Seconds since metrics were published. Raises RedisError."""
    return _age(store.health(), "published_at", store.now())


def _age(health: dict[str, str], name: str, now: float) -> float | None:
    return round(now - float(health[name]), 1) if name in health else None
