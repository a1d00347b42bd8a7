"""The best seats for so many people, price by price; holding them is the buyer's next step."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from events.accounts.asking import event_of
from events.front.on_sale import on_sale
from events.sale.availability import free_seats
from events.sale.holds import held_by, seats_left_to
from events.sale.seat_offers import offers_for
from events.sale.seat_wishes import read_wishes
from events.views.answers import for_accounts
from events.views.seats import shows_seats, time_told


@require_safe
@for_accounts
def best_seats(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Seats for `count` people side by side (`tier=`, `wheelchair=1`), or the nearest to that, for a button to hold."""
    event = event_of(slug)
    if not shows_seats(event):
        return redirect(event)
    sale, hold = on_sale(slug), held_by(event, account)
    allowed = seats_left_to(event, account.pk, hold)
    wishes = read_wishes(request.GET, sale.tiers, most=max(1, min(allowed, sum(free_seats(slug).values()))))
    offers = [(offer, sale.shades[offer.tier.pk]) for offer in offers_for(event, sale.prices, wishes)]
    page = {"event": event, "offers": offers, "wishes": wishes, "tiers": sale.tiers, "hold": hold, "allowed": allowed}
    page |= {"spaces": wishes.wheelchair or sale.spaces, "none": not any(offer.section for offer, _ in offers)}
    return render(request, "events/best_seats.html", page | time_told(event, account.pk, hold))
