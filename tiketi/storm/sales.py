"""The buyers' accounts before a storm, and what the database says they bought after it."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import Count, F, Sum
from django.utils.timezone import localtime

from events.demo.rehearsal import DOMAIN
from events.models import Event, Order, OrderLine, OrderState, SaleState
from tiketi.storm.diary import Diary
from tiketi.storm.ground import CannotStorm
from tiketi.storm.run import Sales


def check_sale(slug: str, *, opens_later: bool = False) -> None:
    """Raises CannotStorm unless seats of the room's event can be bought now, or at an opening that is waited for."""
    event = Event.objects.filter(room__slug=slug).first()
    if event is None:
        raise CannotStorm(f"the waiting room {slug} has no event, and so nothing to buy")
    if event.sale_state() not in (SaleState.OPEN, SaleState.SOON if opens_later else SaleState.OPEN):
        opens, closes = (
            localtime(at, event.zone).strftime("%Y-%m-%d %H:%M %Z") for at in (event.opens_at, event.closes_at)
        )
        raise CannotStorm(f"nothing of {slug} can be bought now: its sale runs from {opens} to {closes}")
    if not event.section_prices.exists():
        raise CannotStorm(f"no seats of {slug} are on sale")


def audit(slug: str, diaries: Sequence[Diary]) -> Sales:
    """What the database says of the storm's purchases, and of every seat of the event."""
    numbers = [diary.order for diary in diaries if diary.order]
    paid = Order.objects.filter(event__room__slug=slug, state=OrderState.PAID)
    found = sum(paid.filter(number__in=numbers[i : i + 500]).count() for i in range(0, len(numbers), 500))
    twice = OrderLine.objects.filter(order__in=paid).values("seat").annotate(owners=Count("pk")).filter(owners__gt=1)
    oversold = twice.aggregate(seats=Sum(F("owners") - 1))["seats"] or 0
    return Sales(orders=found, oversold=oversold, missing=len(numbers) - found)


def sign_out(sessions: Sequence[str], since: datetime) -> None:
    """End the buyers' sessions; accounts that ordered nothing go."""
    for i in range(0, len(sessions), 500):
        Session.objects.filter(session_key__in=sessions[i : i + 500]).delete()
    User.objects.filter(email__endswith=f"@{DOMAIN}", date_joined__gte=since, orders__isnull=True).delete()
