"""A room that is withdrawn from the public while people wait in it: they wait on, and nobody else hears of it."""

from collections.abc import Callable

import pytest

from tests.waitingroom.doors import JSON, Door
from waitingroom.models import WaitingRoom

Rooms = Callable[..., WaitingRoom]
pytestmark = pytest.mark.django_db(transaction=True)


def cookies_of_who_waits(door: Door, room: WaitingRoom) -> str:
    """As the browser would send them."""
    first = door.ask(f"/events/{room.slug}/")
    assert first.phase == "waiting"
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in first.cookies.values())


def test_who_waits_hears_that_the_line_is_closed_and_has_the_place_when_it_is_shown_again(door: Door, make_room: Rooms):
    room, poll = make_room(mode="always"), "/api/events/{}/queue/"
    cookie = cookies_of_who_waits(door, room)
    room.hide(hidden=True)

    told = door.ask(poll.format(room.slug), accept=JSON, cookie=cookie)

    assert (told.status, told.json(), told.phase) == (200, {"status": "closed"}, "closed")
    assert int(told.headers["retry-after"]) > 0
    room.hide(hidden=False)
    again = door.ask(poll.format(room.slug), accept=JSON, cookie=cookie).json()
    assert (again["status"], again["position"]) == ("queued", 1)


def test_to_who_has_no_number_there_it_is_no_room_at_all(door: Door, make_room: Rooms):
    room, other = make_room(mode="always"), make_room(mode="always")
    elsewhere = cookies_of_who_waits(door, other)
    own = cookies_of_who_waits(door, room)
    room.hide(hidden=True)

    for address, cookie in (
        ("/api/events/{}/queue/", ""),
        ("/api/events/{}/queue/", elsewhere),
        ("/api/events/{}/queue/", elsewhere.replace(other.slug, room.slug)),
        ("/events/{}/", own),
        ("/api/events/{}/", own),
    ):
        answer = door.ask(address.format(room.slug), accept=JSON, cookie=cookie)
        assert answer.is_inside, address  # the site's own, which says 404
        assert answer.phase is None
