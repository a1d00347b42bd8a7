"""An event's pages of prices: a tier for every section, by hand, by level or by a list."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from events.admin.event_pages import page_of
from events.admin.price_list_form import PriceListForm
from events.admin.pricing_form import LevelForm, PricingForm
from events.models import Event
from events.sale.closing import follow
from events.sale.price_lists import put_in_force
from events.sale.repricing import lock_sale


def pricing(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Give every section a tier, or take it off the sale; a whole level is filled in first, and put in force after."""
    event = _may_price(model_admin, request, pk)
    level = LevelForm(event)
    if "fill" in request.POST:
        level = LevelForm(event, request.POST)
        filled = level.fill(request.POST) if level.is_valid() else request.POST
        form = PricingForm(event, initial=filled)
    elif request.method == "POST":
        with transaction.atomic():
            event = lock_sale(pk)
            form = PricingForm(event, request.POST)
            if form.is_valid():
                form.save()
                return _in_force(model_admin, request, event)
    else:
        form = PricingForm(event)
    return page_of(
        model_admin, request, event, "pricing", {"form": form, "level": level, "title": _("Prices by section")}
    )


def price_list(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> HttpResponse:
    """Take a price list: say what it would change, and do it."""
    event = _may_price(model_admin, request, pk)
    form, changes = PriceListForm(event), None
    if request.method == "POST":
        with transaction.atomic():
            event = lock_sale(pk)
            form = PriceListForm(event, request.POST, request.FILES)
            if form.is_valid():
                changes = form.changes
                if "apply" in request.POST:
                    put_in_force(event, changes)
                    return _in_force(model_admin, request, event)
    return page_of(
        model_admin, request, event, "price_list", {"form": form, "changes": changes, "title": _("Price list")}
    )


def _may_price(model_admin: admin.ModelAdmin[Event], request: HttpRequest, pk: int) -> Event:
    event = get_object_or_404(Event.objects.select_related("plan", "venue"), pk=pk)
    if not model_admin.has_change_permission(request, event):
        raise PermissionDenied
    return event


def _in_force(model_admin: admin.ModelAdmin[Event], request: HttpRequest, event: Event) -> HttpResponse:
    model_admin.log_change(request, event, "priced by section")
    messages.success(request, _("The prices are in force."))
    transaction.on_commit(lambda: follow(event.pk))
    return redirect(reverse("admin:events_event_change", args=[event.pk]))
