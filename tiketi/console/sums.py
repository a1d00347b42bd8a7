"""What the database says of sales and the fleet: asked beside everything else, at most every few seconds."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db import DatabaseError
from django.db.models import Count, Sum
from django.db.models.functions import TruncMinute

from events.models import Event, Occupancy, OrderLine, OrderState, Ticket
from events.sale.sold_out import seats_on_sale
from scaling import pins
from scaling.models import ScalingDecision
from tiketi.console.view import Decided, FleetRecords, MinuteSold, PinStands, SaleFigures
from waitingroom.blocking import BlockingThread

T = TypeVar("T")

log = logging.getLogger(__name__)

FRESH_SECONDS = 3.0
# Asked, and silent for so long to everybody: the database is away, as far as the console can tell.
AWAY_SECONDS = 5.0
SOLD_MINUTES = timedelta(minutes=30)
MAX_DECISIONS = 5


def sale_figures(slug: str) -> SaleFigures | None:
    """The sale's sums; None of no event. Raises DatabaseError."""
    event = Event.objects.filter(room__slug=slug).first()
    if event is None:
        return None
    now = datetime.now(UTC)
    occupied = Occupancy.objects.filter(event=event)
    lines = OrderLine.objects.filter(order__event=event, order__state=OrderState.PAID, refund=None)
    issued = Ticket.objects.filter(line__order__event=event, issued_at__gte=now - SOLD_MINUTES).order_by()
    by_minute = issued.annotate(at=TruncMinute("issued_at", tzinfo=UTC)).values_list("at")
    return SaleFigures(
        asked_at=now.timestamp(),
        seats=seats_on_sale(event.pk),
        sold=occupied.filter(order__isnull=False).count(),
        held=occupied.filter(hold__expires_at__gt=now).count(),
        won=lines.aggregate(won=Sum("price_won"))["won"] or 0,
        minutes=tuple(
            MinuteSold(at.timestamp(), seats, won)
            for at, seats, won in by_minute.annotate(seats=Count("pk"), won=Sum("line__price_won")).order_by("at")
        ),
    )


def fleet_records(_site: str) -> FleetRecords:
    """The pin in force and the last decisions, the newest first. Raises DatabaseError."""
    now = time.time()
    row = pins.row_in_force(now)
    return FleetRecords(
        asked_at=now,
        pin=PinStands(row.floor, row.ceiling, row.until.timestamp(), row.why, row.by) if row else None,
        decisions=tuple(
            Decided(one.at.timestamp(), one.reason, one.before, one.after, one.terms, one.fault, one.held_back)
            for one in ScalingDecision.objects.all()[:MAX_DECISIONS]
        ),
    )


class Sums(Generic[T]):
    """Sums by key, each as the database said it last; whoever looks is never held up by it."""

    def __init__(self, name: str, ask: Callable[[str], T]) -> None:
        self._ask = ask
        self._thread = BlockingThread(name)
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, T]] = {}
        self._asking: dict[str, tuple[float, Future[None]]] = {}
        self._answered_at = float("-inf")
        self._failed: set[str] = set()

    def latest(self, key: str) -> T | None:
        """The sums, however old; asked for anew where they are no longer fresh."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or time.monotonic() - kept[0] >= FRESH_SECONDS:
                self._begin(key)
        return kept[1] if kept else None

    def wait_for(self, key: str, within_s: float) -> None:
        """Have sums of which nothing is known yet asked for, and wait, no longer than that."""
        with self._lock:
            asking = None if key in self._kept else self._begin(key)
        if asking is not None:
            try:
                asking.result(within_s)
            except (DatabaseError, TimeoutError) as error:
                log.debug("no sums of %s: %s", key, error)

    def is_away(self, key: str) -> bool:
        """Whether the database failed when it was asked last, or has said nothing for a while."""
        with self._lock:
            asking = self._asking.get(key)
            # Whoever stands behind others' questions waits for no silent database, as long as those are answered.
            silent_since = max(asking[0], self._answered_at) if asking else float("inf")
            return key in self._failed or time.monotonic() - silent_since >= AWAY_SECONDS

    def _begin(self, key: str) -> "Future[None]":
        if key not in self._asking:
            self._asking[key] = (time.monotonic(), self._thread.submit(lambda: self._get(key)))
        return self._asking[key][1]

    def _get(self, key: str) -> None:
        failed = True
        try:
            found = self._ask(key)
            failed = False
        finally:
            with self._lock:
                self._asking.pop(key, None)
                if failed:
                    self._failed.add(key)
                else:
                    self._failed.discard(key)
                    self._answered_at = time.monotonic()
                    self._kept[key] = (self._answered_at, found)
