"""The code on a ticket: signed by its event's key, so that only what this site issued opens the door."""

import re
import time
from dataclasses import dataclass
from io import BytesIO

import segno
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from events.door.event_keys import SignedCode, parsed, signed_code
from events.door.keyboards import keys_of
from events.models import EventDoor, Ticket
from events.models.door import door_of

MAX_CODE_LETTERS = 200
# How long a moving code shows, and how many a ticket's page gets at once: phones lose their network in a crowd.
WINDOW_S = 30
WINDOWS_AHEAD = 10
# Twenty letters of the serial, whatever a keyboard makes of "~", and the site's signature, which nobody looks at any
# more: it was made by the site's key, and that changes.
_OLD = re.compile(r"(?P<serial>.{20}).(?P<signature>.{43})", re.DOTALL)


class ForgedCode(Exception):
    """Not a code of this site."""


@dataclass(frozen=True)
class OldCode:
    """What tickets showed before events had keys; `serial` as the scanner typed it."""

    serial: str


def code_of(ticket: Ticket, window: int = 0) -> str:
    """What the QR code says; with a window, the moving code of that half minute."""
    return signed_code(door_of(ticket.line.order.event), ticket.serial, window)


def read_code(code: str) -> SignedCode | OldCode:
    """What a scanned code says, on whatever keyboard it was typed. Raises ForgedCode."""
    if len(code) > MAX_CODE_LETTERS:
        raise ForgedCode
    typed = keys_of(code.strip())
    if not typed.isprintable():  # no scanner types it, and no database takes all of it
        raise ForgedCode
    if (signed := parsed(typed)) is not None:
        return signed
    if old := _OLD.fullmatch(typed):
        return OldCode(old["serial"])
    raise ForgedCode


def window_now() -> int:
    """The half minute it is now."""
    return int(time.time()) // WINDOW_S


def moving_codes(ticket: Ticket) -> list[tuple[int, str]]:
    """The ticket's codes of the next minutes: from which second (since 1970) each is good, and its drawing."""
    now = window_now()
    return [
        (window * WINDOW_S, drawn(code_of(ticket, window), name=str(ticket)))
        for window in range(now, now + WINDOWS_AHEAD)
    ]


def qr_svg(ticket: Ticket, door: EventDoor | None = None) -> SafeString:
    """The code that stands still, drawn; of several tickets, with the door that was asked for once."""
    code = code_of(ticket) if door is None else signed_code(door, ticket.serial)
    return drawn(code, name=str(ticket))


def drawn(code: str, *, name: str) -> SafeString:
    """A code as a drawing that scales, dark on white whatever the page's colours: scanners need the contrast."""
    svg: str = _squares(code).svg_inline(
        border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None, title=name
    )
    label = _("Code of the ticket %(name)s") % {"name": name}
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1)
    return mark_safe(svg)  # noqa: S308 (drawn from a code of our own alphabet; segno escapes the title)


def qr_png(ticket: Ticket) -> bytes:
    """The code that stands still as a picture, for mails."""
    out = BytesIO()
    _squares(code_of(ticket)).save(out, kind="png", scale=6, border=4)
    return out.getvalue()


def qr_modules(ticket: Ticket) -> list[list[bool]]:
    """The rows of squares of the code that stands still, true where dark, for print."""
    return [[bool(dark) for dark in row] for row in _squares(code_of(ticket)).matrix]


def _squares(code: str) -> segno.QRCode:
    # To find out which of the eight masks breaks up areas best is most of the work, and most of a code is a signature,
    # which has none.
    return segno.make(code, error="m", micro=False, mask=0)
