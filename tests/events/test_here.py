"""The first page of a visit brings the cookie back by itself, so that reading it costs nobody the place."""

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone

from waitingroom import admission

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_page_asks_to_keep_the_place_and_the_next_has_no_need_to(event):
    browser = Client()
    address = f"/events/{event.slug}/"

    first, second = browser.get(address).content.decode(), browser.get(address).content.decode()

    assert f'data-here="{address}here/" data-claim' in first
    assert f'data-here="{address}here/"' in second
    assert "data-claim" not in second


def test_asking_keeps_the_place_for_the_idle_period_and_tells_how_long(event):
    browser = Client()
    browser.get(f"/events/{event.slug}/")

    told = browser.get(f"/events/{event.slug}/here/", headers={"accept": "application/json"}).json()

    left = datetime.fromisoformat(told["expiresAt"]) - datetime.fromisoformat(told["now"])
    assert told["status"] == "active"
    assert event.room.idle_seconds - 5 < left.total_seconds() <= event.room.idle_seconds
    assert abs((datetime.fromisoformat(told["now"]) - timezone.now()).total_seconds()) < 5
    assert admission.status([event.slug])[0].active == 1


def test_who_is_not_inside_keeps_nothing_by_asking(event):
    event.room.threshold = 1
    event.room.save()
    Client().get(f"/events/{event.slug}/")
    waits = Client()
    waits.get(f"/events/{event.slug}/")

    told = waits.get(f"/events/{event.slug}/here/", headers={"accept": "application/json"})

    assert (told.status_code, told.json()["status"]) == (202, "queued")
