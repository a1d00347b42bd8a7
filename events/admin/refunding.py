"""Refunding by staff: asked first, with the sum, a reason that is kept, and a second person above a limit."""

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Event, Fee, Order, OrderLine, OrderState, Ticket, Why
from events.sale import staff_refunds
from events.sale.orders import cancel_order
from events.sale.refunding import left_of
from events.sale.refusals import Refused, TooLate
from events.staff.may import may
from events.templatetags.event_words import won

# In one go, while the browser waits; also well below what one form may send.
MAX_REFUNDED = 200
MAX_NAMED = 20


class ReasonForm(forms.Form):
    """Why, in staff's words, kept with each order; and whether the buyers' fee is kept."""

    fee = forms.ChoiceField(
        label=gettext_lazy("Cancellation fee"), choices=Fee.choices, widget=forms.RadioSelect, required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Kept in each order's history; the buyer does not read it."),
        widget=forms.TextInput(attrs={"size": 60, "autofocus": True}),
    )

    def clean_fee(self) -> Fee:
        """As agreed to, unless somebody chose otherwise."""
        return Fee(self.cleaned_data["fee"] or Fee.BY_TERMS)


def refund(model_admin: admin.ModelAdmin[Order], request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
    """The page that asks about whole orders; once it was answered with a reason, the refunds."""
    user = refunding_staff(request)
    if orders.count() > MAX_REFUNDED:
        model_admin.message_user(
            request, _("At most %(count)d orders at once, please.") % {"count": MAX_REFUNDED}, messages.ERROR
        )
        return None
    lines = [line for order in orders.filter(state=OrderState.PAID) for line in staff_refunds.refundable(order, user)]
    form = ReasonForm(request.POST if "confirmed" in request.POST else None, initial={"fee": Fee.BY_TERMS})
    if form.is_valid():
        _give_up(model_admin, request, orders.filter(state=OrderState.PENDING), form.cleaned_data["reason"])
        over = orders.exclude(state__in=(OrderState.PAID, OrderState.PENDING))
        _refund(model_admin, request, lines, form, over=[order.number for order in over])
        return None
    page = {
        "form": form,
        "chosen": list(orders.values_list("pk", flat=True)),
        "checkbox": ACTION_CHECKBOX_NAME,
        "count": orders.count(),
        "named": orders.select_related("event", "account")[:MAX_NAMED],
        "more": max(0, orders.count() - MAX_NAMED),
    }
    return _page(model_admin, request, lines, page)


def refund_tickets(model_admin: admin.ModelAdmin[Order], request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one order: which tickets, then what they give back, then yes."""
    order = get_object_or_404(Order.objects.select_related("event", "account"), pk=pk)
    user = refunding_staff(request, order.event)
    back = reverse("admin:events_order_change", args=[pk])
    left = left_of(order) if order.state == OrderState.PAID else []
    if not left:
        model_admin.message_user(request, str(TooLate()), messages.WARNING)
        return redirect(back)
    named = request.POST.getlist("ticket") if request.method == "POST" else []
    lines = [line for line in left if str(line.pk) in named]
    form = ReasonForm(request.POST if "confirmed" in request.POST else None, initial={"fee": Fee.BY_TERMS})
    if lines and form.is_valid():
        _refund(model_admin, request, lines, form)
        return redirect(back)
    used = set(Ticket.objects.filter(line__in=left, used_at__isnull=False).values_list("line", flat=True))
    page = {
        "form": form,
        "order": order,
        "tickets": [(line, line.pk in used) for line in left],
        "may_take_used": may(user, staff_refunds.AFTER_THE_DOOR, order.event),
        "tickets_named": [line.pk for line in lines],
        "count": len(lines),
        "named": [order],
    }
    return _page(model_admin, request, lines, page)


def refunding_staff(request: HttpRequest, event: Event | None = None) -> User:
    """Who asks, if they may refund at the event, or without one at any. Raises PermissionDenied."""
    if not (isinstance(request.user, User) and may(request.user, staff_refunds.REFUND, event)):
        raise PermissionDenied
    return request.user


def _page(
    model_admin: admin.ModelAdmin[Order], request: HttpRequest, lines: Sequence[OrderLine], page: dict[str, object]
) -> HttpResponse:
    by_terms = staff_refunds.quote_all(lines, Fee.BY_TERMS)
    waived = staff_refunds.quote_all(lines, Fee.WAIVED)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Cancel and refund?"),
        "opts": model_admin.opts,
        "paid": len({line.order_id for line in lines}),
        "tickets_count": len(lines),
        "by_terms": by_terms,
        "waived": waived,
        "without_terms": len(waived.lines) - len(by_terms.lines),
        "limit_won": settings.REFUND_LIMIT_WON,
        "needs_second": staff_refunds.needs_second(lines, waived.back_won),
        **page,
    }
    return TemplateResponse(request, "admin/events/order/refund.html", context)


def _give_up(model_admin: admin.ModelAdmin[Order], request: HttpRequest, orders: QuerySet[Order], reason: str) -> None:
    """Unpaid orders: nothing was paid, and nothing goes back."""
    for order in orders:
        try:
            cancel_order(order.pk, by=refunding_staff(request), why=Why.BY_STAFF, note=reason)
        except Refused as why:
            model_admin.message_user(request, f"{order.number}: {why}", messages.WARNING)
            continue
        model_admin.log_change(request, order, f"cancelled unpaid: {reason}")
        model_admin.message_user(
            request, _("%(number)s was not paid yet, and is cancelled.") % {"number": order.number}, messages.SUCCESS
        )


def _refund(
    model_admin: admin.ModelAdmin[Order],
    request: HttpRequest,
    lines: Sequence[OrderLine],
    form: ReasonForm,
    over: Sequence[str] = (),
) -> None:
    user, reason, fee = refunding_staff(request), form.cleaned_data["reason"], form.cleaned_data["fee"]
    if over:
        said = _("Nothing to refund: %(numbers)s.") % {"numbers": ", ".join(over)}
        model_admin.message_user(request, said, messages.WARNING)
    if not lines:
        return
    if staff_refunds.needs_second(lines, staff_refunds.quote_all(lines, fee).back_won):
        asked = staff_refunds.ask_second(lines, by=user, reason=reason, fee=fee)
        said = _("%(sum)s is more than one person gives back: it waits until %(at)s for somebody else to confirm it.")
        at = asked.expires_at.astimezone().strftime("%Y-%m-%d %H:%M")
        model_admin.message_user(request, said % {"sum": won(asked.back_won), "at": at}, messages.WARNING)
        return
    tell(model_admin, request, staff_refunds.refund(lines, by=user, reason=reason, fee=fee), reason)


def tell(
    model_admin: admin.ModelAdmin[Order], request: HttpRequest, outcome: staff_refunds.Outcome, reason: str
) -> None:
    """What was done and what was not, on the next page and in the log."""
    for given in outcome.done:
        model_admin.log_change(request, given.order, f"refunded: ₩{given.back_won:,}, {reason}")
    if outcome.done:
        said = ngettext(
            "%(count)d order: %(sum)s goes back.", "%(count)d orders: %(sum)s goes back.", len(outcome.done)
        )
        sum_won = won(sum(given.back_won for given in outcome.done))
        model_admin.message_user(request, said % {"count": len(outcome.done), "sum": sum_won}, messages.SUCCESS)
    for order, why in outcome.refused:
        model_admin.message_user(request, f"{order.number}: {why}", messages.WARNING)
