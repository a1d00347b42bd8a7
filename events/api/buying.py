"""Holding seats, giving them back, and ordering them, for programs."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from events.accounts.asking import event_of
from events.accounts.places import visitor_of
from events.api.answers import for_accounts, said
from events.models import Hold, Order
from events.sale import holds, more_time
from events.sale.checkout import check_out
from events.sale.holds import held_by
from events.sale.picks import dealt_apart, read_pick, read_seat


@require_POST
@for_accounts
def hold(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Hold what was picked, as the form of a section sends it; `together` says whether no seat is by itself."""
    pick = read_pick(request.POST)
    held = holds.hold_seats(event=event_of(slug), account_id=account.pk, visitor=visitor_of(account), pick=pick)
    return said(_held(held) | {"together": not dealt_apart(held, pick)}, 201)


@require_POST
@for_accounts
def release(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give all held seats back."""
    holds.release(event_of(slug), account.pk)
    return said({"status": "released"})


@require_POST
@for_accounts
def extend(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """More time for what is held, once."""
    held = more_time.extend(event_of(slug), account.pk)
    return said(_held(held) | {"message": more_time.told(held)})


@require_POST
@for_accounts
def drop(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give one of the held seats back: `seat=<id>`."""
    event = event_of(slug)
    holds.drop(event, account.pk, read_seat(request.POST))
    held = held_by(event, account)
    return said(_held(held) if held else {"status": "released"})


@require_http_methods(["GET", "HEAD", "POST"])
@for_accounts
def checkout(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """What is held; by POST order it, and hear where to pay."""
    event = event_of(slug)
    if request.method != "POST":
        return said(_held(holds.live_hold(event, account.pk)))
    begun = check_out(event, account, request.POST, request.build_absolute_uri("/")[:-1])
    if isinstance(begun, Order):
        return said({"status": "paid", "order": begun.number, "totalWon": 0}, 201)
    body: dict[str, object] = {"status": "pending", "order": begun.order.number}
    return said(body | {"totalWon": begun.amount_won, "pay": begun.address}, 201)


def _held(held: Hold) -> dict[str, object]:
    seats = [occupancy.seat for occupancy in held.occupancies.select_related("seat__section").order_by("seat")]
    return {
        "status": "held",
        "seats": [{"id": seat.pk, "label": seat.label} for seat in seats],
        "expiresAt": held.expires_at.isoformat(),
        "now": timezone.now().isoformat(),  # by the clock that the hold ends by
    }
