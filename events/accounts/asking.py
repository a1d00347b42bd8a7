"""Who asks, for a page or for a program's answer: an account in its own place, or whoever the gate let in."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from events.accounts.places import in_own_place
from events.front.on_sale import event_shown
from events.models import Event
from events.sale.refusals import NotYourPlace
from events.staff.previews import may_preview, not_yet_public
from waitingroom.room_registry import room_registry
from waitingroom.slips import ACCOUNT


class SignInFirst(Exception):
    """Nobody is signed in."""


def account_of(request: HttpRequest, slug: object) -> User:
    """The signed-in account, in its own place. Raises SignInFirst or NotYourPlace, and Http404 for a draft's pages."""
    _hide_drafts(request, slug)
    if not isinstance(request.user, User):
        raise SignInFirst
    if not in_own_place(request, request.user):
        raise NotYourPlace
    return request.user


def check_visitor(request: HttpRequest, slug: object) -> None:
    """Let pass whoever the gate let in; where the event demands an account, or the place is one's, as `account_of`."""
    if _demands_account(request):
        account_of(request, slug)
    else:
        _hide_drafts(request, slug)


def _hide_drafts(request: HttpRequest, slug: object) -> None:
    """Raise Http404 for the pages of a draft, but to staff. Whom the gate let in has come to a room that is public."""
    if slug is None or getattr(request, "admission", None) is not None:
        return
    try:
        event = event_shown(str(slug))
    except Event.DoesNotExist:
        return
    if not_yet_public(event) and not may_preview(request.user, event):
        raise Http404


def _demands_account(request: HttpRequest) -> bool:
    place = getattr(request, "admission", None)
    if place is None:
        return False
    facts = room_registry.get(place.room)
    changes_an_accounts = request.method not in ("GET", "HEAD") and place.visitor.startswith(ACCOUNT)
    return changes_an_accounts or (facts is not None and facts.account_required)


def event_of(slug: str) -> Event:
    """The event with its venue, a moment old: whoever sells, or changes anything, looks again. Raises Http404."""
    try:
        return event_shown(slug)
    except Event.DoesNotExist as error:
        raise Http404 from error
