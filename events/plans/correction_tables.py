"""The tables of a correction: the plan as it is, and new names of rows."""

from collections.abc import Iterable
from itertools import groupby

from django.utils.translation import gettext as _

from events.models import Plan, Seat, SeatKind
from events.plans.drafts import COLUMNS, headings
from events.plans.files import LineError, NotATable, records_of, wanted

# Of a table that renames rows, with what people write over them.
NEW_NAMES = {"section": COLUMNS["section"], "row": COLUMNS["row"], "new": ("새이름", "바꿀이름", "newname", "to")}


def table_of(plan: Plan) -> str:
    """The plan as the table that `read_plan` reads; with kinds only where it has any."""
    ordered = Seat.objects.filter(section__plan=plan).order_by("section", "ordinal")
    seats = list(ordered.values_list("section__code", "section__level", "row", "kind", "number"))
    kinds = any(kind != SeatKind.ORDINARY for _, _, _, kind, _ in seats)
    lines = [",".join(COLUMNS) if kinds else headings()]
    for (code, level, row, kind), members in groupby(seats, key=lambda seat: seat[:4]):
        end = f",{kind}" if kinds else ""
        lines += [f"{code},{level},{row},{first},{last}{end}" for first, last in runs(seat[4] for seat in members)]
    return "\n".join(lines) + "\n"


def read_names(text: str) -> tuple[dict[str, dict[str, str]], list[LineError]]:
    """New names of rows, by section code and old name, from a table `section,row,new`; and what is wrong with it."""
    names: dict[str, dict[str, str]] = {}
    errors = []
    try:
        for line, cells in records_of(text, NEW_NAMES, needed=len(NEW_NAMES)):
            if not cells:
                errors.append(LineError(line, wanted(NEW_NAMES)))
            elif not (0 < len(cells["new"]) <= 8 and cells["new"].isprintable()):
                errors.append(LineError(line, _("A section has a name of up to 20 letters, a row of up to 8.")))
            elif cells["row"] in names.setdefault(cells["section"], {}):
                errors.append(LineError(line, _("Row %(row)s has two new names.") % {"row": cells["row"]}))
            else:
                names[cells["section"]][cells["row"]] = cells["new"]
    except NotATable as error:
        errors.append(LineError(error.line, str(error)))
    return names, errors


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as stretches without a gap."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
