"""Payments in the admin: where the money is, refunds that do not get through, and what the provider did by itself."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin.by_event import ByEvent
from events.admin.order import REFUND, OnlyToLookAt, Rows
from events.admin.sums import sum_of
from events.models import MONEY_DUE, Payment, PaymentChange, PaymentState, Trouble, Why
from events.models.retried import MAX_TRIES
from events.payments.attempts import ask_again
from events.payments.refunds import refund_again
from events.staff.may import may, within

AMOUNT = sum_of("amount_won", _("amount"))
RECEIVED = sum_of("received_won", _("received"))
OWED = sum_of("owed_won", _("to be paid back"))
REFUNDED = sum_of("refunded_won", _("paid back"))


class RefundFilter(admin.SimpleListFilter):
    """Refunds that are under way, those that nobody tries any more, and what staff should look at."""

    title = _("to look at")
    parameter_name = "refund"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Each kind."""
        return [
            ("trying", _("refund due, being tried")),
            ("given-up", _("refund given up")),
            ("unanswered", _("no answer from the provider")),
            ("disputed", _("disputed")),
            ("at-provider", _("paid back at the provider")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        """Those payments alone."""
        due = queryset.filter(MONEY_DUE)
        match self.value():
            case "trying":
                return due.filter(tries__lt=MAX_TRIES)
            case "given-up":
                return due.filter(tries__gte=MAX_TRIES)
            case "unanswered":
                return queryset.filter(state=PaymentState.STARTED, tries__gte=MAX_TRIES)
            case "disputed":
                return queryset.exclude(disputed_at=None)
            case "at-provider":
                there = Q(trouble=Trouble.AT_PROVIDER) | Q(received_won__gt=0, order__refunds__why=Why.AT_PROVIDER)
                return queryset.filter(there).distinct()
        return queryset


class PaymentChangeInline(Rows, admin.TabularInline[PaymentChange, Payment]):
    """What became of it."""

    model = PaymentChange
    event_of_page = "order.event"
    fields = ("at", "state", "trouble", "by")


@admin.register(Payment)
class PaymentAdmin(OnlyToLookAt, ByEvent, admin.ModelAdmin[Payment]):
    """Payments, by reference, order or buyer."""

    inlines = (PaymentChangeInline,)
    event_path = "order__event"
    list_display = (
        "reference",
        "order",
        "event",
        RECEIVED,
        OWED,
        REFUNDED,
        "state",
        "refund",
        "disputed_at",
        "problem",
        "changed_at",
    )
    list_select_related = ("order__event",)
    list_filter = (RefundFilter, "state", "provider")
    search_fields = ("reference", "provider_key", "session_key", "order__number", "order__account__email")
    fields = (
        ("order", "provider", "reference"),
        ("session_key", "provider_key"),
        (AMOUNT, RECEIVED, OWED, REFUNDED),
        ("state", "trouble", "refusal", "disputed_at"),
        ("tries", "try_at", "problem", "ask_at"),
        ("made_at", "ends_at", "returned_at", "changed_at"),
    )
    readonly_fields = (AMOUNT, RECEIVED, OWED, REFUNDED)
    actions = ("try_again", "ask")

    change_form_template = "admin/events/rows_form.html"

    @admin.display(description=_("event"))
    def event(self, payment: Payment) -> str:
        """What was to be paid."""
        return payment.order.event.title

    @admin.display(description=_("refund"))
    def refund(self, payment: Payment) -> str:
        """How often it was tried, where one is due."""
        if not payment.refund_due:
            return ""
        said = _("given up after %(tries)d tries") if payment.given_up else _("tried %(tries)d times")
        return str(said) % {"tries": payment.tries}

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Who may refund may have it tried again."""
        return may(request.user, REFUND)

    @admin.action(description=_("Try the chosen refunds again"), permissions=["refund"])
    def try_again(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        """Those that are due, given up or not."""
        due = within(request.user, REFUND, payments.filter(MONEY_DUE), "order__event")
        for payment in due:
            self.log_change(request, payment, "refund tried again")
        count = refund_again(due)
        said = ngettext("%(count)d refund is tried again.", "%(count)d refunds are tried again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    @admin.action(description=_("Ask the provider about the chosen payments"), permissions=["refund"])
    def ask(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        """Within seconds, and as often as if they were new; refunds that are due are not asked about, but tried."""
        payments = within(request.user, REFUND, payments, "order__event")
        for payment in payments:
            self.log_change(request, payment, "provider asked")
        count = ask_again(payments)
        said = ngettext(
            "The provider is asked about %(count)d payment.", "The provider is asked about %(count)d payments.", count
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)
