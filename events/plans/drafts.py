"""A venue's plan as lines of CSV: what they describe, and what is wrong with which line."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from events.models import SeatKind
from events.plans.files import LineError, NotATable, records_of, wanted
from events.plans.ranges import BadNames, names_in

# With what people write over them beside these names.
COLUMNS = {
    "section": ("구역", "구역명", "섹션", "블록", "블럭", "block", "area"),
    "level": ("층", "층수", "레벨", "floor"),
    "row": ("열", "행", "줄", "rows"),
    "first": ("시작", "시작번호", "첫번호", "첫좌석", "시작좌석", "from", "start", "firstseat"),
    "last": ("끝", "끝번호", "마지막", "마지막번호", "마지막좌석", "끝좌석", "종료", "to", "end", "lastseat"),
    "kind": ("종류", "구분", "좌석종류", "seatkind", "type"),
}
NEEDED = 5  # the last one may be left out
KINDS = {
    SeatKind.ORDINARY: ("", "ordinary", "일반", "일반석"),
    SeatKind.WHEELCHAIR: ("wheelchair", "accessible", "휠체어", "휠체어석", "장애인석"),
    SeatKind.COMPANION: ("companion", "동반", "동반석", "동반자석", "보호자석"),
}
MAX_SEATS = 200_000
MAX_SECTIONS = 1900  # the plan's form has five fields for each of them
MAX_ERRORS = 50  # who has more mends these first


@dataclass
class Block:
    """A section as the lines tell it; a standing area has one row without a name."""

    code: str
    level: int
    rows: dict[str, set[int]] = field(default_factory=dict)
    kinds: dict[tuple[str, int], SeatKind] = field(default_factory=dict)  # of (row, number); others are ordinary

    @property
    def standing(self) -> bool:
        """Whether people stand here."""
        return "" in self.rows

    @property
    def capacity(self) -> int:
        """How many seats."""
        return sum(len(numbers) for numbers in self.rows.values())


@dataclass
class Draft:
    """A plan not yet built: its blocks, and what is wrong with the lines."""

    blocks: dict[str, Block] = field(default_factory=dict)
    errors: list[LineError] = field(default_factory=list)
    capacity: int = 0  # seats in all


def generate(*, sections: str, level: int, rows: int, seats: int) -> str:
    """The CSV of alike sections: `rows` rows of `seats` seats each; no rows: a standing area for `seats` people."""
    return headings() + f"\n{sections},{level},{f'1-{rows}' if rows else ''},1,{seats}\n"


def headings() -> str:
    """The first line of a table without kinds."""
    return ",".join(list(COLUMNS)[:NEEDED])


def read_plan(text: str) -> Draft:
    """The plan that the table describes; every line that cannot be understood is named with its number."""
    draft = Draft()
    try:
        for line, cells in records_of(text, COLUMNS, needed=NEEDED):
            if problem := _take(draft, cells) if cells else wanted(COLUMNS):
                draft.errors.append(LineError(line, problem))
            if len(draft.errors) == MAX_ERRORS:
                break
    except NotATable as error:
        draft.errors.append(LineError(error.line, str(error)))
    draft.errors += [LineError(1, problem) for problem in map(_alone, draft.blocks.values()) if problem][:MAX_ERRORS]
    if not draft.blocks and not draft.errors:
        draft.errors.append(LineError(1, _("There are no seats here.")))
    return draft


def _take(draft: Draft, cells: dict[str, str]) -> str:
    """Add one line to the draft; what is wrong with it, or nothing."""
    try:
        sections, rows = names_in(cells["section"]), names_in(cells["row"])
        level, first, last = _number(cells["level"], 9), _number(cells["first"]), _number(cells["last"])
    except BadNames as error:
        return str(error)
    if level is None:
        return _("The level is a number from 0 to 9, not “%(text)s”.") % {"text": cells["level"]}
    if first is None or last is None:
        wrong = cells["first"] if first is None else cells["last"]
        return _("First and last seat are whole numbers, not “%(text)s”.") % {"text": wrong}
    numbers = range(first, last + 1)
    if not numbers or first < 1:
        return _("The seats run from %(first)s to %(last)s: that is none.") % {"first": first, "last": last}
    # Multiplied before anything is spread: one line of twenty letters can ask for a hundred million seats.
    if draft.capacity + sections.count * rows.count * len(numbers) > MAX_SEATS:
        return _("More than %(most)d seats.") % {"most": MAX_SEATS}
    kind = next((kind for kind, words in KINDS.items() if cells["kind"].replace(" ", "").casefold() in words), None)
    if kind is None:
        return _("The kind is wheelchair, companion or left empty, not “%(text)s”.") % {"text": cells["kind"]}
    codes, row_names = sections.spread(), rows.spread()
    if len(draft.blocks.keys() | codes) > MAX_SECTIONS:
        return _("More than %(most)d sections.") % {"most": MAX_SECTIONS}
    if not all(0 < len(name) <= 20 for name in codes) or not all(len(name) <= 8 for name in row_names):
        return _("A section has a name of up to 20 letters, a row of up to 8.")
    if not all(name.isprintable() for name in (*codes, *row_names)):
        return _("A name has signs that cannot be printed.")
    return next(filter(None, (_seat(draft, code, level, row_names, numbers, kind) for code in codes)), "")


def _number(text: str, most: int = 999_999) -> int | None:
    """The whole number from 0 to `most`; None if it is none. Raises BadNames for a date of a spreadsheet."""
    if text.isascii() and text.isdigit() and len(text) <= 6:
        number = int(text)
        return number if number <= most else None
    names_in(text)
    return None


def _alone(block: Block) -> str:
    """What is wrong with a row that has more companion seats than wheelchair spaces: nobody could buy them."""
    for row in block.rows:
        kinds = [kind for (of, _number), kind in block.kinds.items() if of == row]
        if kinds.count(SeatKind.COMPANION) > kinds.count(SeatKind.WHEELCHAIR):
            said = _("Section %(code)s, row %(row)s: more companion seats than wheelchair spaces.")
            return said % {"code": block.code, "row": row}
    return ""


def _seat(draft: Draft, code: str, level: int, rows: list[str], numbers: range, kind: SeatKind) -> str:
    block = draft.blocks.setdefault(code, Block(code, level))
    if block.level != level:
        return _("Section %(code)s is on level %(level)d already.") % {"code": code, "level": block.level}
    for row in rows:
        taken = block.rows.setdefault(row, set())
        if not taken.isdisjoint(numbers):
            return _("Section %(code)s has some of these seats already.") % {"code": code}
        taken.update(numbers)
        if kind:
            block.kinds |= dict.fromkeys(((row, number) for number in numbers), kind)
        draft.capacity += len(numbers)
    if block.standing and len(block.rows) > 1:
        return _("Section %(code)s cannot have rows and be a standing area.") % {"code": code}
    if block.standing and block.kinds:
        return _("Section %(code)s is a standing area: it has no wheelchair spaces or companion seats.") % {
            "code": code
        }
    return ""
