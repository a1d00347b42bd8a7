"""The seat map: sections first, then a section's seats, and their state while the page is open."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from events.accounts.asking import event_of
from events.models import Event, SaleState, Seat, SectionPrice
from events.plans.arena import lay_out
from events.plans.seat_drawing import seats_svg
from events.sale.availability import FREE, free_seats, section_state
from events.sale.hold_periods import paused_until
from events.sale.holds import held_by, seats_left_to
from events.sale.more_time import more_until
from events.views.answers import for_accounts

# The colours of tiers that seats.css has; with more tiers they begin again.
SHADES = 12


@require_safe
@for_accounts
def seat_map(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """The sections, with what is left in each."""
    event = event_of(slug)
    if not _shows_seats(event):
        return redirect(event)
    prices = list(SectionPrice.objects.filter(event=event).select_related("section", "tier"))
    free = free_seats(slug)
    arena = lay_out([price.section for price in prices])
    tiers = sorted({price.tier for price in prices}, key=lambda tier: (-tier.price_won, tier.pk))
    prices.sort(key=lambda price: tiers.index(price.tier))  # the list goes by tier; the map needs no order
    sections = [
        {
            "section": price.section,
            "tier": price.tier,
            "shade": tiers.index(price.tier) % SHADES,
            "free": free.get(price.section_id, 0),
            "shape": arena.shapes[price.section_id],
        }
        for price in prices
    ]
    hold = held_by(event, account)
    page = {"event": event, "sections": sections, "arena": arena, "hold": hold}
    page["more_until"] = more_until(event, hold)
    page["paused_until"] = paused_until(event, account.pk)
    return render(request, "events/seat_map.html", page)


@require_safe
@for_accounts
def section(request: HttpRequest, account: User, slug: str, section_id: int) -> HttpResponse:
    """One section: its seats to pick, or how many may come into a standing area."""
    event = event_of(slug)
    if not _shows_seats(event):
        return redirect(event)
    prices = SectionPrice.objects.select_related("section", "tier")
    price = get_object_or_404(prices, event=event, section=section_id)
    hold = held_by(event, account)
    state = section_state(slug, section_id) or ""
    allowed = seats_left_to(event, account.pk)
    page: dict[str, object] = {"event": event, "price": price, "hold": hold, "free": state.count(FREE)}
    page["more_until"] = more_until(event, hold)
    page["paused_until"] = paused_until(event, account.pk)
    counts = range(1, max(1, min(allowed, state.count(FREE))) + 1)
    page |= {"allowed": allowed, "counts": counts, "apart": _apart(request.GET.get("apart", ""), counts)}
    if not price.section.standing:
        mine = {occupancy.seat_id for occupancy in hold.occupancies.all()} if hold else set()
        seats = Seat.objects.filter(section=section_id).order_by("ordinal").values_list("pk", "row", "number")
        page["drawing"] = seats_svg(seats, state, mine, price.section.name)
    return render(request, "events/section.html", page)


def _shows_seats(event: Event) -> bool:
    """Whether there are seats to look at: not before the sale opens, nor of a show that was called off."""
    return event.sale_state() in (SaleState.OPEN, SaleState.OVER)


def _apart(sent: str, counts: Iterable[int]) -> int | None:
    """How many seats the viewer may have apart, after that many neighbours were not free; None if nobody asked."""
    return next((count for count in counts if count > 1 and str(count) == sent), None)
