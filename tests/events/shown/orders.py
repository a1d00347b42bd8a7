"""What somebody bought, or did not: orders in every state, cancelling, and the tickets."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from events import tasks
from events.door.checkin import check_in
from events.door.codes import code_of
from events.models import Event, Order, OrderState, Payment, Ticket
from events.models.door import door_of
from events.payments.sandbox.callbacks import Outcome, act
from events.sale.calling_off import call_off
from events.sale.postponing import postpone
from events.sale.refunding import cancel_tickets
from tests.events.conftest import around, buy, hold, order, run_out, seats_of
from tests.events.shown.reader import Reader, Stage

TEMPLATES = ("events/cancel.html", "events/order.html", "events/orders.html", "events/tickets.html")
DAY = timedelta(days=1)
JSON = {"accept": "application/json"}


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    plan, starts_at = stage.hall(), timezone.now() + 2 * DAY
    reader.sign_in(stage.make_buyer())
    reader.look("orders-none", "/orders/")
    # Near enough for a fee, and far enough for cancelling.
    near = {"starts_at": starts_at, "closes_at": starts_at - DAY, "cancel_until": starts_at - DAY / 2}
    event = stage.show(plan, seats_per_account=50, **near)
    buyer = stage.make_buyer()
    reader.sign_in(buyer)
    _unpaid(reader, event, buyer)
    _paid(reader, stage, event, buyer)
    _moved_and_called_off(reader, stage, stage.show(plan), stage.show(plan))
    reader.sign_in(buyer)
    _tonight(reader, stage, buyer)
    reader.look("orders", "/orders/")
    hall = {"venue_ko": "달빛 아레나", "venue_en": "Moonlight Arena"}
    Order.objects.bulk_create(
        Order(event=event, account=buyer, state=OrderState.EXPIRED, total_won=110_000, **hall) for _ in range(20)
    )
    reader.look("orders-second-page", "/orders/?page=2")


def _unpaid(reader: Reader, event: Event, buyer: User) -> None:
    seats = seats_of(event)
    placed, payment = order(event, buyer, *seats[:2])
    address = placed.get_absolute_url()
    reader.look("order-pending", address)
    Payment.objects.filter(pk=payment.pk).update(returned_at=timezone.now())
    reader.look("order-asking", address)
    reader.look("cancel-pending", f"{address}cancel/ask/")
    act(payment, Outcome.FAIL)
    reader.look("order-failed", address)
    run_out(placed.hold)
    reader.look("order-ran-out", address)
    tasks.expire_holds()
    reader.look("order-expired", address)
    given_up, _ = order(event, buyer, *seats[:2])
    reader.send("order-given-up", f"{given_up.get_absolute_url()}cancel/", {"agreed": "0"})


def _paid(reader: Reader, stage: Stage, event: Event, buyer: User) -> None:
    bought = buy(event, buyer, *seats_of(event)[4:8])
    address = bought.get_absolute_url()
    reader.look("order-paid", address)
    reader.send("order-sent-again", f"{address}send-again/")
    reader.look("cancel", f"{address}cancel/ask/")
    one, two, *_ = bought.lines.all()
    reader.look("cancel-some", f"{address}cancel/ask/?ticket={one.pk}")
    reader.send("cancel-fee-changed", f"{address}cancel/", {"ticket": one.pk, "agreed": "1"})
    quoted = bought.fee_percent() or 0
    for line in (one, two):
        cancel_tickets(bought.pk, [line.pk], by=buyer, agreed_won=line.price_won - line.price_won * quoted // 100)
    reader.look("order-partly-refunding", address)
    tasks.settle()
    reader.look("order-partly-refunded", address)
    reader.look("tickets-some-void", f"{address}tickets/")
    free = stage.show("section,level,row,first,last\nA,1,1,1,3\n")
    free.tiers.update(price_won=0)
    hold(free, buyer, *seats_of(free)[:2])
    reader.visit(free.get_absolute_url())
    reader.send("order-free", f"{free.get_absolute_url()}checkout/", {"agreed_won": "0"})
    reader.look("cancel-free", f"{Order.objects.get(event=free).get_absolute_url()}cancel/ask/")


def _moved_and_called_off(reader: Reader, stage: Stage, moved: Event, gone: Event) -> None:
    chief, buyer = stage.staff(), stage.make_buyer()
    reader.sign_in(buyer)
    bought = {name: buy(event, buyer, *seats_of(event)[:2]) for name, event in (("moved", moved), ("gone", gone))}
    unpaid, _ = order(gone, buyer, *seats_of(gone)[3:5])
    postpone(moved.pk, by=chief, starts_at=moved.starts_at + 30 * DAY, refund_until=timezone.now() + 7 * DAY)
    call_off(gone.pk, by=chief, why_ko="출연자의 건강 때문입니다.", why_en="The singer is ill.")
    for name, placed in bought.items():
        reader.look(f"order-{name}", placed.get_absolute_url())
        reader.look(f"tickets-{name}", f"{placed.get_absolute_url()}tickets/")
        reader.look(f"cancel-{name}", f"{placed.get_absolute_url()}cancel/ask/")
    reader.look("order-gone-unpaid", unpaid.get_absolute_url())
    tasks.wind_up()
    reader.look("order-gone-cancelled", bought["gone"].get_absolute_url())
    reader.look("orders-gone", "/orders/")


def _tonight(reader: Reader, stage: Stage, buyer: User) -> None:
    event = stage.show("section,level,row,first,last\nA,1,1,1,9\n", **around(timezone.now() + timedelta(hours=2)))
    bought = buy(event, buyer, *seats_of(event)[:3])
    used, shown, _ = Ticket.objects.filter(line__order=bought).order_by("pk")
    check_in(code_of(used), event=event, by=None)
    reader.look("order-too-late", bought.get_absolute_url())
    reader.look("tickets-one-used", f"{bought.get_absolute_url()}tickets/")
    reader.look("ticket", shown.get_absolute_url())
    door = door_of(event)
    door.moving_codes = True
    door.save()
    reader.look("ticket-moving-away", shown.get_absolute_url(), until="[data-away]")
    codes = f"{shown.get_absolute_url()}codes/"
    reader.answers(codes, reader.client.get(codes, headers=JSON))
    reader.look("ticket-moving", shown.get_absolute_url(), until="[data-code] svg")
