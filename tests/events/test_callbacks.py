"""Who calls back must prove who he is, and is answered plainly."""

import json
import uuid

import pytest
from django.urls import reverse

from events.models import OrderState, Payment, PaymentState
from events.payments.sandbox import provider as practice
from tests.events.conftest import call_back, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("signature", ["", "0" * 64, "서명", "a" * 10_000])
def test_a_forged_callback_is_refused_and_changes_nothing(client, event, buyer, signature):
    placed, payment = order(event, buyer, seats_of(event)[0])

    answer = call_back(client, payment, payment.amount_won, signature=signature.encode().decode("latin-1"))

    assert answer.status_code == 403
    payment.refresh_from_db()
    placed.refresh_from_db()
    assert (payment.state, placed.state) == (PaymentState.STARTED, OrderState.PENDING)


def test_a_callback_signed_for_one_payment_does_not_pay_another(client, event, make_buyer):
    first, second, *_ = seats_of(event)
    _, cheap = order(event, make_buyer(), first)
    _, dear = order(event, make_buyer(), second)
    signed = json.dumps({"reference": str(cheap.reference), "received_won": cheap.amount_won}).encode()

    assert call_back(client, dear, dear.amount_won, signature=practice.sign(signed)).status_code == 403


def test_a_callback_for_a_payment_nobody_started_is_not_found(client, db):
    assert call_back(client, Payment(reference=uuid.uuid4()), 1000).status_code == 404


def test_a_callback_of_an_unknown_provider_is_not_found(client, db):
    assert client.post("/payments/nobody/callback/", b"{}", content_type="application/json").status_code == 404


def test_a_callback_is_no_page_and_has_a_limit(client, db):
    address = reverse("events:callback", args=["sandbox"])

    assert client.get(address).status_code == 405
    assert client.post(address, b"x" * 70_000, content_type="application/json").status_code == 413
