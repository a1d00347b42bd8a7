"""What is free, for however many viewers: one look a second, none of them slow."""

import json

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.exports.sales import sales_of
from events.models import Section
from events.room.page_context import page_context
from events.sale import availability, holds
from events.sale.availability import Availability, free_seats, look, section_state
from events.sale.picks import Pick
from tests.events.conftest import buy, hold, run_out, seats_of
from tests.patience import BUSY_S, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_place_is_free_held_or_sold(event, make_buyer):
    first, second, *_ = seats_of(event)
    hold(event, make_buyer(), first)
    buy(event, make_buyer(), second)
    section = event.plan.sections.get(code="A")

    assert section_state(event.slug, section.pk) == "1200000000"
    assert free_seats(event.slug)[section.pk] == 8


@pytest.fixture
def slowly_stale(monkeypatch):
    """A look stays fresh, however slow the machine."""
    monkeypatch.setattr(availability, "FRESH_SECONDS", 60)


@pytest.mark.usefixtures("slowly_stale")
def test_a_crowd_of_viewers_costs_the_database_nothing(client, event):
    section = event.plan.sections.get(code="A")
    client.get(f"/events/{event.slug}/")
    address = f"/events/{event.slug}/seats/state/?section={section.pk}"
    client.get(address)

    with CaptureQueriesContext(connection) as queries:
        answers = [json.loads(client.get(address).content) for _ in range(30)]

    assert answers[0] == {"free": {str(s.pk): s.capacity for s in event.plan.sections.all()}, "seats": "0" * 10}
    assert [q["sql"] for q in queries if "occupancy" in q["sql"]] == []
    # The gate asks which rooms exist, once a second.
    assert len(queries) <= 6, [q["sql"] for q in queries]


@pytest.mark.usefixtures("slowly_stale")
def test_a_section_that_is_not_on_sale_costs_no_look_at_the_hall_each_time(client, event):
    client.get(f"/events/{event.slug}/")
    address = f"/events/{event.slug}/seats/state/?section=999999"
    client.get(address)

    with CaptureQueriesContext(connection) as queries:
        assert {client.get(address).status_code for _ in range(10)} == {404}

    assert [q["sql"] for q in queries if "occupancy" in q["sql"]] == []


def test_what_was_held_is_seen_within_two_seconds(event, buyer):
    section = Section.objects.get(plan=event.plan, code="A")
    assert section_state(event.slug, section.pk) == "0" * 10
    hold(event, buyer, *seats_of(event)[:2])

    until(lambda: section_state(event.slug, section.pk) == "11" + "0" * 8, within=2 + BUSY_S)


@pytest.mark.usefixtures("slowly_stale")
def test_of_many_who_find_the_state_old_one_looks(event, monkeypatch):
    looks: list[str] = []

    def counted(slug: str) -> Availability:
        looks.append(slug)
        return look(slug)

    monkeypatch.setattr(availability, "look", counted)
    free_seats(event.slug)
    cache.delete(f"seats:{event.slug}:fresh")

    for _ in range(20):
        free_seats(event.slug)

    assert len(looks) == 2


def test_without_a_cache_the_database_answers(event, monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *args: False)
    monkeypatch.setattr(cache, "get", lambda *args: None)

    assert sum(free_seats(event.slug).values()) == 16


def test_an_unknown_events_seats_are_not_found(client, db):
    assert client.get("/events/nowhere/seats/state/").status_code == 404


def test_a_hold_whose_time_ran_out_is_free_wherever_seats_are_shown_however_late_the_worker(event, browser, buyer):
    first, second, *_ = seats_of(event)
    run_out(hold(event, buyer, first, second))
    section = event.plan.sections.get(code="A")

    assert section_state(event.slug, section.pk) == "0000000000"
    assert free_seats(event.slug)[section.pk] == 10
    assert sum(price["left"] for price in page_context(event.slug)["prices"]) == 16  # type: ignore[attr-defined]  # a context
    assert (sales_of(event).held, sales_of(event).free) == (0, 16)
    page = browser.get(f"/events/{event.slug}/seats/{section.pk}/").content.decode()
    assert page.count('aria-disabled="false"') == 10
    assert 'data-limit="4"' in page  # what ran out is in its own buyer's way no more


def test_seats_picked_by_name_are_freed_before_those_of_an_area_where_many_holds_are_overdue(
    event, make_buyer, monkeypatch
):
    monkeypatch.setattr(holds, "MOST_CLEARED", 1)
    seats, standing = seats_of(event), event.plan.sections.get(code="S")
    for seat in [*seats_of(event, "S")[:3], seats[0]]:
        run_out(hold(event, make_buyer(), seat))

    held = holds.hold_seats(
        event=event, account_id=make_buyer().pk, visitor="", pick=Pick(seats=(seats[0],), areas=((standing.pk, 2),))
    )

    assert held.occupancies.count() == 3
