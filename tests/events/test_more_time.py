"""Who is not done when the time runs out may have more: once, bounded, and no way around the pause."""

from datetime import timedelta
from typing import cast

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import Hold, HoldPeriod
from events.sale.holds import release
from events.sale.more_time import LONGEST, extend, more_until
from events.sale.refusals import CalledOff, HoldExpired, HoldPaused, NoMoreTime
from events.tasks import expire_holds
from tests import patience
from tests.events.conftest import buy, hold, order, seats_of
from tests.events.test_hold_periods import pass_by
from tests.waitingroom.line import join_call
from waitingroom.keys import keys_of
from waitingroom.redis import client, clock_s, run_now

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}


def until(event) -> timedelta:
    """How long the seats are held yet."""
    return Hold.objects.get(event=event).expires_at - timezone.now()


def ask(browser, event, **how):
    browser.get(event.get_absolute_url())
    return browser.post(reverse("events:extend", args=[event.slug]), **how)


def test_more_time_is_as_much_again_but_five_minutes_at_most_and_the_page_offers_it_with_the_instant(
    make_event, make_buyer
):
    for minutes, more in ((2, timedelta(minutes=2)), (7, LONGEST), (60, LONGEST)):
        event, buyer = make_event(hold_minutes=minutes), make_buyer()
        before = hold(event, buyer, seats_of(event)[0]).expires_at
        offered = more_until(event, Hold.objects.get(event=event))

        assert extend(event, buyer.pk).expires_at == offered == before + more


def test_it_is_had_once_however_often_seats_are_given_back_and_picked_again(make_event, buyer, browser):
    event = make_event()
    first, second, *_ = seats_of(event)
    hold(event, buyer, first)
    told = ask(browser, event, headers=JSON).json()
    assert "더 드렸어요" in told["message"]
    deadline = Hold.objects.get(event=event).expires_at
    assert told["expiresAt"] == deadline.isoformat()

    again = ask(browser, event, headers=JSON)
    assert (again.status_code, again.json()["status"]) == (409, "no-more-time")
    release(event, buyer.pk)
    assert hold(event, buyer, second).expires_at == deadline
    with pytest.raises(NoMoreTime):
        extend(event, buyer.pk)
    assert (
        reverse("events:extend", args=[event.slug])
        not in browser.get(reverse("events:checkout", args=[event.slug])).content.decode()
    ), "what is not given is not offered"


def test_the_pause_comes_after_it_and_a_purchase_gives_it_anew(make_event, buyer):
    event = make_event(hold_pause_minutes=3)
    first, second, third, *_ = seats_of(event)
    hold(event, buyer, first)
    extend(event, buyer.pk)
    pass_by(event, buyer, timedelta(minutes=12, seconds=1))
    expire_holds()
    with pytest.raises(HoldPaused):
        hold(event, buyer, first)

    pass_by(event, buyer, timedelta(minutes=3))
    buy(event, buyer, second)
    hold(event, buyer, third)
    extend(event, buyer.pk)
    assert until(event) > timedelta(minutes=11)


def test_a_time_that_ran_out_begins_the_next_with_its_own_more(make_event, buyer):
    event = make_event(hold_pause_minutes=0)
    first, *_ = seats_of(event)
    hold(event, buyer, first)
    extend(event, buyer.pk)
    pass_by(event, buyer, timedelta(minutes=13))
    hold(event, buyer, first)

    extend(event, buyer.pk)
    assert timedelta(minutes=11) < until(event) <= timedelta(minutes=12)


def test_the_sales_end_bounds_it_and_too_little_is_not_given(make_event, buyer):
    event = make_event(hold_minutes=7)
    hold(event, buyer, seats_of(event)[0])
    held = Hold.objects.get(event=event)
    event.closes_at = held.expires_at + timedelta(minutes=1)
    event.save()
    assert extend(event, buyer.pk).expires_at == event.closes_at

    HoldPeriod.objects.filter(event=event).update(extended_at=None)
    assert more_until(event, Hold.objects.get(event=event)) is None
    with pytest.raises(NoMoreTime):
        extend(event, buyer.pk)


def test_nothing_is_extended_that_is_over_called_off_or_never_was(make_event, buyer):
    event = make_event()
    with pytest.raises(HoldExpired):
        extend(event, buyer.pk)
    hold(event, buyer, seats_of(event)[0])
    pass_by(event, buyer, timedelta(minutes=7))
    with pytest.raises(HoldExpired):
        extend(event, buyer.pk)
    event.called_off_at = timezone.now()
    event.save()
    with pytest.raises(CalledOff):
        extend(event, buyer.pk)


def enter(event, visitor: str, **settings: int) -> None:
    """The visitor comes into the event's room, whose settings no form would take: the tests' patience."""
    for name, value in {"idle_seconds": 30, "claim_seconds": 30, **settings}.items():
        setattr(event.room, name, value)
    event.room.save()
    run_now([join_call(event.slug, visitor)])


def place_ends(event, visitor: str) -> float:
    """When the place ends, Unix seconds."""
    ends_ms = cast("float | None", client().zscore(keys_of(event.slug).active, visitor)) or 0.0
    return ends_ms / 1000


def test_the_place_inside_lasts_as_long_as_the_longer_hold(make_event, buyer):
    event = make_event(hold_minutes=7)
    enter(event, "somebody", longest_stay_seconds=430)
    hold(event, buyer, seats_of(event)[0], visitor="somebody")

    extend(event, buyer.pk)

    assert until(event) > timedelta(minutes=11)
    held_until = Hold.objects.get(event=event).expires_at.timestamp()
    assert place_ends(event, "somebody") == pytest.approx(held_until, abs=patience.BUSY_S)


def test_after_the_longest_stay_no_more_time_is_promised_that_the_place_does_not_have(make_event, buyer):
    event = make_event(hold_minutes=7)
    enter(event, "somebody", longest_stay_seconds=3, idle_seconds=3, claim_seconds=3)
    hold(event, buyer, seats_of(event)[0], visitor="somebody")
    stayed = clock_s() + 3.1
    patience.until(lambda: clock_s() > stayed)
    before = until(event)

    with pytest.raises(NoMoreTime):
        extend(event, buyer.pk)

    assert until(event) <= before


def test_an_order_waiting_for_its_payment_has_more_time_too(event, buyer, browser):
    placed, _ = order(event, buyer, seats_of(event)[0])
    offered = browser.get(placed.get_absolute_url()).content.decode()
    assert reverse("events:extend", args=[event.slug]) in offered

    answer = ask(browser, event)

    assert answer.url == placed.get_absolute_url()
    assert until(event) > timedelta(minutes=11)
    assert "더 드렸어요" in browser.get(answer.url).content.decode()
