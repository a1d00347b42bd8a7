"""A venue of 30,000 seats, half of them gone: pages and the shared look stay quick, by few questions."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event, Hold, Occupancy, Seat
from events.sale.availability import free_seats, look
from tests.events.conftest import occupied

pytestmark = pytest.mark.django_db(transaction=True)

# The promise is 300 ms on a machine that does this alone; time on the processor does not depend on what else runs.
PROMISED_S = 0.3


@pytest.fixture
def event(make_event: Callable[..., Event], make_buyer: Callable[[], User]) -> Event:
    """Sixty sections of 500, every other seat held."""
    event = make_event(plan="section,level,row,first,last\n1-60,1,1-20,1,25\n")
    hold = Hold.objects.create(event=event, account=make_buyer(), expires_at=timezone.now() + timedelta(hours=1))
    seats = Seat.objects.filter(section__plan=event.plan, ordinal__in=range(0, 500, 2)).values_list("pk", flat=True)
    Occupancy.objects.bulk_create(occupied(event, seats, hold=hold), batch_size=5000)
    return event


def processor_seconds(work: Callable[[], object]) -> float:
    """The best of three: the first fills caches."""
    spent = []
    for _ in range(3):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return min(spent)


def test_the_look_at_all_seats_asks_twice_and_is_quick(event: Event):
    with CaptureQueriesContext(connection) as queries:
        seen = look(event.slug)

    assert sum(seen.free.values()) == 15_000
    assert len(queries) == 2
    assert processor_seconds(lambda: look(event.slug)) < PROMISED_S


def test_the_map_and_a_section_ask_little_and_are_quick(browser: Client, event: Event):
    section = Seat.objects.filter(section__plan=event.plan).values_list("section", flat=True)[0]
    browser.get(f"/events/{event.slug}/")
    for address in (f"/events/{event.slug}/seats/", f"/events/{event.slug}/seats/{section}/"):
        free_seats(event.slug)
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200

        assert len(queries) <= 12, [query["sql"] for query in queries]
        assert processor_seconds(partial(browser.get, address)) < PROMISED_S


def test_the_state_of_a_section_costs_a_viewer_next_to_nothing(browser: Client, event: Event):
    section = Seat.objects.filter(section__plan=event.plan).values_list("section", flat=True)[0]
    address = f"/events/{event.slug}/seats/state/?section={section}"
    browser.get(f"/events/{event.slug}/")
    browser.get(address)

    assert processor_seconds(partial(browser.get, address)) < PROMISED_S / 10
    assert len(cache.get(f"seats:{event.slug}:{section}")) == 500
