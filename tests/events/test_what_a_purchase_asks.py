"""What each step of a purchase asks of the database: so much, however large the hall and however many have bought."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.front import kept
from events.models import Event
from events.sale import availability
from events.views import pages
from tests.events.conftest import seats_of

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Who asks costs two of them on each page: the session, and the account.
QUESTIONS = {
    "event": 3,
    "map": 5,
    "section": 5,
    "look": 0,
    "hold": 14,
    "checkout": 6,
    "order": 13,
    "pay page": 3,
    "payment": 22,
    "paid": 7,
    "tickets": 5,
}


@pytest.fixture(autouse=True)
def moments_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept for moments stays kept, however slow the machine."""
    monkeypatch.setattr(availability, "FRESH_SECONDS", 60)
    monkeypatch.setattr(kept, "MAX_SECONDS", 60.0)
    monkeypatch.setattr(pages, "MOMENT_SECONDS", 60)


def purchase(browser: Client, event: Event, *seats: int) -> dict[str, list[str]]:
    """The questions of every step."""
    asked: dict[str, list[str]] = {}

    def step(name: str, address: str, sent: dict[str, object] | None = None) -> str:
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(address) if sent is None else browser.post(address, sent)
        asked[name] = [query["sql"] for query in queries if query["sql"].startswith(ROWS)]
        assert answer.status_code == (200 if sent is None else 302)
        return answer.content.decode() if sent is None else answer["Location"]

    base, section = event.get_absolute_url(), event.plan.sections.get(code="A").pk  # type: ignore[union-attr]  # it has one
    browser.get(f"{base}seats/")  # the account takes over the place that the browser came by
    step("event", base)
    step("map", f"{base}seats/")
    step("section", f"{base}seats/{section}/")
    step("look", f"{base}seats/state/?section={section}")
    step("checkout", step("hold", f"{base}hold/", {"seat": seats, "from": section}))
    paying = step("order", f"{base}checkout/", {"agreed_won": 220_000})
    step("pay page", paying)
    page = step("paid", step("payment", paying, {"outcome": "succeed"}))
    found = re.search(r'href="(/orders/[^"/]+/tickets/)"', page)
    assert found is not None
    step("tickets", found[1])
    return asked


def test_a_purchase_asks_no_more_than_it_did(event: Event, make_buyer: Callable[[], User], browser: Client):
    other = Client()
    other.force_login(make_buyer())
    seats = seats_of(event)
    purchase(other, event, *seats[:2])  # the first makes what all others share

    asked = purchase(browser, event, *seats[2:4])

    assert {step: len(questions) for step, questions in asked.items()} == QUESTIONS, asked
