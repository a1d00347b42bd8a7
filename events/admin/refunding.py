"""Refunding by staff: asked first, with how many and how much, and a reason that is kept."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.models import Order, OrderState, Why
from events.orders import cancel_order
from events.refusals import TooLate

# In one go, while the browser waits; also well below what one form may send.
MAX_REFUNDED = 200
MAX_NAMED = 20


class ReasonForm(forms.Form):
    """Why, in staff's words; kept with each order."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy("Kept in each order's history; the buyer does not read it."),
        widget=forms.TextInput(attrs={"size": 60, "autofocus": True}),
    )


def refund(model_admin: admin.ModelAdmin[Order], request: HttpRequest, orders: QuerySet[Order]) -> HttpResponse | None:
    """The page that asks; once it was answered with a reason, the refunds."""
    if orders.count() > MAX_REFUNDED:
        model_admin.message_user(
            request, _("At most %(count)d orders at once, please.") % {"count": MAX_REFUNDED}, messages.ERROR
        )
        return None
    form = ReasonForm(request.POST if "confirmed" in request.POST else None)
    if form.is_valid() and isinstance(request.user, User):
        _refund_each(model_admin, request, orders, form.cleaned_data["reason"])
        return None
    paid = orders.filter(state=OrderState.PAID)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Cancel and refund?"),
        "opts": model_admin.opts,
        "form": form,
        "chosen": list(orders.values_list("pk", flat=True)),
        "checkbox": ACTION_CHECKBOX_NAME,
        "count": orders.count(),
        "paid": paid.count(),
        "won": paid.aggregate(won=Sum("total_won"))["won"] or 0,
        "named": orders.select_related("event", "account")[:MAX_NAMED],
        "more": max(0, orders.count() - MAX_NAMED),
    }
    return TemplateResponse(request, "admin/events/order/refund.html", context)


def _refund_each(
    model_admin: admin.ModelAdmin[Order], request: HttpRequest, orders: QuerySet[Order], reason: str
) -> None:
    assert isinstance(request.user, User)  # noqa: S101 (the caller asked)
    done, refused = 0, []
    for order in orders:
        try:
            cancel_order(order.pk, by=request.user, why=Why.BY_STAFF, note=reason)
        except TooLate:
            refused.append(order.number)
        else:
            done += 1
            model_admin.log_change(request, order, f"cancelled and refunded: {reason}")
    if done:
        said = ngettext("%(count)d order was cancelled.", "%(count)d orders were cancelled.", done) % {"count": done}
        model_admin.message_user(request, said, messages.SUCCESS)
    if refused:
        said = _("Too late for %(numbers)s: a ticket was used, or the order is over.") % {"numbers": ", ".join(refused)}
        model_admin.message_user(request, said, messages.WARNING)
