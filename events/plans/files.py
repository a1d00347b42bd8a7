"""Tables as spreadsheets save them: bytes to text, text to rows of clean cells."""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

SEPARATORS = ",;\t"
# Full-width forms, as Korean keyboards write them, and the blanks and strokes that word processors put in their place.
_PLAIN: dict[int, int | str] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN |= {
    ord(sign): plain
    for signs, plain in (("\u00a0\u3000\u2007\u202f", " "), ("‐‑‒–—―−", "-"), ("〜∼", "~"))
    for sign in signs
}
# What a spreadsheet shows as text: ="01-06" or '01-06.
_AS_TEXT = re.compile(r'="(?P<formula>[^"]*)"|\'(?P<quoted>.*)')


@dataclass(frozen=True)
class LineError:
    """What is wrong with a line of a table, counted from 1."""

    line: int
    text: str


class UnreadableFile(Exception):
    """The bytes are no text of a known encoding, or the text is no table; `str()` says how to mend it."""


class NotATable(Exception):
    """A line breaks the rules of CSV, or names columns that are not asked for; `str()` says which."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        super().__init__(why)


def text_of(data: bytes) -> str:
    """The text of a file: UTF-8 with or without a mark, UTF-16 with one, or Korean Windows' CP949.

    Raises UnreadableFile.
    """
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(_("This is a workbook. Please save the sheet as “CSV UTF-8” and choose that file."))
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        _("The file is neither UTF-8 nor Korean Windows text (CP949). Please save it as “CSV UTF-8” and try again.")
    )


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that says something, with its line from 1 and its cells; separated as the first row is.

    Raises NotATable at the line that is none, after the rows before it.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    separator, skipped = _separator(lines)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for cells in reader:
            values = [clean(cell) for cell in cells]
            while values and not values[-1]:  # spreadsheets write columns that were emptied
                values.pop()
            if values:
                yield reader.line_num + skipped, values
    except csv.Error as error:
        why = _("This is no line of CSV: a quotation mark is left open or stands in a cell, or a cell has no end.")
        raise NotATable(reader.line_num + skipped, why) from error


def records_of(text: str, columns: Mapping[str, Collection[str]], needed: int) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as its line and its values by column; none where it has fewer than `needed` or more than there are.

    `columns` are in the order of a table without headings, each with its other names. A first row that names at least
    half of them is the headings, in any order, in capitals or Korean. Raises NotATable.
    """
    order: list[str] | None = None
    for line, cells in rows_of(text):
        if order is None:
            order = list(columns)
            named = [_column(cell, columns) for cell in cells]
            if 2 * len(set(named) - {""}) >= len(columns):
                if len(set(named)) < len(named) or "" in named or not {*order[:needed]} <= {*named}:
                    raise NotATable(line, wanted(columns))
                order = named
                continue
        if needed <= len(cells) <= len(order):
            yield line, dict.fromkeys(columns, "") | dict(zip(order, cells, strict=False))
        else:
            yield line, {}


def _column(cell: str, columns: Mapping[str, Collection[str]]) -> str:
    heading = re.sub(r"[\s_.]", "", cell).casefold()
    return next((name for name, others in columns.items() if heading == name or heading in others), "")


def wanted(columns: Collection[str]) -> str:
    """The sentence for a row or a heading with other columns."""
    return _("%(columns)s are wanted, separated by commas, semicolons or tabs.") % {"columns": ", ".join(columns)}


def _separator(lines: io.StringIO) -> tuple[str, int]:
    """What separates the cells; how many lines before them are empty, or say only that (`sep=;`, for Excel)."""
    start, blank, first = 0, 0, lines.readline()
    while first and not first.strip():
        start, blank, first = lines.tell(), blank + 1, lines.readline()
    if match := re.fullmatch(rf"sep=([{SEPARATORS}])\s*", first):
        return match[1], blank + 1
    lines.seek(start)
    return max(SEPARATORS, key=first.count), blank


def clean(cell: str) -> str:
    """A cell as it is meant: composed Hangul, plain digits, letters and signs, nothing that nobody sees."""
    text = unicodedata.normalize("NFC", cell).translate(_PLAIN)
    text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf").strip()
    match = _AS_TEXT.fullmatch(text)
    return (match["formula"] or match["quoted"] or "").strip() if match else text
