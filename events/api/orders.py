"""An account's own orders and moving tickets, for programs; somebody else's are not found."""

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.api.answers import for_accounts, said
from events.door.codes import moving_codes
from events.models import Order, Ticket
from events.models.door import door_of
from events.sale.cancelling import cancel_as_asked
from events.sale.holds import live_hold_of


@never_cache
@require_safe
@for_accounts
def order(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """Where the order stands, and until when its seats are held."""
    found = get_object_or_404(Order.objects.select_related("hold"), number=number, account=account)
    tickets = Ticket.objects.filter(line__order=found, voided_at=None).count()
    body: dict[str, object] = {"status": found.state, "order": number, "totalWon": found.total_won, "tickets": tickets}
    if hold := live_hold_of(found):
        body |= {"expiresAt": hold.expires_at.isoformat(), "now": timezone.now().isoformat()}
    return said(body)


@require_POST
@for_accounts
def cancel(request: HttpRequest, account: User, number: str) -> HttpResponse:
    """Give the order up, or tickets of it."""
    found = get_object_or_404(Order, number=number, account=account)
    cancel_as_asked(found, account, request.POST)
    return said({"status": found.state, "order": number})


@never_cache
@require_safe
@for_accounts
def moving(request: HttpRequest, account: User, serial: str) -> HttpResponse:
    """The ticket's moving codes of the next minutes: `{"now": ms, "codes": [{"from": s, "svg"}]}`."""
    whole = Ticket.objects.select_related("line__order__event", "line__seat__section")
    found = get_object_or_404(whole, serial=serial, line__order__account=account, voided_at=None)
    if not door_of(found.line.order.event).moving_codes:
        raise Http404
    codes = [{"from": since, "svg": svg} for since, svg in moving_codes(found)]
    return JsonResponse({"now": round(timezone.now().timestamp() * 1000), "codes": codes})
