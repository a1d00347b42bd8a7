"""The console's pages: whole as they are loaded, and made live by their sockets."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.models import Event
from tiketi.console import telling
from tiketi.console.charts import charts
from tiketi.console.looks import SITE, fleet_sums, looks, sale_sums
from tiketi.console.rights import right_at, sales_of

# What the database says is waited for by the page, the first time anybody asks of the sale.
PATIENCE_SECONDS = 1.0


def sale(request: HttpRequest, slug: str) -> HttpResponse:
    """One sale."""
    event = get_object_or_404(Event.objects.select_related("venue", "room"), room__slug=slug)
    right = right_at(request.user, event)
    if right is None:
        raise PermissionDenied
    sale_sums.wait_for(slug, PATIENCE_SECONDS)
    fleet_sums.wait_for(SITE, PATIENCE_SECONDS)
    view = looks.at([slug])[slug]
    page = {
        "title": event.title,
        "event": event,
        "room": event.room,
        "right": right,
        "told": telling.told(view, right),
        "charts": list(charts(telling.minute_rows(view, right), right)),
        "zone": event.zone.key,
        "socket": f"/ws/console/{slug}/?language={get_language()}",
    }
    return _page(request, "console/sale.html", page)


def overview(request: HttpRequest) -> HttpResponse:
    """All sales that are not over, the next opening first."""
    right = right_at(request.user, None)
    if right is None:
        raise PermissionDenied
    events = list(sales_of(request.user))
    view = looks.overview()
    told = telling.told_over(view, [event.slug for event in events], right)
    page = {
        "title": _("Console"),
        "right": right,
        "told": told,
        "rows": [(event, told["rooms"][event.slug]) for event in events],
        "socket": f"/ws/console/?language={get_language()}",
    }
    return _page(request, "console/overview.html", page)


def _page(request: HttpRequest, template: str, page: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **page})
