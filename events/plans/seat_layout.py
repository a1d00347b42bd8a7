"""How the seats of a plan lie to each other: stretches of neighbours, and the seats that are not for everybody."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

from django.core.cache import caches

from events.models import Plan, Seat, SeatKind

KEPT_SECONDS = 60  # a plan that is corrected is offered by its old seats for so long at most; holding asks the rows


@dataclass(frozen=True)
class Stretch:
    """Ordinary seats side by side, no aisle between."""

    row: int  # counted from the front
    first: int  # the ordinal of the first seat
    length: int
    middle: float  # of the whole row, as an ordinal


@dataclass(frozen=True)
class Space:
    """A wheelchair space and the companions' seats of its row, nearest first, by ordinal."""

    row: int
    ordinal: int
    companions: tuple[int, ...]


@dataclass(frozen=True)
class SectionLayout:
    """A section's seats."""

    stretches: list[Stretch] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)


def layouts_of(plan: Plan) -> dict[int, SectionLayout]:
    """The layout of each section of the plan, by its id; a minute old at most."""
    cache = caches["moments"]
    kept: dict[int, SectionLayout] | None = cache.get(f"layout:{plan.pk}")
    if kept is None:
        seats = Seat.objects.filter(section__plan=plan).order_by("section", "ordinal")
        kept = lay_out_seats(seats.values_list("section_id", "ordinal", "row", "number", "kind"))
        cache.set(f"layout:{plan.pk}", kept, KEPT_SECONDS)
    return kept


def forget_layout(plan: Plan) -> None:
    """The plan has other seats than was thought."""
    caches["moments"].delete(f"layout:{plan.pk}")


def lay_out_seats(seats: Iterable[tuple[int, int, str, int, str]]) -> dict[int, SectionLayout]:
    """Layouts from (section, ordinal, row, number, kind), in the order of sections and ordinals."""
    layouts: dict[int, SectionLayout] = defaultdict(SectionLayout)
    for section, of_section in groupby(seats, key=lambda seat: seat[0]):
        for row, (_name, members) in enumerate(groupby(of_section, key=lambda seat: seat[2])):
            _lay_out_row(layouts[section], row, [(ordinal, number, kind) for _, ordinal, _, number, kind in members])
    return dict(layouts)


def _lay_out_row(layout: SectionLayout, row: int, seats: list[tuple[int, int, str]]) -> None:
    middle = (seats[0][0] + seats[-1][0]) / 2
    begun, length, last = 0, 0, 0
    for ordinal, number, kind in seats:
        if not kind and length and number == last + 1:
            length += 1
        else:
            if length:
                layout.stretches.append(Stretch(row, begun, length, middle))
            begun, length = ordinal, 0 if kind else 1
        last = number
    if length:
        layout.stretches.append(Stretch(row, begun, length, middle))
    beside = [ordinal for ordinal, _number, kind in seats if kind == SeatKind.COMPANION]
    layout.spaces.extend(
        Space(row, ordinal, tuple(sorted(beside, key=lambda companion: abs(companion - ordinal))))
        for ordinal, _number, kind in seats
        if kind == SeatKind.WHEELCHAIR
    )
