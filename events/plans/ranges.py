"""What a cell of names means: one name, or a range of them."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# No plan has more names than this in one cell; a range that asks for more is told so before it is spread.
MAX_NAMES = 200_000
# In the order in which Korean halls letter their rows.
_SYLLABLES = "가나다라마바사아자차카타파하"
_CELL = re.compile(r"(?P<left>[^~]*?)\s*[-~]\s*(?P<right>[^-~]+)")
_NUMBERED = re.compile(r"(?P<stem>[^\d]*)(?P<digits>\d{1,9})(?P<tail>[^\d]*)", re.ASCII)
# What spreadsheets make of 1-20 when nobody looks.
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(
    rf"\d{{1,4}}[-/. ]{_MONTH}(?:[-/. ]\d{{1,4}})?|{_MONTH}[-/. ]\d{{1,4}}(?:, ?\d{{4}})?"
    r"|(?:\d{2,4}년 ?)?\d{1,2}월(?: ?\d{1,2}일)?|\d{1,4}(?P<sign>[-/.]) ?\d{1,2}(?P=sign) ?\d{1,4}\.?|\d{1,2}/\d{1,4}"
    r"|(?:(?:오전|오후) ?)?\d{1,2}:\d{2}(?::\d{2})?(?: ?[ap]m)?",
    re.IGNORECASE,
)


class BadNames(Exception):
    """The cell does not say which names are meant; `str()` says why and what to write."""


@dataclass(frozen=True)
class Names:
    """The names of a cell, counted before they are spread."""

    text: str
    count: int = 1
    stem: str = ""
    first: int | None = None
    width: int = 0  # with zeros in front
    tail: str = ""
    letters: str = ""

    def spread(self) -> list[str]:
        """The names, in order."""
        if self.letters:
            return [f"{self.stem}{letter}" for letter in self.letters]
        if self.first is None:
            return [self.text]
        numbers = range(self.first, self.first + self.count)
        return [f"{self.stem}{number:0{self.width}}{self.tail}" for number in numbers]


def names_in(text: str) -> Names:
    """The names that a cell stands for: `VIP-1`, or a range: `1-20`, `F1-F6`, `01-06`, `1열~20열`, `A-J`, `가-하`.

    Raises BadNames for a date of a spreadsheet, a range that runs backwards, and what looks like a range and is none.
    """
    if _DATE.fullmatch(text):
        said = _(
            "“%(text)s” looks like a date that a spreadsheet made of a range: format the column as text, then write "
            "the range again (1-20)."
        )
        raise BadNames(said % {"text": text})
    cell = _CELL.fullmatch(text)
    if cell is None or not cell["left"]:
        return Names(text)
    left, right = _NUMBERED.fullmatch(cell["left"]), _NUMBERED.fullmatch(cell["right"])
    if left and right:
        return _numbered(text, left, right)
    if len(cell["left"]) == len(cell["right"]) <= 2 and cell["left"].isalpha() and cell["right"].isalpha():
        return _lettered(text, cell["left"], cell["right"])
    return Names(text)


def _numbered(text: str, left: re.Match[str], right: re.Match[str]) -> Names:
    """As in `F1-F6` or `F1-6`: what stands around the numbers is the same, or said once."""
    if right["stem"] not in ("", left["stem"]) or (left["tail"] and left["tail"] != right["tail"]):
        raise BadNames(_not_a_range(text))
    first, last = int(left["digits"]), int(right["digits"])
    if last < first:
        raise BadNames(_backwards(text))
    if last - first >= MAX_NAMES:
        raise BadNames(_("More than %(most)d names: “%(text)s”.") % {"most": MAX_NAMES, "text": text})
    zeros = [match["digits"] for match in (left, right) if match["digits"].startswith("0")]
    width = max(map(len, zeros), default=0)
    return Names(text, last - first + 1, stem=left["stem"], first=first, width=width, tail=right["tail"])


def _lettered(text: str, left: str, right: str) -> Names:
    """As in `A-J`, `AA-AF` or `가-하`."""
    for alphabet in ("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", _SYLLABLES):
        if left[-1] in alphabet and right[-1] in alphabet and left[:-1] == right[:-1]:
            low, high = alphabet.index(left[-1]), alphabet.index(right[-1])
            if high < low:
                raise BadNames(_backwards(text))
            letters = alphabet[low : high + 1]
            return Names(text, len(letters), stem=left[:-1], letters=letters)
    raise BadNames(_not_a_range(text))


def _backwards(text: str) -> str:
    return _("The range “%(text)s” runs backwards.") % {"text": text}


def _not_a_range(text: str) -> str:
    return _("“%(text)s” is no range that can be read: write a line for each name, or one name without - and ~.") % {
        "text": text
    }
