"""Holding seats, giving them back, and ordering them; all behind the gate."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from events.accounts.asking import event_of
from events.accounts.places import visitor_of
from events.models import Order
from events.payments import registry
from events.privacy.consents import ConsentMissing, field_of, yet_to_ask
from events.sale import holds, more_time
from events.sale.checkout import check_out
from events.sale.holds import held_by
from events.sale.picks import dealt_apart, read_pick, read_seat
from events.sale.refusals import NotTogether, OtherTotal, Refused
from events.sale.seat_wishes import NAMES
from events.views.answers import for_accounts, refuse
from events.views.payments import leads_to_providers


@require_POST
@for_accounts
def hold(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Hold what was picked: `seat=<id>` each, and `area-<section>=<count>`.

    By `together=1` neighbours or nothing: the section's page then asks whether separate seats will do.
    """
    event = event_of(slug)
    try:
        pick = read_pick(request.POST)
        held = holds.hold_seats(event=event, account_id=account.pk, visitor=visitor_of(account), pick=pick)
    except NotTogether:
        chosen, count = pick.areas[0]
        return redirect(f"{reverse('events:section', args=[slug, chosen])}?apart={count}")
    except Refused as why:
        return refuse(request, why, _page_of(request.POST, slug))
    apart = dealt_apart(held, pick)
    if apart:
        text = _(
            "These seats are not side by side, as that many neighbours are not free there: %(seats)s. "
            "You may give them up and try another section."
        )
        messages.warning(request, text % {"seats": "; ".join(apart)})
    return redirect("events:checkout", slug)


def _page_of(sent: QueryDict, slug: str) -> str:
    """The page that a pick came from, as its `from` says: a section's id, `best` with the wishes beside, or the map."""
    came_from = sent.get("from", "")
    if came_from == "best":
        wishes = {name: value for name in NAMES if (value := sent.get(name, "")).isascii() and value.isdigit()}
        return f"{reverse('events:best-seats', args=[slug])}?{urlencode(wishes)}"
    if came_from.isascii() and came_from.isdigit() and len(came_from) < 19:
        return reverse("events:section", args=[slug, came_from])
    return reverse("events:seats", args=[slug])


@require_POST
@for_accounts
def release(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give held seats back, to pick others."""
    holds.release(event_of(slug), account.pk)
    return redirect("events:seats", slug)


@require_POST
@for_accounts
def extend(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """More time for what is held, once; the next page is the order's, the map (`from=seats`) or the checkout."""
    event = event_of(slug)
    back = reverse("events:seats" if request.POST.get("from") == "seats" else "events:checkout", args=[slug])
    try:
        held = more_time.extend(event, account.pk)
    except Refused as why:
        return refuse(request, why, back)
    messages.success(request, more_time.told(held))
    return redirect(held.order or back)


@require_POST
@for_accounts
def drop(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give one of the held seats back: `seat=<id>`."""
    event = event_of(slug)
    try:
        holds.drop(event, account.pk, read_seat(request.POST))
    except Refused as why:
        return refuse(request, why, reverse("events:checkout", args=[slug]))
    return redirect("events:checkout" if held_by(event, account) else "events:seats", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@leads_to_providers
@for_accounts
def checkout(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Review what is held; by POST order it, and go to pay."""
    event = event_of(slug)
    back = reverse("events:seats", args=[slug])
    try:
        if request.method == "POST":
            begun = check_out(event, account, request.POST, request.build_absolute_uri("/")[:-1])
            return redirect(begun if isinstance(begun, Order) else begun.address)
        held = holds.live_hold(event, account.pk)
    except (ConsentMissing, OtherTotal) as why:
        return refuse(request, why, request.path)
    except Refused as why:
        return refuse(request, why, back)
    lines = sorted(held.occupancies.all(), key=lambda occupancy: occupancy.seat_id)
    page = {
        "event": event,
        "hold": held,
        "lines": lines,
        "total_won": held.total_won,
        "providers": registry.choices(),
        "documents": [(field_of(document), document) for document in yet_to_ask(account)],
        "more": holds.seats_left_to(event, account.pk, held),
        "more_until": more_time.more_until(event, held),
    }
    return render(request, "events/checkout.html", page)
