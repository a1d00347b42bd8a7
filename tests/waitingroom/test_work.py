"""Proof of work: where staff ask for it, a newcomer without a place computes before a number is drawn."""

import base64
import hashlib
import html
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge

from tests.waitingroom.doors import JSON, Door, Gate, Reply
from tests.waitingroom.line import Line
from waitingroom import admission, slips, work
from waitingroom.models import WaitingRoom
from waitingroom.newcomers import BURST_SECONDS, newcomers
from waitingroom.place import Phase, Place, read_entered
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.room_cache import snapshots
from waitingroom.scripts import ENTER
from waitingroom.slips import ACCOUNT

Rooms = Callable[..., WaitingRoom]
HEADER = "X-Proof-Of-Work"


@pytest.fixture
def room(make_room: Rooms) -> WaitingRoom:
    """A line that asks newcomers for a little work."""
    return make_room(mode="always", work_tries=4)


@pytest.fixture(autouse=True)
def remembers_nobody() -> Iterator[None]:
    newcomers.forget()
    yield
    newcomers.forget()


def page(room: WaitingRoom) -> str:
    return f"/events/{room.slug}/"


def solved(challenge: Any) -> str:
    """As a browser hands it in."""
    read = Challenge.from_dict(challenge)
    solution = solve_challenge(read)
    assert solution is not None
    return Payload(read, solution).to_base64()


def challenge_of(door: Door, room: WaitingRoom, **more: Any) -> Any:
    reply = door.ask(f"/api/events/{room.slug}/", accept=JSON, **more)
    assert reply.status == 428
    return reply.json()["challenge"]


def hand_in(door: Door, room: WaitingRoom, solution: str, **more: Any) -> Reply:
    door.more = {HEADER: solution}
    try:
        return door.ask(f"/api/events/{room.slug}/", accept=JSON, **more)
    finally:
        door.more = {}


def counts(room: WaitingRoom) -> tuple[int, int, int, int]:
    status = admission.status([room.slug])[0]
    return status.active, status.joined, status.straight_in, status.waiting


def keys(room: WaitingRoom) -> set[bytes]:
    """All that Redis has of the room."""
    return set(client().scan_iter(f"*{{{room.slug}}}"))


def refused(reply: Reply) -> bool:
    return (reply.status, reply.json()["status"], dict(reply.cookies)) == (428, "work", {})


# --- who has done nothing


@pytest.mark.parametrize("mode", ["automatic", "always", "paused"])
def test_a_stranger_gets_the_work_and_neither_name_nor_place(door: Door, make_room: Rooms, mode: str):
    room = make_room(mode=mode, work_tries=4)
    before = keys(room)

    for _ in range(3):
        reply = door.ask(page(room))
        assert (reply.status, reply.phase, dict(reply.cookies)) == (200, "none", {})
        assert reply.headers["cache-control"] == "no-store"
        machine = door.ask(f"/api/events/{room.slug}/", accept=JSON)
        assert refused(machine)
        assert machine.json()["message"] == "번호표를 받기 전에 작업 증명이 필요합니다"

    assert counts(room) == (0, 0, 0, 0)
    assert keys(room) == before


def test_the_page_carries_a_challenge_a_solver_of_the_sites_own_and_a_strict_policy(door: Door, room: WaitingRoom):
    reply = door.ask(page(room))
    body = reply.body.decode()

    (challenge,) = re.findall(r'data-challenge="([^"]+)"', body)
    assert hand_in(door, room, solved(json.loads(html.unescape(challenge)))).json()["status"] == "queued"
    assert 'data-solver="/static/waitingroom/altcha/pbkdf2.js"' in body
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.endswith("; worker-src 'self'")
    assert "unsafe" not in policy
    assert "://" not in re.sub(r"http://www.w3.org/\S+", "", body)  # nothing comes from elsewhere


def test_the_solver_is_the_published_one():
    folder = Path(work.__file__).parent / "static/waitingroom/altcha"

    sums = hashlib.sha256((folder / "pbkdf2.js").read_bytes()).hexdigest()
    assert sums == "7862add9c9d3d847ded3da928edcf406b46478754b9883351111414825b9c86f"
    assert "MIT License" in (folder / "LICENSE.txt").read_text()


def test_no_two_challenges_are_alike_and_each_takes_about_as_many_tries_as_staff_said(settings: Any):
    found = []
    for _ in range(20):
        read = Challenge.from_dict(work.challenge("room", 100))
        solution = solve_challenge(read)
        assert solution is not None
        found.append(solution.counter)

    assert all(50 <= counter <= 150 for counter in found)
    assert len(set(found)) > 10


# --- who has done it


@pytest.mark.parametrize("known", [False, True])
def test_a_solution_draws_a_number_and_is_needed_once(door: Door, room: WaitingRoom, known: bool):
    visitor = {"visitor": "ann"} if known else {}
    reply = hand_in(door, room, solved(challenge_of(door, room, **visitor)), **visitor)

    assert (reply.status, reply.json()["position"]) == (202, 1)
    cookie = "; ".join(f"{name}={one.value}" for name, one in reply.cookies.items())
    again = door.ask(page(room), cookie=cookie)
    assert (again.status, again.phase) == (200, "waiting")
    assert counts(room) == (0, 1, 0, 1)


def test_a_solution_lets_in_where_there_is_a_vacancy(door: Door, make_room: Rooms):
    room = make_room(work_tries=4)

    assert hand_in(door, room, solved(challenge_of(door, room))).is_inside
    assert counts(room) == (1, 0, 1, 0)


def test_an_account_computes_nothing(door: Door, room: WaitingRoom):
    assert door.ask(page(room), visitor=f"{ACCOUNT}7").phase == "waiting"


def test_who_has_a_place_computes_nothing_with_or_without_the_slip(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    door.ask(page(room), visitor="here before")
    room.work_tries = 4
    room.save()

    assert door.ask(page(room), visitor="here before").phase == "waiting"
    assert refused(door.ask(f"/api/events/{room.slug}/", accept=JSON, visitor="somebody else"))


def test_a_slip_for_a_place_that_redis_lost_spares_the_work(door: Door, make_room: Rooms):
    room = make_room(mode="always", work_tries=4)
    reply = hand_in(door, room, solved(challenge_of(door, room)))
    cookie = "; ".join(f"{name}={one.value}" for name, one in reply.cookies.items())
    for name in ("queue", "seen", "present", "strangers"):
        client().delete(f"{name}:{{{room.slug}}}")

    assert door.ask(page(room), cookie=cookie).phase == "waiting"


def test_a_name_that_was_free_elsewhere_is_no_way_round_nor_is_a_place_given_up(door: Door, room: WaitingRoom):
    reply = hand_in(door, room, solved(challenge_of(door, room)))
    visitor = slips.read_visitor(reply.cookie("visitor").value)
    cookie = "; ".join(f"{name}={one.value}" for name, one in reply.cookies.items())
    assert visitor is not None
    admission.leave(room.slug, visitor, Reason.LEFT)

    assert refused(door.ask(f"/api/events/{room.slug}/", accept=JSON, cookie=cookie))
    assert counts(room)[3] == 0


# --- what does not count


def test_a_solution_counts_once(door: Door, room: WaitingRoom):
    solution = solved(challenge_of(door, room))
    assert hand_in(door, room, solution).status == 202

    again = json.loads(base64.b64decode(solution))
    again["solution"]["time"] = 12345  # the same in other letters
    again["challenge"]["parameters"]["more"] = "x"
    for same in (solution, base64.b64encode(json.dumps(again).encode()).decode()):
        assert refused(hand_in(door, room, same))
        assert refused(hand_in(door, room, same, visitor="another"))

    assert counts(room) == (0, 1, 0, 1)


def test_of_a_hundred_who_hand_in_the_same_at_once_one_draws_a_number(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    done = f"p,{'ab' * 16},{line.now_us // 1000 + 200_000}"

    coming = [part for i in range(100) for part in (f"visitor-{i}", "new" if i % 2 else "join", done)]
    places = read_entered(line.run(ENTER, line.now_us, *coming))

    assert sum(not isinstance(place, Exception) for place in places) == 1
    assert line.status().joined == 1


def test_another_rooms_solution_is_refused(door: Door, make_room: Rooms):
    room, other = make_room(mode="always", work_tries=4), make_room(mode="always", work_tries=4)
    solution = solved(challenge_of(door, other))

    assert refused(hand_in(door, room, solution))
    assert hand_in(door, other, solution).status == 202
    assert counts(room) == (0, 0, 0, 0)


def test_a_late_solution_is_refused_with_new_work(door: Door, room: WaitingRoom, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(work, "LIFE_SECONDS", -1)
        solution = solved(work.challenge(room.slug, 4))

    reply = hand_in(door, room, solution)
    assert refused(reply)
    assert hand_in(door, room, solved(reply.json()["challenge"])).status == 202


def forgeries(room: WaitingRoom) -> Iterator[str]:
    genuine = json.loads(base64.b64decode(solved(work.challenge(room.slug, 4))))
    easier = json.loads(json.dumps(genuine))
    easier["challenge"]["parameters"]["keyPrefix"] = ""
    longer = json.loads(json.dumps(genuine))
    longer["challenge"]["parameters"]["expiresAt"] += 9999
    unsigned = json.loads(json.dumps(genuine))
    del unsigned["challenge"]["signature"]
    keyless = json.loads(json.dumps(genuine))
    del keyless["challenge"]["parameters"]["keySignature"]
    padded = json.loads(json.dumps(genuine))
    padded["more"] = "x" * 2000
    wrong = json.loads(json.dumps(genuine))
    key = wrong["solution"]["derivedKey"]
    wrong["solution"]["derivedKey"] = key[:-1] + ("1" if key[-1] == "0" else "0")
    yield from (
        base64.b64encode(json.dumps(one).encode()).decode()
        for one in (easier, longer, unsigned, keyless, wrong, padded)
    )
    for part in ("parameters", "signature"):
        nothing: tuple[object, ...] = (None, [], 7, "\ud800", {"expiresAt": 1e308}, "x" * 50)
        for odd in nothing:
            one = json.loads(json.dumps(genuine))
            one["challenge"][part] = odd
            yield base64.b64encode(json.dumps(one).encode()).decode()
    for name in genuine["challenge"]["parameters"]:
        odds: tuple[object, ...] = (
            None,
            [],
            {"__proto__": 1},
            10**300,
            -1,
            True,
            "\ud800",
            float("nan"),
            float("inf"),
            [[[[]]]],
        )
        for odd in odds:
            one = json.loads(json.dumps(genuine))
            one["challenge"]["parameters"][name] = odd
            yield base64.b64encode(json.dumps(one).encode()).decode()
    for nonsense in ("x", "e30=", "[]", "W10=", "bnVsbA==", "=", "%%%", "A" * 3000, "é", base64.b64encode(b"[" * 1400)):
        yield nonsense if isinstance(nonsense, str) else nonsense.decode()


def test_no_forgery_counts_and_none_touches_the_line(room: WaitingRoom):
    door = Gate()

    for forged in forgeries(room):
        assert refused(hand_in(door, room, forged)), forged
    assert counts(room) == (0, 0, 0, 0)
    assert not client().exists(f"spent:{{{room.slug}}}")


def test_looking_at_a_solution_computes_nothing_of_it(room: WaitingRoom, monkeypatch: pytest.MonkeyPatch):
    solution = solved(work.challenge(room.slug, 4))
    monkeypatch.setattr(hashlib, "pbkdf2_hmac", None)

    assert work.done(solution, room.slug)


def test_a_solution_outlives_a_rotation_of_the_key(room: WaitingRoom, settings: Any):
    solution = solved(work.challenge(room.slug, 4))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert work.done(solution, room.slug)

    settings.SECRET_KEY_FALLBACKS = []
    assert not work.done(solution, room.slug)


# --- who asks without joining


def test_who_joins_nobody_is_asked_for_nothing(door: Door, room: WaitingRoom):
    assert door.ask(f"/api/events/{room.slug}/queue/", accept=JSON).json() == {"status": "none"}
    assert door.ask(page(room), "HEAD").status == 200
    assert door.ask(f"/events/{room.slug}/hold/", "POST").status == 303
    assert door.ask(f"/api/events/{room.slug}/hold/", "POST", accept=JSON).status == 403
    assert door.ask(f"/events/{room.slug}/seats/state/", accept=JSON).status == 403
    door.more = {"User-Agent": "Mozilla/5.0 (compatible; Yeti/1.1; +https://naver.me/spd)"}
    assert "data-challenge" not in door.ask(page(room)).body.decode()


@pytest.mark.parametrize("mode", ["closed", "draining"])
def test_nobody_computes_for_a_line_that_takes_nobody(door: Door, make_room: Rooms, mode: str):
    room = make_room(mode=mode, work_tries=4)
    snapshots.clear()

    reply, machine = door.ask(page(room)), door.ask(f"/api/events/{room.slug}/", accept=JSON)

    assert (reply.status, reply.phase, dict(reply.cookies)) == (200, "closed", {})
    assert "data-challenge" not in reply.body.decode()
    assert (machine.status, machine.json()["status"]) == (403, "closed")


def test_nobody_computes_where_everybody_goes_straight_in(door: Door, make_room: Rooms):
    assert door.ask(page(make_room(mode="off", work_tries=4))).is_inside


def test_who_is_one_too_many_has_done_the_work_all_the_same(door: Door, room: WaitingRoom, settings: Any):
    settings.WAITINGROOM_NEW_NAMES_PER_PROCESS = 1 / BURST_SECONDS
    first, second = (solved(challenge_of(door, room)) for _ in range(2))
    assert hand_in(door, room, first).status == 202
    assert hand_in(door, room, second).status == 429

    newcomers.forget()
    assert hand_in(door, room, second).status == 202


# --- what is remembered of the spent


def spend(line: Line, number: int, expires_ms: int) -> bool:
    """Whether that work still counts."""
    done = f"p,{number:032x},{expires_ms}"
    (place,) = read_entered(line.run(ENTER, line.now_us, f"visitor-{number}", "new", done))
    return isinstance(place, Place) and place.phase is Phase.WAITING


def test_the_spent_are_so_many_at_most_and_what_is_forgotten_stays_spent(line: Line):
    line.configure(mode="always")
    expires_ms = line.now_us // 1000 + 100_000
    for first in range(0, work.MAX_SPENT, 5000):
        client().zadd(line.keys.spent, {f"x{i}": expires_ms + i % 1000 for i in range(first, first + 5000)})

    assert spend(line, 1, expires_ms + 5000)
    assert client().zcard(line.keys.spent) == work.MAX_SPENT
    assert not spend(line, 2, expires_ms)  # as old as the one that had to go
    assert not spend(line, 1, expires_ms + 5000)
    assert spend(line, 3, expires_ms + 5000)


def test_the_spent_are_forgotten_when_nobody_could_hand_them_in_again(line: Line):
    line.configure(mode="always")
    expires_ms = line.now_us // 1000 + 300_000
    for i in range(50):
        assert spend(line, i, expires_ms)
    line.pass_s(work.SPENT_MS / 1000 + work.LIFE_SECONDS + 1)
    for i in range(50, 76):
        assert spend(line, i, line.now_us // 1000 + 300_000)

    assert client().zcard(line.keys.spent) == 26
    assert not spend(line, 3, expires_ms)
    left_ms: Any = client().pttl(line.keys.spent)
    assert 0 < left_ms <= work.SPENT_MS


def test_what_was_handed_out_before_redis_lost_the_spent_counts_no_more(line: Line):
    line.configure(mode="always")
    expires_ms = line.now_us // 1000 + 1000 * work.LIFE_SECONDS
    assert spend(line, 1, expires_ms)
    line.pass_s(5)
    line.lose()

    assert not spend(line, 1, expires_ms)
    assert spend(line, 2, line.now_us // 1000 + 1000 * work.LIFE_SECONDS + 1)


def test_the_keys_of_the_room_name_the_spent(line: Line):
    assert line.keys.spent in line.keys.all()
    assert "spent" in ENTER.key_names


def test_a_look_at_the_work_costs_microseconds(room: WaitingRoom):
    solution = solved(work.challenge(room.slug, 4))
    began = time.process_time()
    for _ in range(1000):
        assert work.done(solution, room.slug)

    assert time.process_time() - began < 1
