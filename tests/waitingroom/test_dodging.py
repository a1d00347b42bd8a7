"""Both doors: no way of writing an address leads past the line."""

from collections.abc import Callable

import pytest

from tests.waitingroom.doors import Door
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.visits import room_of

WAYS = {
    "no last slash": "/events/{}",
    "upper case": "/EVENTS/{}/",
    "an upper-case room": "/events/{upper}/",
    "a doubled first slash": "//events/{}/",
    "doubled slashes": "/events//{}//",
    "a step that stays": "/./events/./{}/",
    "a step back": "/accounts/../events/{}/",
    "a step above the root": "/../../events/{}/",
    "an encoded step": "/accounts/%2e%2e/events/{}/",
    "an encoded dot": "/%2e/events/{}/",
    "an encoded slash": "/events%2f{}%2f",
    "an encoded letter": "/%65vents/{}/",
    "a backslash": "/events\\{}\\",
    "an encoded backslash": "/accounts%5c..%5cevents%5c{}",
    "a deeper page": "/events/{}/seats/A/",
    "a deeper page, stepped to": "/events/other/../{}/hold/",
    "the machines' address": "/API/events//{}",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_b13_who_is_not_active_never_reaches_the_site(door: Door, make_room: Callable[..., WaitingRoom], way: str):
    room = make_room(mode="always")
    address = way.format(room.slug, upper=room.slug.upper())

    page = door.ask(address, visitor="visitor")
    change = door.ask(address, "POST", visitor="visitor")

    assert (page.phase, change.phase) == ("waiting", "waiting")
    assert not page.is_inside
    assert not change.is_inside
    assert admission.status([room.slug])[0].joined == 1


@pytest.mark.parametrize(
    "address", ["/", "/events/", "/events", "/accounts/", "/orders/x/", "/static/events/x/", "/x/events/a/"]
)
def test_other_addresses_are_nobodys_room(address: str):
    assert room_of(address) is None


@pytest.mark.parametrize(
    "name", ["%00", "１２", "a b", "-1", "0", "9223372036854775808", "..", "%25", "<script>", "가"]
)
def test_a_room_that_cannot_be_is_left_to_the_site(door: Door, make_room: Callable[..., WaitingRoom], name: str):
    make_room()

    reply = door.ask(f"/events/{name}/")

    assert reply.is_inside
    assert not reply.cookies


def test_a_room_with_capitals_in_its_name_is_guarded_too(door: Door, make_room: Callable[..., WaitingRoom]):
    room = make_room(mode="always")
    room.slug = room.slug.upper()
    room.save()

    assert door.ask(f"/events/{room.slug}/", visitor="visitor").phase == "waiting"
    assert door.ask(f"/events/{room.slug.lower()}/", visitor="visitor").phase == "waiting"
