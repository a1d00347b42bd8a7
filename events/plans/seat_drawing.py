"""The seats of one section as SVG; built by hand, because a template takes ten times as long for a thousand seats."""

from collections.abc import Container, Iterable
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from events.sale.availability import FREE, HELD, SOLD

PITCH = 28  # from seat to seat
RADIUS = 10
MARGIN = 34  # for the rows' names

NAMES = {FREE: "free", HELD: "held", SOLD: "sold"}

# (id, row, number) in the section's order
SeatRow = tuple[int, str, int]


def seats_svg(seats: Iterable[SeatRow], state: str, mine: Container[int], label: str) -> SafeString:
    """A drawing with a checkbox for every seat; `state` has a letter for each seat, `mine` the ids the viewer holds."""
    words = {"free": _("free"), "held": _("being bought"), "sold": _("sold"), "mine": _("yours")}
    row_name, seat_name = _("row %(row)s"), _("%(row)s, seat %(number)s: %(state)s")
    rows = [(row, list(group)) for row, group in groupby(enumerate(seats), key=lambda item: item[1][1])]
    columns = columns_of(number for _row, members in rows for _ordinal, (_pk, _name, number) in members)
    width, height = (max(columns.values(), default=0) + 1) * PITCH + 2 * MARGIN, len(rows) * PITCH + MARGIN
    parts = [
        f'<svg class="seats" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="{escape(label)}">'
    ]
    for index, (row, members) in enumerate(rows):
        y = index * PITCH + MARGIN / 2 + RADIUS
        across = [MARGIN + (columns[number] + 0.5) * PITCH for _ordinal, (_pk, _name, number) in members]
        name = row_name % {"row": row}
        ends = (across[0] - PITCH * 0.9, across[-1] + PITCH * 0.9)
        parts.append(f'<g role="group" aria-label="{escape(name)}">')
        parts += [f'<text x="{x:g}" y="{y + 4:g}" aria-hidden="true">{escape(row)}</text>' for x in ends]
        for x, (ordinal, (pk, _row, number)) in zip(across, members, strict=True):
            # The state may be a second older than a seat that was added.
            what = "mine" if pk in mine else NAMES[state[ordinal : ordinal + 1] or HELD]
            spoken = escape(seat_name % {"row": name, "number": number, "state": words[what]})
            parts.append(
                f'<circle class="seat {what}" cx="{x:g}" cy="{y:g}" r="{RADIUS}" data-seat="{pk}" '
                f'data-ordinal="{ordinal}" role="checkbox" aria-checked="false" tabindex="-1" '
                f'aria-disabled="{"false" if what == "free" else "true"}" aria-label="{spoken}"/>'
            )
        parts.append("</g>")
    parts.append("</svg>")
    return mark_safe("".join(parts))  # noqa: S308 (names are escaped, the rest are numbers)


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
