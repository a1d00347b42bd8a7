"""The list of events, and an event's page."""

import secrets

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events.front.answers import front_page, own_page
from events.front.edition import edition
from events.models import Event
from events.programme.wishes import read
from events.sale import holds
from events.sale.holds import bought_seats, held_by
from events.sale.sold_out import with_sold_out
from events.views.answers import for_visitors
from events.views.places import places_of
from events.views.programme import programme
from waitingroom import admission, visitors
from waitingroom.reasons import Reason
from waitingroom.redis_clock import redis_clock
from waitingroom.room_registry import room_registry
from waitingroom.verdict import Admission

# Admitted visitors come by the dozen every second: they share one rendering.
MOMENT_SECONDS = 2
# Of a page that is everybody's. A change by staff is seen so late by who comes through a cache.
KEPT_SECONDS = 30
# What the page tells of one; put together once, since of most readers it asks nothing.
_EVENTS = with_sold_out(Event.objects.all()).select_related("venue", "room").prefetch_related("tiers")


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The programme, narrowed and searched as the address says."""
    wish = read(request.GET)

    def page() -> HttpResponse:
        said = {"programme": programme(wish), "places": places_of(request)}
        return render(request, "events/list.html", said)

    address = wish.address(page=wish.page)
    # What somebody types is theirs; and an address with more to it leads back to itself from the page's head.
    if wish.words or wish.odd or request.get_full_path() != address:
        return own_page(page)
    return front_page(request, address, page)


@require_safe
@for_visitors
def event_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The event, for those whom the gate let in; what they all see alike is a moment old and costs no query."""
    place: Admission | None = getattr(request, "admission", None)

    def page() -> HttpResponse:
        return render(request, "events/event.html", _said(request, slug, place))

    if place is not None:
        return page()
    if request.GET:  # somebody's: it leads back to itself from the page's head
        return own_page(page)
    return front_page(request, ("event", request.path), page, lasts=_kept_s(slug))


def _said(request: HttpRequest, slug: str, place: Admission | None) -> dict[str, object]:
    event = SimpleLazyObject(lambda: get_object_or_404(_EVENTS, room__slug=slug))
    page: dict[str, object] = {"event": event, "slug": slug, "full": False}
    # What a page holds that is kept for long must be as new as the page itself.
    page["moment"] = MOMENT_SECONDS if place is not None else 0
    page["edition"] = edition.now() or secrets.token_hex(8)  # without one nothing is shared
    page["public"] = place is None  # nobody gathers yet, or can line up any more
    page["called"] = place is not None and place.called
    if isinstance(request.user, User) and (bought := bought_seats(slug, request.user.pk)):
        page |= {"bought": bought, "full": bought >= event.seats_per_account}
    return page


def _kept_s(slug: str) -> int:
    """How long caches may keep the public page: never past the instant that turns it."""
    opening = room_registry.opening(slug)
    return max(0, min(KEPT_SECONDS, opening.gathers_in_ms(opening.opens_in_ms(redis_clock.now_us())) // 1000))


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
