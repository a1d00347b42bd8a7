"""The seat map: sections first, then a section's seats, drawn or as a list."""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from events.accounts.asking import event_of
from events.models import Event, SaleState, Seat, SeatKind, SectionPrice
from events.plans.arena import lay_out
from events.plans.seat_drawing import seats_svg, stage_side
from events.plans.seat_list import rows_of
from events.plans.tier_colours import shades_of
from events.sale.availability import FREE, free_seats, section_state, section_states
from events.sale.hold_periods import paused_until
from events.sale.holds import held_by, seats_left_to
from events.sale.more_time import more_until
from events.sale.seat_wishes import SeatWishes, read_wishes
from events.views.answers import for_accounts


@require_safe
@for_accounts
def seat_map(request: HttpRequest, account: User, slug: str) -> HttpResponse:
    """The sections, with what is left in each; `tier=` and `wheelchair=1` narrow them to what somebody looks for."""
    event = event_of(slug)
    if not shows_seats(event):
        return redirect(event)
    prices = list(prices_of(event))
    free = free_seats(slug)
    arena = lay_out([price.section for price in prices])
    tiers = sorted({price.tier for price in prices}, key=lambda tier: (-tier.price_won, tier.pk))
    shades = shades_of(tiers)
    prices.sort(key=lambda price: tiers.index(price.tier))  # the list goes by tier; the map needs no order
    spaces = _free_spaces(event, [price.section_id for price in prices])
    wishes = read_wishes(request.GET, tiers, most=max(1, min(seats_left_to(event, account.pk), sum(free.values()))))
    sections = [
        {
            "section": price.section,
            "tier": price.tier,
            "shade": shades[price.tier_id],
            "free": free.get(price.section_id, 0),
            "spaces": spaces.get(price.section_id, 0),
            "shape": arena.shapes[price.section_id],
            "wanted": _serves(price, wishes, spaces),
        }
        for price in prices
    ]
    hold = held_by(event, account)
    page = {"event": event, "sections": sections, "arena": arena, "hold": hold, "wishes": wishes, "tiers": tiers}
    page |= {"spaces": spaces, "more_until": more_until(event, hold), "paused_until": paused_until(event, account.pk)}
    return render(request, "events/seat_map.html", page)


def prices_of(event: Event) -> QuerySet[SectionPrice]:
    """What is on sale at the event, section by section."""
    return SectionPrice.objects.filter(event=event).select_related("section", "tier")


def _free_spaces(event: Event, sections: list[int]) -> dict[int, int]:
    """Free wheelchair spaces by section, where there are any spaces at all."""
    spaces = Seat.objects.filter(section__in=sections, kind=SeatKind.WHEELCHAIR).order_by()
    places = list(spaces.values_list("section_id", "ordinal"))
    states = section_states(event.slug, {section for section, _ in places})
    free = dict.fromkeys((section for section, _ in places), 0)
    for section, ordinal in places:
        free[section] += states.get(section, "")[ordinal : ordinal + 1] == FREE
    return free


def _serves(price: SectionPrice, wishes: SeatWishes, spaces: dict[int, int]) -> bool:
    if wishes.tier is not None and price.tier_id != wishes.tier.pk:
        return False
    return not wishes.wheelchair or spaces.get(price.section_id, 0) > 0


@require_safe
@for_accounts
def section(request: HttpRequest, account: User, slug: str, section_id: int) -> HttpResponse:
    """One section: its seats to pick, drawn or (`?view=list`) row by row, or how many may come into a standing area."""
    event = event_of(slug)
    if not shows_seats(event):
        return redirect(event)
    prices = list(prices_of(event))
    price = next((price for price in prices if price.section_id == section_id), None)
    if price is None:
        raise Http404
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
        seats = list(
            Seat.objects.filter(section=section_id).order_by("ordinal").values_list("pk", "row", "number", "kind")
        )
        page["kinds"] = [SeatKind(kind) for kind in dict.fromkeys(kind for *_, kind in seats) if kind]
        if request.GET.get("view") == "list":
            page["rows"] = rows_of(seats, state, mine)
        else:
            arena = lay_out([price.section for price in prices])
            angle = arena.shapes[section_id].angle
            page |= {"drawing": seats_svg(seats, state, mine, price.section.name, angle), "side": stage_side(angle)}
            page |= {"arena": arena, "shapes": arena.shapes.items(), "first_row": seats[0][1] if seats else ""}
    return render(request, "events/section.html", page)


def shows_seats(event: Event) -> bool:
    """Whether there are seats to look at: not before the sale opens, nor of a show that was called off."""
    return event.sale_state() in (SaleState.OPEN, SaleState.OVER)


def _apart(sent: str, counts: Iterable[int]) -> int | None:
    """How many seats the viewer may have apart, after that many neighbours were not free; None if nobody asked."""
    return next((count for count in counts if count > 1 and str(count) == sent), None)
