"""What a page asks for by itself, as long as it is open, keeps nobody inside and joins nobody."""

from collections.abc import Callable

from tests.waitingroom.doors import JSON, Door
from waitingroom import admission
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

Rooms = Callable[..., WaitingRoom]


def expiry(room: WaitingRoom, visitor: str) -> object:
    return client().zscore(keys_of(room.slug).active, visitor)


def test_an_open_seat_map_renews_no_place_and_a_page_does(door: Door, make_room: Rooms):
    room = make_room()
    door.ask(f"/events/{room.slug}/", visitor="a")
    before = expiry(room, "a")

    for address in (f"/events/{room.slug}/seats/state/", f"//events/{room.slug.upper()}/seats/./state"):
        assert door.ask(address, visitor="a", accept=JSON).is_inside
        assert expiry(room, "a") == before

    door.ask(f"/events/{room.slug}/seats/", visitor="a")
    assert expiry(room, "a") > before  # type: ignore[operator]  # a score


def test_an_open_seat_map_of_who_lost_the_place_draws_no_number(door: Door, make_room: Rooms):
    room = make_room()

    for visitor in ("", "a"):
        asked = door.ask(f"/events/{room.slug}/seats/state/", visitor=visitor, accept=JSON)
        assert (asked.status, asked.phase) == (403, "none")

    status = admission.status([room.slug])[0]
    assert (status.active, status.joined, status.straight_in) == (0, 0, 0)
