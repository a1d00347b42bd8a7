"""What a visitor asks for: seats by id, and so many entries of an area."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Exists, OuterRef
from django.http import QueryDict

from events.models import Event, Hold, Occupancy, Seat, SeatKind, SectionPrice
from events.sale.refusals import BadPick, NotTogether, SeatTaken

# Far above any event's limit; a request that names more is not worth a question to the database.
MOST_NAMED = 200
AREA = "area-"
# Among so many free seats from the front, neighbours are looked for.
NEIGHBOURHOOD = 500


@dataclass(frozen=True)
class Pick:
    """Seats by id; areas (sections) with how many in each, and whether only neighbours will do."""

    seats: tuple[int, ...] = ()
    areas: tuple[tuple[int, int], ...] = ()
    together: bool = False

    @property
    def count(self) -> int:
        """How many seats are asked for."""
        return len(self.seats) + sum(count for _, count in self.areas)


def read_pick(sent: QueryDict) -> Pick:
    """The pick of a form: `seat=<id>` each, `area-<section id>=<count>`, `together=1`. Raises BadPick."""
    named = sent.getlist("seat")
    if len(named) > MOST_NAMED or len(sent) > MOST_NAMED:
        raise BadPick
    seats = [_number(text) for text in named]
    areas = []
    for name in sent:
        if name.startswith(AREA):
            values = sent.getlist(name)
            if len(values) != 1:
                raise BadPick
            if count := _number(values[0]):
                areas.append((_number(name.removeprefix(AREA)), count))
    pick = Pick(tuple(seats), tuple(areas), together=sent.get("together") == "1")
    if pick.count == 0 or len(set(seats)) != len(seats):
        raise BadPick
    return pick


def read_seat(sent: QueryDict) -> int:
    """The id of the one seat that a form names. Raises BadPick."""
    pick = read_pick(sent)
    if len(pick.seats) != 1 or pick.areas:
        raise BadPick
    return pick.seats[0]


def _number(text: str) -> int:
    """A plain whole number that may be a key: int() alone takes signs, underscores and every script's digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadPick
    return int(text)


def seats_for(event: Event, pick: Pick) -> list[Seat]:
    """The seats that would serve the pick, in the order of their ids; deals an area's from the front.

    Raises BadPick for what is not on sale at the event, SeatTaken where an area has not enough left, and NotTogether
    where neighbours are wanted and none are free.
    """
    seats = list(Seat.objects.filter(pk__in=pick.seats, section__prices__event=event).select_related("section"))
    if len(seats) != len(pick.seats):
        raise BadPick
    wanted = dict(pick.areas)
    for section_id in _locked_areas(event, wanted) if wanted else ():
        dealt = _deal(event, section_id, wanted[section_id], besides={seat.pk for seat in seats})
        if pick.together and not dealt[0].section.standing and not are_neighbours(dealt):
            raise NotTogether(len(dealt))
        seats += dealt
    return sorted(seats, key=lambda seat: seat.pk)


def _locked_areas(event: Event, wanted: Collection[int]) -> list[int]:
    """The sections, none of which anybody else is dealt seats of meanwhile. Raises BadPick for what is not on sale."""
    prices = SectionPrice.objects.filter(event=event, section__in=wanted).order_by("pk")
    # One after another in each area: else two buyers are dealt the same seats, and one must try again. Not the key:
    # who picks single seats there need not wait.
    areas = list(prices.select_for_update(no_key=True).values_list("section_id", flat=True))
    if len(areas) != len(wanted):
        raise BadPick
    return areas


def _deal(event: Event, section_id: int, count: int, besides: set[int]) -> list[Seat]:
    """The next `count` free seats of a section: neighbours in one row if there are any, the first ones otherwise."""
    taken = Occupancy.objects.filter(event=event, seat=OuterRef("pk"))
    free = (
        Seat.objects.filter(~Exists(taken), section=section_id, kind=SeatKind.ORDINARY)
        .exclude(pk__in=besides)
        .order_by("ordinal")
    )
    seats = list(free.values_list("pk", "row", "number")[:NEIGHBOURHOOD])
    if len(seats) < count:
        raise SeatTaken([])
    chosen = seats[:count]
    for first in range(len(seats) - count + 1):
        run = seats[first : first + count]
        if side_by_side([(row, number) for _, row, number in run]):
            chosen = run
            break
    found = Seat.objects.filter(pk__in=[pk for pk, _, _ in chosen])
    return list(found.select_related("section").order_by("ordinal"))


def are_neighbours(seats: Sequence[Seat]) -> bool:
    """Whether the seats, in the section's order, are side by side."""
    return side_by_side([(seat.row, seat.number) for seat in seats])


def side_by_side(seats: Sequence[tuple[str, int]]) -> bool:
    """Whether seats (row, number), in order, are neighbours: one row, no number between: an aisle is a gap."""
    rows = {row for row, _ in seats}
    return len(rows) == 1 and all(after - before == 1 for (_, before), (_, after) in pairwise(seats))


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
