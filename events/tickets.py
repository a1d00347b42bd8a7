"""The code on a ticket: signed, so that only what this site issued opens the door."""

import segno
from django.core.signing import BadSignature, Signer
from django.utils.safestring import SafeString, mark_safe

from events.models import Ticket

SIGNER = Signer(salt="events.ticket", sep="~")
LONGEST_CODE = 120


class ForgedCode(Exception):
    """Not a code that this site signed."""


def code_of(ticket: Ticket) -> str:
    """What the QR code says."""
    return SIGNER.sign(ticket.serial)


def serial_in(code: str) -> str:
    """The serial that a code names. Raises ForgedCode."""
    if len(code) > LONGEST_CODE:
        raise ForgedCode
    try:
        return SIGNER.unsign(code.strip())
    except BadSignature as error:
        raise ForgedCode from error


def qr_svg(ticket: Ticket) -> SafeString:
    """The code as a drawing that scales, dark on white whatever the page's colours: scanners need the contrast."""
    drawing = segno.make(code_of(ticket), error="m", micro=False)
    svg: str = drawing.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return mark_safe(svg)  # noqa: S308 (drawn from a code of our own alphabet)
