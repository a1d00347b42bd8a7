"""Who holds seats keeps the place inside: pressing Pay buys, whatever the idle period."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import Event, Hold, Order
from tests.events.conftest import seats_of
from tests.patience import until
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.redis import client, clock_s

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}

# Longer than a busy machine takes from one page to the next.
IDLE_S = 6


@pytest.fixture
def hasty(make_event) -> Event:
    """An event whose room has one place, for a moment of idling, and whose hold lasts half an hour."""
    event: Event = make_event(hold_minutes=30)
    room = event.room
    room.threshold, room.threshold_per_instance = 1, None
    room.idle_seconds = room.claim_seconds = IDLE_S  # no form would take it: the tests' patience
    room.save()
    return event


def holds_seats(browser: Client, event: Event) -> None:
    browser.get(event.get_absolute_url())
    browser.get(event.get_absolute_url())
    held = browser.post(reverse("events:hold", args=[event.slug]), {"seat": seats_of(event)[:2]}, headers=JSON)
    assert held.status_code == 201


def place_ends_s(event: Event) -> float:
    """When the one place inside ends, seconds from now by Redis's clock."""
    ((_, ends_ms),) = client().zrange(keys_of(event.slug).active, 0, -1, withscores=True)  # type: ignore[misc]
    return float(ends_ms) / 1000 - clock_s()


def idle_for_longer_than_allowed(event: Event) -> None:
    idle_until = clock_s() + IDLE_S + 0.2
    until(lambda: clock_s() > idle_until)
    admission.tick([event.room])


def test_pay_buys_long_after_the_idle_period_with_somebody_waiting(browser, buyer, hasty):
    holds_seats(browser, hasty)
    Client().get(hasty.get_absolute_url())
    idle_for_longer_than_allowed(hasty)

    paid = browser.post(reverse("events:checkout", args=[hasty.slug]), headers=JSON)

    assert paid.status_code == 201
    assert Order.objects.get(account=buyer).number == paid.json()["order"]


def test_seats_given_back_give_the_place_back_to_idling(browser, hasty):
    holds_seats(browser, hasty)
    assert 1700 < place_ends_s(hasty) <= 1800
    browser.post(reverse("events:release", args=[hasty.slug]), headers=JSON)
    assert place_ends_s(hasty) <= IDLE_S

    idle_for_longer_than_allowed(hasty)
    assert admission.status([hasty.slug])[0].active == 0


def test_a_hold_that_ran_out_gives_the_place_back(browser, hasty):
    holds_seats(browser, hasty)
    Hold.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.expire_holds()

    assert admission.status([hasty.slug])[0].active == 0


def test_a_redis_that_did_not_hear_of_the_hold_hears_of_it_from_the_next_page(browser, hasty, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(admission, "keep_place", lambda *_: 0)
        holds_seats(browser, hasty)
    assert place_ends_s(hasty) <= IDLE_S
    browser.get(reverse("events:checkout", args=[hasty.slug]))

    assert 1700 < place_ends_s(hasty) <= 1800


def test_the_command_refuses_a_stay_shorter_than_the_hold(hasty):
    hasty.room.claim_seconds = hasty.room.idle_seconds = 60
    hasty.room.save()
    call_command("waitingroom", "set", hasty.slug, "longest_stay_seconds=1800")
    with pytest.raises(CommandError, match=r"longest_stay_seconds: .*30 minutes"):
        call_command("waitingroom", "set", hasty.slug, "longest_stay_seconds=1799")

    hasty.room.refresh_from_db()
    assert hasty.room.longest_stay_seconds == 1800
