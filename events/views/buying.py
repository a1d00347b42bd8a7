"""Holding seats, giving them back, and ordering them; all behind the gate."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from events.accounts.places import visitor_of
from events.models import Hold, Order, OrderState
from events.payments import registry
from events.payments.attempts import start_payment
from events.privacy.consents import ConsentMissing, agree, field_of, yet_to_ask
from events.sale import holds
from events.sale.orders import place_order
from events.sale.picks import Pick, are_neighbours, read_pick
from events.sale.refusals import BadPick, NotTogether, OtherTotal, Refused
from events.views.answers import for_accounts, refuse, wants_json
from events.views.payments import leads_to_providers
from events.views.seats import event_of, held_by


@require_POST
@for_accounts
def hold(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Hold what was picked: `seat=<id>` each, and `area-<section>=<count>`.

    By `together=1` neighbours or nothing: the section's page then asks whether separate seats will do.
    """
    event = event_of(slug)
    section = request.POST.get("from", "")
    try:
        pick = read_pick(request.POST)
        held = holds.hold_seats(event=event, account_id=account.pk, visitor=visitor_of(account), pick=pick)
    except NotTogether as why:
        if wants_json(request):
            return refuse(request, why, request.path)
        chosen, count = pick.areas[0]
        return redirect(f"{reverse('events:section', args=[slug, chosen])}?apart={count}")
    except Refused as why:
        known = section.isascii() and section.isdigit() and len(section) < 19
        back = reverse("events:section", args=[slug, section]) if known else reverse("events:seats", args=[slug])
        return refuse(request, why, back)
    apart = dealt_apart(held, pick)
    if wants_json(request):
        body = held_seats(held) | {"together": not apart}
        return JsonResponse(body, status=201, json_dumps_params={"ensure_ascii": False})
    if apart:
        text = _(
            "These seats are not side by side, as that many neighbours are not free there: %(seats)s. "
            "You may give them up and try another section."
        )
        messages.warning(request, text % {"seats": "; ".join(apart)})
    return redirect("events:checkout", slug)


def dealt_apart(held: Hold, pick: Pick) -> list[str]:
    """The seats that the site chose for this pick, by label, where they are no neighbours; none where people stand."""
    latest = held.occupancies.filter(seat__section__standing=False).select_related("seat__section").order_by("-pk")
    for section, count in pick.areas:
        # What was dealt came last, among what the hold has there.
        dealt = [
            occupancy.seat for occupancy in latest.filter(seat__section=section).exclude(seat__in=pick.seats)[:count]
        ]
        dealt.sort(key=lambda seat: seat.ordinal)
        if dealt and not are_neighbours(dealt):
            return [seat.label for seat in dealt]
    return []


def held_seats(held: Hold) -> dict[str, object]:
    """A hold, for programs."""
    seats = [occupancy.seat for occupancy in held.occupancies.select_related("seat__section").order_by("seat")]
    return {
        "status": "held",
        "seats": [{"id": seat.pk, "label": seat.label} for seat in seats],
        "expiresAt": held.expires_at.isoformat(),
        "now": timezone.now().isoformat(),  # by the clock that the hold ends by
    }


@require_POST
@for_accounts
def release(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give held seats back, to pick others."""
    holds.release(event_of(slug), account.pk)
    return JsonResponse({"status": "released"}) if wants_json(request) else redirect("events:seats", slug)


@require_POST
@for_accounts
def drop(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Give one of the held seats back: `seat=<id>`."""
    event = event_of(slug)
    try:
        pick = read_pick(request.POST)
        if len(pick.seats) != 1 or pick.areas:
            raise BadPick
        holds.drop(event, account.pk, pick.seats[0])
    except Refused as why:
        return refuse(request, why, reverse("events:checkout", args=[slug]))
    held = held_by(event, account)
    if wants_json(request):
        body = held_seats(held) if held else {"status": "released"}
        return JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    return redirect("events:checkout" if held else "events:seats", slug)


@require_http_methods(["GET", "HEAD", "POST"])
@leads_to_providers
@for_accounts
def checkout(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Review what is held; by POST order it, and go to pay."""
    event = event_of(slug)
    back = reverse("events:seats", args=[slug])
    try:
        if request.method == "POST":
            chosen = request.POST.get("provider", "")
            agree(account, request.POST, yet_to_ask(account))
            order = place_order(event, account.pk, _agreed(request.POST.get("agreed_won")))
            if order.state == OrderState.PAID:
                return _paid(request, order)
            payment = start_payment(order, chosen, request.build_absolute_uri("/")[:-1])
            if wants_json(request):
                body = {
                    "status": "pending",
                    "order": payment.order.number,
                    "totalWon": payment.amount_won,
                    "pay": payment.address,
                }
                return JsonResponse(body, status=201)
            return redirect(payment.address)
        held = holds.live_hold(event, account.pk)
        if wants_json(request):
            return JsonResponse(held_seats(held), json_dumps_params={"ensure_ascii": False})
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
        "more": holds.seats_left_to(event, account.pk),
    }
    return render(request, "events/checkout.html", page)


def _agreed(sent: str | None) -> int | None:
    """The total that the page showed; programs need not send it. Raises OtherTotal for what is none."""
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise OtherTotal
    return int(sent)


def _paid(request: HttpRequest, order: Order) -> HttpResponse:
    """What costs nothing is the buyer's at once."""
    if wants_json(request):
        return JsonResponse({"status": "paid", "order": order.number, "totalWon": 0}, status=201)
    return redirect(order)
