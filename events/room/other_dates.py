"""The other dates of a show, with what is known of their lines, for those who wait for one of them."""

from django.templatetags.tz import do_timezone
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from events.models import Event, SaleState
from events.moments import moment
from waitingroom import admission
from waitingroom.errors import LineUnavailable
from waitingroom.page_cache import wait_text
from waitingroom.status import RoomStatus

# More than a fortnight of evenings is a list for a page of its own.
MAX_DATES = 14


def other_dates(event: Event) -> list[dict[str, object]]:
    """Those that one may change to: on sale or soon, and not sold out. In the current language."""
    now = timezone.now()
    found = event.dates().filter(starts_at__gt=now, room__closed_because="")
    states = (SaleState.OPEN, SaleState.SOON)
    dates = [date for date in found[: 2 * MAX_DATES] if date.sale_state(now) in states][:MAX_DATES]
    lines = _lines([date.slug for date in dates])
    return [
        {
            "slug": date.slug,
            "starts_at": do_timezone(date.starts_at, date.zone),
            "told": _told(date, lines.get(date.slug)),
        }
        for date in dates
    ]


def _lines(slugs: list[str]) -> dict[str, RoomStatus]:
    try:
        return {status.slug: status for status in admission.status(slugs)} if slugs else {}
    except LineUnavailable:
        return {}


def _told(date: Event, line: RoomStatus | None) -> str:
    """What is known of the date's line, in a few words; nothing while Redis is away."""
    if date.sale_state() is SaleState.SOON:
        return _("Sale opens %(at)s") % {"at": moment(date.opens_at, date.zone)}
    if line is None:
        return ""
    if line.mode == "closed":
        return _("The line is closed for now")
    if not line.waiting:
        return _("Nobody is waiting")
    waiting = ngettext("%(count)s is waiting", "%(count)s are waiting", line.waiting) % {"count": f"{line.waiting:,}"}
    return (
        f"{waiting}, {wait_text(line.estimated_wait_s, get_language() or 'ko')}" if line.estimated_wait_s else waiting
    )
