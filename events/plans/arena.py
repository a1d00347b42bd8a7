"""Where a plan's sections lie on the map: rings around the stage, one for each level."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import cos, degrees, pi, sin

from events.models import Section

STAGE_RADIUS = 90
AISLE = 26  # between stage and floor, and between levels
GAP = 5  # between neighbours
DEEPEST = 150
REACH = 590  # of the outermost ring
SMALLEST, LARGEST = 13, 30  # letters
CROWDED = 20  # so many sections, and all letters are kept alike
WIDE_FROM = 9  # so many sections in a level wrap around the stage


@dataclass(frozen=True)
class Shape:
    """A section's outline on the map, where its name goes, and how large it may be written."""

    path: str
    x: float
    y: float
    letters: float
    angle: float  # degrees from straight below the stage, to the right; where the section lies around it

    @property
    def roomy(self) -> bool:
        """Whether a second line fits below the name."""
        return self.letters >= SMALLEST

    @property
    def below(self) -> float:
        """Where the second line goes."""
        return round(self.y + self.letters * 1.05, 1)


@dataclass(frozen=True)
class Map:
    """The shapes by section id, and the picture's size; the stage is a half disc at the top's middle."""

    width: float
    height: float
    stage_x: float
    stage_y: float
    shapes: dict[int, Shape]


def lay_out(sections: Sequence[Section]) -> Map:
    """Place the sections, ordered by level and from left to right: the lowest level next to the stage."""
    levels = [list(group) for _, group in groupby(sections, key=lambda section: section.level)]
    depth = min(DEEPEST, (REACH - STAGE_RADIUS) / max(1, len(levels)) - AISLE)
    outer = STAGE_RADIUS + len(levels) * (AISLE + depth)
    x, y = outer + 20.0, STAGE_RADIUS * 0.75
    largest = LARGEST if len(sections) < CROWDED else SMALLEST * 1.25
    shapes = {}
    for ring, members in enumerate(levels):
        inner = STAGE_RADIUS + AISLE + ring * (AISLE + depth)
        half = pi * (0.53 if len(members) >= WIDE_FROM else 0.36)
        step = 2 * half / len(members)
        for index, section in enumerate(members):
            start = index * step - half
            shapes[section.pk] = _wedge(x, y, inner, inner + depth, start, start + step, largest)
    return Map(width=2 * x, height=y + outer + 20, stage_x=x, stage_y=y, shapes=shapes)


def _wedge(x: float, y: float, inner: float, outer: float, start: float, end: float, largest: float) -> Shape:
    """A piece of a ring around (x, y); angles from straight down, growing to the right."""

    def at(radius: float, angle: float) -> str:
        return f"{x + radius * sin(angle):.1f} {y + radius * cos(angle):.1f}"

    far, near = GAP / outer / 2, GAP / inner / 2
    path = (
        f"M{at(outer, start + far)}A{outer:.1f} {outer:.1f} 0 0 0 {at(outer, end - far)}"
        f"L{at(inner, end - near)}A{inner:.1f} {inner:.1f} 0 0 1 {at(inner, start + near)}Z"
    )
    middle, radius = (start + end) / 2, (inner + outer) / 2
    letters = min(largest, radius * (end - start) / 4, (outer - inner) / 4)
    across, down = round(x + radius * sin(middle), 1), round(y + radius * cos(middle), 1)
    return Shape(path, across, down, round(letters, 1), round(degrees(middle), 1))
