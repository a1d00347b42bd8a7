"""Payments in the admin: where the money is, and refunds that do not get through."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from events.admin.order import OnlyToLookAt
from events.models import Payment, PaymentState
from events.models.retried import MAX_TRIES
from events.payments.refunds import refund_again


class RefundFilter(admin.SimpleListFilter):
    """Refunds that are under way, and those that nobody tries any more."""

    title = _("refund")
    parameter_name = "refund"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Both kinds."""
        return [("trying", _("due, being tried")), ("given-up", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        """Those payments alone."""
        due = queryset.filter(state=PaymentState.REFUND_DUE)
        match self.value():
            case "trying":
                return due.filter(tries__lt=MAX_TRIES)
            case "given-up":
                return due.filter(tries__gte=MAX_TRIES)
        return queryset


@admin.register(Payment)
class PaymentAdmin(OnlyToLookAt, admin.ModelAdmin[Payment]):
    """Payments, by reference, order or buyer."""

    list_display = ("reference", "order", "event", "received_won", "state", "refund", "problem", "changed_at")
    list_select_related = ("order__event",)
    list_filter = (RefundFilter, "state", "provider")
    search_fields = ("reference", "order__number", "order__account__email")
    fields = (
        ("order", "provider", "reference"),
        ("amount_won", "received_won", "state", "trouble"),
        ("tries", "try_at", "problem"),
        ("made_at", "changed_at"),
    )
    actions = ("try_again",)

    @admin.display(description=_("event"))
    def event(self, payment: Payment) -> str:
        """What was to be paid."""
        return payment.order.event.title

    @admin.display(description=_("refund"))
    def refund(self, payment: Payment) -> str:
        """How often it was tried, where one is due."""
        if payment.state != PaymentState.REFUND_DUE:
            return ""
        said = _("given up after %(tries)d tries") if payment.given_up else _("tried %(tries)d times")
        return str(said) % {"tries": payment.tries}

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Who may refund may have it tried again."""
        return request.user.has_perm("events.refund_order")

    @admin.action(description=_("Try the chosen refunds again"), permissions=["refund"])
    def try_again(self, request: HttpRequest, payments: QuerySet[Payment]) -> None:
        """Those that are due, given up or not."""
        due = payments.filter(state=PaymentState.REFUND_DUE)
        for payment in due:
            self.log_change(request, payment, "refund tried again")
        count = refund_again(due)
        said = ngettext("%(count)d refund is tried again.", "%(count)d refunds are tried again.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS if count else messages.WARNING)
