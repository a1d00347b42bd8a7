"""The seats of one section as SVG, drawn once; what differs from viewer to viewer, their states, is filled in."""

from collections.abc import Container, Iterable
from functools import lru_cache
from itertools import chain, groupby
from math import cos, radians, sin

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.models import SeatKind
from events.sale.availability import FREE, HELD, SOLD

PITCH = 32  # from seat to seat
RADIUS = 12  # WCAG 2.2's target of 24 pixels
MARGIN = 34  # for the rows' names
BEFORE = 1.7 * PITCH  # from the first row to the stage's sign

MINE = "3"  # a letter of the drawing's own: the viewer holds the seat
GAP = "\0"  # where the state goes; in no name
# Somebody in a wheelchair, and somebody beside them; drawn around (0, 0).
SIGNS = {
    SeatKind.WHEELCHAIR: "M-1-7.4h.01M-1-4.4V1h4.4l2.2 4.8M-3.6-1.4A4.9 4.9 0 1 0 3 4.6",
    SeatKind.COMPANION: "M-2-4.8a2 2 0 1 0 4 0a2 2 0 1 0-4 0M-4.6 6.4V4.6a4.6 4.6 0 0 1 9.2 0v1.8",
}

# (id, row, number, kind) in the section's order
SeatRow = tuple[int, str, int, str]


def seats_svg(seats: Iterable[SeatRow], state: str, mine: Container[int], label: str, angle: float = 0) -> SafeString:
    """A drawing with a checkbox for every seat; `state` has a letter for each seat, `mine` the ids the viewer holds.

    The section lies as it does on the map, `angle` degrees around the stage: its first row on the stage's side.
    """
    seats = tuple(seats)
    template, words = _drawn(seats, label, angle, get_language())
    # The state may be a second older than a seat that was added.
    letters = state[: len(seats)].ljust(len(seats), HELD)
    letters = "".join([MINE if seat[0] in mine else letter for seat, letter in zip(seats, letters, strict=True)])
    said = chain.from_iterable(map(words.__getitem__, letters))
    return mark_safe(template % tuple(said))  # noqa: S308 (names are escaped, the rest are numbers)


@lru_cache(maxsize=64)  # of a thousand seats each takes half a megabyte
def _drawn(
    seats: tuple[SeatRow, ...], label: str, angle: float, _language: str | None
) -> tuple[str, dict[str, tuple[str, str]]]:
    """The drawing, with two gaps for each seat in order, and what fills them, by the letter of its state.

    In the current language. What a section's viewers have in common is drawn once for all of them.
    """
    row_name, seat_name = _("row %(row)s"), _("%(row)s, seat %(number)s: %(state)s")
    special = _("%(seat)s, %(kind)s")
    kinds = {kind.value: str(kind.label) for kind in SIGNS}
    rows = [(row, list(group)) for row, group in groupby(enumerate(seats), key=lambda item: item[1][1])]
    columns = columns_of(number for _row, members in rows for _ordinal, (_pk, _name, number, _kind) in members)
    turned = _Turned(angle)
    parts: list[str] = []
    for index, (row, members) in enumerate(rows):
        across = [columns[number] * PITCH for _ordinal, (_pk, _name, number, _kind) in members]
        name = row_name % {"row": row}
        parts.append(f'<g role="group" aria-label="{_text(name)}">')
        for end in (across[0] - PITCH * 0.9, across[-1] + PITCH * 0.9):
            x, y = turned.at(end, index * PITCH)
            parts.append(f'<text x="{x:g}" y="{y + 4:g}" aria-hidden="true">{_text(row)}</text>')
        for column, (ordinal, (pk, _row, number, kind)) in zip(across, members, strict=True):
            seat = f"{number}" if not kind else special % {"seat": number, "kind": kinds[kind]}
            spoken = _text(seat_name % {"row": name, "number": seat, "state": GAP}).replace(GAP, "%s")
            x, y = turned.at(column, index * PITCH)
            size = 2 * RADIUS
            shape = (
                f'<rect x="{x - RADIUS:g}" y="{y - RADIUS:g}" width="{size}" height="{size}" rx="6" data-kind="{kind}"'
                if kind
                else f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"'
            )
            parts.append(
                f'{shape} data-seat="{pk}" data-ordinal="{ordinal}" role="checkbox" aria-checked="false" tabindex="-1" '
                f'class="seat %s" aria-label="{spoken}"/>'
            )
            if kind:
                parts.append(f'<path class="sign" transform="translate({x:g} {y:g})" d="{SIGNS[SeatKind(kind)]}"/>')
        parts.append("</g>")
    if rows:
        parts.append(_stage(turned, max(columns.values()) * PITCH / 2))
    return turned.framed("".join(parts), _text(label)), _words()


def _words() -> dict[str, tuple[str, str]]:
    """By a state's letter: the seat's class, whether it can be picked, and what is said of it."""
    said = {FREE: ("free", _("free")), HELD: ("held", _("being bought")), SOLD: ("sold", _("sold"))}
    said[MINE] = ("mine", _("yours"))
    return {
        letter: (f'{name}" aria-disabled="{"false" if letter == FREE else "true"}', str(escape(word)))
        for letter, (name, word) in said.items()
    }


def _text(text: str) -> str:
    """Escaped for the page, and for the filling of gaps."""
    return str(escape(text)).replace("%", "%%")


def stage_side(angle: float) -> str:
    """Where the stage is in the drawing of a section that lies there, in words."""
    sides = {
        0: _("The stage is above."),
        1: _("The stage is above, to the left."),
        2: _("The stage is to the left."),
        3: _("The stage is below, to the left."),
        4: _("The stage is below."),
        -1: _("The stage is above, to the right."),
        -2: _("The stage is to the right."),
        -3: _("The stage is below, to the right."),
        -4: _("The stage is below."),
    }
    return sides[round(angle / 45)]


class _Turned:
    """Points of a section as they lie in the drawing, and the frame around all of them."""

    def __init__(self, angle: float) -> None:
        self.angle = angle
        self._cos, self._sin = cos(radians(-angle)), sin(radians(-angle))
        self._xs, self._ys = [0.0], [0.0]

    def at(self, across: float, back: float) -> tuple[float, float]:
        """Where a point lies: so far to the right of the first seat, and behind the first row, away from the stage."""
        x, y = round(across * self._cos - back * self._sin, 1), round(across * self._sin + back * self._cos, 1)
        self._xs.append(x)
        self._ys.append(y)
        return x, y

    def framed(self, inside: str, label: str) -> str:
        left, top = min(self._xs) - MARGIN, min(self._ys) - MARGIN
        width, height = max(self._xs) + MARGIN - left, max(self._ys) + MARGIN - top
        return (
            f'<svg class="seats" viewBox="{left:g} {top:g} {width:g} {height:g}" width="{width:g}" height="{height:g}" '
            f'data-turned="{-self.angle:g}" role="group" aria-label="{label}">{inside}</svg>'
        )


def _stage(turned: _Turned, middle: float) -> str:
    x, y = turned.at(middle, -BEFORE)
    turned.at(middle, -BEFORE - 2 * PITCH)  # room for the word
    way = radians(-turned.angle)
    return (
        f'<g class="to-stage" transform="translate({x:g} {y:g})" aria-hidden="true">'
        f'<path transform="rotate({-turned.angle:g})" d="M-70 14Q0 2 70 14M0-22l9 14h-18Z"/>'
        f'<text x="{56 * sin(way):.1f}" y="{4 - 36 * cos(way):.1f}">STAGE</text></g>'
    )


def columns_of(numbers: Iterable[int]) -> dict[int, int]:
    """Where each seat number stands, counted from the left: one number below the other, and an aisle where some lack.

    An aisle is as wide as a seat, however many numbers lack.
    """
    columns: dict[int, int] = {}
    column, before = -1, None
    for number in sorted(set(numbers)):
        column += 1 if before is None or number - before == 1 else 2
        columns[number], before = column, number
    return columns
