"""How an event sells: totals, by tier, and over time."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import Count, Sum
from django.utils import timezone

from events.models import Event, Occupancy, Order, OrderLine, OrderState, Payment, Refund, SectionPrice, Ticket
from events.sale.sold_out import seats_on_sale

STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 360))
# Longer ones, in days: a day, then as many weeks as it takes.
DAYS = (1, *range(7, 366_000, 7))
MAX_BARS = 48


@dataclass(frozen=True)
class TierSales:
    """What one tier sold."""

    name: str
    seats: int
    sold: int
    won: int


@dataclass(frozen=True)
class Bar:
    """Tickets issued in a stretch of time."""

    start: datetime
    tickets: int


@dataclass(frozen=True)
class Sales:
    """An event's sales so far: what valid tickets cost, the cancellation fees, and what went or goes back."""

    seats: int
    sold: int
    held: int
    won: int
    fees_won: int
    refunded_won: int
    used: int
    tiers: list[TierSales]
    bars: list[Bar]

    @property
    def free(self) -> int:
        """Seats that anybody may still take."""
        return self.seats - self.sold - self.held


def sales_of(event: Event) -> Sales:
    """Count; what was given back counts among the refunds and the fees alone."""
    occupied = Occupancy.objects.filter(event=event)
    paid = Order.objects.filter(event=event, state=OrderState.PAID)
    back = Payment.objects.filter(order__event=event)
    tickets = Ticket.objects.filter(line__order__event=event, voided_at=None)
    seats = Counter[int]()
    for price in SectionPrice.objects.filter(event=event).select_related("section"):
        seats[price.tier_id] += price.section.capacity
    # By the tier, not its name: a name may change, and what was sold under it stays sold.
    lines = OrderLine.objects.filter(order__in=paid, refund=None)
    by_tier = lines.order_by().values_list("price_tier").annotate(Count("pk"), Sum("price_won"))
    taken = {tier: (sold, won) for tier, sold, won in by_tier}
    tiers = [TierSales(tier.name, seats[tier.pk], *taken.pop(tier.pk, (0, 0))) for tier in event.tiers.all()]
    tiers += [TierSales("-", 0, *rest) for rest in taken.values()]  # of a tier deleted before tiers were kept
    return Sales(
        seats=seats_on_sale(event.pk),
        sold=occupied.filter(order__isnull=False).count(),
        held=occupied.filter(hold__expires_at__gt=timezone.now()).count(),
        won=lines.aggregate(won=Sum("price_won"))["won"] or 0,
        fees_won=Refund.objects.filter(order__event=event).aggregate(won=Sum("fee_won"))["won"] or 0,
        refunded_won=back.aggregate(won=Sum("owed_won"))["won"] or 0,
        used=tickets.exclude(used_at=None).count(),
        tiers=tiers,
        bars=bars_of(list(tickets.values_list("issued_at", flat=True)), event.zone),
    )


def bars_of(instants: list[datetime], zone: tzinfo) -> list[Bar]:
    """How many instants fall into each of at most MAX_BARS even stretches of a round length.

    They begin at round times of the zone's clock; those of days at its midnights, also where a day has 23 or 25 hours.
    """
    local = sorted(instant.astimezone(zone) for instant in instants)
    if not local:
        return []
    first, last = local[0], local[-1]
    for step in STEPS:
        past_midnight = first.replace(tzinfo=None) - first.replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        start = first.astimezone(UTC) - past_midnight % step
        if (last - start) // step < MAX_BARS:
            counts = Counter((instant - start) // step for instant in local)
            return [Bar((start + index * step).astimezone(zone), counts[index]) for index in range(max(counts) + 1)]
    days = next(days for days in DAYS if (last.date() - first.date()).days // days < MAX_BARS)
    counts = Counter((instant.date() - first.date()).days // days for instant in local)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    # Of one zone, so this counts by its clock.
    return [Bar(midnight + timedelta(days=index * days), counts[index]) for index in range(max(counts) + 1)]
