"""What cancelling costs, as pages say it."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Order
from events.sale.terms import Terms

register = template.Library()


@register.inclusion_tag("events/cancellation_terms.html")
def terms_before_ordering(event: Event) -> dict[str, Any]:
    """What who orders now agrees to."""
    until = event.cancelling_ends(event.terms, timezone.now())
    return {"event": event, "terms": event.terms, "rows": list(_rows(event.terms)), "until": until}


@register.inclusion_tag("events/cancellation_terms.html")
def terms_of(order: Order) -> dict[str, Any]:
    """What was agreed to when ordering."""
    free = order.event.cancelling_is_free()
    rows = [] if free else list(_rows(order.terms))
    until = order.cancelling_ends()
    return {"event": order.event, "terms": order.terms, "rows": rows, "until": until, "without_fee": free}


def _rows(terms: Terms) -> list[tuple[str, int]]:
    return [(_when(least, most), percent) for least, most, percent in terms.rows()]


def _when(least: int, most: int | None) -> str:
    if least == 0:
        return _("On the day, before it begins") if most == 0 else _("Until it begins")
    if most is None:
        said = ngettext("Until %(least)d day before", "Until %(least)d days before", least)
        return said % {"least": least}
    if least == most:
        return ngettext("%(least)d day before", "%(least)d days before", least) % {"least": least}
    return _("%(most)d to %(least)d days before") % {"most": most, "least": least}
