"""The best seats for so many people: side by side, else as near to each other as there are; nothing is held yet."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from events.plans.seat_layout import SectionLayout, Stretch
from events.sale.availability import FREE

# Where nobody can sit side by side, so many seats are tried as the middle of a group, in so many sections.
MAX_MIDDLES = 60
MAX_SECTIONS = 3
ROW = 1.2  # a row's depth, in seats' widths
AISLE = 1.0


@dataclass(frozen=True)
class Block:
    """A section as it is searched: its seats, their states, and how far it lies from the best of the house."""

    section: int
    layout: SectionLayout
    state: str  # a letter for each seat
    far: float  # 0 in front of the stage's middle


@dataclass(frozen=True)
class Offer:
    """Seats of a section, by ordinal, and whether they are side by side."""

    section: int
    ordinals: tuple[int, ...]
    together: bool


def best_together(blocks: Iterable[Block], count: int) -> Offer | None:
    """The best `count` neighbours: in front, in the middle; None where nowhere so many are free."""
    found = (
        (block.far + stretch.row + abs(first + (count - 1) / 2 - stretch.middle) / 4, block.section, first)
        for block in blocks
        for stretch in block.layout.stretches
        for first in _runs(block.state, stretch, count)
    )
    best = min(found, default=None)
    if best is None:
        return None
    _, section, first = best
    return Offer(section, tuple(range(first, first + count)), together=True)


def _runs(state: str, stretch: Stretch, count: int) -> Iterator[int]:
    """Where `count` free seats of the stretch begin."""
    end, run = stretch.first + stretch.length, FREE * count
    first = state.find(run, stretch.first, end)
    while first >= 0:
        yield first
        first = state.find(run, first + 1, end)


def nearest(blocks: Sequence[Block], count: int) -> Offer | None:
    """`count` seats of one section as near to each other as there are; None where no section has so many."""
    enough = [(block, free) for block in blocks if len(free := list(_free(block))) >= count]
    enough.sort(key=lambda found: found[0].far)
    offers = [(*_group(free, count), block.section) for block, free in enough[:MAX_SECTIONS]]
    if not offers:
        return None
    _, ordinals, section = min(offers)
    return Offer(section, ordinals, together=False)


# (ordinal, row, from the row's middle, the stretch it belongs to)
Seat = tuple[int, int, float, int]


def _free(block: Block) -> Iterator[Seat]:
    for index, stretch in enumerate(block.layout.stretches):
        for ordinal in range(stretch.first, stretch.first + stretch.length):
            if block.state[ordinal : ordinal + 1] == FREE:
                yield ordinal, stretch.row, ordinal - stretch.middle, index


def _group(free: Sequence[Seat], count: int) -> tuple[float, tuple[int, ...]]:
    """How far apart the closest `count` of the seats are, and which."""
    step = max(1, len(free) // MAX_MIDDLES)
    return min(_around(middle, free, count) for middle in free[::step])


def _around(middle: Seat, free: Sequence[Seat], count: int) -> tuple[float, tuple[int, ...]]:
    near = sorted((_distance(middle, seat), seat[0]) for seat in free)[:count]
    return sum(distance for distance, _ in near), tuple(sorted(ordinal for _, ordinal in near))


def _distance(one: Seat, other: Seat) -> float:
    across = abs(one[2] - other[2])
    if one[1] == other[1]:
        return across + AISLE * (one[3] != other[3])
    return ROW * abs(one[1] - other[1]) + across


def best_spaces(blocks: Iterable[Block], count: int) -> Offer | None:
    """A wheelchair space, the companion's seat if more than one comes, and the nearest free seats for all others.

    Side by side only where no more come than the space has companions' seats beside it. None where no space is free.
    """
    found = []
    for block in blocks:
        for space in block.layout.spaces:
            if block.state[space.ordinal : space.ordinal + 1] != FREE:
                continue
            beside = [c for c in space.companions if block.state[c : c + 1] == FREE][: min(1, count - 1)]
            others = _others(block, space.ordinal, space.row, count - 1 - len(beside))
            if others is not None:
                apart = len(others)
                found.append((apart, block.far + space.row, block.section, (space.ordinal, *beside, *others)))
    if not found:
        return None
    apart, _, section, ordinals = min(found)
    return Offer(section, tuple(sorted(ordinals)), together=not apart)


def _others(block: Block, ordinal: int, row: int, count: int) -> tuple[int, ...] | None:
    """The nearest `count` free ordinary seats to a space; None where there are fewer."""
    if count == 0:
        return ()
    free = sorted((ROW * abs(row - at) + abs(ordinal - seat) * (row == at), seat) for seat, at, _, _ in _free(block))
    return tuple(seat for _, seat in free[:count]) if len(free) >= count else None
