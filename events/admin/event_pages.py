"""An event's further pages in the admin: its prices by section, and its sales."""

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from events.admin.call_off_form import CallOffForm
from events.admin.pricing_form import PricingForm
from events.calling_off import call_off
from events.closing import follow
from events.models import Event, Order, OrderState, Plan, Ticket
from events.sales import sales_of

# Of the chart, in its own units.
WIDTH, HEIGHT = 960, 220


def pricing(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Give every section a tier, or take it off the sale."""
    event = get_object_or_404(Event.objects.select_related("plan"), pk=pk)
    if not model_admin.has_change_permission(request, event):
        raise PermissionDenied
    if request.method != "POST":
        return _page(
            model_admin, request, event, "pricing", {"form": PricingForm(event), "title": _("Prices by section")}
        )
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=pk)
        if event.plan_id is not None:  # nobody builds it anew meanwhile
            Plan.objects.select_for_update(no_key=True).get(pk=event.plan_id)
        form = PricingForm(event, request.POST)
        if form.is_valid():
            form.save()
            model_admin.log_change(request, event, "priced by section")
            messages.success(request, _("The prices are in force."))
            transaction.on_commit(lambda: follow(pk))
            return redirect(reverse("admin:events_event_change", args=[pk]))
    return _page(model_admin, request, event, "pricing", {"form": form, "title": _("Prices by section")})


def calling_off(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Say what calling the show off ends, and do it once that was confirmed."""
    event = get_object_or_404(Event.objects.select_related("room"), pk=pk)
    if not (request.user.has_perm("events.call_off_event") and isinstance(request.user, User)):
        raise PermissionDenied
    form = CallOffForm(request.POST or None)
    if event.called_off_at is None and form.is_valid():
        why = form.cleaned_data
        call_off(pk, by=request.user, why_ko=why["why_ko"], why_en=why["why_en"])
        model_admin.log_change(request, event, "called off")
        messages.success(request, _("The show is called off. Refund its orders next."))
        return redirect(f"{reverse('admin:events_order_changelist')}?event__id__exact={pk}&state__exact=paid")
    tickets = Ticket.objects.filter(line__order__event=event, voided_at=None)
    page = {
        "form": form,
        "title": _("Call the show off"),
        "paid": Order.objects.filter(event=event, state=OrderState.PAID).count(),
        "pending": Order.objects.filter(event=event, state=OrderState.PENDING).count(),
        "tickets": tickets.count(),
    }
    return _page(model_admin, request, event, "call_off", page)


def sales(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """How the event sells."""
    event = get_object_or_404(Event, pk=pk)
    if not (request.user.has_perm("events.view_order") and model_admin.has_view_permission(request, event)):
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
    return _page(
        model_admin, request, event, "sales", {"sales": found, "bars": bars, "most": most, "title": _("Sales")}
    )


def _page(
    model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event, name: str, page: dict[str, object]
) -> HttpResponse:
    context = {**model_admin.admin_site.each_context(request), "event": event, "opts": model_admin.opts, **page}
    with timezone.override(event.zone):
        return render(request, f"admin/events/event/{name}.html", context)
