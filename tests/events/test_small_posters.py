"""The poster in the line is the event's own, in few strokes: the page carries it along."""

from xml.etree import ElementTree

import pytest

from events.models.choices import Motif
from events.posters.small import small_picture
from events.room.page_context import page_context
from waitingroom.page_cache import render


@pytest.mark.parametrize("motif", Motif.values)
def test_each_motif_has_a_small_picture_of_its_own(motif: str):
    pictures = {other: small_picture(other, 200) for other in Motif.values}

    ElementTree.fromstring(f"<svg>{pictures[motif]}</svg>")
    assert list(pictures.values()).count(pictures[motif]) == 1
    assert small_picture(motif, 20) != pictures[motif]
    assert len(pictures[motif]) < 700


def test_the_waiting_page_shows_the_events_own_poster_twice(make_event):
    event = make_event(motif=Motif.KEYS, hue=210)

    page = b"".join(render("waiting", event.slug, "ko", page_context(event.slug)).pieces).decode()

    assert page.count(small_picture(Motif.KEYS, 210)) == 2  # on the slip, and behind it
