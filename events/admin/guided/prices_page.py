"""The third step: what the levels of the hall cost, and what is at stake."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from events.admin.guided.drafts import Admin, address_of, go_on, lock_draft, note, of_a_draft, page_of, undone
from events.admin.guided.price_form import LevelPricesForm
from events.models import Event
from events.sale.closing import lay_over_room
from events.sale.level_prices import price_levels
from events.sale.readiness import Part


@of_a_draft
def prices(model_admin: Admin, request: HttpRequest, event: Event) -> HttpResponse:
    """Price the levels; "sum" says what that comes to, and saves nothing."""
    form = LevelPricesForm(event)
    if not form.levels:
        messages.info(request, _("Give the event a seating plan with seats first."))
        return redirect(address_of(event, Part.HALL))
    if request.method == "POST":
        with transaction.atomic():
            draft = lock_draft(event.pk)
            form = LevelPricesForm(draft, request.POST)
            if form.is_valid() and "sum" not in request.POST:
                price_levels(draft, form.prices)
                lay_over_room(draft)
                note(model_admin, request, draft, Part.PRICES)
                return go_on(draft, Part.PRICES)
            undone()
    return page_of(model_admin, request, Part.PRICES, event, {"form": form})
