"""Orders and tickets in the admin: to find, to look at, to refund."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin import refunding
from events.admin.by_event import AsThePage, ByEvent
from events.mail import resending
from events.models import Order, OrderChange, OrderLine, Payment, Refund, Ticket, TicketChange
from events.staff.may import may, within

REFUND = "events.refund_order"


class OnlyToLookAt:
    """Buyers and payments make these; staff change them by actions alone."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False


class LineInline(OnlyToLookAt, AsThePage, admin.TabularInline[OrderLine, Order]):
    """What was ordered."""

    model = OrderLine
    fields = readonly_fields = ("label", "tier_ko", "price_won", "refund")

    @admin.display(description=_("seat"))
    def label(self, line: OrderLine) -> str:
        """The seat, as it was sold."""
        return line.label


class PaymentInline(OnlyToLookAt, AsThePage, admin.TabularInline[Payment, Order]):
    """How it was paid, and paid back."""

    model = Payment
    fields = readonly_fields = (
        "provider",
        "reference",
        "amount_won",
        "received_won",
        "owed_won",
        "refunded_won",
        "state",
        "trouble",
        "disputed_at",
        "changed_at",
        "tries",
        "problem",
    )


class RefundInline(OnlyToLookAt, AsThePage, admin.TabularInline[Refund, Order]):
    """What was given back of it."""

    model = Refund
    fields = ("at", "back_won", "fee_won", "fee", "why", "by", "confirmed_by", "note")


class ChangeInline(OnlyToLookAt, AsThePage, admin.TabularInline[OrderChange, Order]):
    """What became of it."""

    model = OrderChange
    fields = ("at", "state", "why", "by", "note")


@admin.register(Order)
class OrderAdmin(OnlyToLookAt, ByEvent, admin.ModelAdmin[Order]):
    """Orders, by number, buyer or event."""

    inlines = (LineInline, PaymentInline, RefundInline, ChangeInline)
    list_display = ("number", "event", "buyer", "state", "won", "made_at")
    list_filter = ("state", "event")
    list_select_related = ("event", "account")
    search_fields = ("number", "account__email", "account__username", "event__title_ko", "event__title_en")
    date_hierarchy = "made_at"
    fields = ("number", "event", "account", "visitor", "state", "total_won", "language", "made_at", "mailed_at")
    actions = ("refund", "send_again")

    @admin.display(description=_("buyer"), ordering="account__email")
    def buyer(self, order: Order) -> str:
        """Whose order it is."""
        return order.account.email or order.account.get_username()

    @admin.display(description=_("total"), ordering="total_won")
    def won(self, order: Order) -> str:
        """The price with its thousands."""
        return f"{order.total_won:,}"

    def get_urls(self) -> list[URLPattern]:
        """Refunding single tickets has an address of its own."""
        page = self.admin_site.admin_view(partial(refunding.refund_tickets, self))
        return [path("<int:pk>/refund/", page, name="events_order_refund"), *super().get_urls()]

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Who may refund, at any event."""
        return may(request.user, REFUND)

    @admin.action(description=_("Cancel and refund the chosen orders"), permissions=["refund"])
    def refund(self, request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
        """Ask first, with the sum; then cancel each order, whatever the buyers' deadline says. Used tickets stay."""
        return refunding.refund(self, request, within(request.user, REFUND, orders, "event"))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Who may have letters written again."""
        return request.user.has_perm("events.rewrite_letter")

    @admin.action(description=_("Send the tickets of the chosen orders by mail again"), permissions=["resend"])
    def send_again(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """Of paid orders whose buyers have an address."""
        count = sum(map(resending.asked_by_staff, orders.select_related("event", "account")))
        said = ngettext(
            "The tickets of %(count)d order are sent again.", "The tickets of %(count)d orders are sent again.", count
        )
        said %= {"count": count}
        self.message_user(request, said, messages.SUCCESS if count else messages.WARNING)


class TicketChangeInline(OnlyToLookAt, AsThePage, admin.TabularInline[TicketChange, Ticket]):
    """Who let it in, and who took that back."""

    model = TicketChange
    fields = ("at", "act", "entrance", "reason", "by")
    event_of_page = "line.order.event"


@admin.register(Ticket)
class TicketAdmin(OnlyToLookAt, ByEvent, admin.ModelAdmin[Ticket]):
    """Tickets, by order or buyer."""

    event_path = "line__order__event"
    inlines = (TicketChangeInline,)
    list_display = ("order", "event", "seat", "issued_at", "used_at", "voided_at")
    list_select_related = ("line__order__event", "line__seat__section")
    list_filter = (
        ("used_at", admin.EmptyFieldListFilter),
        ("voided_at", admin.EmptyFieldListFilter),
        "line__order__event",
    )
    search_fields = ("line__order__number", "line__order__account__email")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the serial, which is the bearer's business."""
        return ("order", "event", "seat", "issued_at", "used_at", "used_by", "left_at", "voided_at")

    @admin.display(description=_("order"))
    def order(self, ticket: Ticket) -> str:
        """Which order it belongs to."""
        return ticket.line.order.number

    @admin.display(description=_("event"))
    def event(self, ticket: Ticket) -> str:
        """What it is for."""
        return ticket.line.order.event.title

    @admin.display(description=_("seat"))
    def seat(self, ticket: Ticket) -> str:
        """Which seat it is for."""
        return ticket.line.label
