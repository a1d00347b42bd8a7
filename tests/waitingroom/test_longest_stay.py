"""The longest stay: an end to a visit, however often its visitor asks for a page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.waitingroom.doors import Door
from tests.waitingroom.line import Line
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import client

Lines = Callable[..., Line]
Rooms = Callable[..., WaitingRoom]


def test_f19_cookies_asked_every_590_seconds_do_not_hold_a_room_for_ever(make_line: Lines):
    line = make_line(threshold=3)
    campers = ["camper-0", "camper-1", "camper-2"]
    line.fill(*campers)
    line.enter("fan")
    in_at_s = None

    for second in range(1, 2 * 3600):
        line.live_s(1)
        if second % 590 == 0:
            for camper in campers:
                line.enter(camper)
        line.look("fan")
        if line.where("fan") == [Phase.ACTIVE]:
            in_at_s = second
            break

    assert in_at_s is not None
    assert 3600 <= in_at_s <= 3602
    assert {line.reasons()[camper] for camper in campers} == {Reason.STAYED}


def test_a_page_a_minute_renews_the_place_up_to_the_end_and_no_further(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=150)
    came_ms = line.now_us // 1000
    line.enter("a")
    ends = []
    for _ in range(4):
        line.live_s(40)
        ends.append(line.enter("a").expires_ms - came_ms)

    assert ends[:3] == [100_000, 140_000, 150_000]
    assert line.reasons() == {"a": Reason.STAYED}


def test_who_says_nothing_is_idle_and_who_never_came_unclaimed(make_line: Lines):
    line = make_line(idle_seconds=60, claim_seconds=60, longest_stay_seconds=61)
    line.enter("quiet")
    line.come("stranger")
    line.live_s(60)

    assert line.reasons() == {"quiet": Reason.IDLE, "stranger": Reason.UNCLAIMED}


def test_zero_stands_for_no_end(make_line: Lines):
    line = make_line(idle_seconds=600, longest_stay_seconds=0)
    line.enter("a")
    for _ in range(30):
        line.live_s(599)
        assert line.enter("a").phase is Phase.ACTIVE


def test_staffs_change_shortens_no_promise_and_renews_none(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=0)
    line.enter("a")
    for _ in range(5):
        line.live_s(50)
        line.enter("a")
    line.configure(longest_stay_seconds=100)
    for _ in range(2):
        line.live_s(29)
        assert line.enter("a").phase is Phase.ACTIVE
    line.live_s(2)

    assert line.reasons() == {"a": Reason.STAYED}


def test_signing_in_begins_no_new_stay(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=100)
    line.enter("browser")
    line.live_s(50)
    line.take_over("browser", "account-1")
    line.enter("account-1")
    line.live_s(49)
    assert line.enter("account-1").phase is Phase.ACTIVE
    line.live_s(1)

    assert line.reasons()["account-1"] is Reason.STAYED


def test_a_stay_goes_on_where_redis_lost_it(make_line: Lines):
    line = make_line(idle_seconds=60, longest_stay_seconds=100)
    slip = line.slip("straight-in")
    line.live_s(50)
    line.lose()
    assert line.enter("straight-in", slip).phase is Phase.ACTIVE
    line.live_s(49)
    assert line.enter("straight-in").phase is Phase.ACTIVE
    line.live_s(1)

    assert line.reasons() == {"straight-in": Reason.STAYED}


@pytest.mark.parametrize("by_socket", [False, True])
def test_no_loss_of_redis_makes_a_stay_endless(make_line: Lines, by_socket: bool):
    line = make_line(mode="always", idle_seconds=60, longest_stay_seconds=100)
    line.enter("a")
    line.live_s(2)
    slip = line.slip("a")
    line.lose()
    assert line.take_back(slip) == [True] if by_socket else line.enter("a", slip).phase is Phase.ACTIVE
    for _ in range(2):
        line.live_s(50)
        line.enter("a")
    line.live_s(1)

    assert line.reasons() == {"a": Reason.STAYED}


def test_who_comes_again_is_told_why_the_place_before_ended(make_line: Lines):
    line = make_line(threshold=1, idle_seconds=60, longest_stay_seconds=90)
    line.enter("a")
    line.live_s(50)
    line.enter("a")
    line.live_s(40)
    line.enter("next")
    again = line.enter("a")

    assert (again.phase, again.reason, again.expires_ms) == (Phase.WAITING, Reason.STAYED, 0)
    assert line.enter("a").reason is None, "news once"


def test_the_books_balance_after_a_stay_that_ended(make_line: Lines):
    line = make_line(mode="always", idle_seconds=60, longest_stay_seconds=60, threshold=2)
    line.fill("a", "b", "c")
    line.live_s(200)
    status = line.status()

    assert status.joined == status.waiting + status.admitted + status.gone
    assert line.scores("entered").keys() == line.scores("active").keys()


def end_stay(room: WaitingRoom, visitor: str) -> None:
    """As long ago as can be the visitor came in, and the clock found out."""
    keys = keys_of(room.slug)
    client().zrem(keys.active, visitor)
    now: Any = client().time()
    client().zadd(keys.gone, {visitor: 16 * (now[0] * 1000) + Reason.STAYED})


@pytest.mark.parametrize(
    ("language", "words"), [("ko", "머무를 수 있는 가장 긴 시간"), ("en", "longest time that this sale")]
)
def test_poll_and_page_tell_that_the_stay_is_over_and_what_to_do(
    door: Door, make_room: Rooms, language: str, words: str
):
    room = make_room(threshold=1)
    address = f"/events/{room.slug}/"
    door.ask(address, visitor="a")
    end_stay(room, "a")
    door.ask(address, visitor="next")

    poll = door.ask(f"/api{address}queue/", visitor="a").json()
    page = door.ask(address, visitor="a", cookie=f"django_language={language}").body.decode()

    assert poll == {"status": "none", "reason": "stayed"}
    assert ' data-left="stayed"' in page
    assert words in page
    assert ' data-left=""' in door.ask(address, visitor="a").body.decode()


@pytest.mark.parametrize(
    ("longest", "idle", "fits"), [(0, 600, True), (600, 600, True), (599, 600, False), (1, 600, False)]
)
def test_a_stay_shorter_than_the_idle_period_is_refused(db: None, longest: int, idle: int, fits: bool):
    room = WaitingRoom(slug="a-room", longest_stay_seconds=longest, idle_seconds=idle)
    if not fits:
        with pytest.raises(ValidationError) as refusal:
            room.full_clean()
        assert set(refusal.value.message_dict) == {"longest_stay_seconds"}
    else:
        room.full_clean()
