"""An event's draw as everybody may see and check it, and what of it is the visitor's own."""

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
SOON, AFTER = (10.0, 30.0), (5.0, 60.0)


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
    left_s = (state.closes_at - timezone.now()).total_seconds()
    match state.stage:
        case DrawStage.ENTERING if own and own.entered:
            return max(0.0, left_s) + uniform(*AFTER)  # noqa: S311 (spreads the work; no secret)
        case DrawStage.PLANNED | DrawStage.ENTERING | DrawStage.ENDED:
            return uniform(*SOON)  # noqa: S311 (the same)
        case DrawStage.CLOSED | DrawStage.LATE | DrawStage.VOID:
            spoken = max((source.at for source in state.awaited if source.at), default=None)
            wait_s = (spoken - timezone.now()).total_seconds() if spoken else 0.0
            return max(0.0, wait_s) + uniform(*AFTER)  # noqa: S311 (the same)
    return 0.0
