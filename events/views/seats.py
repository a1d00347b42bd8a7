"""The seat map: sections first, then a section's seats, drawn or as a list."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from events.accounts.asking import event_of
from events.front.on_sale import OnSale, on_sale, seats_shown
from events.models import Event, Hold, SaleState, SeatKind, SectionPrice
from events.plans.seat_drawing import seats_svg, stage_side
from events.plans.seat_list import rows_of
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
    sale, free, hold = on_sale(slug), free_seats(slug), held_by(event, account)
    spaces = _free_spaces(slug, sale)
    most = max(1, min(seats_left_to(event, account.pk, hold), sum(free.values())))
    wishes = read_wishes(request.GET, sale.tiers, most=most)
    sections = [
        {
            "section": price.section,
            "tier": price.tier,
            "shade": sale.shades[price.tier_id],
            "free": free.get(price.section_id, 0),
            "spaces": spaces.get(price.section_id, 0),
            "shape": sale.arena.shapes[price.section_id],
            "wanted": _serves(price, wishes, spaces),
        }
        for price in sale.by_tier
    ]
    page = {"event": event, "sections": sections, "arena": sale.arena, "hold": hold, "wishes": wishes}
    page |= {"tiers": sale.tiers, "spaces": spaces, **time_told(event, account.pk, hold)}
    return render(request, "events/seat_map.html", page)


def _free_spaces(slug: str, sale: OnSale) -> dict[int, int]:
    """Free wheelchair spaces by section, where there are any spaces at all."""
    free = dict.fromkeys((section for section, _ in sale.spaces), 0)
    states = section_states(slug, free) if free else {}
    for section, ordinal in sale.spaces:
        free[section] += states.get(section, "")[ordinal : ordinal + 1] == FREE
    return free


def time_told(event: Event, account_id: int, hold: Hold | None) -> dict[str, datetime | None]:
    """What pages say of the time for holding seats: of who holds some, how it may get longer; of others, the pause."""
    return {
        "more_until": more_until(event, hold),
        "paused_until": None if hold else paused_until(event, account_id),
    }


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
    sale = on_sale(slug)
    price = sale.price_of(section_id)
    if price is None:
        raise Http404
    hold = held_by(event, account)
    state = section_state(slug, section_id) or ""
    allowed = seats_left_to(event, account.pk, hold)
    page: dict[str, object] = {"event": event, "price": price, "hold": hold, "free": state.count(FREE)}
    page |= time_told(event, account.pk, hold)
    counts = range(1, max(1, min(allowed, state.count(FREE))) + 1)
    page |= {"allowed": allowed, "counts": counts, "apart": _apart(request.GET.get("apart", ""), counts)}
    if not price.section.standing:
        mine = {occupancy.seat_id for occupancy in hold.occupancies.all()} if hold else set()
        seats = seats_shown(section_id)
        page["kinds"] = [SeatKind(kind) for kind in dict.fromkeys(kind for *_, kind in seats) if kind]
        if request.GET.get("view") == "list":
            page["rows"] = rows_of(seats, state, mine)
        else:
            angle = sale.arena.shapes[section_id].angle
            page |= {"drawing": seats_svg(seats, state, mine, price.section.name, angle), "side": stage_side(angle)}
            page |= {"arena": sale.arena, "shapes": sale.arena.shapes.items()}
            page["first_row"] = seats[0][1] if seats else ""
    return render(request, "events/section.html", page)


def shows_seats(event: Event) -> bool:
    """Whether there are seats to look at: not before the sale opens, nor of a show that was called off."""
    return event.sale_state() in (SaleState.OPEN, SaleState.OVER)


def _apart(sent: str, counts: Iterable[int]) -> int | None:
    """How many seats the viewer may have apart, after that many neighbours were not free; None if nobody asked."""
    return next((count for count in counts if count > 1 and str(count) == sent), None)
