"""A venue's plan as lines of CSV: what they describe, and what is wrong with which line."""

import csv
import re
import unicodedata
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

COLUMNS = ("section", "level", "row", "first", "last")
MOST_SEATS = 200_000
MAX_ERRORS = 50  # who has more mends these first
_RANGE = re.compile(r"(?P<stem>[^\d]*)(?P<first>\d{1,4})(?:-(?P=stem)?(?P<last>\d{1,4}))?", re.ASCII)
_LETTERS = re.compile(r"([A-Z])-([A-Z])|([a-z])-([a-z])")
# What spreadsheets make of 1-20 when nobody looks.
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    rf"\d{{1,2}}[-/. ]({_MONTHS})[a-z]*|({_MONTHS})[a-z]*[-/. ]\d{{1,4}}"
    r"|\d{1,2}월 ?\d{1,2}일|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}/\d{1,2}",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class LineError:
    """What is wrong with a line of the CSV, counted from 1."""

    line: int
    text: str


@dataclass
class Block:
    """A section as the lines tell it; a standing area has one row without a name."""

    code: str
    level: int
    rows: dict[str, set[int]] = field(default_factory=dict)

    @property
    def standing(self) -> bool:
        """Whether people stand here."""
        return "" in self.rows

    @property
    def capacity(self) -> int:
        """How many places."""
        return sum(len(numbers) for numbers in self.rows.values())


@dataclass
class Draft:
    """A plan not yet built: its blocks, and what is wrong with the lines."""

    blocks: dict[str, Block] = field(default_factory=dict)
    errors: list[LineError] = field(default_factory=list)
    capacity: int = 0  # places in all


def spread(text: str) -> list[str]:
    """The names in a cell: `12`, `A`, or a range: `1-20`, `F1-6`, `F1-F6`, `01-06`, `A-J`. Raises ValueError."""
    if match := _LETTERS.fullmatch(text):
        low, high = (ord(letter) for letter in match.groups() if letter)
        if high < low:
            raise ValueError(text)
        return [chr(letter) for letter in range(low, high + 1)]
    match = _RANGE.fullmatch(text)
    if match is None or match["last"] is None:
        return [text]
    first, last = int(match["first"]), int(match["last"])
    if last < first:
        raise ValueError(text)
    width = len(match["first"]) if match["first"].startswith("0") else 0
    return [f"{match['stem']}{number:0{width}}" for number in range(first, last + 1)]


def generate(*, sections: str, level: int, rows: int, seats: int) -> str:
    """The CSV of alike sections: `rows` rows of `seats` seats each; no rows: a standing area of `seats` places."""
    return ",".join(COLUMNS) + f"\n{sections},{level},{f'1-{rows}' if rows else ''},1,{seats}\n"


def read_plan(text: str) -> Draft:
    """The plan that the CSV describes; every line that cannot be understood is named with its number."""
    draft = Draft()
    # Composed: a name typed on a Mac and one typed elsewhere are to be one section.
    reader = csv.reader(unicodedata.normalize("NFC", text.lstrip("\ufeff")).splitlines(), strict=True)
    try:
        for cells in reader:
            values = [cell.strip() for cell in cells]
            if not any(values) or (reader.line_num == 1 and [value.lower() for value in values] == list(COLUMNS)):
                continue
            if problem := _take(draft, values):
                draft.errors.append(LineError(reader.line_num, problem))
            if len(draft.errors) == MAX_ERRORS:
                break
    except csv.Error as error:
        draft.errors.append(LineError(reader.line_num, str(error)))
    if not draft.blocks and not draft.errors:
        draft.errors.append(LineError(1, _("There are no seats here.")))
    return draft


def _take(draft: Draft, values: list[str]) -> str:
    """Add one line to the draft; what is wrong with it, or nothing."""
    if len(values) != len(COLUMNS):
        return _("%(columns)s are wanted, separated by commas.") % {"columns": ", ".join(COLUMNS)}
    codes, level, rows, first, last = values
    if not (level.isascii() and level.isdigit() and int(level) <= 9):
        return _("The level is a number from 0 to 9, not “%(text)s”.") % {"text": level}
    if not all(number.isascii() and number.isdigit() and 0 < len(number) <= 6 for number in (first, last)):
        return _("First and last seat are whole numbers.")
    numbers = range(int(first), int(last) + 1)
    if not numbers or numbers[0] < 1 or len(numbers) > MOST_SEATS:
        return _("The seats run from %(first)s to %(last)s: that is none.") % {"first": first, "last": last}
    for name in (codes, rows):
        if _DATE.fullmatch(name):
            return _("“%(text)s” looks like a date that a spreadsheet made of a range.") % {"text": name}
    try:
        names, row_names = spread(codes), spread(rows)
    except ValueError as error:
        return _("The range “%(text)s” runs backwards.") % {"text": error}
    # Multiplied before anything is spread: one line of twenty letters can ask for a hundred million seats.
    if draft.capacity + len(names) * len(row_names) * len(numbers) > MOST_SEATS:
        return _("More than %(most)d places.") % {"most": MOST_SEATS}
    if not all(0 < len(name) <= 20 for name in names) or not all(len(name) <= 8 for name in row_names):
        return _("A section has a name of up to 20 letters, a row of up to 8.")
    return next(filter(None, (_seat(draft, name, int(level), row_names, numbers) for name in names)), "")


def _seat(draft: Draft, code: str, level: int, rows: list[str], numbers: range) -> str:
    block = draft.blocks.setdefault(code, Block(code, level))
    if block.level != level:
        return _("Section %(code)s is on level %(level)d already.") % {"code": code, "level": block.level}
    for row in rows:
        taken = block.rows.setdefault(row, set())
        if not taken.isdisjoint(numbers):
            return _("Section %(code)s has some of these seats already.") % {"code": code}
        taken.update(numbers)
        draft.capacity += len(numbers)
    if block.standing and len(block.rows) > 1:
        return _("Section %(code)s cannot have rows and be a standing area.") % {"code": code}
    return ""
