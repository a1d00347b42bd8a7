"""The list of events, an event's page and its poster."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_POST, require_safe

from events.models import Event, Kind
from events.posters.drawing import poster_svg
from events.sale import holds
from events.sale.holds import bought_seats, held_by
from events.sale.sold_out import with_sold_out
from events.staff.previews import may_preview, not_yet_public
from events.views.answers import for_visitors
from waitingroom import admission, visitors
from waitingroom.reasons import Reason
from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry
from waitingroom.verdict import Admission

# Admitted visitors come by the dozen every second: they share one rendering.
MOMENT_SECONDS = 2
# Of a page that is everybody's. A change by staff is seen so late by who comes through a cache.
KEPT_SECONDS = 30


def shown_events() -> QuerySet[Event]:
    """Announced events that have not begun, or still sell (a festival's later days), with all their pages need."""
    now = timezone.now()
    coming = Event.objects.filter(Q(starts_at__gt=now) | Q(closes_at__gt=now), announced_at__lte=now)
    return with_sold_out(coming).select_related("venue").prefetch_related("tiers")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every event on sale or soon to be; `?kind=` narrows it."""
    events = shown_events()
    kind = request.GET.get("kind", "")
    if kind in Kind.values:
        events = events.filter(kind=kind)
    return render(request, "events/list.html", {"events": events, "kinds": Kind.choices, "kind": kind})


@require_safe
@for_visitors
def event_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The event, for those whom the gate let in; what they all see alike is a moment old and costs no query."""
    events = with_sold_out(Event.objects.all()).select_related("venue", "room").prefetch_related("tiers")
    event = SimpleLazyObject(lambda: get_object_or_404(events, room__slug=slug))
    page: dict[str, object] = {"event": event, "slug": slug, "moment": MOMENT_SECONDS, "full": False}
    place: Admission | None = getattr(request, "admission", None)
    page["public"] = place is None  # nobody gathers yet, or can line up any more
    page["called"] = place is not None and place.called
    if isinstance(request.user, User) and (bought := bought_seats(slug, request.user.pk)):
        page |= {"bought": bought, "full": bought >= event.seats_per_account}
    response = render(request, "events/event.html", page)
    if place is None and not request.COOKIES:  # made for nobody in particular
        response["Cache-Control"] = f"public, max-age={_kept_s(slug)}"
    return response


def _kept_s(slug: str) -> int:
    """How long caches may keep the public page: never past the instant that turns it."""
    opening = room_registry.opening(slug)
    return max(0, min(KEPT_SECONDS, opening.gathers_in_ms(opening.opens_in_ms(redis_clock.now_us())) // 1000))


@require_safe
def poster(request: HttpRequest, slug: str, language: str) -> HttpResponse:
    """The poster as a picture; its address changes with the event, so browsers may keep it."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    event = get_object_or_404(Event.objects.select_related("venue"), room__slug=slug)
    draft = not_yet_public(event)
    if draft and not may_preview(request.user, event):
        raise Http404
    with override(language):
        answer = HttpResponse(poster_svg(event), content_type="image/svg+xml")
    answer["Cache-Control"] = "no-store" if draft else "public, max-age=86400"
    return answer


@require_safe
@for_visitors
def ask_to_leave(request: HttpRequest, slug: str) -> HttpResponse:
    """What leaving gives up, before it does."""
    event = get_object_or_404(Event, room__slug=slug)
    hold = held_by(event, request.user) if isinstance(request.user, User) else None
    return render(request, "events/leave.html", {"event": event, "hold": hold})


@require_POST
@for_visitors
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Give up the place in the line or inside, and what is held."""
    event = get_object_or_404(Event, room__slug=slug)
    if isinstance(request.user, User):
        holds.release(event, request.user.pk)
    place = getattr(request, "admission", None)
    if place is not None:
        admission.leave(event.slug, place.visitor, Reason.LEFT)
    messages.success(request, _("You have left. Your place went to the next visitor."))
    response = redirect("events:list")
    visitors.spend_slip(response, event.slug)
    return response
