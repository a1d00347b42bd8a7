"""What a rehearsal bought stays in the sale until staff give it back (docs/storm.md)."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from events.demo.rehearsal import sign_in
from events.exports.sales import sales_of
from events.models import Order, OrderState
from tests.events.conftest import PRICE_WON, buy, seats_of
from tests.events.test_exports import exported
from tiketi.sale_report.report import report_of

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = "admin:events_order_changelist"


def test_orders_of_a_rehearsal_count_until_staff_find_them_by_its_address_and_give_them_back(
    event, buyer, admin_client: Client
):
    sign_in(2)
    rehearsed = [buy(event, one, seat) for one, seat in zip(rehearsing(), seats_of(event), strict=False)]
    own = buy(event, buyer, seats_of(event)[2])

    assert sales_of(event).sold == 3
    assert report_of(event).sales.won == 3 * PRICE_WON
    named = [cell for row in exported(admin_client, event, "orders") for cell in row if "@rehearsal.invalid" in cell]
    assert len(named) == 2
    assert all(re.fullmatch(r"rehearsal-[0-9a-f]{8}-\d+@rehearsal\.invalid", address) for address in named)

    page = admin_client.get(reverse(ORDERS), {"q": "@rehearsal.invalid"})
    found = [one.pk for one in page.context["cl"].result_list]
    assert sorted(found) == sorted(one.pk for one in rehearsed)
    sent = {"action": "refund", "_selected_action": found, "confirmed": "1", "reason": "연습"}
    admin_client.post(reverse(ORDERS), sent)

    assert {one.state for one in Order.objects.filter(pk__in=found)} == {OrderState.CANCELLED}
    assert (sales_of(event).sold, sales_of(event).won) == (1, PRICE_WON)
    own.refresh_from_db()
    assert own.state == OrderState.PAID
    assert buy(event, buyer, seats_of(event)[0]).state == OrderState.PAID  # on sale again


def rehearsing() -> list[User]:
    """The rehearsal's accounts."""
    return list(User.objects.filter(username__startswith="rehearsal-"))
