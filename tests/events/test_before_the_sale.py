"""Before the sale opens nobody sees which seats there are: no map, no section, no state to prepare a form from."""

from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Event, Section
from tests.events.conftest import seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def addresses(event: Event) -> list[str]:
    section = Section.objects.get(plan=event.plan, code="A").pk
    return [f"/events/{event.slug}/seats/", f"/events/{event.slug}/seats/{section}/"]


def test_the_map_and_its_sections_lead_back_to_the_event_until_the_sale_opens(browser, make_event):
    event = make_event(opens_at=timezone.now() + timedelta(hours=1))
    browser.get(f"/events/{event.slug}/")

    for address in addresses(event):
        answer = browser.get(address)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/events/{event.slug}/")

    Event.objects.filter(pk=event.pk).update(opens_at=timezone.now() - timedelta(seconds=1))

    for address in addresses(event):
        assert browser.get(address).status_code == 200


def test_no_seats_state_is_told_before_the_opening_and_every_seats_from_then_on(browser, make_event):
    event = make_event(opens_at=timezone.now() + timedelta(hours=1))
    section = event.plan.sections.get(code="A").pk
    browser.get(f"/events/{event.slug}/")
    state = f"/events/{event.slug}/seats/state/?section={section}"

    assert browser.get(state).status_code == 404
    assert browser.get(state).status_code == 404  # from the cache as well

    event = make_event()
    section = event.plan.sections.get(code="A").pk
    browser.get(f"/events/{event.slug}/")
    told = browser.get(f"/events/{event.slug}/seats/state/?section={section}").json()["seats"]
    assert told == "0" * len(seats_of(event))
