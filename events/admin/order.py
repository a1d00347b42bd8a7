"""Orders and tickets in the admin: to find, to look at, to refund."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Model, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin import refunding
from events.admin.by_event import AsThePage, ByEvent
from events.admin.sums import sum_of
from events.mail import resending
from events.models import Order, OrderChange, OrderLine, OrderState, Payment, Refund, Ticket, TicketChange
from events.moments import moment
from events.staff.may import may, within
from events.templatetags.event_words import won

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


class Rows(OnlyToLookAt, AsThePage):
    """Rows of the page's object, as a table without titles: each says what it is."""

    template = "admin/events/rows.html"


class LineInline(Rows, admin.TabularInline[OrderLine, Order]):
    """What was ordered."""

    model = OrderLine
    fields = readonly_fields = ("label", "tier_told", sum_of("price_won", _("price")), "given_back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        """With what was given back."""
        return super().get_queryset(request).select_related("refund")

    @admin.display(description=_("seat"))
    def label(self, line: OrderLine) -> str:
        """The seat, as it was sold."""
        return line.label

    @admin.display(description=_("price tier"))
    def tier_told(self, line: OrderLine) -> str:
        """The tier, as it was sold."""
        return line.tier

    @admin.display(description=_("given back by"))
    def given_back(self, line: OrderLine) -> str:
        """When, if it was."""
        return moment(line.refund.at) if line.refund else "—"


class PaymentInline(Rows, admin.TabularInline[Payment, Order]):
    """How it was paid, and paid back."""

    model = Payment
    fields = readonly_fields = (
        "payment",
        sum_of("amount_won", _("amount")),
        sum_of("received_won", _("received")),
        sum_of("owed_won", _("to be paid back")),
        sum_of("refunded_won", _("paid back")),
        "state",
        "trouble",
        "disputed_at",
        "changed_at",
        "tries",
        "problem",
    )

    @admin.display(description=_("payment"))
    def payment(self, payment: Payment) -> str:
        """By whom, and the way to all that is known of it."""
        address = reverse("admin:events_payment_change", args=[payment.pk])
        return format_html('<a href="{}">{}</a>', address, payment.provider)


class RefundInline(Rows, admin.TabularInline[Refund, Order]):
    """What was given back of it."""

    model = Refund
    fields = readonly_fields = (
        "at",
        sum_of("back_won", _("given back")),
        sum_of("fee_won", _("cancellation fee")),
        "fee",
        "why",
        "by",
        "confirmed_by",
        "note",
    )


class ChangeInline(Rows, admin.TabularInline[OrderChange, Order]):
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
    fields = (
        "number",
        "event",
        "buyer",
        "account",
        "state",
        ("won", "received", "given_back"),
        "language_told",
        "made_at",
        "mailed_at",
    )
    readonly_fields = ("buyer", "won", "received", "given_back", "language_told")
    actions = ("refund", "send_again")

    @admin.display(description=_("buyer"), ordering="account__email")
    def buyer(self, order: Order) -> str:
        """Whose order it is."""
        return order.account.email or order.account.get_username()

    @admin.display(description=_("total"), ordering="total_won")
    def won(self, order: Order) -> str:
        """The price with its thousands."""
        return won(order.total_won)

    @admin.display(description=_("received"))
    def received(self, order: Order) -> str:
        """What payments brought."""
        return won(order.payments.aggregate(won=Sum("received_won"))["won"] or 0)

    @admin.display(description=_("paid back"))
    def given_back(self, order: Order) -> str:
        """What has gone back to the buyer."""
        return won(order.payments.aggregate(won=Sum("refunded_won"))["won"] or 0)

    @admin.display(description=_("language"))
    def language_told(self, order: Order) -> str:
        """What its mails are written in."""
        return str(dict(settings.LANGUAGES).get(order.language, order.language))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the way to refunding it, for who may at this event."""
        order = kwargs.get("obj")
        context["may_refund"] = bool(
            order and order.state == OrderState.PAID and may(request.user, REFUND, order.event)
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Refunding single tickets has an address of its own."""
        page = self.admin_site.admin_view(partial(refunding.refund_tickets, self))
        return [path("<key:pk>/refund/", page, name="events_order_refund"), *super().get_urls()]

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


class TicketChangeInline(Rows, admin.TabularInline[TicketChange, Ticket]):
    """Who let it in, and who took that back."""

    model = TicketChange
    fields = ("at", "act", "entrance", "reason", "by")
    event_of_page = "line.order.event"


@admin.register(Ticket)
class TicketAdmin(OnlyToLookAt, ByEvent, admin.ModelAdmin[Ticket]):
    """Tickets, by order or buyer."""

    event_path = "line__order__event"
    change_form_template = "admin/events/rows_form.html"
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
