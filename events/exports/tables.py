"""What can be exported of an event: orders, tickets, payments, door, settlement and sales."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.exports.table import CHUNK, Column, Right, Table, at
from events.languages import in_language
from events.models import Event, Order, OrderLine, Payment, Ticket, TicketChange
from events.payments.books import Books, books_of, channel_name, channel_of, with_books


def orders(event: Event) -> Iterator[Order]:
    """Every order, the oldest first, with its seats counted and the books of its payments."""
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    found = with_books(Order.objects.filter(event=event)).annotate(
        channel=channel_of("pk"), seats=Coalesce(Subquery(lines.annotate(seats=Count("pk")).values("seats")), 0)
    )
    return found.select_related("account").order_by("pk").iterator(CHUNK)


def tickets(event: Event) -> Iterator[Ticket]:
    """Every ticket that was issued, void ones as well."""
    found = Ticket.objects.filter(line__order__event=event).annotate(channel=channel_of("line__order"))
    return found.select_related("line__order__account").order_by("pk").iterator(CHUNK)


def payments(event: Event) -> Iterator[Payment]:
    """Every attempt to pay."""
    return Payment.objects.filter(order__event=event).select_related("order").order_by("pk").iterator(CHUNK)


def door(event: Event) -> Iterator[TicketChange]:
    """Who was let in, and what was undone."""
    found = TicketChange.objects.filter(ticket__line__order__event=event)
    return found.select_related("ticket__line__order", "by").order_by("at", "pk").iterator(CHUNK)


def settlement(event: Event) -> Iterator[tuple[str, int, Books]]:
    """(provider's title, payments that brought money, sums), a line each; then the sum of all."""
    received = Payment.objects.filter(order__event=event, received_won__gt=0)
    for name in received.order_by("provider").values_list("provider", flat=True).distinct():
        of_it = received.filter(provider=name)
        yield channel_name(name), of_it.count(), books_of(of_it)
    yield _("Total"), received.count(), books_of(received)


def sales(event: Event) -> Iterable[Mapping[str, Any]]:
    """By hour of the issue, tier and channel: tickets and won, and which of them were cancelled since."""
    issued = Ticket.objects.filter(line__order__event=event)
    hours = issued.annotate(
        hour=TruncHour("issued_at", tzinfo=timezone.get_current_timezone()), channel=channel_of("line__order")
    )
    void = Q(voided_at__isnull=False)
    grouped = hours.order_by("hour", "line__price_tier", "channel").values(
        "hour", "line__price_tier", "line__tier_ko", "line__tier_en", "channel"
    )
    return grouped.annotate(
        tickets=Count("pk"),
        won=Sum("line__price_won"),
        void=Count("pk", filter=void),
        void_won=Sum("line__price_won", filter=void, default=0),
    )


ORDERS = Table(
    "orders",
    gettext_lazy("Orders"),
    Right.BOX_OFFICE,
    (
        Column(gettext_lazy("order number"), lambda order: order.number),
        Column(gettext_lazy("state"), lambda order: order.get_state_display()),
        Column(gettext_lazy("ordered at"), lambda order: at(order.made_at)),
        Column(gettext_lazy("buyer"), lambda order: order.account.get_username(), right=Right.BUYERS),
        Column(gettext_lazy("email address"), lambda order: order.account.email, right=Right.BUYERS),
        Column(gettext_lazy("language"), lambda order: order.language),
        Column(gettext_lazy("seats"), lambda order: order.seats),
        Column(gettext_lazy("total, won"), lambda order: order.total_won),
        Column(gettext_lazy("paid by"), lambda order: channel_name(order.channel)),
        Column(gettext_lazy("received, won"), lambda order: order.received),
        Column(gettext_lazy("paid back, won"), lambda order: order.refunded),
        Column(gettext_lazy("due back, won"), lambda order: order.due),
        Column(gettext_lazy("kept, won"), lambda order: order.kept),
    ),
    orders,
)
# Without their serials: those are the bearers', and open the door.
TICKETS = Table(
    "tickets",
    gettext_lazy("Tickets"),
    Right.BOX_OFFICE,
    (
        Column(gettext_lazy("order number"), lambda ticket: ticket.line.order.number),
        Column(gettext_lazy("seat"), lambda ticket: ticket.line.label),
        Column(gettext_lazy("section"), lambda ticket: in_language(ticket.line.section_ko, ticket.line.section_en)),
        Column(gettext_lazy("row"), lambda ticket: ticket.line.row),
        Column(gettext_lazy("number"), lambda ticket: ticket.line.number),
        Column(gettext_lazy("price tier"), lambda ticket: ticket.line.tier),
        Column(gettext_lazy("price, won"), lambda ticket: ticket.line.price_won),
        Column(gettext_lazy("paid by"), lambda ticket: channel_name(ticket.channel)),
        Column(gettext_lazy("issued at"), lambda ticket: at(ticket.issued_at)),
        Column(gettext_lazy("void since"), lambda ticket: at(ticket.voided_at)),
        Column(gettext_lazy("used at"), lambda ticket: at(ticket.used_at)),
        Column(gettext_lazy("buyer"), lambda ticket: ticket.line.order.account.get_username(), right=Right.BUYERS),
        Column(gettext_lazy("email address"), lambda ticket: ticket.line.order.account.email, right=Right.BUYERS),
    ),
    tickets,
)
PAYMENTS = Table(
    "payments",
    gettext_lazy("Payments"),
    Right.FINANCE,
    (
        Column(gettext_lazy("order number"), lambda payment: payment.order.number),
        Column(gettext_lazy("provider"), lambda payment: channel_name(payment.provider)),
        Column(gettext_lazy("reference"), lambda payment: str(payment.reference)),
        Column(gettext_lazy("the provider's key"), lambda payment: payment.provider_key),
        Column(gettext_lazy("state"), lambda payment: payment.get_state_display()),
        Column(gettext_lazy("reason"), lambda payment: payment.get_trouble_display()),
        Column(gettext_lazy("amount, won"), lambda payment: payment.amount_won),
        Column(gettext_lazy("received, won"), lambda payment: payment.received_won),
        Column(gettext_lazy("paid back, won"), lambda payment: payment.refunded_won),
        Column(gettext_lazy("begun at"), lambda payment: at(payment.made_at)),
        Column(gettext_lazy("changed at"), lambda payment: at(payment.changed_at)),
        Column(gettext_lazy("disputed at"), lambda payment: at(payment.disputed_at)),
    ),
    payments,
)
DOOR = Table(
    "door",
    gettext_lazy("Door"),
    Right.BOX_OFFICE,
    (
        Column(gettext_lazy("at"), lambda change: at(change.at)),
        Column(gettext_lazy("what"), lambda change: change.get_act_display()),
        Column(gettext_lazy("order number"), lambda change: change.ticket.line.order.number),
        Column(gettext_lazy("seat"), lambda change: change.ticket.line.label),
        Column(gettext_lazy("price tier"), lambda change: change.ticket.line.tier),
        Column(gettext_lazy("by"), lambda change: change.by.get_username() if change.by else ""),
        Column(gettext_lazy("reason"), lambda change: change.reason),
    ),
    door,
)
SETTLEMENT = Table(
    "settlement",
    gettext_lazy("Settlement"),
    Right.FINANCE,
    (
        Column(gettext_lazy("provider"), lambda line: line[0]),
        Column(gettext_lazy("payments"), lambda line: line[1]),
        Column(gettext_lazy("received, won"), lambda line: line[2].received),
        Column(gettext_lazy("paid back, won"), lambda line: line[2].refunded),
        Column(gettext_lazy("due back, won"), lambda line: line[2].due),
        Column(gettext_lazy("kept, won"), lambda line: line[2].kept),
    ),
    settlement,
)
SALES = Table(
    "sales",
    gettext_lazy("Sales by hour"),
    Right.FINANCE,
    (
        Column(gettext_lazy("hour that begins at"), lambda line: at(line["hour"])),
        Column(gettext_lazy("price tier"), lambda line: in_language(line["line__tier_ko"], line["line__tier_en"])),
        Column(gettext_lazy("paid by"), lambda line: channel_name(line["channel"])),
        Column(gettext_lazy("tickets"), lambda line: line["tickets"]),
        Column(gettext_lazy("price, won"), lambda line: line["won"]),
        Column(gettext_lazy("tickets cancelled since"), lambda line: line["void"]),
        Column(gettext_lazy("of these, won"), lambda line: line["void_won"]),
    ),
    sales,
)
TABLES = {table.name: table for table in (ORDERS, TICKETS, PAYMENTS, DOOR, SETTLEMENT, SALES)}
