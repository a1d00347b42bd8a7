"""What an event sold by hour, and by whom it was paid."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncHour

from events.models import Event, Ticket
from events.payments.books import channel_name, channel_of

MAX_HOURS = 48  # of those on the page; the export has all


@dataclass(frozen=True)
class Hour:
    """Tickets issued in the hour that begins `at`, and how many of them are void by now."""

    at: datetime
    sold: int
    won: int
    void: int


def hours_of(event: Event) -> list[Hour]:
    """The latest hours in which something was sold, the last one first."""
    issued = Ticket.objects.filter(line__order__event=event).order_by()
    hours = issued.annotate(at=TruncHour("issued_at", tzinfo=event.zone)).values("at")
    counted = hours.annotate(
        sold=Count("pk"), won=Sum("line__price_won"), void=Count("pk", filter=Q(voided_at__isnull=False))
    )
    return [Hour(**hour) for hour in counted.order_by("-at")[:MAX_HOURS]]


@dataclass(frozen=True)
class ChannelSales:
    """Valid tickets that were paid by one provider, or free."""

    name: str
    sold: int
    won: int


def channels_of(event: Event) -> list[ChannelSales]:
    """By whom the valid tickets were paid."""
    valid = Ticket.objects.filter(line__order__event=event, voided_at=None).order_by()
    counted = valid.annotate(channel=channel_of("line__order")).values("channel")
    counted = counted.annotate(sold=Count("pk"), won=Sum("line__price_won")).order_by("channel")
    return [ChannelSales(channel_name(row["channel"]), row["sold"], row["won"]) for row in counted]
