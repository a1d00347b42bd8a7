"""Who of the staff may look at a room's console, tune the room, and order servers."""

from dataclasses import dataclass
from datetime import tzinfo

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone

from events.models import Event
from events.staff.may import may
from tiketi.console.rights import sees_pins
from waitingroom.models import WaitingRoom


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do about one room."""

    look: bool
    tune: bool  # threshold, rate, words and modes; admit by hand
    order: bool  # servers, which serve every room
    event: bool  # its event's history
    acts: bool  # what the staff did by hand, and why
    pins: bool  # who ordered servers, and why


def rights_at(account: User | AnonymousUser, room: WaitingRoom) -> Rights:
    """By the account's groups, and by its role at the room's event."""
    tune = _may(account, "waitingroom.change_waitingroom", room)
    order = account.has_perm("scaling.add_fleetpin")
    event = _may(account, "events.view_event", room)
    look = tune or order or event or account.has_perm("waitingroom.view_waitingroom")
    acts = tune or _may(account, "events.view_staffact", room)
    return Rights(look=look, tune=tune, order=order, event=event, acts=acts, pins=sees_pins(account))


def _may(account: User | AnonymousUser, permission: str, room: WaitingRoom) -> bool:
    event = event_of(room)
    return account.has_perm(permission) if event is None else may(account, permission, event)


def event_of(room: WaitingRoom) -> Event | None:
    """The event whose sale the room stands before."""
    found: Event | None = getattr(room, "event", None)
    return found


def zone_of(room: WaitingRoom) -> tzinfo:
    """By whose clock times are told: the event's venue's, or without an event the site's."""
    event = event_of(room)
    return timezone.get_default_timezone() if event is None else event.zone


def room_for(request: HttpRequest, slug: str, right: str) -> WaitingRoom:
    """The room, for who has that right there. Raises Http404, PermissionDenied."""
    room = get_object_or_404(WaitingRoom, slug=slug)
    if not getattr(rights_at(request.user, room), right):
        raise PermissionDenied
    return room
