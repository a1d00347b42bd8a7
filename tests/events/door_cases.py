"""What the door's tests have in common: what a picture of a code says, and codes as tickets had them before."""

import re

import numpy as np
import zxingcpp
from django.core.signing import Signer

from events.models import Ticket

PX = 8


def pictured(svg: str) -> str:
    """What a reader of codes, not the one that drew it, sees in a drawing of segno's."""
    size = re.search(r'viewBox="0 0 (\d+) \1"', svg)
    path = re.search(r'stroke="#000" d="([^"]+)"', svg)
    assert size, "no drawing"
    assert path, "no drawing"
    side = int(size[1])
    picture = np.full((side, side), 255, dtype=np.uint8)
    x = y = 0
    for verb, first, second in re.findall(r"([Mmh])(-?[\d.]+) ?(-?[\d.]+)?", path[1]):
        if verb == "M":
            x, y = int(first), int(float(second))
        elif verb == "m":
            x, y = x + int(first), y + int(float(second))
        else:
            picture[y, x : x + int(first)] = 0
            x += int(first)
    return seen(np.kron(picture, np.ones((PX, PX), dtype=np.uint8)))


def seen(picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> str:
    """The code in a grey picture."""
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


def drawings(page: str) -> list[str]:
    """A page's drawings of codes."""
    return re.findall(r'<svg [^>]*class="qr".*?</svg>', page, re.DOTALL)


def old_code(ticket: Ticket, *, key: str | None = None) -> str:
    """The ticket as one printed before events had keys, and what it says; `key` was the site's at that time."""
    Ticket.objects.filter(pk=ticket.pk).update(old_code=True)
    return Signer(key=key, salt="events.ticket", sep="~").sign(ticket.serial)
