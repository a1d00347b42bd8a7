"""An event's draw as everybody may see and check it, and what of it is the visitor's own."""

from datetime import datetime
from math import inf
from random import uniform

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events.models import Event
from events.sale.closing import closing_of
from events.staff.previews import not_yet_public
from waitingroom import visitors
from waitingroom.draw_state import DrawStage, DrawState, OwnEntry, draw_state, own_entry
from waitingroom.errors import DrawRefused

# Seconds until a page that waits asks again, spread so that thousands do not ask together.
SOON = (10.0, 30.0)
# After an hour at which there is news for all; of very many so many ask in a second.
LEAST_AFTER_S, LONGEST_AFTER_S, ASKED_A_SECOND = 5.0, 60.0, 50
# So many seconds before and after the opening nobody asks: the socket says what happens then.
AROUND_OPENING = (10.0, 20.0)


def _state(slug: str) -> tuple[Event, DrawState]:
    event = get_object_or_404(Event.objects.select_related("room", "venue"), room__slug=slug)
    state = None if not_yet_public(event) else draw_state(event.room)
    if state is None:
        raise Http404
    return event, state


def _own(request: HttpRequest, state: DrawState) -> OwnEntry | None:
    """None where the closed roster and the entries do not agree: the page says so."""
    try:
        return own_entry(state, visitors.of_request(request))
    except DrawRefused:
        return None


@require_safe
@never_cache
def draw(request: HttpRequest, slug: str) -> HttpResponse:
    """How far the draw is, what is published, how to check it, and what nobody can check."""
    event, state = _state(slug)
    own = _own(request, state)
    closing = closing_of(event, timezone.now())
    return render(request, "events/draw.html", {"event": event, "draw": state, "own": own, "closing": closing})


@require_safe
@never_cache
def mine(request: HttpRequest, slug: str) -> JsonResponse:
    """The same in a sentence or two, for the page that waits, and when it should ask again (0: no more)."""
    _event, state = _state(slug)
    own = _own(request, state)
    return JsonResponse(
        {
            "entered": own is not None and own.entered,
            "rank": own.rank if own else 0,
            "text": " ".join(filter(None, (_entry(own), _stage(state)))),
            "againInSeconds": round(_again_s(state, own), 1),
        }
    )


def _entry(own: OwnEntry | None) -> str:
    if own is None or not own.entered:
        return own.why_not if own else ""
    if own.rank:
        return _("You are number %(rank)s of %(size)s in the draw.") % {
            "rank": f"{own.rank:,}",
            "size": f"{own.size:,}",
        }
    return _("Your entry is taken; keep the receipt.")


def _stage(state: DrawState) -> str:
    if state.stage is DrawStage.ENTERING:
        return _("Entries so far: %(count)s.") % {"count": f"{state.entries:,}"}
    if state.stage in (DrawStage.CLOSED, DrawStage.LATE):
        said = _("Entries have ended: %(count)s. Fingerprint of the closed roster: %(root)s.")
        late = _("The draw waits for: %(names)s.") if state.stage is DrawStage.LATE else ""
        words = {
            "count": f"{state.size:,}",
            "root": state.fingerprint,
            "names": ", ".join(source.name for source in state.awaited),
        }
        return " ".join(filter(None, (said % words, late % words if late else "")))
    if state.stage is DrawStage.VOID:
        return _("This draw is void: its roster was not closed in time.")
    if state.stage is DrawStage.GIVEN_UP:
        return _("The draw was given up: those who gathered stand in the order in which they came.")
    return ""


def _again_s(state: DrawState, own: OwnEntry | None) -> float:
    now = timezone.now()
    pause_s = _pause_s(state, own, now)
    opens_in_s = (state.opens_at - now).total_seconds() if state.opens_at else -inf
    before_s, after_s = AROUND_OPENING
    if pause_s and opens_in_s - before_s < pause_s < opens_in_s + after_s:
        return opens_in_s + after_s + _after_s(state)
    return pause_s


def _pause_s(state: DrawState, own: OwnEntry | None, now: datetime) -> float:
    match state.stage:
        case DrawStage.ENTERING if own and own.entered:
            return max(0.0, (state.closes_at - now).total_seconds()) + _after_s(state)
        case DrawStage.PLANNED | DrawStage.ENTERING | DrawStage.ENDED:
            return uniform(*SOON)  # noqa: S311 (spreads the work; no secret)
        case DrawStage.CLOSED | DrawStage.LATE | DrawStage.VOID:
            spoken = max((source.at for source in state.awaited if source.at), default=now)
            return max(0.0, (spoken - now).total_seconds()) + _after_s(state)
    return 0.0


def _after_s(state: DrawState) -> float:
    longest_s = max(LONGEST_AFTER_S, state.entries / ASKED_A_SECOND)
    return uniform(LEAST_AFTER_S, longest_s)  # noqa: S311 (the same)
