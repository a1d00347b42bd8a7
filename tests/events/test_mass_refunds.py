"""Three hundred refunds of a show that is off, at a provider that fails one in ten and hangs one in a hundred."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from benchmarks.evenings.ill_toss import IllToss
from events import tasks
from events.models import Hold, Occupancy, Order, OrderLine, OrderState, Payment, PaymentState, Ticket
from events.payments import calls
from events.sale import winding_up
from events.sale.calling_off import call_off
from events.sale.holds import expire_overdue
from tests.emulators.server import serving
from tests.events.conftest import occupied, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS, PRICE_WON = 300, 110_000
HOLDS = 60


@pytest.fixture
def toss(settings, monkeypatch):
    """Hangs longer than anybody waits for it; a second here is ten of a site's."""
    monkeypatch.setattr(calls, "TIMEOUT", (0.3, 1.0))
    emulator = IllToss(hangs_s=3.0)
    with serving(emulator):
        for name, value in emulator.settings().items():
            setattr(settings, name, value)
        yield emulator


@pytest.fixture
def sold(make_event, toss):
    """A show of three hundred seats, each somebody else's; and another with seats held for a while."""
    event = make_event("section,level,row,first,last\nA,1,1-3,1,100\n")
    tier = event.tiers.get()
    users = User.objects.bulk_create(User(username=f"many-{i}") for i in range(ORDERS))
    orders = Order.objects.bulk_create(
        Order(event=event, account=user, total_won=PRICE_WON, state=OrderState.PAID) for user in users
    )
    seats = seats_of(event)
    lines = OrderLine.objects.bulk_create(
        OrderLine(order=order, seat_id=seat, price_tier=tier, tier_ko="R", price_won=PRICE_WON)
        for order, seat in zip(orders, seats, strict=True)
    )
    Ticket.objects.bulk_create(Ticket(line=line) for line in lines)
    rows = occupied(event, seats)
    for row, order in zip(sorted(rows, key=lambda row: row.seat_id), orders, strict=True):
        row.order = order
    Occupancy.objects.bulk_create(rows)
    payments = Payment.objects.bulk_create(
        Payment(
            order=order,
            provider="toss",
            provider_key=f"tviva{order.pk}",
            amount_won=PRICE_WON,
            received_won=PRICE_WON,
            state=PaymentState.RECEIVED,
        )
        for order in orders
    )
    toss.remember([(str(payment.reference), payment.provider_key) for payment in payments], PRICE_WON)
    return event


def test_all_end_each_once_and_holds_elsewhere_end_in_time(sold, make_event, toss):
    other, now = make_event(), timezone.now()
    holders = User.objects.bulk_create(User(username=f"holder-{i}") for i in range(HOLDS))
    Hold.objects.bulk_create(
        Hold(event=other, account=holder, expires_at=now + timedelta(seconds=i / 4)) for i, holder in enumerate(holders)
    )
    staff = User.objects.create(username="organiser", is_staff=True)
    call_off(sold.pk, by=staff)
    while winding_up.wind_up():
        pass
    progress: list[int] = []

    def pay_back() -> None:
        try:
            while Payment.objects.exclude(state=PaymentState.REFUNDED).exists():
                tasks.settle()
                Payment.objects.update(try_at=None)  # every pause is over
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        workers = [pool.submit(pay_back) for _ in range(2)]
        deadline, late_s = time.monotonic() + 120, 0.0
        while not all(worker.done() for worker in workers) and time.monotonic() < deadline:
            expire_overdue()  # as the sale's own worker does, on the same database
            oldest = Hold.objects.order_by("expires_at").first()
            if oldest is not None:
                late_s = max(late_s, (timezone.now() - oldest.expires_at).total_seconds())
            progress.append(Payment.objects.filter(state=PaymentState.REFUNDED).count())
            time.sleep(0.1)
        for worker in workers:
            worker.result(0)

    assert set(Payment.objects.values_list("state", flat=True)) == {PaymentState.REFUNDED}
    assert not Payment.objects.exclude(refunded_won=PRICE_WON).exists()
    # By the provider's own books: each once, and nothing kept.
    assert (toss.kept_won, set(toss.given_back)) == (0, {1})
    assert toss.asked["failed"] > ORDERS / 20
    assert toss.asked["hung"] > 0
    assert late_s < 15
    assert progress == sorted(progress)
    assert len(set(progress)) > 5
    assert not Ticket.objects.filter(line__order__event=sold, voided_at=None).exists()
