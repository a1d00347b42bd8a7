"""The events of the list: first what opens soon, then what sells, what comes later, and what is no longer to be had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, F, Min, Q, QuerySet, Value, When
from django.db.models.functions import Concat, Replace, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.models import City, Document, Event
from events.programme.wishes import Wish
from events.sale.closing import Closing
from events.sale.sold_out import with_sold_out

# Openings within so long are what many wait for.
SOON = timedelta(days=3)
MAX_ON_A_PAGE = 24


class Group(models.IntegerChoices):
    """Where an event stands in the list."""

    SOON = 1, _("Opening shortly")
    ON_SALE = 2, _("On sale")
    LATER = 3, _("Opening later")
    GONE = 4, _("Sold out, or over")


@dataclass(frozen=True)
class Listed:
    """A page of the list."""

    groups: Sequence[tuple[Group, list[Event]]]
    count: int  # of events that match, on all pages
    page: int
    pages: int


def shown_events(now: datetime) -> QuerySet[Event]:
    """Announced events that have not begun, or still sell (a festival's later days)."""
    return Event.objects.filter(Q(starts_at__gt=now) | Q(closes_at__gt=now), announced_at__lte=now)


def listed(wish: Wish, now: datetime | None = None) -> Listed:
    """What the wish finds, in six questions to the database however many events there are."""
    now = now or timezone.now()
    found = _found(wish, shown_events(now))
    count = found.count()
    pages = max(1, -(-count // MAX_ON_A_PAGE))
    page = min(wish.page, pages)
    first = (page - 1) * MAX_ON_A_PAGE
    ordered: QuerySet[Any] = _ordered(found, now)  # with columns that the model does not declare
    ranked = list(ordered.values_list("pk", "group")[first : first + MAX_ON_A_PAGE])
    whole = with_sold_out(Event.objects.filter(pk__in=[pk for pk, _group in ranked]))
    events = {event.pk: event for event in whole.select_related("venue").prefetch_related("tiers")}
    groups: dict[Group, list[Event]] = {}
    for pk, group in ranked:
        if (event := events.get(pk)) is not None:  # else it was deleted meanwhile
            # The room hears of the last seat a moment after it was paid for.
            groups.setdefault(Group.GONE if vars(event)["is_sold_out"] else Group(group), []).append(event)
    return Listed([(group, groups[group]) for group in Group if group in groups], count, page, pages)


def months_and_cities(now: datetime | None = None) -> tuple[list[str], list[City]]:
    """What the list may be narrowed to, of what is shown: "2026-12", ..., and cities in their own order."""
    shown = shown_events(now or timezone.now())
    starts = shown.order_by().annotate(month=TruncMonth("starts_at")).values_list("month", flat=True).distinct()
    cities = set(shown.order_by().values_list("venue__city", flat=True).distinct())
    return sorted(f"{month:%Y-%m}" for month in starts), [city for city in City if city in cities]


def changes_at(now: datetime) -> datetime | None:
    """When the clock next changes what public pages say, though nobody saves anything."""
    instants = ("announced_at", "opens_at", "closes_at", "starts_at", "refund_until")
    coming = {f"next_{name}": Min(name, filter=Q(**{f"{name}__gt": now})) for name in instants}
    soon = Min("opens_at", filter=Q(opens_at__gt=now + SOON))
    gathering = Min(F("room__gathers_at"), filter=Q(room__gathers_at__gt=now))
    said = Event.objects.filter(Q(starts_at__gt=now) | Q(closes_at__gt=now)).aggregate(
        **coming, soon=soon, gathering=gathering
    )
    if said["soon"] is not None:
        said["soon"] -= SOON
    said |= Document.objects.filter(in_force_at__gt=now).aggregate(document=Min("in_force_at"))
    return min((at for at in said.values() if at is not None), default=None)


def _found(wish: Wish, events: QuerySet[Event]) -> QuerySet[Event]:
    if wish.kind:
        events = events.filter(kind=wish.kind)
    if wish.city:
        events = events.filter(venue__city=wish.city)
    if month := wish.begins_and_ends:
        events = events.filter(starts_at__gte=month[0], starts_at__lt=month[1])
    words = wish.words.split()
    if words:
        events = events.alias(said=_without_spaces(SEARCHED))
    for word in words:
        events = events.filter(Q(("said__icontains", word)))
    return events


SEARCHED = ("title_ko", "title_en", "performers_ko", "performers_en", "venue__name_ko", "venue__name_en")


def _without_spaces(names: Iterable[str]) -> Replace:
    """The texts as one, "월드 투어" as "월드투어": who searches leaves spaces out, or puts them in."""
    parts: list[F | Value] = []
    for name in names:
        parts += [F(name), Value("|")]
    text = models.TextField()
    return Replace(Concat(*parts, output_field=text), Value(" "), Value(""), output_field=text)


def _ordered(events: QuerySet[Event], now: datetime) -> QuerySet[Event]:
    gone = Q(called_off_at__isnull=False) | Q(closes_at__lte=now) | Q(stopped_at__isnull=False)
    group = Case(
        When(gone | Q(room__closed_because=Closing.SOLD_OUT), then=Group.GONE.value),
        When(opens_at__lte=now, then=Group.ON_SALE.value),
        When(opens_at__lte=now + SOON, then=Group.SOON.value),
        default=Group.LATER.value,
        output_field=models.IntegerField(),
    )
    when = Case(When(opens_at__gt=now, then=F("opens_at")), default=F("starts_at"))
    return events.annotate(group=group, when=when).order_by("group", "when", "pk")
