"""A view as it is told: the same to the page as it is loaded and to what makes it live, in one's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from events.templatetags.event_words import won
from tiketi.console.points import columns, point_of
from tiketi.console.rights import ConsoleRight
from tiketi.console.view import Alert, ConsoleView, OverviewView, Trouble
from tiketi.console.words import (
    NOTHING,
    alert_text,
    decision_row,
    duration,
    error_text,
    instant,
    number,
    order_text,
    pin_text,
    rate,
    ready_text,
    state_text,
)
from tiketi.readiness import TICK_IS_LATE_S
from waitingroom.page_cache import clock_text
from waitingroom.status import RoomStatus

# As `manage.py waitingroom list --json` has them.
ROOM_FIGURES = (
    "mode", "stage", "threshold", "waiting", "present", "strangers", "active", "joined", "admitted", "gone", "refused",
    "straight_in", "in_service", "pending", "admission_per_minute", "admitted_last_minute", "departed_last_minute",
    "oldest_wait_s", "estimated_wait_s", "multiplier", "recovering_s", "opens_in_s", "last_tick_age_s",
)  # fmt: skip
# What only whoever looks after the servers can do something about.
OPERATORS = (Trouble.FLEET_FAULT, Trouble.WORK_LATE)


def told(view: ConsoleView, right: ConsoleRight) -> dict[str, Any]:
    """A frame of the sale's feed. `figures` are numbers, `texts` what the page shows at the same names."""
    figures, zone = figures_of(view, right), right.zone
    fleet, records = (view.fleet, view.records) if right.fleet else (None, None)
    return {
        "type": "console",
        "at": round(view.at, 3),
        "figures": figures,
        "texts": texts_of(view, figures, right),
        **heard(view.alerts, right),
        "alarms": [f"{one.name}: {one.state or NOTHING}" for one in fleet.alarms] if fleet else [],
        "decisions": [decision_row(one, zone) for one in records.decisions] if records else [],
        "point": point_of(view),
    }


def figures_of(view: ConsoleView, right: ConsoleRight) -> dict[str, Any]:
    """Numbers by name; None where they are not known, left out where they are nobody's business."""
    room, of_late, promise, fleet = view.room, view.rates, view.promise, view.fleet
    figures: dict[str, Any] = {name: getattr(room, name) if room else None for name in ROOM_FIGURES}
    figures |= {
        "absent": view.absent,
        "arrivals_per_s": round(of_late.arrivals, 2) if of_late else None,
        "admissions_per_s": round(of_late.admissions, 2) if of_late else None,
        "refills_per_s": round(of_late.refills, 2) if of_late else None,
        "departures_per_s": round(of_late.departures, 2) if of_late else None,
        "promised_s": round(promise.promised_s) if promise else None,
        "waited_s": round(promise.waited_s) if promise else None,
        "estimate_error": round(promise.error, 3) if promise else None,
        "fleet_in_service": fleet.in_service if fleet else None,
        "fleet_pending": fleet.pending if fleet else None,
        "fleet_desired": fleet.desired if fleet else None,
    }
    if right.sales:
        sale = view.sale
        this_minute = sale.minutes[-1] if sale and sale.minutes and view.at - sale.minutes[-1].at < 60 else None
        figures |= {
            "seats": sale.seats if sale else None,
            "sold": sale.sold if sale else None,
            "held": sale.held if sale else None,
            "won": sale.won if sale else None,
            "sold_this_minute": this_minute.seats if this_minute else 0 if sale else None,
        }
    return figures


def texts_of(view: ConsoleView, figures: Mapping[str, Any], right: ConsoleRight) -> dict[str, str]:
    """What stands on the page for each figure, and for some that are put together."""
    texts = {name: number(value) for name, value in figures.items() if isinstance(value, int | float | None)}
    room, records, zone = view.room, view.records, right.zone
    texts |= {name: rate(figures[name]) for name in figures if name.endswith("_per_s")}
    texts |= {name: duration(figures[name]) for name in ("estimated_wait_s", "oldest_wait_s", "promised_s", "waited_s")}
    texts |= {
        "state": state_text(room) if room else NOTHING,
        "opens_in_s": clock_text(1000 * room.opens_in_s) if room and room.opens_in_s else NOTHING,
        "multiplier": f"{room.multiplier:.0%}" if room else NOTHING,
        "estimate_error": error_text(figures["estimate_error"]),
        "ready_in": ready_text(view.fleet),
        "room_seen_at": instant(view.room_seen_at, zone),
    }
    if right.fleet:
        pinned = order_text if right.pins else pin_text
        texts["pin"] = NOTHING if records is None else pinned(records.pin, zone) if records.pin else _("none")
    if right.sales:
        texts["sale_asked_at"] = instant(view.sale.asked_at if view.sale else None, zone)
        texts["won"] = NOTHING if figures["won"] is None else won(figures["won"])
        texts["sold_share"] = f"{figures['sold'] / figures['seats']:.0%}" if figures["seats"] else NOTHING
    return texts


def minute_rows(view: ConsoleView, right: ConsoleRight) -> dict[str, list[list[str]]]:
    """The tables beside the charts: a row each minute, the latest first."""

    def clock(at: float) -> str:
        return datetime.fromtimestamp(at, tz=right.zone).strftime("%H:%M")

    minutes = list(reversed(view.minutes))
    sold = list(reversed(view.sale.minutes)) if right.sales and view.sale else []
    return {
        "line": [[clock(one.at), number(one.waiting), number(one.active), number(one.threshold)] for one in minutes],
        "rates": [
            [clock(one.at), number(one.arrivals), number(one.admissions), number(one.refills), number(one.in_service)]
            for one in minutes
        ],
        "waits": [[clock(one.at), duration(one.estimated_wait_s), duration(one.oldest_wait_s)] for one in minutes],
        "sales": [[clock(one.at), number(one.seats), won(one.won)] for one in sold],
    }


def history_of(view: ConsoleView, right: ConsoleRight) -> dict[str, Any]:
    """The frame that a watcher gets first, and once a minute: what the charts and their tables begin with."""
    sales = view.sale.minutes if right.sales and view.sale else ()
    return {
        "type": "console-history",
        "curve": columns(view.curve),
        "sales": {
            "at": [one.at for one in sales],
            "seats": [one.seats for one in sales],
            "won": [one.won for one in sales],
        },
        "tables": minute_rows(view, right),
    }


def told_over(view: OverviewView, slugs: Sequence[str], right: ConsoleRight) -> dict[str, Any]:
    """A frame of all sales: a row of figures and texts for each of `slugs`, and their sum."""
    rows = {slug: overview_row(view.rooms.get(slug), known=view.seen_at is not None) for slug in slugs}
    sums = {
        name: sum(getattr(view.rooms[slug], name) for slug in slugs if slug in view.rooms)
        for name in ("waiting", "active")
    }
    fleet = view.fleet
    return {
        "type": "console-overview",
        "at": round(view.at, 3),
        "rooms": rows,
        "texts": {
            **{name: number(value) if view.seen_at is not None else NOTHING for name, value in sums.items()},
            "fleet_in_service": number(fleet.in_service if fleet else None),
            "fleet_pending": number(fleet.pending if fleet else None),
            "fleet_desired": number(fleet.desired if fleet else None),
            "ready_in": ready_text(fleet),
        },
        **heard(view.alerts, right),
    }


def overview_row(room: RoomStatus | None, *, known: bool) -> dict[str, Any]:
    """A sale's row; a room that nobody is in has no status of its own."""
    if room is None:
        empty = "0" if known else NOTHING
        texts = {"waiting": empty, "active": empty, "threshold": NOTHING, "estimated_wait_s": NOTHING, "state": NOTHING}
        return {"texts": texts, "share": 0, "trouble": False}
    late = bool(room.waiting) and (room.last_tick_age_s is None or room.last_tick_age_s > TICK_IS_LATE_S)
    return {
        "texts": {
            "waiting": number(room.waiting),
            "active": number(room.active),
            "threshold": number(room.threshold),
            "estimated_wait_s": duration(room.estimated_wait_s),
            "state": state_text(room),
        },
        "share": min(1, room.active / room.threshold) if room.threshold else 0,
        "trouble": late or room.recovering_s > 0,
    }


def heard(alerts: Sequence[Alert], right: ConsoleRight) -> dict[str, list[str]]:
    """The troubles that the right lets hear of: their codes, and a sentence of each."""
    meant = [one for one in alerts if right.fleet or one.trouble not in OPERATORS]
    return {"troubles": [one.trouble.value for one in meant], "alerts": [alert_text(one) for one in meant]}
