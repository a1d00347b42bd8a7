"""What is free without a thread: one look for all who ask, what Django says, and only to whom it would say it."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from events.models import Event
from events.sale.availability import Availability, last_look
from tests.events.conftest import buy, hold, run_out, seats_of
from tests.events.test_three_accounts import Browser
from tests.patience import until
from tests.waitingroom.web import Web, serving
from tiketi import seats_first
from tiketi.seats_first import SeatsFirst
from waitingroom.gate import SCOPE_KEY
from waitingroom.place import Phase
from waitingroom.room_registry import room_registry
from waitingroom.verdict import Admission, Decision

pytestmark = pytest.mark.django_db(transaction=True)
DJANGOS = b"Django's"
SAID = ("content-type", "content-length", "vary", "x-content-type-options")


async def django(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": DJANGOS})


def asking(event: Event, query: str = "", phase: Phase | None = Phase.ACTIVE, **more: Any) -> dict[str, Any]:
    """A request as the gate hands it on."""
    admission = Admission(event.slug, "AAAA000000000000", Phase.NONE if phase is None else phase, 0)
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": f"/events/{event.slug}/seats/state/",
        "query_string": query.encode(),
        "headers": [],
        "client": ("1.1.1.1", 1),
        SCOPE_KEY: None if phase is None else Decision(admission),
    } | more


async def ask(seats: SeatsFirst, scope: dict[str, Any]) -> tuple[bytes, dict[bytes, bytes]]:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    await seats(scope, None, send)  # type: ignore[arg-type]  # never received
    return said[1]["body"], dict(said[0]["headers"])


def sections_of(event: Event) -> list[int]:
    return list(event.section_prices.order_by("section__code").values_list("section", flat=True))


def answer(scope: dict[str, Any]) -> bytes:
    """What a process that has seen nothing yet answers."""
    return asyncio.run(ask(SeatsFirst(django), scope))[0]


@pytest.fixture
def sale(event: Event, client: Client) -> Event:
    """An event whose room this process knows."""
    client.get(f"/events/{event.slug}/")
    assert room_registry.get(event.slug) is not None
    return event


def test_it_says_what_django_says(sale: Event, client: Client, make_buyer):
    first, second, third, *_ = seats_of(sale)
    hold(sale, make_buyer(), first)
    buy(sale, make_buyer(), second)
    run_out(hold(sale, make_buyer(), third))
    address = f"/events/{sale.slug}/seats/state/"

    for query in ("", *(f"section={section}" for section in sections_of(sale))):
        djangos = client.get(f"{address}?{query}")
        body, headers = asyncio.run(ask(SeatsFirst(django), asking(sale, query)))
        assert body == djangos.content
        said = {name.decode(): value.decode() for name, value in headers.items()}
        assert len(said.pop("x-request-id")) == len(djangos["X-Request-ID"])
        assert said == {name: djangos[name] for name in SAID}


@pytest.mark.parametrize(
    "other",
    [
        {"phase": None},  # a room that lets everybody read
        {"phase": Phase.NONE},  # a room that fails open
        {"phase": Phase.WAITING},
        {"phase": Phase.ELSEWHERE},
        {"method": "HEAD"},
        {"method": "POST"},
        {"query": "section=999999"},  # of which nothing is on sale
        {"query": "section="},
        {"query": "section=x"},
        {"query": "section=1&section=2"},
        {"query": "section=%31"},
        {"query": "section=" + "9" * 19},
    ],
)
def test_whatever_takes_more_words_is_djangos(sale: Event, other: dict[str, Any]):
    assert answer(asking(sale)) != DJANGOS

    assert answer(asking(sale, **other)) == DJANGOS


def test_other_addresses_are_djangos(sale: Event):
    for path in ("here/", "seats/", "seats/state", "/seats/state/", "./seats/state/"):
        assert answer(asking(sale, path=f"/events/{sale.slug}/{path}")) == DJANGOS
    assert answer(asking(sale, path=f"/events/{sale.slug.upper()}/seats/state/")) == DJANGOS
    assert answer(asking(sale, path="/events/another/seats/state/")) == DJANGOS


def test_where_an_account_is_demanded_django_asks_for_it(sale: Event, client: Client):
    sale.room.account_required = True
    sale.room.save()
    room_registry.forget()
    client.get(f"/events/{sale.slug}/")  # which reads the rooms anew

    assert answer(asking(sale)) == DJANGOS


def test_before_the_opening_nobody_hears_of_seats(make_event, client: Client):
    event = make_event(opens_at=timezone.now() + timedelta(hours=1))
    client.get(f"/events/{event.slug}/")

    assert answer(asking(event)) == DJANGOS
    assert answer(asking(event, f"section={sections_of(event)[0]}")) == DJANGOS


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events that were looked at."""
    found: list[str] = []

    def counted(slug: str) -> Availability:
        found.append(slug)
        return last_look(slug)

    monkeypatch.setattr(seats_first, "last_look", counted)
    for seconds in ("FRESH_SECONDS", "STALE_SECONDS"):  # however slow the machine
        monkeypatch.setattr(seats_first, seconds, 60.0)
    return found


def test_a_crowd_at_many_sections_costs_one_look(sale: Event, looks: list[str]):
    sections = sections_of(sale)
    seats = SeatsFirst(django)

    async def crowd() -> set[bytes]:
        scopes = [asking(sale, f"section={sections[i % len(sections)]}") for i in range(200)]
        return {body for body, _ in await asyncio.gather(*(ask(seats, scope) for scope in scopes))}

    told = asyncio.run(crowd())

    assert len(told) == len(sections)
    assert looks == [sale.slug]


def test_what_was_held_is_soon_told(sale: Event, buyer):
    seats, scope = SeatsFirst(django), asking(sale, f"section={sections_of(sale)[0]}")

    def told() -> str:
        return str(json.loads(asyncio.run(ask(seats, scope))[0])["seats"])

    assert told() == "0" * 10
    hold(sale, buyer, *seats_of(sale)[:2])
    until(lambda: told() == "11" + "0" * 8)


def test_where_the_database_fails_django_says_it(sale: Event, monkeypatch: pytest.MonkeyPatch):
    def fails(_slug: str) -> Availability:
        raise OperationalError

    monkeypatch.setattr(seats_first, "last_look", fails)

    assert answer(asking(sale)) == DJANGOS


def test_of_a_crowd_that_meets_a_silent_database_nobody_waits_longer_than_the_first(
    sale: Event, monkeypatch: pytest.MonkeyPatch
):
    silent: asyncio.Future[None]
    monkeypatch.setattr(seats_first, "PATIENCE_SECONDS", 0.2)
    seats = SeatsFirst(django)

    async def hangs(_slug: str) -> Any:
        await silent

    monkeypatch.setattr(seats._told, "_ask", hangs)

    async def crowd() -> list[bytes]:
        nonlocal silent
        silent = asyncio.get_running_loop().create_future()
        await ask(seats, asking(sale))
        async with asyncio.timeout(10):  # a hundred patiences are twenty seconds
            answers = [(await ask(seats, asking(sale)))[0] for _ in range(100)]
        silent.cancel()
        return answers

    assert set(asyncio.run(crowd())) == {DJANGOS}


# -- on the running web process


@pytest.fixture
def web(event: Event, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        until(lambda: web.knows(event.slug))
        yield web


def test_who_is_inside_hears_what_is_free_and_nobody_else(web: Web, event: Event, buyer):
    section = sections_of(event)[0]
    inside, outside = Browser(web, event, {}), Browser(web, event, {})
    assert outside.asks(f"seats/state/?section={section}") == 403
    assert inside.asks() == 200

    def told() -> tuple[str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in inside.jar.items())
        headers = {"Cookie": cookies, "Accept": "application/json"}
        connection.request("GET", f"/events/{event.slug}/seats/state/?section={section}", headers=headers)
        said = connection.getresponse()
        assert said.status == 200
        body = json.loads(said.read())
        connection.close()
        return body["seats"], {name.lower(): value for name, value in said.getheaders()}

    seats, headers = told()
    assert seats == "0" * 10
    assert headers["cache-control"] == "no-store"
    assert headers["x-waiting-room"] == "active"
    assert "x-frame-options" not in headers  # so it was not Django

    hold(event, buyer, *seats_of(event)[:2])
    until(lambda: told()[0] == "11" + "0" * 8)
