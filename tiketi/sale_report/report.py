"""The report of one sale, so far or when it is over."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.db.models import Count
from django.utils import timezone

from events.exports.sales import Sales, sales_of
from events.models import Event, Order, OrderState, Ticket
from scaling.servers_ordered import ServersOrdered, servers_between
from tiketi.sale_report.draw_figures import DrawFigures
from tiketi.sale_report.time_steps import TimeSteps
from waitingroom import recording
from waitingroom.line_figures import LineFigures, Turn, Waits

NOBODY = Waits.of(())


@dataclass
class Stretch:
    """What happened within one step."""

    at: datetime
    came: int = 0
    let_in: int = 0
    left: int = 0  # out of the line
    waits: Waits = NOBODY
    seats: int = 0  # tickets issued less those that became void
    won: int = 0  # their prices


@dataclass(frozen=True)
class SaleReport:
    """An event's sale as it went."""

    event: Event
    made_at: datetime
    line: LineFigures
    sales: Sales
    draw: DrawFigures | None
    orders: dict[str, int]  # by how they ended
    moments: list[tuple[datetime, int, int]]  # (when, seats, won): tickets issued, and below zero those void

    @cached_property
    def begins(self) -> datetime | None:
        """The first thing that happened; None where nothing has."""
        return min(self._happened(), default=None)

    @cached_property
    def ends(self) -> datetime | None:
        """The last."""
        return max(self._happened(), default=None)

    def _happened(self) -> Iterable[datetime]:
        minutes = self.line.recording.minutes
        if minutes:
            yield datetime.fromtimestamp(min(minutes), UTC)
            yield min(self.made_at, datetime.fromtimestamp(max(minutes) + 60, UTC))
        yield from (at for at, _seats, _won in self.moments)

    @property
    def waited(self) -> bool:
        """Whether anybody ever stood in line."""
        return bool(self.line.drew or self.line.turns)

    @property
    def is_over(self) -> bool:
        """Whether the sale is: what is missing then does not come any more."""
        return self.made_at >= self.event.closes_at or self.event.called_off_at is not None

    @cached_property
    def stretches(self) -> list[Stretch]:
        """The sale by steps of time."""
        if self.begins is None or self.ends is None:
            return []
        steps = TimeSteps.over(self.begins, self.ends, self.event.zone)
        found = [Stretch(steps.start_of(step)) for step in range(steps.count)]
        turns: dict[int, list[Turn]] = {}
        for minute, counts in self.line.recording.minutes.items():
            stretch = found[steps.step_of(datetime.fromtimestamp(minute, UTC))]
            stretch.came += counts["j"] + counts["s"]
            stretch.let_in += counts["s"]
            stretch.left += sum(count for what, count in counts.items() if what[0] in "ln")
        for turn in self.line.turns:
            turns.setdefault(steps.step_of(datetime.fromtimestamp(turn.at_ms / 1000, UTC)), []).append(turn)
        for step, those in turns.items():
            found[step].waits = Waits.of(those)
            found[step].let_in += len(those)
        for at, seats, won in self.moments:
            stretch = found[steps.step_of(at)]
            stretch.seats += seats
            stretch.won += won
        return found

    @cached_property
    def servers(self) -> ServersOrdered | None:
        """What was ordered in that time; None where nothing has happened."""
        if self.begins is None or self.ends is None:
            return None
        return servers_between(self.begins, max(self.ends, self.begins + timedelta(minutes=1)))


def report_of(event: Event) -> SaleReport:
    """The report as far as it is known now; what Redis does not say is missing in it. Raises DatabaseError."""
    draw = DrawFigures.of(event.room)
    line = LineFigures(
        recording.read(event.room),
        event.room.opening.opens_us,
        draw.first_number if draw else 0,
        draw.entries if draw and draw.first_number else 0,
    )
    orders = Order.objects.filter(event=event).order_by().values_list("state").annotate(Count("pk"))
    ended = {state.value: 0 for state in OrderState} | dict(orders)
    return SaleReport(event, timezone.now(), line, sales_of(event), draw, ended, _moments(event))


def _moments(event: Event) -> list[tuple[datetime, int, int]]:
    issued = Ticket.objects.filter(line__order__event=event).values_list("issued_at", "voided_at", "line__price_won")
    found: list[tuple[datetime, int, int]] = []
    for issued_at, voided_at, won in issued.iterator():
        found.append((issued_at, 1, won))
        if voided_at is not None:
            found.append((voided_at, -1, -won))
    return sorted(found)
