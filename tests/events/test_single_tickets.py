"""Some tickets of an order are given back: those alone, for what they cost, and never more than was received."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from events import tasks
from events.exports.sales import sales_of
from events.models import Event, Occupancy, Order, OrderState, Payment, PaymentState, Refund, Ticket, Why
from events.payments.registry import provider_of
from events.payments.settlement import settle
from events.sale.availability import look
from events.sale.orders import cancel_order
from events.sale.refunding import cancel_tickets, left_of
from events.sale.refusals import NotTheseTickets, Refused, TooLate
from tests.events.conftest import PRICE_WON, buy, hold, order, seats_of
from tests.events.tills import Till, come_back, come_round, till

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["till"]


@pytest.fixture
def bought(event, buyer) -> Order:
    """Four tickets."""
    return buy(event, buyer, *seats_of(event)[:4])


@pytest.fixture
def paid(till: Till, event, buyer, client) -> Payment:
    """Four tickets, paid at an emulated provider."""
    _, payment = order(event, buyer, *seats_of(event)[:4])
    come_back(client, payment, till.agree(payment))
    payment.refresh_from_db()
    assert payment.state == PaymentState.RECEIVED
    return payment


def keys(order: Order, *which: int) -> list[int]:
    lines = list(order.lines.order_by("seat"))
    return [lines[i].pk for i in which]


def valid(order: Order) -> int:
    return Ticket.objects.filter(line__order=order, voided_at=None).count()


def test_one_of_four_is_free_again_and_the_others_stay_valid(event, buyer, make_buyer, bought):
    refund = cancel_tickets(bought.pk, keys(bought, 1), by=buyer)

    bought.refresh_from_db()
    assert (bought.state, valid(bought), bought.kept_won) == (OrderState.PAID, 3, 3 * PRICE_WON)
    assert (refund.back_won, refund.fee_won, refund.why, refund.by) == (PRICE_WON, 0, Why.BY_BUYER, buyer)
    change = bought.changes.last()
    assert (change.state, change.why, change.by) == (OrderState.PAID, Why.IN_PART, buyer)
    assert sum(look(event.slug).left.values()) == 16 - 3
    assert buy(event, make_buyer(), seats_of(event)[1]).state == OrderState.PAID


def test_sums_count_what_was_kept_and_what_went_back(event, buyer, bought):
    cancel_tickets(bought.pk, keys(bought, 0, 3), by=buyer)
    tasks.settle()

    sales = sales_of(event)
    assert (sales.sold, sales.won, sales.refunded_won) == (2, 2 * PRICE_WON, 2 * PRICE_WON)
    assert [(tier.sold, tier.won) for tier in sales.tiers] == [(2, 2 * PRICE_WON)]


def test_the_last_ticket_given_back_ends_the_order(buyer, bought):
    for i in range(4):
        assert Order.objects.get(pk=bought.pk).state == OrderState.PAID
        cancel_tickets(bought.pk, keys(bought, i), by=buyer)
        tasks.settle()

    payment = Payment.objects.get()
    assert (payment.state, payment.owed_won, payment.refunded_won) == ("refunded", 4 * PRICE_WON, 4 * PRICE_WON)
    assert Order.objects.get(pk=bought.pk).state == OrderState.CANCELLED
    assert sum(Refund.objects.values_list("back_won", flat=True)) == 4 * PRICE_WON
    with pytest.raises(TooLate):
        cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)


def test_the_rest_of_an_order_is_cancelled_for_the_rest_of_the_money(event, buyer, bought):
    cancel_tickets(bought.pk, keys(bought, 2), by=buyer)
    cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)
    tasks.settle()

    payment = Payment.objects.get()
    assert (payment.state, payment.refunded_won) == (PaymentState.REFUNDED, 4 * PRICE_WON)
    assert not Occupancy.objects.filter(event=event).exists()


@pytest.mark.parametrize("which", [[], [0, 99], "others", "again", "twice"])
def test_other_tickets_are_refused_and_nothing_happens(event, buyer, make_buyer, bought, which):
    other = buy(event, make_buyer(), seats_of(event)[5])
    named = {
        "others": keys(other, 0),
        "again": keys(bought, 3),
        "twice": [*keys(bought, 3), *keys(bought, 0)],
    }.get(which if isinstance(which, str) else "") or [10**12 * (i == 99) or keys(bought, i)[0] for i in which]
    cancel_tickets(bought.pk, keys(bought, 3), by=buyer)

    with pytest.raises(NotTheseTickets):
        cancel_tickets(bought.pk, named, by=buyer)

    assert (valid(bought), valid(other)) == (3, 1)
    assert Payment.objects.get(order=bought).owed_won == PRICE_WON


def test_of_several_refunds_at_once_each_ticket_goes_back_once(event, buyer, bought):
    """Ten clicks on four tickets, some on the same: one each, and the provider is asked for what they cost."""

    def click(i: int) -> int:
        try:
            cancel_tickets(bought.pk, keys(bought, i % 3), by=buyer)
        except Refused:
            return 0
        else:
            return 1
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        done = sum(pool.map(click, range(10)))

    assert done == 3
    assert valid(bought) == 1
    assert Payment.objects.get().owed_won == 3 * PRICE_WON == sum(Refund.objects.values_list("back_won", flat=True))


def test_the_database_lets_no_payment_owe_more_than_it_received(bought):
    for fields in ({"owed_won": 4 * PRICE_WON + 1}, {"refunded_won": 4 * PRICE_WON + 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payment.objects.update(**fields)


def test_providers_pay_each_part_once(till: Till, paid: Payment, buyer):
    for i in range(3):
        cancel_tickets(paid.order_id, keys(paid.order, i), by=buyer)
        come_round()
        assert till.held_won(paid) == (3 - i) * PRICE_WON
    come_round()

    paid.refresh_from_db()
    assert (paid.state, paid.refunded_won, till.held_won(paid)) == ("received", 3 * PRICE_WON, PRICE_WON)


def test_two_parts_due_together_are_one_payment_back(till: Till, paid: Payment, buyer):
    cancel_tickets(paid.order_id, keys(paid.order, 0), by=buyer)
    cancel_tickets(paid.order_id, keys(paid.order, 1), by=buyer)
    come_round()

    assert till.held_won(paid) == 2 * PRICE_WON


@pytest.mark.parametrize("ill", ["away", "lost", "refused"])
@pytest.mark.parametrize("then", ["nothing", "another", "staff", "heard"])
def test_a_part_whose_answer_is_lost_is_paid_once(till: Till, paid: Payment, buyer, client, ill, then):
    """Whatever comes before the next try: another ticket, staff who have it tried again, the provider's own notice."""
    cancel_tickets(paid.order_id, keys(paid.order, 0), by=buyer)
    till.mischief.append(ill)
    tasks.settle()
    wanted = PRICE_WON
    match then:
        case "another":
            cancel_tickets(paid.order_id, keys(paid.order, 1), by=buyer)
            wanted = 2 * PRICE_WON
        case "staff":
            Payment.objects.update(tries=0, try_at=None)
            till.answered.clear()  # days later: the provider has forgotten the key
        case "heard":
            settle(paid, provider_of(paid).status(paid))
    for _ in range(3):
        come_round()

    paid.refresh_from_db()
    assert 4 * PRICE_WON - till.held_won(paid) == wanted == paid.refunded_won
    assert paid.problem == ""

    cancel_tickets(paid.order_id, keys(paid.order, 2), by=buyer)
    come_round()
    assert 4 * PRICE_WON - till.held_won(paid) == wanted + PRICE_WON


def test_a_worker_that_dies_over_a_part_leaves_it_to_be_paid_once(till: Till, paid: Payment, buyer, monkeypatch):
    cancel_tickets(paid.order_id, keys(paid.order, 0), by=buyer)
    provider = type(provider_of(paid))
    real = provider.refund

    def die_after(self, *args):
        real(self, *args)
        raise SystemExit

    monkeypatch.setattr(provider, "refund", die_after)
    with pytest.raises(SystemExit):
        tasks.settle()
    monkeypatch.undo()
    assert till.held_won(paid) == 3 * PRICE_WON
    # Meanwhile another ticket, which makes the payment's tries new.
    cancel_tickets(paid.order_id, keys(paid.order, 1), by=buyer)
    Payment.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    come_round()
    come_round()

    assert till.held_won(paid) == 2 * PRICE_WON


def test_a_part_paid_back_at_the_provider_is_on_record_and_is_not_paid_again(till: Till, paid: Payment, buyer, client):
    till.refund_there(paid, 1000)
    come_round()
    refund = Refund.objects.get()
    assert (refund.back_won, refund.why, refund.lines.count()) == (1000, Why.AT_PROVIDER, 0)

    cancel_tickets(paid.order_id, keys(paid.order, 0), by=buyer)
    come_round()
    assert 4 * PRICE_WON - till.held_won(paid) == PRICE_WON + 1000
    cancel_order(paid.order_id, by=buyer, why=Why.BY_BUYER)
    come_round()

    paid.refresh_from_db()
    assert (till.held_won(paid), paid.state, paid.refunded_won) == (0, PaymentState.REFUNDED, 4 * PRICE_WON)
    assert sum(Refund.objects.values_list("back_won", flat=True)) == 4 * PRICE_WON


def test_everything_paid_back_at_the_provider_takes_the_tickets_that_are_left(till: Till, paid: Payment, buyer):
    cancel_tickets(paid.order_id, keys(paid.order, 0), by=buyer)
    come_round()
    till.refund_there(paid, 3 * PRICE_WON)
    Payment.objects.update(ask_at=timezone.now())
    come_round()

    paid.refresh_from_db()
    assert (paid.state, paid.order.state, valid(paid.order)) == ("refunded", OrderState.CANCELLED, 0)
    assert [refund.back_won for refund in Refund.objects.all()] == [PRICE_WON, 3 * PRICE_WON]


def test_a_used_ticket_stays_and_the_buyer_gives_none_back_after_it(buyer, bought):
    Ticket.objects.filter(line=keys(bought, 0)[0]).update(used_at=timezone.now())
    for which in (0, 1):
        with pytest.raises(TooLate):
            cancel_tickets(bought.pk, keys(bought, which), by=buyer)
    assert valid(bought) == 4


def test_what_was_given_back_counts_no_more_against_the_limit(event: Event, buyer, bought):
    assert left_of(bought)
    cancel_tickets(bought.pk, keys(bought, 0), by=buyer)
    hold(event, buyer, seats_of(event)[7])
