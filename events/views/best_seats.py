"""The best seats for so many people, price by price; holding them is the buyer's next step."""

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from events.accounts.asking import event_of
from events.models import Seat, SeatKind
from events.plans.tier_colours import shades_of
from events.sale.availability import free_seats
from events.sale.hold_periods import paused_until
from events.sale.holds import held_by, seats_left_to
from events.sale.more_time import more_until
from events.sale.seat_offers import offers_for
from events.sale.seat_wishes import read_wishes
from events.views.answers import for_accounts
from events.views.seats import prices_of, shows_seats


@require_safe
@for_accounts
def best_seats(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """Seats for `count` people side by side (`tier=`, `wheelchair=1`), or the nearest to that, for a button to hold."""
    event = event_of(slug)
    if not shows_seats(event):
        return redirect(event)
    prices = list(prices_of(event))
    tiers = sorted({price.tier for price in prices}, key=lambda tier: (-tier.price_won, tier.pk))
    allowed = seats_left_to(event, account.pk)
    wishes = read_wishes(request.GET, tiers, most=max(1, min(allowed, sum(free_seats(slug).values()))))
    hold = held_by(event, account)
    spaces = Seat.objects.filter(section__in=[price.section_id for price in prices], kind=SeatKind.WHEELCHAIR)
    shades = shades_of(tiers)
    offers = [(offer, shades[offer.tier.pk]) for offer in offers_for(event, prices, wishes)]
    page = {"event": event, "offers": offers, "wishes": wishes, "tiers": tiers, "hold": hold, "allowed": allowed}
    page |= {"spaces": wishes.wheelchair or spaces.exists(), "none": not any(offer.section for offer, _ in offers)}
    page |= {"more_until": more_until(event, hold), "paused_until": paused_until(event, account.pk)}
    return render(request, "events/best_seats.html", page)
