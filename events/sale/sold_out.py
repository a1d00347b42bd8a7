"""Whether an event is sold out: always counted, never remembered, so that it cannot stay true by mistake."""

from django.db.models import Case, Count, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from events.models import Event, Occupancy, SectionPrice


def seats_on_sale(event_id: int) -> int:
    """How many seats the event's priced sections have, taken or not."""
    capacities = SectionPrice.objects.filter(event=event_id).values_list("section__capacity", flat=True)
    return sum(capacities)


def with_sold_out(events: QuerySet[Event]) -> QuerySet[Event]:
    """The events with `is_sold_out`: seats are on sale, and each of them is paid for. Held seats may come back."""
    seats = SectionPrice.objects.filter(event=OuterRef("pk")).order_by().values("event")
    paid = Occupancy.objects.filter(event=OuterRef("pk"), order__isnull=False).order_by().values("event")
    return events.annotate(
        capacity_on_sale=Coalesce(Subquery(seats.annotate(n=Sum("section__capacity")).values("n")), 0),
        seats_paid=Coalesce(Subquery(paid.annotate(n=Count("pk")).values("n")), 0),
    ).annotate(
        is_sold_out=Case(When(capacity_on_sale__gt=0, seats_paid__gte=F("capacity_on_sale"), then=True), default=False)
    )


# Put together once: every payment asks.
_COUNTED = with_sold_out(Event.objects.order_by().only("pk"))


def is_sold_out(event_id: int) -> bool:
    """Whether every seat on sale is paid for, now."""
    return any(vars(event)["is_sold_out"] for event in _COUNTED.filter(pk=event_id))
