"""Tickets to print: one page each, with the code the door reads."""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from itertools import groupby
from pathlib import Path

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from events.door.asked import name_of
from events.door.codes import qr_modules
from events.door.typed_codes import numbered, typed_code
from events.models import Order, Ticket
from events.moments import moment
from events.templatetags.event_words import won

EDGE = 40  # points, as all lengths here
CODE_SIDE = 190


@cache
def _fonts() -> tuple[str, str]:
    """Regular and bold, read once a process; only the letters that a file uses go into it."""
    spec = find_spec("koreanize_matplotlib")  # for its fonts: importing it would import matplotlib
    folder = Path(str(spec and spec.origin)).parent / "fonts"
    for name in ("NanumGothic", "NanumGothicBold"):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    return "NanumGothic", "NanumGothicBold"


def printed(order: Order, tickets: Sequence[Ticket]) -> bytes:
    """The tickets as a PDF, in the language of the moment. Void tickets are no tickets: leave them out."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A5)
    canvas.setTitle(order.event.title)
    canvas.setAuthor("TIKETI")
    numbers = numbered(order)
    for ticket in tickets:
        _page(canvas, order, ticket, numbers[ticket.pk], len(numbers))
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, order: Order, ticket: Ticket, number: int, of: int) -> None:
    width, height = A5
    regular, bold = _fonts()
    y = height - EDGE - 10
    canvas.setFont(bold, 10)
    canvas.drawString(EDGE, y, "TIKETI")
    if of > 1:
        canvas.drawRightString(width - EDGE, y, _("%(number)d of %(of)d") % {"number": number, "of": of})
    y -= 34
    starts = moment(order.event.starts_at, order.event.zone)
    said = (
        (bold, 20, order.event.title),
        (regular, 12, starts),
        (regular, 12, order.venue),
        (bold, 16, ticket.line.label),
        (regular, 12, f"{ticket.line.tier}  {won(ticket.line.price_won)}"),
        (regular, 10, _("Order %(number)s") % {"number": order.number} + f" · {name_of(ticket)}"),
    )
    for font, size, text in said:
        canvas.setFont(font, size)
        for line in simpleSplit(text, font, size, width - 2 * EDGE)[:4]:
            canvas.drawString(EDGE, y, line)
            y -= size * 1.5
    _code(canvas, ticket, x=(width - CODE_SIDE) / 2, y=EDGE + 30)
    canvas.setFont(regular, 10)
    canvas.drawCentredString(width / 2, EDGE, _("Show this at the door"))
    typed = _("If it does not scan, have this typed:") + f" {typed_code(ticket, number)}"
    canvas.drawCentredString(width / 2, EDGE - 14, typed)


def _code(canvas: Canvas, ticket: Ticket, *, x: float, y: float) -> None:
    modules = qr_modules(ticket)
    side = CODE_SIDE / len(modules)
    for row, squares in enumerate(modules):
        column = 0
        for dark, run in groupby(squares):
            width = len(list(run))
            if dark:
                # A little more than a row: white hairlines between them would be seen by scanners.
                bottom = y + (len(modules) - 1 - row) * side
                canvas.rect(x + column * side, bottom, (width + 0.02) * side, 1.02 * side, 0, 1)
            column += width
