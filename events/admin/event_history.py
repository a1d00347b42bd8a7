"""What belongs to an event's history: its own fields, its room's, its prices and its door, as on its form."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from events.models import Event, EventDoor, PriceTier, Section, SectionPrice
from events.sale.terms import read_terms
from events.staff.may import may
from waitingroom.histories import Kept
from waitingroom.history_admin import COUNTED
from waitingroom.models import SITES_WORD, WaitingRoom
from waitingroom.values_shown import Names


def histories_of(request: HttpRequest, event: Event) -> Sequence[Kept]:
    """As far as the member of staff may see the rows themselves."""
    kinds = [Kept(Event.history.filter(id=event.pk), leaving_out=COUNTED, words={"cancellation_terms": _terms})]
    changes = may(request.user, "events.change_event", event)
    if changes or request.user.has_perm("waitingroom.view_waitingroom"):
        # The opening is the event's own; the site's word over the room is nobody's change.
        kinds.append(
            Kept(
                WaitingRoom.history.filter(slug=event.slug), leaving_out=COUNTED.union(SITES_WORD, {"opens_at", "slug"})
            )
        )
    if changes or may(request.user, "events.view_pricetier", event):
        tiers = Kept(PriceTier.history.filter(event_id=event.pk), called=_tier, told_anew=("price_won",))
        kinds.append(tiers)
        kinds.append(Kept(SectionPrice.history.filter(event_id=event.pk), called=_section, told_anew=("tier",)))
    if changes or may(request.user, "events.view_eventdoor", event):
        kinds.append(Kept(EventDoor.history.filter(event_id=event.pk)))
    return kinds


def _tier(record: Any, _names: Names) -> str:
    return str(record.name_ko)


def _section(record: Any, names: Names) -> str:
    return names.get((Section, record.section_id), f"#{record.section_id}")


def _terms(kept: dict[str, Any]) -> str:
    """The steps in a line: "10 days: 0 %, 7 days: 10 %"."""
    terms = read_terms(kept)
    steps = [_("%(days)d days: %(percent)d %%") % {"days": days, "percent": percent} for days, percent in terms.steps]
    if terms.free_hours:
        free = _("no fee within %(hours)d hours, until %(days)d days before")
        steps.append(free % {"hours": terms.free_hours, "days": terms.free_until_days})
    return ", ".join(steps)
