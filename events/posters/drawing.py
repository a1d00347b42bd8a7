"""An event's poster, drawn as SVG: no picture comes from outside."""

import re
from unicodedata import east_asian_width

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from events.models import Event
from events.posters.motifs import PICTURES

LINE_WIDTH = 18  # in half-widths: a Hangul syllable counts two
MOST_LINES = 3
WORD = re.compile(r"<[^<>]{1,16}>|\S+")  # a short title in brackets stays in one line
BASELINE = 690  # of the title's last line, on the 800 units of the poster's height


def poster_svg(event: Event) -> str:
    """A 600 x 800 poster: the motif, and over it performers, title, date and venue, in the page's language."""
    lines = _wrap(event.title)
    size = 60 if len(lines) < MOST_LINES else 52
    step = size + 8
    top = BASELINE - (len(lines) - 1) * step
    return render_to_string(
        "events/poster.svg",
        {
            "event": event,
            "picture": mark_safe(PICTURES[event.motif](event.hue)),  # noqa: S308 (drawn from numbers alone)
            "size": size,
            "lines": [{"y": top + i * step, "text": line} for i, line in enumerate(lines)],
            "performers": _shorten(event.performers, 38),
            "performers_y": top - size - 6,
            "venue": _shorten(event.venue.name, 28),
        },
    )


def _width(text: str) -> int:
    """How many half-widths the text takes."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _shorten(text: str, width: int) -> str:
    """The text, cut with an ellipsis where it is wider than `width` half-widths."""
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def _wrap(text: str) -> list[str]:
    """The text in lines of whole words, the last one cut if there are too many."""
    lines = [""]
    for word in WORD.findall(text):
        joined = f"{lines[-1]} {word}".strip()
        if _width(joined) <= LINE_WIDTH or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    kept = lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        kept[-1] = " ".join(lines[MOST_LINES - 1 :])
    return [_shorten(line, LINE_WIDTH + 2) for line in kept]
