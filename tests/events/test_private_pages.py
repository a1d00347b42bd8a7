"""What is somebody's own is kept by no cache, and "back" shows it to nobody after signing out."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.events.conftest import buy, hold, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


def all_names(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, list[str]]]:
    """Every named address with its parameters."""
    for one in resolver.url_patterns:
        if isinstance(one, URLPattern) and one.name:
            yield f"{namespace}{one.name}", [*one.pattern.converters, *one.pattern.regex.groupindex]
        elif isinstance(one, URLResolver):
            inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
            yield from all_names(one, inner)


@pytest.fixture
def values(browser, event, make_event, buyer):
    """What stands in addresses: the buyer's own event, orders and tickets."""
    other = make_event(plan=event.plan)
    bought = buy(event, buyer, seats_of(event)[0])
    hold(event, buyer, seats_of(event)[1])
    _order, payment = order(other, buyer, seats_of(other)[0])
    browser.get(event.get_absolute_url())
    return {
        "slug": event.slug,
        "section_id": event.plan.sections.get(code="A").pk,
        "number": bought.number,
        "serial": bought.lines.get().ticket.serial,
        "reference": payment.reference,
        "name": "sandbox",
        "language": "ko",
        "key": "x",
        "uidb36": "1",
    }


OWN = ("events:", "account_", "socialaccount_")
EVERYBODYS = {
    "events:poster",
    "events:poster-drawn",
    "events:picture",
    "events:door-worker",
}  # alike for all, and nobody's own


def test_every_page_that_a_signed_in_buyer_opens_is_kept_by_nobody(browser, values):
    seen = 0
    for name, parameters in all_names(get_resolver()):
        if not name.startswith(OWN) or name in EVERYBODYS or not set(parameters) <= set(values):
            continue
        answer = browser.get(reverse(name, kwargs={key: values[key] for key in parameters}))
        said = answer.headers.get("Cache-Control", "")
        assert "no-store" in said, (name, answer.status_code, said)
        assert "public" not in said, (name, said)
        seen += answer.status_code == 200
    assert seen >= 15  # of them pages that showed something


@pytest.mark.parametrize("page", ["orders", "order", "tickets", "ticket", "checkout"])
def test_what_a_buyer_owns_is_not_kept_in_any_form(browser, values, page):
    named = {"order": "number", "tickets": "number", "ticket": "serial", "checkout": "slug"}
    address = reverse(f"events:{page}", args=[values[named[page]]] if page in named else [])

    for headers in ({}, JSON):
        answer = browser.get(address, headers=headers)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]


def test_the_answer_that_signs_in_is_kept_by_nobody(client, buyer):
    sent = {"login": buyer.email, "password": "winter-song-42"}

    answer = client.post(reverse("account_login"), sent)

    assert "sessionid" in answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_poster_is_kept_also_for_who_is_signed_in(browser, event):
    assert "max-age=31536000, immutable" in browser.get(event.poster_url).headers["Cache-Control"]


def test_the_list_of_events_is_no_secret_of_who_is_not_signed_in(client, event):
    assert "no-store" not in client.get("/").headers.get("Cache-Control", "")


def test_an_address_that_answers_pages_or_json_says_so(browser, values, event):
    for address in (
        reverse("events:order", args=[values["number"]]),
        reverse("events:checkout", args=[values["slug"]]),
    ):
        page, data = browser.get(address), browser.get(address, headers=JSON)
        assert page["Content-Type"].startswith("text/html")
        assert isinstance(json.loads(data.content), dict)
        for answer in (page, data):
            assert "accept" in [name.strip().lower() for name in answer["Vary"].split(",")]


def test_so_does_a_refusal_and_the_way_to_the_sign_in(client, event):
    client.get(event.get_absolute_url())
    address = reverse("events:hold", args=[event.slug])

    for headers in ({}, JSON):
        answer = client.post(address, {"seat": seats_of(event)[0]}, headers=headers)
        assert "Accept" in [name.strip() for name in answer["Vary"].split(",")]


def test_so_does_the_gate(event):
    event.room.mode = "always"
    event.room.save()

    page = Client().get(event.get_absolute_url())

    assert "accept" in [name.strip() for name in page["Vary"].split(",")]


def test_many_orders_come_page_by_page(browser, buyer, make_event):
    event = make_event("section,level,row,first,last\nA,1,1-2,1,30\nS,0,,1,6\n", seats_per_account=50)
    numbers = [buy(event, buyer, seat).number for seat in seats_of(event)[:45]]

    pages = [browser.get("/orders/", {"page": page}).content.decode() for page in (1, 2, 3)]

    shown = [[number for number in reversed(numbers) if f"/orders/{number}/" in page] for page in pages]
    assert [len(page) for page in shown] == [20, 20, 5]
    assert [number for page in shown for number in page] == numbers[::-1]
    assert 'rel="next"' in pages[0]
    assert 'rel="next"' not in pages[2]
    for odd in ("0", "-1", "99", "x", "１"):
        assert browser.get("/orders/", {"page": odd}).status_code == 200
