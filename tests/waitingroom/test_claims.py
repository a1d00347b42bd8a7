"""The claim period: an admission that nobody took up is not lost, and gives nobody more than one more turn."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.doors import JSON, Door
from tests.waitingroom.line import Line, join_call
from tests.waitingroom.pages import Page, with_hub
from waitingroom import admission
from waitingroom.hub import Hub
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now

Lines = Callable[..., Line]
Rooms = Callable[..., WaitingRoom]


def called(make_line: Lines, **settings: int) -> Line:
    """A line of three for one place; the first was called in this moment."""
    line = make_line(**{"mode": "always", "threshold": 1, "claim_seconds": 60} | settings)
    line.fill("first", "second", "third")
    line.tick()
    line.pass_s(1)
    assert line.tick() == ["first"]
    return line


def test_f19_a_missed_turn_costs_a_turn_and_not_the_wait(make_line: Lines):
    line = called(make_line)
    number = line.scores("claims")["first"]
    for _ in range(60):
        line.live_s(1)
        line.look("second", "third")

    assert line.where("first", "second", "third") == [1, "active", 2]
    assert line.scores("queue")["first"] == number
    line.leave("second")
    assert line.live_s(2) == ["first"]  # ahead of the third, who never was away


def test_who_missed_a_turn_is_passed_over_until_they_show_a_sign_of_life(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    admitted = []
    for _ in range(43):
        admitted += line.live_s(1)
        line.look("second", "third")
    assert admitted == ["second", "third"]

    line.look("first")
    line.leave("third")
    assert line.live_s(1) == ["first"]


def test_a_second_turn_that_is_missed_is_given_up(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    line.live_s(20)
    line.look("first")
    assert line.look("first").places[0].missed
    line.leave("second")
    line.live_s(1)
    assert line.where("first") == ["active"]
    line.live_s(21)

    assert line.where("first") == ["unclaimed"]
    assert line.scores("missed") == {}
    again = line.enter("first")
    assert (again.phase, again.reason) == (Phase.WAITING, Reason.UNCLAIMED)
    assert again.position == again.total


def test_nobody_stays_at_the_head_for_ever_however_often_a_page_asks_by_itself(make_line: Lines):
    line = called(make_line, claim_seconds=10)
    turns = 0
    for _ in range(600):
        turns += line.live_s(1).count("first")
        line.look("first", "second", "third")  # sockets, and no page

    assert line.reasons()["first"] is Reason.UNCLAIMED
    assert turns == 1  # and the one before
    assert {line.reasons()[one] for one in ("second", "third")} == {Reason.UNCLAIMED}


def test_who_missed_a_turn_and_stays_away_keeps_the_number_for_the_grace_period(make_line: Lines):
    line = called(make_line, claim_seconds=60, grace_seconds=100)
    line.live_s(60 + 99)
    assert line.scores("queue")["first"]
    line.live_s(2)

    assert line.reasons()["first"] is Reason.ABSENT
    assert line.scores("missed").keys() == set()


def test_coming_takes_the_turn_up_and_the_next_miss_is_a_first_one_again(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    line.live_s(20)
    line.look("first")
    line.leave("second")
    line.live_s(1)
    line.enter("first")

    assert line.scores("claims").keys() | line.scores("missed").keys() == set()
    line.live_s(601)
    assert line.reasons()["first"] is Reason.IDLE


def test_the_books_and_the_threshold_hold_through_missed_turns(make_line: Lines):
    line = make_line(mode="always", threshold=3, claim_seconds=10, users_per_minute_per_instance=600)
    line.fill(*(f"v{i}" for i in range(12)))
    for second in range(120):
        line.live_s(1)
        line.look(*(f"v{i}" for i in range(0, 12, 2)))
        if second % 7 == 0:
            line.enter("v11")
        status = line.status()
        assert status.active <= 3
        assert status.joined == status.waiting + status.admitted + status.gone
        assert not line.scores("queue").keys() & line.scores("active").keys()
        assert line.scores("claims").keys() <= line.scores("active").keys()
        assert line.scores("missed").keys() <= line.scores("active").keys() | line.scores("queue").keys()
        assert line.scores("entered").keys() == line.scores("active").keys()


def test_a_closing_takes_no_turn_away(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    line.configure(mode="closed")
    line.live_s(400)
    line.configure(mode="always")
    line.look("first", "second")

    assert line.live_s(2) == ["first"]


def test_in_a_room_switched_off_who_missed_the_turn_walks_in(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    line.live_s(21)
    line.configure(mode="off")

    assert line.enter("first").phase is Phase.ACTIVE
    assert line.scores("missed") == {}


def test_leaving_gives_a_missed_turn_up_as_any_other_place(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    line.live_s(21)

    assert line.leave("first") == "waiting"
    assert line.scores("missed").keys() == set()
    assert line.enter("first").position == 2


def test_a_slip_is_good_through_the_missed_turn_and_spent_after_the_second(make_line: Lines):
    line = make_line(mode="always", threshold=1, claim_seconds=20)
    slip = line.slip("first")
    line.fill("second")
    line.live_s(2)
    line.live_s(21)
    assert line.enter("first", slip).queue_number == slip.queue_number
    line.lose()
    assert line.enter("first", slip).queue_number == slip.queue_number  # Redis forgot the miss, not the number

    line.live_s(46)
    for _ in range(2):
        line.enter("first", slip)
        line.live_s(22)
    assert line.reasons() == {"first": Reason.UNCLAIMED}
    assert line.enter("first", slip).queue_number > slip.queue_number


@pytest.mark.parametrize("called_again", [False, True])
def test_signing_in_gives_nobody_a_third_turn(make_line: Lines, called_again: bool):
    line = called(make_line, claim_seconds=20)
    line.live_s(21)
    line.look("first")
    if called_again:
        line.leave("second")
        line.live_s(1)
        assert line.where("first") == ["active"]
    line.take_over("first", "account-1")
    line.leave("second")
    line.live_s(2)
    assert line.where("account-1") == ["active"]
    line.live_s(21)

    assert line.where("account-1") == ["unclaimed"]


def test_an_account_with_a_better_number_of_its_own_keeps_its_two_turns(make_line: Lines):
    line = make_line(mode="always", threshold=1, claim_seconds=20)
    line.fill("account-1", "browser")
    line.absent("account-1", return_ms=0)
    line.pass_s(1)
    line.tick()
    line.live_s(2)
    assert line.where("browser") == ["active"]
    line.live_s(21)
    line.take_over("browser", "account-1")

    assert line.scores("missed") == {}


def test_a_straight_in_stranger_has_no_number_to_go_back_to(make_line: Lines):
    line = make_line(claim_seconds=60)
    line.come("stranger")
    line.live_s(61)

    assert line.reasons() == {"stranger": Reason.UNCLAIMED}
    assert line.scores("queue") == {}


def test_until_when_the_admission_is_kept_is_told_on_rediss_clock(make_line: Lines):
    line = called(make_line, claim_seconds=60)
    admitted_ms = line.now_us // 1000
    line.pass_s(25)
    place = line.look("first").places[0]
    assert (place.unclaimed, place.expires_ms, place.left_ms) == (True, admitted_ms + 60_000, 35_000)

    line.enter("first")
    place = line.look("first").places[0]
    assert (place.unclaimed, place.left_ms) == (False, 600_000)


def call_in(room: WaitingRoom, visitor: str) -> Any:
    """The clock lets the visitor in; when the claim period ends."""
    keys = keys_of(room.slug)
    number: Any = client().zscore(keys.queue, visitor)
    now: Any = client().time()
    for key in (keys.queue, keys.seen, keys.present):
        client().zrem(key, visitor)
    client().zadd(keys.active, {visitor: (now[0] + 60) * 1000})
    client().zadd(keys.entered, {visitor: now[0] * 1000})
    client().zadd(keys.claims, {visitor: number})
    return (now[0] + 60) * 1000


def test_a_page_takes_the_admission_up_and_nothing_else_does(door: Door, make_room: Rooms):
    room = make_room(mode="always", claim_seconds=60)
    address, api = f"/events/{room.slug}/", f"/api/events/{room.slug}/queue/"
    slip = door.ask(address, visitor="a").cookie(f"slip-{room.slug}").value
    until_ms = call_in(room, "a")
    claims = keys_of(room.slug).claims

    poll = door.ask(api, visitor="a", accept=JSON).json()
    assert (poll["status"], poll["claimUntil"]) == ("active", until_ms)
    assert 58 <= poll["claimEndsInSeconds"] <= 60
    door.ask(address, "HEAD", visitor="a", cookie=f"slip-{room.slug}={slip}")
    door.ask(f"{address}seats/state/", visitor="a", cookie=f"slip-{room.slug}={slip}")
    door.more = {"Sec-Purpose": "prefetch"}
    assert not door.ask(address, visitor="a", cookie=f"slip-{room.slug}={slip}").is_inside
    door.more = {}
    assert client().zscore(claims, "a") is not None

    assert door.ask(address, visitor="a", cookie=f"slip-{room.slug}={slip}").is_inside
    assert client().zscore(claims, "a") is None
    assert "claimUntil" not in door.ask(api, visitor="a", accept=JSON).json()


def test_page_and_poll_tell_who_missed_the_turn(door: Door, make_room: Rooms):
    room = make_room(mode="always")
    address = f"/events/{room.slug}/"
    door.ask(address, visitor="a")
    keys = keys_of(room.slug)
    number: Any = client().zscore(keys.queue, "a")
    client().zadd(keys.missed, {"a": number})

    assert door.ask(f"/api{address}queue/", visitor="a", accept=JSON).json()["missedTurn"] is True
    assert door.ask(f"/api{address}", visitor="a", accept=JSON).json()["missedTurn"] is True
    page = door.ask(address, visitor="a").body.decode()
    assert ' data-left="missed"' in page
    assert admission.status([room.slug])[0].waiting == 1
    assert "missedTurn" not in door.ask(f"/api{address}", visitor="b", accept=JSON).json()


def test_a_page_that_nobody_looks_at_hears_how_its_turns_pass(make_room: Rooms):
    room = make_room(mode="always", threshold=1, users_per_minute_per_instance=6000, claim_seconds=3)
    run_now([join_call(room.slug, "hidden")])

    async def play(hub: Hub) -> None:
        page = Page(hub, room.slug, "hidden")
        await page.hears("queue-left")
        told = [frame["type"] for frame in page.frames]
        enters = [frame for frame in page.frames if frame["type"] == "queue-enter"]
        back = page.frames[told.index("queue-enter") + 1]
        assert (len(enters), back["type"], back["position"], back["missedTurn"]) == (
            2,
            "queue-position-update",
            1,
            True,
        )
        assert all(0 <= frame["claimEndsInSeconds"] <= 3 and frame["claimUntil"] > 1e12 for frame in enters)
        assert page.frames[-1]["reason"] == "unclaimed"

    with_hub(play, within=40)


def test_the_page_of_who_missed_the_turn_may_be_reloaded_and_stays_at_the_head(make_line: Lines):
    line = called(make_line, claim_seconds=20)
    number = line.scores("claims")["first"]
    line.live_s(21)

    for _ in range(3):
        again = line.enter("first")
        assert (again.phase, again.position, again.queue_number, again.missed) == (Phase.WAITING, 1, number, True)
    line.leave("second")
    assert line.live_s(1) == ["first"]
    line.live_s(21)
    assert line.reasons()["first"] is Reason.UNCLAIMED  # a reload is no third turn


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_closing_during_a_turn_makes_it_no_missed_one_for_who_comes(make_line: Lines, comes_back: bool):
    """Whoever was let in may come into a closed room; who does not has missed the turn, and waits at the head."""
    line = called(make_line, claim_seconds=20)
    line.configure(mode="closed")
    line.pass_s(5)
    if comes_back:
        assert line.enter("first").phase is Phase.ACTIVE
    line.live_s(30)
    line.configure(mode="always")
    line.look("first", "second", "third")

    assert line.where("first") == (["active"] if comes_back else [1])
    assert line.scores("missed").keys() == (set() if comes_back else {"first"})


def test_a_redis_that_forgets_a_missed_turn_costs_nobody_the_place_at_the_head(make_line: Lines):
    line = make_line(mode="always", threshold=1, claim_seconds=20, recovery_seconds=10)
    slips = [line.slip(visitor) for visitor in ("first", "second", "third")]
    line.live_s(2)
    assert line.where("first") == ["active"]
    line.live_s(21)
    line.look("first", "second", "third")
    line.lose()
    for slip in reversed(slips):
        assert line.enter(slip.visitor, slip).phase is Phase.WAITING
    assert line.where("first", "second", "third") == [1, 2, 3]

    admitted = []
    for _ in range(100):
        admitted += line.live_s(1)
        line.look("first", "second", "third")
    assert admitted[:2] == ["first", "second"]
    assert admitted.count("first") == 2  # Redis forgot that one turn was missed, and no more than that
    assert line.reasons()["first"] is Reason.UNCLAIMED


def test_a_turn_in_the_second_in_which_redis_forgets_is_given_again(make_line: Lines):
    line = make_line(mode="always", threshold=1, claim_seconds=20, recovery_seconds=10)
    slips = [line.slip(visitor) for visitor in ("first", "second")]
    line.live_s(2)
    assert line.where("first") == ["active"]
    line.lose()
    for slip in slips:
        line.enter(slip.visitor, slip)
    assert line.where("first", "second") == [1, 2]

    assert line.live_s(12) == ["first"]
    line.enter("first")
    line.live_s(30)
    assert line.where("first") == ["active"]


def test_who_idles_out_inside_lined_up_once_and_lines_up_anew(make_line: Lines):
    """A place that was taken up is used: back to the head would be a second visit ahead of who had none."""
    line = called(make_line, claim_seconds=20, idle_seconds=60)
    line.enter("first")
    line.live_s(61)
    assert line.reasons()["first"] is Reason.IDLE

    line.look("second", "third")
    again = line.enter("first")
    assert (again.phase, again.position, again.reason) == (Phase.WAITING, again.total, Reason.IDLE)
