"""Orders and payments change by their tables alone, and nobody else writes a state."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import events
from events.models import Event, Order, OrderChange, OrderState, Payment, PaymentState, Trouble, Why
from events.models.transitions import ForbiddenTransition
from events.sale.refusals import CalledOff, Refused, TooLate

pytestmark = pytest.mark.django_db

ROOT = Path(events.__file__).parent
WRITERS = {"update", "bulk_update", "save", "create", "get_or_create", "update_or_create"}
STATEFUL = {"Order", "Payment"}


def writes_of_a_state(tree: ast.AST) -> Iterator[int]:
    """Lines that give a `state` to something, but for the rows that record one (`changes`)."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets):
                flat = [part for target in targets for part in ast.walk(target)]
                if any(isinstance(part, ast.Attribute) and part.attr == "state" for part in flat):
                    yield node.lineno
            case ast.AugAssign(target=ast.Attribute(attr="state")) | ast.AnnAssign(target=ast.Attribute(attr="state")):
                yield node.lineno
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value="state"), *_]):
                yield node.lineno
            case ast.Call(func=ast.Name(id=name), keywords=words) if name in STATEFUL:
                if any(word.arg == "state" for word in words):
                    yield node.lineno
            case ast.Call(func=ast.Attribute(attr=verb, value=whose), args=args, keywords=words) if verb in WRITERS:
                if ast.unparse(whose).endswith(".changes"):
                    continue
                fields = [text for part in [*args, *(w.value for w in words)] for text in ast.walk(part)]
                named = any(isinstance(text, ast.Constant) and text.value == "state" for text in fields)
                if named or any(word.arg == "state" for word in words):
                    yield node.lineno


def test_no_other_code_writes_a_state():
    files = [path for path in ROOT.rglob("*.py") if "migrations" not in path.parts]
    found = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := list(writes_of_a_state(ast.parse(path.read_text()))))
    }

    assert len(files) > 50
    assert found == {}


@pytest.mark.parametrize(
    "line",
    [
        "order.state = OrderState.PAID",
        "a, order.state = 1, 2",
        "setattr(order, 'state', x)",
        "Order.objects.filter(pk=1).update(state=x)",
        "Order.objects.create(state=x)",
        "Payment(state=x)",
        "order.save(update_fields=['state'])",
        "Order.objects.bulk_update(orders, ['state'])",
    ],
)
def test_every_way_to_write_one_is_seen(line):
    assert list(writes_of_a_state(ast.parse(line)))


@pytest.fixture
def order(event, buyer) -> Order:
    return Order.objects.create(event=event, account=buyer, total_won=1000)


@pytest.fixture
def payment(order) -> Payment:
    return Payment.objects.create(order=order, provider="sandbox", amount_won=1000, received_won=1000)


every = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@every
@given(before=st.sampled_from(OrderState), after=st.sampled_from(OrderState), why=st.sampled_from(Why))
def test_an_order_changes_as_its_table_says_and_is_on_record(order, before, after, why):
    Order.objects.filter(pk=order.pk).update(state=before)
    order.changes.all().delete()
    allowed = why in Order.transitions.get((before, after), ())

    moved = False
    try:
        order.move_to(after, why=why, by=order.account, note="so")
        moved = True
    except ForbiddenTransition:
        assert not allowed
    except Refused:  # the buyer's deadline: the row stands as well
        assert allowed

    assert not moved or allowed

    assert Order.objects.get(pk=order.pk).state == (after if moved else before)
    assert list(order.changes.values_list("state", "why", "by", "note")) == (
        [(after, why, order.account_id, "so")] if moved else []
    )


@every
@given(
    before=st.sampled_from(PaymentState),
    after=st.sampled_from(PaymentState),
    trouble=st.sampled_from(["", *Trouble.values]),
)
def test_a_payment_changes_as_its_table_says_and_is_on_record(payment, before, after, trouble):
    Payment.objects.filter(pk=payment.pk).update(state=before, trouble="", tries=3)
    payment.changes.all().delete()
    allowed = trouble in Payment.transitions.get((before, after), ())

    try:
        payment.move_to(after, trouble)
    except ForbiddenTransition:
        assert not allowed
    else:
        assert allowed

    payment.refresh_from_db()
    assert (payment.state, payment.trouble) == ((after, trouble) if allowed else (before, ""))
    assert payment.tries == (0 if allowed and after == PaymentState.REFUND_DUE else 3)
    assert list(payment.changes.values_list("state", "trouble")) == ([(after, trouble)] if allowed else [])


def test_what_counts_is_the_stored_row_not_what_the_caller_saw(order):
    stale = Order.objects.get(pk=order.pk)
    with transaction.atomic():
        order.move_to(OrderState.EXPIRED, why=Why.RAN_OUT)

    with pytest.raises(ForbiddenTransition):
        stale.move_to(OrderState.PAID, why=Why.PAID)

    assert OrderChange.objects.filter(order=order).count() == 1


@pytest.fixture
def seen_in_time(order) -> Order:
    """A paid order as its caller saw it a moment before the buyer's deadline passed."""
    soon = timezone.now() + timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(state=OrderState.PAID)
    Event.objects.filter(pk=order.event_id).update(cancel_until=soon)
    seen = Order.objects.select_related("event").get(pk=order.pk)
    assert seen.may_be_cancelled()
    Event.objects.filter(pk=order.event_id).update(cancel_until=timezone.now())
    return seen


def test_the_deadline_is_looked_at_inside_the_lock(seen_in_time):
    with pytest.raises(TooLate):
        seen_in_time.move_to(OrderState.CANCELLED, why=Why.BY_BUYER)

    assert Order.objects.get(pk=seen_in_time.pk).state == OrderState.PAID
    assert not seen_in_time.changes.exists()


def test_the_deadline_is_the_buyers_not_the_staffs(seen_in_time):
    seen_in_time.move_to(OrderState.CANCELLED, why=Why.BY_STAFF)

    assert Order.objects.get(pk=seen_in_time.pk).state == OrderState.CANCELLED


def test_nothing_of_a_show_that_was_called_off_is_paid_whatever_the_caller_saw(order):
    seen = Order.objects.select_related("event").get(pk=order.pk)
    Event.objects.filter(pk=order.event_id).update(called_off_at=timezone.now())

    with pytest.raises(CalledOff):
        seen.move_to(OrderState.PAID, why=Why.PAID)
