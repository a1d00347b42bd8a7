"""Tables as files that spreadsheets open: nothing in them is a formula, whatever buyers call themselves."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from io import TextIOWrapper
from typing import IO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from events.exports.table import Cell

# What spreadsheets take for the beginning of a formula, also after blanks, and in the wide letters of Asian keyboards.
FORMULA = re.compile(r"\s*[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
# In no cell of a spreadsheet, and no letters either.
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
MAX_LINES = 1_048_576  # of a sheet
MAX_LETTERS = 32_767  # of its cell


def plain(cell: Cell) -> str | int:
    """The cell as a spreadsheet should read it: numbers are numbers, and text is text, by an apostrophe if need be.

    Of floats at most six decimals, and never a power of ten: 0.25, 12.
    """
    if isinstance(cell, int):
        return cell
    if isinstance(cell, float):
        return f"{round(cell, 6) + 0.0:.6f}".rstrip("0").rstrip(".")
    text = CONTROLS.sub("", str(cell if cell is not None else ""))
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def write_csv(lines: Iterable[list[Cell]], file: IO[bytes]) -> None:
    """Commas, in UTF-8 with its mark: Excel in Korean takes the file for CP949 without it."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        csv.writer(text).writerows([plain(cell) for cell in line] for line in lines)
    finally:
        text.detach()  # the file is the caller's


def write_xlsx(lines: Iterable[list[Cell]], file: IO[bytes]) -> None:
    """A workbook whose headings stay in sight; what one sheet cannot hold goes on in the next, below the headings."""
    # Rows go to the disk as they come; strings stay strings.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        headings: list[Cell] = []
        sheet, number = None, MAX_LINES
        for line in lines:
            headings = headings or line
            if number == MAX_LINES:
                sheet, number = book.add_worksheet(), 1
                sheet.freeze_panes(1, 0)
                sheet.write_row(0, 0, headings, bold)
                if line is headings:
                    continue
            for column, cell in enumerate(line):
                _write(sheet, number, column, cell)
            number += 1


def _write(sheet: Worksheet, number: int, column: int, cell: Cell) -> None:
    if isinstance(cell, int | float):
        sheet.write_number(number, column, cell)
    else:
        text = CONTROLS.sub("", str(cell if cell is not None else "").replace("\r", "\n"))
        sheet.write_string(number, column, text[:MAX_LETTERS])


WRITERS: Mapping[str, Callable[[Iterable[list[Cell]], IO[bytes]], None]] = {"csv": write_csv, "xlsx": write_xlsx}
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
