"""An event's poster, drawn as SVG: no picture comes from outside."""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from events.posters.lettering import LEADING, Lettering, fitted, width
from events.posters.motifs import PICTURES

# On the 600 x 800 units of a poster: what is written keeps to a box of so much.
LEFT, WIDE, BOTTOM = 44, 512, 772
TITLE_SIZES, TITLE_HIGH = range(60, 20, -4), 260
PERFORMERS_SIZES, PERFORMERS_HIGH = range(27, 15, -2), 120
PLACE_SIZES, PLACE_HIGH = range(25, 13, -2), 64
DAY_SIZE = 25


class Poster(NamedTuple):
    """What a poster shows; nothing else changes it."""

    motif: str
    hue: int
    title: str
    performers: str
    day: str
    venue: str


class Drawn(NamedTuple):
    """A picture with the name of its content, which its address ends with: another picture has another address."""

    svg: bytes
    digest: str


class Line(NamedTuple):
    """A line of text, where it stands."""

    text: str
    y: float
    size: int


def _named(svg: str) -> Drawn:
    content = svg.encode()
    return Drawn(content, hashlib.blake2b(content, digest_size=9).hexdigest())


@lru_cache(maxsize=1000)
def drawn(poster: Poster) -> Drawn:
    """The poster: the motif, and over it performers, title, date and venue. Drawn once a process."""
    place = fitted(poster.venue, sizes=PLACE_SIZES, wide=WIDE, high=PLACE_HIGH)
    beside = DAY_SIZE * (width(poster.day) + 1) + place.size * width(poster.venue) <= WIDE
    places = _standing_on(BOTTOM - 0.3 * place.size, place)
    day_y = places[0].y if beside else places[0].y - 1.3 * place.size
    rule_y = day_y - 1.6 * DAY_SIZE
    title = _standing_on(rule_y - 26, fitted(poster.title, sizes=TITLE_SIZES, wide=WIDE, high=TITLE_HIGH))
    above = title[0].y - 1.1 * title[0].size if title else rule_y - 26
    performers = fitted(poster.performers, sizes=PERFORMERS_SIZES, wide=WIDE, high=PERFORMERS_HIGH)
    said = {
        "poster": poster,
        "picture": _picture(poster.motif, poster.hue),
        "titles": title,
        "performers": _standing_on(above, performers),
        "places": places,
        "beside": beside,
        "day_y": day_y,
        "rule_y": rule_y,
        "shade": max(0.12, min(0.42, (above - performers.height) / 800 - 0.2)),
        "shaded": max(0.3, min(0.76, (above - performers.height) / 800 + 0.1)),
    }
    return _named(render_to_string("events/poster.svg", said))


@lru_cache(maxsize=1000)
def picture(motif: str, hue: int) -> Drawn:
    """The poster's picture alone, 600 x 400, for where the words stand beside it."""
    return _named(render_to_string("events/picture.svg", {"hue": hue, "picture": _picture(motif, hue)}))


def _picture(motif: str, hue: int) -> str:
    return mark_safe(PICTURES[motif](hue))  # noqa: S308 (drawn from numbers alone)


def _standing_on(y: float, text: Lettering) -> list[Line]:
    """The text's lines, the last of them on `y`."""
    step = text.size * LEADING
    first = y - (len(text.lines) - 1) * step
    return [Line(line, round(first + i * step, 1), text.size) for i, line in enumerate(text.lines)]
