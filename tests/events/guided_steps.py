"""The guided page's steps, sent as staff would: what its tests share."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Plan, PriceTier, Seat, SectionPrice, Venue
from waitingroom.models import WaitingRoom

# The gate asks the database from its own connection.
committed = pytest.mark.django_db(transaction=True)

NEW = "/admin/events/event/new/"
COUNTED = (Event, WaitingRoom, Venue, Plan, Seat, PriceTier, SectionPrice)


def in_days(days: int, clock: str = "19:30") -> str:
    """As a browser sends a day to come."""
    return f"{timezone.localtime() + timedelta(days=days):%Y-%m-%d}T{clock}"


def facts(**changes: str) -> dict[str, str]:
    """The first step's form, filled in: with a venue that is new."""
    return {
        "title_ko": "겨울 노래",
        "title_en": "Winter Songs",
        "kind": "concert",
        "venue": "",
        "starts_at": in_days(60),
        "running_minutes": "100",
        "minimum_age": "8",
        "motif": "moon",
        "hue": "220",
        "hall-name_ko": "눈꽃홀",
        "hall-name_en": "Snow Hall",
        "hall-time_zone": "Asia/Seoul",
    } | changes


def rows(*lines: tuple[str, int, int, int]) -> dict[str, str]:
    """The generator's table."""
    sent = {"do": "generate", "generate-name": "본관", "lines-TOTAL_FORMS": "4", "lines-INITIAL_FORMS": "0"}
    blank = {"sections": "", "level": "1", "rows": "20", "seats": "20"}
    for number in range(4):
        line = lines[number] if number < len(lines) else ()
        named = blank | {name: str(value) for name, value in zip(blank, line, strict=False)}
        sent |= {f"lines-{number}-{name}": value for name, value in named.items()}
    return sent


HALL = rows(("F1-F2", 0, 0, 10), ("101-104", 1, 2, 5), ("201", 2, 1, 4))


def address(event: Event, step: str) -> str:
    return reverse(f"admin:events_event_new_{step}", args=[event.pk])


def shown(client: Client, event: Event, step: str) -> dict[str, str]:
    """What a browser would send back of a step's page (of the second: with no way chosen), unchanged."""
    page = client.get(address(event, step))
    forms = (
        [page.context[name] for name in ("choose", "generate", "upload")] if step == "hall" else [page.context["form"]]
    )
    sent = {}
    with timezone.override(event.zone):
        for form in forms:
            for name in form.fields:
                value = form[name].value()
                text = form.fields[name].widget.format_value(value) if value is not None else ""
                sent[form.add_prefix(name)] = text[0] if isinstance(text, list) and text else text or ""
    return {name: str(value) for name, value in sent.items()}


def send(client: Client, event: Event, step: str, **changes: Any):
    """Send the step's page with these changes; in the end where it leads, or the page that says what is wrong."""
    return client.post(address(event, step), shown(client, event, step) | changes)


def counted() -> list[int]:
    return [model.objects.count() for model in COUNTED]


def begin(client: Client, **changes: str) -> Event:
    answer = client.post(NEW, facts(**changes))
    assert answer.status_code == 302, answer.context["form"].errors
    return Event.objects.latest("pk")


def priced(client: Client, **changes: str) -> Event:
    """A draft after its third step."""
    event = begin(client, **changes)
    assert send(client, event, "hall", **HALL, build="").status_code == 302
    prices = {"price-0": "150,000", "price-1": "110000", "price-2": "88,000원"}
    assert send(client, event, "prices", **prices).status_code == 302
    return Event.objects.get(pk=event.pk)


def whole(client: Client, **changes: str) -> Event:
    """A draft that lacks nothing."""
    event = priced(client)
    answer = send(client, event, "sale", **changes, save="")
    assert answer.status_code == 302, answer.context["form"].errors
    return Event.objects.get(pk=event.pk)


def seats_at(event: Event) -> int:
    """Of its plan."""
    return Seat.objects.filter(section__plan__events=event.pk).count()


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: [str(said) for said in said_of] for name, said_of in answer.context["form"].errors.items()}


def state_of(event: Event) -> tuple[Any, ...]:
    """All that the steps keep."""
    event = Event.objects.get(pk=event.pk)
    kept = {
        field.name: getattr(event, field.attname) for field in event._meta.concrete_fields if field.name != "version"
    }
    room = {name: getattr(event.room, name) for name in ("threshold", "threshold_per_instance", "opens_at")}
    return kept, room, sorted(event.section_prices.values_list("section", "tier__name_ko", "tier__price_won"))


def staff(name: str, *codenames: str, group: str = "") -> Client:
    account = User.objects.create_user(name, is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    if group:
        account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    return client
