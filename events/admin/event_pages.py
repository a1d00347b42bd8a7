"""An event's further pages in the admin: calling it off, and its sales."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin import exporting
from events.admin.call_off_form import CallOffForm
from events.exports.files import WRITERS
from events.exports.sales import sales_of
from events.exports.totals import channels_of, hours_of
from events.models import Event, Order, OrderState, Ticket
from events.sale.calling_off import call_off
from events.sale.event_states import Decision, may
from events.sale.refusals import NotInThisState
from events.sale.winding_up import progress_of
from events.staff import may as staff
from waitingroom import admission
from waitingroom.errors import LineUnavailable

# Of the chart, in its own units.
WIDTH, HEIGHT = 960, 220


def calling_off(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Say what calling the show off ends, and do it once that was confirmed."""
    event = get_object_or_404(Event.objects.select_related("room"), pk=pk)
    if not (staff.may(request.user, "events.call_off_event", event) and isinstance(request.user, User)):
        raise PermissionDenied
    form = CallOffForm(request.POST or None)
    if event.called_off_at is None and form.is_valid():
        why = form.cleaned_data
        try:
            call_off(pk, by=request.user, why_ko=why["why_ko"], why_en=why["why_en"])
        except NotInThisState as refused:
            messages.error(request, str(refused))
        else:
            model_admin.log_change(request, event, "called off")
            messages.success(request, _("The show is called off. Its orders are being refunded."))
        return redirect(reverse("admin:events_event_call_off", args=[pk]))
    paid = Order.objects.filter(event=event, state=OrderState.PAID)
    tickets = Ticket.objects.filter(line__order__event=event, voided_at=None)
    page = {
        "form": form,
        "title": _("Call the show off"),
        "may_call_off": may(event, Decision.CALL_OFF),
        "paid": paid.count(),
        "won": paid.aggregate(won=Sum("total_won"))["won"] or 0,
        "waiting": waiting_at(event.slug),
        "progress": progress_of(event) if event.called_off_by_id else None,
        "pending": Order.objects.filter(event=event, state=OrderState.PENDING).count(),
        "tickets": tickets.count(),
    }
    return page_of(model_admin, request, event, "call_off", page)


def waiting_at(slug: str) -> int | None:
    """How many stand in the event's line; None while Redis does not say."""
    try:
        return sum(status.waiting for status in admission.status([slug]))
    except LineUnavailable:
        return None


def progress(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """How far the refunds of a show that was called off are, as JSON."""
    event = get_object_or_404(Event, pk=pk)
    if not staff.may(request.user, "events.call_off_event", event):
        return JsonResponse({}, status=403)
    return JsonResponse(progress_of(event).as_json())


def sales(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """How the event sells."""
    event = get_object_or_404(Event, pk=pk)
    if not (staff.may(request.user, "events.view_order", event) and model_admin.has_view_permission(request, event)):
        raise PermissionDenied
    found = sales_of(event)
    most = max((bar.tickets for bar in found.bars), default=0)
    step = WIDTH / max(1, len(found.bars))
    bars = [
        {
            "bar": bar,
            "x": round(index * step + step * 0.1, 1),
            "y": round(HEIGHT - HEIGHT * bar.tickets / most, 1),
            "width": round(step * 0.8, 1),
            "height": round(HEIGHT * bar.tickets / most, 1),
            "named": index % max(1, len(found.bars) // 8) == 0,
        }
        for index, bar in enumerate(found.bars)
    ]
    page = {"sales": found, "bars": bars, "most": most, "title": _("Sales")}
    page |= {
        "exports": exporting.allowed(request, event),
        "forms": list(WRITERS),
        "hours": hours_of(event),
        "channels": channels_of(event),
    }
    return page_of(model_admin, request, event, "sales", page)


def page_of(
    model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, name: str, page: dict[str, object]
) -> HttpResponse:
    """The page of that name about the event, its times by the venue's clock."""
    context = {**model_admin.admin_site.each_context(request), "event": event, "opts": model_admin.opts, **page}
    with timezone.override(event.zone):
        return render(request, f"admin/events/event/{name}.html", context)
