"""Both doors: cookies that are not what they should be are as good as none."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.doors import Door, Gate
from waitingroom import admission, slips
from waitingroom.cookie_names import slip_cookie
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.slips import ADMITTED, WAITING, Slip

Rooms = Callable[..., WaitingRoom]


def drawn(room: WaitingRoom, visitor: str) -> str:
    """The visitor joins; the slip's value."""
    return Gate().ask(f"/events/{room.slug}/", visitor=visitor).cookie(slip_cookie(room.slug)).value


def another_secret(value: str) -> str:
    return value[:-1] + ("A" if value[-1] != "A" else "B")


def flipped(value: str) -> str:
    """A number nearer the head, under the same signature."""
    parts = value.split(".")
    parts[4] = str(int(parts[4]) - 3_600_000_000)
    return ".".join(parts)


BAD_SLIPS: dict[str, Callable[[str], str]] = {
    "another signature": another_secret,
    "another number": flipped,
    "truncated": lambda value: value[: len(value) // 2],
    "no signature": lambda value: value.rpartition(".")[0],
    "empty": lambda _: "",
    "dots alone": lambda _: "......." * 3,
    "not ASCII": lambda value: value + "é",
    "ten thousand letters": lambda value: value + "A" * 10_000,
    "quoted": lambda value: f'"{value}"',
}


@pytest.mark.parametrize("spoil", BAD_SLIPS.values(), ids=BAD_SLIPS)
def test_b08_a_spoilt_slip_gives_no_place_and_takes_none(door: Door, make_room: Rooms, spoil: Callable[[str], str]):
    room = make_room(mode="always")
    drawn(room, "earlier")
    slip = drawn(room, "visitor")

    reply = door.ask(f"/api/events/{room.slug}/", visitor="visitor", cookie=f"{slip_cookie(room.slug)}={spoil(slip)}")
    stranger = door.ask(f"/api/events/{room.slug}/", visitor="stranger", cookie=f"slip-{room.slug}={spoil(slip)}")
    held = slips.read(slip, room=room.slug, visitor="visitor")
    assert held is not None
    for kind, position in ((WAITING, 4), (ADMITTED, 5)):  # of those whom Redis has not heard of
        lost = slips.sign(held._replace(kind=kind, visitor=f"forger-{kind}"))
        forger = door.ask(
            f"/api/events/{room.slug}/", visitor=f"forger-{kind}", cookie=f"slip-{room.slug}={spoil(lost)}"
        )
        assert (forger.status, forger.json()["position"]) == (202, position)

    assert (reply.status, reply.json()["position"]) == (202, 2)
    assert reply.cookie(slip_cookie(room.slug)).value.split(".")[:6] == slip.split(".")[:6]  # written anew
    assert stranger.json()["position"] == 3


def test_an_honest_slip_is_not_written_again(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    slip = drawn(room, "visitor")

    assert not door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=f"slip-{room.slug}={slip}").cookies


@pytest.mark.parametrize("kind", [WAITING, ADMITTED])
def test_b08_a_slip_of_another_room_visitor_or_time_opens_nothing(door: Door, make_room: Rooms, kind: str):
    room, elsewhere = make_room(mode="always"), make_room(mode="always")
    drawn(room, "earlier")
    epoch = admission.status([room.slug])[0].epoch
    wrong: tuple[dict[str, Any], ...] = (
        {"room": elsewhere.slug},
        {"visitor": "somebody-else"},
        {"expires_at": int(time.time()) - 3600},
        {"epoch": "another"},
    )

    for position, field in enumerate(wrong, 2):  # each a visitor's who has no place yet
        good = Slip(kind, f"visitor-{position}", room.slug, epoch, 1_000_000, 1, int(time.time()) + 600)
        reply = door.ask(
            f"/api/events/{room.slug}/",
            visitor=good.visitor,
            cookie=f"{slip_cookie(room.slug)}={slips.sign(good._replace(**field))}",
        )
        assert (reply.status, reply.json()["position"]) == (202, position)
    good = good._replace(visitor="the-first")
    cookie = f"{slip_cookie(room.slug)}={slips.sign(good)}"
    reply = door.ask(f"/api/events/{room.slug}/queue/", visitor=good.visitor, cookie=cookie)
    assert reply.json()["status"] == "active" if kind == ADMITTED else reply.json()["position"] == 1


def test_b08_a_visitors_cookie_is_no_slip_and_a_slip_no_visitors_cookie():
    slip = Slip(WAITING, "visitor", "room", "epoch", 1, 1, int(time.time()) + 600)

    assert slips.read(slips.sign(slip), room="room", visitor="visitor") == slip
    text = slips.sign(slip).rpartition(".")[0]
    assert slips.read(slips.sign_visitor(text), room="room", visitor="visitor") is None
    assert slips.read_visitor(slips.sign(slip)) is None


@pytest.mark.parametrize("spoil", [another_secret, lambda v: v[:-4], lambda v: v + "A" * 10_000, lambda v: "x" + v])
def test_a_spoilt_visitors_cookie_makes_somebody_new(door: Door, make_room: Rooms, spoil: Callable[[str], str]):
    room = make_room(mode="always")
    drawn(room, "visitor")

    reply = door.ask(f"/events/{room.slug}/", cookie=f"visitor={spoil(slips.sign_visitor('visitor'))}")

    assert reply.status == 200
    named = slips.read_visitor(reply.cookie("visitor").value)
    assert named not in (None, "visitor")
    assert client().zcard(keys_of(room.slug).queue) == 2


def test_b08_an_old_key_still_names_the_visitor_while_it_is_a_fallback(door: Door, make_room: Rooms, settings):
    room = make_room(mode="always")
    cookie = f"visitor={slips.sign_visitor('visitor')}"
    before, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6

    settings.SECRET_KEY_FALLBACKS = [before]
    anew = door.ask(f"/events/{room.slug}/", cookie=cookie).cookies["visitor"].value
    settings.SECRET_KEY_FALLBACKS = []
    assert slips.read_visitor(anew) == "visitor"
    assert slips.read_visitor(door.ask(f"/events/{room.slug}/", cookie=cookie).cookies["visitor"].value) != "visitor"


def test_ten_thousand_letters_of_cookies_hide_no_visitor(door: Door, make_room: Rooms):
    room = make_room(mode="always")

    door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=f"other={'x' * 10_000}")

    assert client().zrange(keys_of(room.slug).queue, 0, -1) == [b"visitor"]


def test_five_thousand_cookies_are_refused_and_make_nobody_new(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    many = "; ".join(f"c{i}=1" for i in range(5000))

    page = door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=many)
    json = door.ask(f"/api/events/{room.slug}/", "POST", cookie=many)

    assert (page.status, json.status, json.json()) == (431, 431, {"status": "too-many-cookies"})
    assert "쿠키" in page.body.decode()
    assert not page.cookies
    assert admission.status([room.slug])[0].joined == 0


def test_of_two_visitors_cookies_the_first_counts(door: Door, make_room: Rooms):
    room = make_room(mode="always")

    door.ask(f"/events/{room.slug}/", visitor="first", cookie=f"visitor={slips.sign_visitor('second')}")

    assert client().zrange(keys_of(room.slug).queue, 0, -1) == [b"first"]


@pytest.mark.parametrize("hours", [13, 1])
def test_a_waiting_slip_is_renewed_before_it_is_a_day_old(door: Door, make_room: Rooms, hours: int):
    room = make_room(mode="always")
    name = f"slip-{room.slug}"
    slip = slips.read(drawn(room, "visitor"), room=room.slug, visitor="visitor")
    assert slip is not None
    old = slip._replace(expires_at=slip.expires_at - hours * 3600)

    cookies = door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=f"{name}={slips.sign(old)}").cookies

    if hours == 1:
        assert not cookies
        return
    renewed = slips.read(cookies[name].value, room=room.slug, visitor="visitor")
    assert renewed is not None
    assert renewed._replace(expires_at=0) == slip._replace(expires_at=0)
    assert renewed.expires_at >= slip.expires_at
    assert slips.read_visitor(cookies["visitor"].value) == "visitor"
    assert cookies["visitor"]["max-age"] == str(30 * 86_400)


def test_a_poll_takes_the_slip_of_a_place_given_up_away(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    name = f"slip-{room.slug}"
    slip = drawn(room, "visitor")
    assert not door.ask(f"/api/events/{room.slug}/queue/", visitor="visitor", cookie=f"{name}={slip}").cookies
    admission.leave(room.slug, "visitor", Reason.DROPPED)

    reply = door.ask(f"/api/events/{room.slug}/queue/", visitor="visitor", cookie=f"{name}={slip}")

    assert reply.json() == {"status": "none", "reason": "dropped"}
    assert (reply.cookies[name].value, reply.cookies[name]["max-age"]) == ("", "0")


def test_an_honest_slip_and_name_of_an_old_key_are_signed_anew(door: Door, make_room: Rooms, settings: Any):
    room = make_room(mode="always")
    name = f"slip-{room.slug}"
    cookie = f"visitor={slips.sign_visitor('visitor')}; {name}={drawn(room, 'visitor')}"
    before, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6
    settings.SECRET_KEY_FALLBACKS = [before]

    anew = door.ask(f"/events/{room.slug}/", cookie=cookie).cookies

    settings.SECRET_KEY_FALLBACKS = []
    assert slips.read_visitor(anew["visitor"].value) == "visitor"
    assert slips.read(anew[name].value, room=room.slug, visitor="visitor") is not None


def test_a_slip_of_an_old_key_is_signed_anew_beside_a_name_of_the_new(door: Door, make_room: Rooms, settings: Any):
    room = make_room(mode="always")
    slip = f"{slip_cookie(room.slug)}={drawn(room, 'visitor')}"
    before, settings.SECRET_KEY = settings.SECRET_KEY, "a new key " * 6
    settings.SECRET_KEY_FALLBACKS = [before]

    anew = door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=slip).cookie(slip_cookie(room.slug)).value

    settings.SECRET_KEY_FALLBACKS = []
    assert slips.read(anew, room=room.slug, visitor="visitor") is not None


def past_slip(number: int, **more: Any) -> tuple[str, str]:
    """A slip of a sale of before, the longest there can be, as a cookie's name and value."""
    room = f"a-sale-of-before-{number:03}".ljust(80, "x")
    fields: dict[str, Any] = {"expires_at": int(time.time()) + 3600, "visitor": "visitor"} | more
    slip = Slip(WAITING, room=room, epoch="0123456789abcdef", queue_number=10**15 + number, start=10_000, **fields)
    return slip_cookie(room), slips.sign(slip)


def test_slips_do_not_multiply_whatever_a_browser_brings(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    jar = dict(past_slip(number) for number in range(60))
    names = list(jar)

    for _ in range(3):  # more than one answer takes away comes in a second
        brought = "; ".join(f"{name}={value}" for name, value in jar.items())
        answer = door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=brought)
        for name, cookie in answer.cookies.items():
            jar.pop(name, None)
            if cookie["max-age"] != "0":
                jar[name] = cookie.value
        jar.pop(slip_cookie(room.slug), None)

    assert list(jar) == [*names[-9:], "visitor"]  # beside the room's own the latest, as they were
    assert sum(len(name) + len(value) + 4 for name, value in jar.items()) < 4000


def test_void_slips_go_with_the_next_that_is_written(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    kept, expired, foreign = past_slip(1), past_slip(2, expires_at=1), past_slip(3, visitor="somebody-else")
    forged = ("slip-forged", "w.visitor.forged.epoch.1.1.9999999999.0")
    brought = "; ".join("=".join(one) for one in (kept, expired, foreign, forged))

    cookies = door.ask(f"/events/{room.slug}/", visitor="visitor", cookie=brought).cookies

    gone = {name for name, cookie in cookies.items() if cookie["max-age"] == "0"}
    assert gone == {expired[0], foreign[0], forged[0]}


def test_slips_of_several_rooms_bring_back_places_in_each(door: Door, make_room: Rooms):
    rooms = [make_room(mode="always") for _ in range(3)]
    for room in rooms:
        Gate().ask(f"/events/{room.slug}/", visitor="earlier")
    jar = "; ".join(f"{slip_cookie(room.slug)}={drawn(room, 'visitor')}" for room in rooms)
    for room in rooms:
        client().delete(*keys_of(room.slug).all())
        admission.tick(WaitingRoom.objects.filter(pk=room.pk))

    positions = [
        door.ask(f"/api/events/{room.slug}/queue/", visitor="visitor", cookie=jar).json()["position"] for room in rooms
    ]

    assert positions == [1, 1, 1]
    assert all(client().zscore(keys_of(room.slug).queue, "visitor") for room in rooms)


HOST_TERMS = {"secure": True, "path": "/", "domain": "", "httponly": True, "samesite": "Lax"}


def test_over_https_a_cookie_is_this_hosts_alone(door: Door, make_room: Rooms, settings: Any):
    settings.SESSION_COOKIE_SECURE = True
    room = make_room(mode="always")

    cookies = door.ask(f"/events/{room.slug}/").cookies

    assert set(cookies) == {"__Host-visitor", f"__Host-slip-{room.slug}"}
    assert all({term: one[term] for term in HOST_TERMS} == HOST_TERMS for one in cookies.values())


def test_over_https_what_a_sibling_subdomain_plants_counts_for_nothing(door: Door, make_room: Rooms, settings: Any):
    room = make_room(mode="always")
    planted = f"visitor={slips.sign_visitor('planted')}; slip-{room.slug}={drawn(room, 'planted')}"
    settings.SESSION_COOKIE_SECURE = True

    mine = door.ask(f"/api/events/{room.slug}/", visitor="me", cookie=planted)
    alone = door.ask(f"/api/events/{room.slug}/", cookie=planted)

    assert mine.json()["position"] == 2
    assert alone.json()["position"] == 3
    assert slips.read_visitor(alone.cookie("__Host-visitor").value) not in (None, "planted")
