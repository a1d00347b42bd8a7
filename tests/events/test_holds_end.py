"""A hold that is over: every page says so, and none offers to pay."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from events.models import Order, OrderState
from tests.events.conftest import hold, order, run_out, seats_of

JSON = {"accept": "application/json"}

pytestmark = pytest.mark.django_db(transaction=True)


def shown(page: str) -> str:
    """The page without what it keeps hidden."""
    return re.sub(r"<(section|form|div|p)\b[^>]* hidden>.*?</\1>", "", page, flags=re.DOTALL)


def test_the_deadline_is_printed_for_who_runs_no_scripts_and_told_to_those_who_do(browser, event, buyer):
    held = hold(event, buyer, *seats_of(event)[:2])
    at = f"{timezone.localtime(held.expires_at):%H:%M:%S} KST"
    for address in (
        reverse("events:checkout", args=[event.slug]),
        reverse("events:seats", args=[event.slug]),
    ):
        page = browser.get(address).content.decode()
        assert f"{at}까지" in page
        assert f'data-ends="{held.expires_ms}"' in page

    told = browser.get(reverse("events:checkout", args=[event.slug]), headers=JSON).json()
    assert (told["status"], told["expiresAt"]) == ("held", held.expires_at.isoformat())
    assert told["now"] < told["expiresAt"]


def test_a_hold_that_is_over_is_gone_from_every_page(browser, event, buyer):
    run_out(hold(event, buyer, *seats_of(event)[:2]))

    assert browser.get(reverse("events:checkout", args=[event.slug]), headers=JSON).status_code == 410
    assert browser.get(reverse("events:checkout", args=[event.slug])).status_code == 302
    assert 'data-clock="hold"' not in browser.get(reverse("events:seats", args=[event.slug])).content.decode()


def test_an_order_whose_time_is_over_offers_no_payment_before_the_sweep_comes(browser, event, buyer):
    placed, payment = order(event, buyer, seats_of(event)[0])
    pay = reverse("events:pay", args=[placed.number])
    assert pay in shown(browser.get(placed.get_absolute_url()).content.decode())
    run_out(placed.hold)

    page = shown(browser.get(placed.get_absolute_url()).content.decode())
    assert Order.objects.get(pk=placed.pk).state == OrderState.PENDING
    assert "결제 시간이 지났습니다" in page
    assert pay not in page
    assert "data-ends" not in page
    sandbox = browser.get(reverse("events:sandbox", args=[payment.reference])).content.decode()
    assert "succeed" not in sandbox
    assert "이미 끝난 결제입니다" in sandbox


def test_nobody_is_sent_to_pay_for_an_order_whose_time_is_over(browser, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)

    for begun in (True, False):  # by the attempt under way, and by a new one
        answer = browser.post(reverse("events:pay", args=[placed.number]))
        assert answer["Location"] == placed.get_absolute_url(), begun
        placed.payments.all().delete()

    assert not placed.payments.exists()


def test_an_order_under_way_loads_itself_anew_only_where_no_scripts_run(browser, event, buyer):
    """A page that renews itself takes the reader's focus along; with scripts, news come in place."""
    placed, _ = order(event, buyer, seats_of(event)[0])

    page = browser.get(placed.get_absolute_url()).content.decode()

    refresh = re.compile(r'http-equiv="?refresh', re.IGNORECASE)
    assert refresh.search(page)
    assert not refresh.search(re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL))


def test_a_pending_order_tells_machines_until_when(browser, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0])

    told = browser.get(placed.get_absolute_url(), headers=JSON).json()

    assert told["expiresAt"] == placed.hold.expires_at.isoformat()
