"""What cannot be undone asks first: cancelling, refunding, leaving, closing a line."""

import pytest
from django.urls import reverse

from events.models import Order, OrderState
from tests.events.conftest import PRICE_WON, buy, hold, order, seats_of
from tests.events.test_event_admin import save
from tests.waitingroom.line import join_call
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db(transaction=True)


def test_cancelling_asks_with_the_amount_and_the_deadline_and_changes_nothing(browser, event, buyer):
    bought = buy(event, buyer, *seats_of(event)[:2])
    page = browser.get(bought.get_absolute_url()).content.decode()
    asking = reverse("events:ask-to-cancel", args=[bought.number])
    assert f'action="{asking}" method="get"' in page
    assert reverse("events:cancel", args=[bought.number]) + '"' not in page

    asked = browser.get(asking).content.decode()

    assert f"{2 * PRICE_WON:,}원" in asked
    assert "취소 가능 기한" in asked
    assert Order.objects.get(pk=bought.pk).state == OrderState.PAID
    browser.post(reverse("events:cancel", args=[bought.number]))
    assert Order.objects.get(pk=bought.pk).state == OrderState.CANCELLED
    assert browser.get(asking).status_code == 302, "nothing is left to ask"


def test_giving_an_unpaid_order_up_asks_too(browser, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0])

    asked = browser.get(reverse("events:ask-to-cancel", args=[placed.number])).content.decode()

    assert "결제된 금액은 없습니다" in asked
    assert Order.objects.get(pk=placed.pk).state == OrderState.PENDING


def test_nobody_is_asked_about_the_order_of_somebody_else(client, make_buyer, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    client.force_login(make_buyer())

    assert client.get(reverse("events:ask-to-cancel", args=[bought.number])).status_code == 404


def test_leaving_from_inside_asks_and_names_the_seats_it_gives_back(browser, event, buyer):
    hold(event, buyer, *seats_of(event)[:2])
    page = browser.get(event.get_absolute_url()).content.decode()
    asking = reverse("events:ask-to-leave", args=[event.slug])
    assert f'action="{asking}" method="get"' in page

    asked = browser.get(asking).content.decode()

    assert "잡아 둔 좌석 2석" in asked
    assert event.holds.count() == 1


def refund(admin_client, bought: Order, **answer: str):
    sent = {"action": "refund", "_selected_action": [bought.pk], **answer}
    return admin_client.post(reverse("admin:events_order_changelist"), sent)


def test_refunding_asks_with_the_number_and_the_sum_and_wants_a_reason(admin_client, event, buyer):
    bought = buy(event, buyer, *seats_of(event)[:2])

    for answer in ({}, {"confirmed": "1"}, {"confirmed": "1", "reason": "   "}):
        asked = refund(admin_client, bought, **answer)
        assert asked.status_code == 200
        assert f"{2 * PRICE_WON:,}원" in asked.content.decode()
        assert Order.objects.get(pk=bought.pk).state == OrderState.PAID

    assert refund(admin_client, bought, confirmed="1", reason="공연장 누수").status_code == 302
    change = Order.objects.get(pk=bought.pk).changes.latest("pk")
    assert (change.state, change.note, str(change.by)) == (OrderState.CANCELLED, "공연장 누수", "admin")


def test_only_so_many_orders_are_refunded_at_once(admin_client, event, buyer, monkeypatch):
    monkeypatch.setattr("events.admin.refunding.MAX_REFUNDED", 0)
    bought = buy(event, buyer, seats_of(event)[0])

    refund(admin_client, bought, confirmed="1", reason="x")

    assert Order.objects.get(pk=bought.pk).state == OrderState.PAID


@pytest.mark.parametrize("form", ["event", "room"])
def test_closing_a_line_with_people_in_it_names_them_and_asks(admin_client, event, form):
    room = event.room
    room.mode = "paused"
    room.save()
    run_now([join_call(room.slug, visitor) for visitor in ("a", "b", "c")])

    def close(**more: str):
        if form == "event":
            return save(admin_client, event, mode="closed", closed_reason_ko="무대 점검", **more)
        address = reverse("admin:waitingroom_waitingroom_change", args=[room.pk])
        shown = admin_client.get(address).context["adminform"].form
        sent = {name: shown[name].value() for name in shown.fields}
        sent = {name: value for name, value in sent.items() if value is not None and value is not False}
        return admin_client.post(address, sent | {"mode": "closed", "closed_reason_ko": "무대 점검", **more})

    refused = close()
    assert refused.status_code == 200
    assert "3명이 기다리고" in refused.content.decode()
    assert 'type="checkbox" name="close_agreed"' in refused.content.decode()
    room.refresh_from_db()
    assert room.mode == "paused"

    agreed = close(close_agreed="on")
    assert agreed.status_code == 302, agreed.context["adminform"].form.errors
    room.refresh_from_db()
    assert (room.mode, room.closed_reason_ko) == ("closed", "무대 점검")


def test_closing_a_line_without_anybody_asks_nothing(admin_client, event):
    assert save(admin_client, event, mode="closed").status_code == 302
