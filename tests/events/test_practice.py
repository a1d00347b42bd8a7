"""The practice provider is there by name or not at all: otherwise anybody would print tickets."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import OrderState, Payment, PaymentState
from events.payments.sandbox import callbacks
from events.payments.sandbox.models import SandboxNotice
from tests.events.conftest import call_back, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def payment(event, buyer, settings) -> Any:
    """One that was begun in a rehearsal, before the site went on sale."""
    _, begun = order(event, buyer, seats_of(event)[0])
    settings.PAYMENT_PROVIDERS = {"stand-in": "tests.events.stand_in.StandIn"}
    return begun


def still_begun(payment: Payment) -> bool:
    payment.refresh_from_db()
    return (payment.state, payment.order.state) == (PaymentState.STARTED, OrderState.PENDING)


def test_a_real_site_has_neither_its_page_nor_its_callback(browser: Client, payment: Payment):
    page = reverse("events:sandbox", args=[payment.reference])

    assert browser.get(page).status_code == 404
    assert browser.post(page, {"outcome": "succeed"}).status_code == 404
    assert browser.post(page, {"outcome": "succeed"}, headers={"accept": "application/json"}).status_code == 404
    assert call_back(browser, payment, payment.amount_won).status_code == 404
    assert browser.get(reverse("events:callback", args=["sandbox"])).status_code == 404
    assert still_begun(payment)


def test_a_real_site_hears_none_of_its_late_callbacks(payment: Payment):
    body = f'{{"reference": "{payment.reference}", "received_won": {payment.amount_won}}}'
    SandboxNotice.objects.create(payment=payment, body=body, due_at=timezone.now() - timedelta(minutes=1))

    assert callbacks.send_due() == 0
    assert still_begun(payment)
