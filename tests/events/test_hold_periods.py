"""Nobody keeps seats from all others for ever by giving them back and taking them again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Hold, HoldPeriod
from events.sale.holds import release
from events.sale.refusals import HoldPaused, SeatTaken
from events.tasks import expire_holds
from tests.events.conftest import buy, hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


def pass_by(event: Event, account: User, time: timedelta) -> None:
    """Let the time pass for the account at the event; the clock of all others stands."""
    for rows, instant in ((HoldPeriod.objects, "ends_at"), (Hold.objects, "expires_at")):
        for row in rows.filter(event=event, account=account):
            setattr(row, instant, getattr(row, instant) - time)
            row.save()


def test_seats_given_back_and_taken_again_keep_the_first_deadline(make_event, buyer):
    event = make_event(hold_minutes=7)
    first, second, *_ = seats_of(event)
    deadline = hold(event, buyer, first).expires_at

    for seat in (first, second, first):
        release(event, buyer.pk)
        assert hold(event, buyer, seat).expires_at == deadline


def test_once_the_time_is_over_a_pause_comes_before_the_next_hold_and_says_how_long(make_event, buyer, browser):
    event = make_event(hold_minutes=7, hold_pause_minutes=3)
    first, *_ = seats_of(event)
    hold(event, buyer, first)
    pass_by(event, buyer, timedelta(minutes=7))
    expire_holds()
    browser.get(event.get_absolute_url())

    refused = browser.post(reverse("events:hold", args=[event.slug]), {"seat": first}, headers=JSON)

    assert (refused.status_code, refused.json()["status"]) == (409, "hold-paused")
    until = timezone.localtime(HoldPeriod.objects.get(event=event).ends_at + timedelta(minutes=3))
    assert f"{until:%H:%M:%S}" in refused.json()["message"]
    assert not Hold.objects.filter(event=event).exists()
    page = browser.get(reverse("events:seats", args=[event.slug])).content.decode()
    assert f"{until:%H:%M:%S} KST부터" in page

    pass_by(event, buyer, timedelta(minutes=3))
    again = hold(event, buyer, first)
    assert timedelta(minutes=6.9) < again.expires_at - timezone.now() <= timedelta(minutes=7)
    assert "부터 다시" not in browser.get(reverse("events:seats", args=[event.slug])).content.decode()


def test_an_hour_of_holding_and_giving_back_leaves_the_seats_to_others_most_of_the_pause(make_event, buyer):
    event = make_event(hold_minutes=7, hold_pause_minutes=3)
    first, *_ = seats_of(event)
    held = refused = 0
    for _ in range(60):  # a minute each
        try:
            hold(event, buyer, first)
            held += 1
        except HoldPaused:
            refused += 1
        release(event, buyer.pk)
        pass_by(event, buyer, timedelta(minutes=1))

    assert (held, refused) == (42, 18)


def test_the_tail_of_a_period_is_nobodys_hold(make_event, buyer):
    event = make_event(hold_minutes=7)
    first, *_ = seats_of(event)
    hold(event, buyer, first)
    release(event, buyer.pk)
    pass_by(event, buyer, timedelta(minutes=6, seconds=45))

    with pytest.raises(HoldPaused):
        hold(event, buyer, first)


def test_who_bought_may_hold_more_at_once_and_for_the_whole_time(make_event, buyer):
    event = make_event(hold_minutes=7)
    first, second, *_ = seats_of(event)
    buy(event, buyer, first)
    assert not HoldPeriod.objects.filter(event=event).exists()

    more = hold(event, buyer, second)

    assert timedelta(minutes=6.9) < more.expires_at - timezone.now()


def test_without_a_pause_a_new_period_follows_at_once(make_event, buyer):
    event = make_event(hold_minutes=7, hold_pause_minutes=0)
    first, *_ = seats_of(event)
    hold(event, buyer, first)
    pass_by(event, buyer, timedelta(minutes=8))

    assert hold(event, buyer, first).expires_at > timezone.now() + timedelta(minutes=6)


def test_a_pick_that_is_refused_begins_no_period(event, buyer, make_buyer):
    first, *_ = seats_of(event)
    hold(event, make_buyer(), first)

    with pytest.raises(SeatTaken):
        hold(event, buyer, first)

    assert not HoldPeriod.objects.filter(event=event, account=buyer).exists()


def test_the_pause_is_each_events_and_each_accounts_own(make_event, buyer, make_buyer):
    event = make_event()
    other = make_event(plan=event.plan)
    first, *_ = seats_of(event)
    hold(event, buyer, first)
    pass_by(event, buyer, timedelta(minutes=7))

    with pytest.raises(HoldPaused):
        hold(event, buyer, first)
    hold(other, buyer, first)
    hold(event, make_buyer(), first)
