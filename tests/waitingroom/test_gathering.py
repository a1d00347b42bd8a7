"""Before the opening those who come gather: in order, and nobody is inside. At the instant the line begins to move."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from tests.patience import BUSY_S
from tests.waitingroom.line import NOON, SECOND, Line, names
from tests.waitingroom.pages import Page, with_hub
from waitingroom import admission, claims, hints, scripts
from waitingroom.claims import CALLED_A_SECOND, called_in_s
from waitingroom.drawn_line import draw_calls, read_drawn
from waitingroom.fleet_share import FleetShare
from waitingroom.gathering import Gathering, pause_s
from waitingroom.hub import Hub
from waitingroom.keys import keys_of
from waitingroom.models import Mode, OpeningOrder
from waitingroom.opening import Opening, Stage
from waitingroom.place import Phase, Place
from waitingroom.reasons import Reason
from waitingroom.redis import client, run_now
from waitingroom.room import JoinIntent, enter_call
from waitingroom.scripts import Call
from waitingroom.timing import CALLING_MS, GATHERED_US

NOON_AT = datetime.fromtimestamp(NOON // SECOND, tz=UTC)
HOUR_S = 3600
MODES = [mode.value for mode in Mode if mode not in (Mode.CLOSED, Mode.DRAINING)]

MakeLine = Callable[..., Line]


def at(seconds: float) -> datetime:
    """The instant so many seconds after the tests begin."""
    return NOON_AT + timedelta(seconds=seconds)


@pytest.fixture
def gathering(make_line: MakeLine) -> Line:
    """A line whose gathering opens in a minute, and whose sale opens an hour later: 10 may be inside."""
    return make_line(threshold=10, gathers_at=at(60), opens_at=at(60 + HOUR_S))


def until(line: Line, seconds: float) -> None:
    """The clock ticks, once in a while, until so many seconds after the tests began."""
    while line.now_us < NOON + seconds * SECOND:
        line.pass_s(min(20, (NOON + seconds * SECOND - line.now_us) / SECOND))
        assert line.tick() == []


def stay(line: Line, visitors: list[str], seconds: float) -> None:
    """As `until`, with the visitors' pages open."""
    while line.now_us < NOON + seconds * SECOND:
        line.pass_s(min(20, (NOON + seconds * SECOND - line.now_us) / SECOND))
        line.look(*visitors)
        assert line.tick() == []


def told(place: Place) -> tuple[Phase, int, Stage]:
    return place.phase, place.position, place.stage


def test_before_the_gathering_nobody_gets_a_place(gathering):
    until(gathering, 59)

    for place in gathering.fill(*names(3)):
        assert told(place) == (Phase.NONE, 0, Stage.EARLY)
    assert gathering.status().joined == gathering.status().straight_in == 0


@pytest.mark.parametrize("mode", MODES)
def test_two_hundred_who_come_early_wait_though_the_room_is_empty(make_line, mode):
    line = make_line(threshold=1000, mode=mode, gathers_at=at(0), opens_at=at(HOUR_S))
    early = names(200)

    places = line.fill(*early)
    stay(line, early, HOUR_S - 1)

    assert [told(place) for place in places] == [(Phase.WAITING, i, Stage.GATHERING) for i in range(1, 201)]
    assert [place.opens_in_ms for place in places[:1]] == [HOUR_S * 1000]
    assert line.where(*early) == list(range(1, 201))
    assert line.admit(count=50) == []  # nor by staff's word
    assert (line.status().active, line.status().stage) == (0, "gathering")


def test_up_to_the_microsecond_before_the_opening_nobody_comes_in(gathering):
    until(gathering, 60)
    gathering.fill("ann")
    stay(gathering, ["ann"], 60 + HOUR_S - 1)

    gathering.now_us = NOON + (60 + HOUR_S) * SECOND - 1
    assert gathering.tick() == []
    assert gathering.enter("bob").phase is Phase.WAITING
    gathering.now_us += 1
    assert gathering.tick() == ["ann", "bob"]


def test_at_the_opening_as_many_come_in_as_there_is_room_for_and_the_rest_hear_their_position(gathering):
    crowd = names(40)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 60 + HOUR_S - 0.5)

    gathering.pass_s(1)
    assert gathering.tick() == crowd[:10]
    assert gathering.where(*crowd[10:]) == list(range(1, 31))
    assert gathering.look(*crowd).stage is Stage.OPEN


def test_after_the_opening_the_rate_holds(make_line):
    """What the opening lets in at once it lets in once: places that become free go at the rate of the servers."""
    line = make_line(threshold=100, users_per_minute_per_instance=60, gathers_at=at(0), opens_at=at(60))
    crowd = names(400)
    line.fill(*crowd)
    stay(line, crowd, 59.5)
    line.pass_s(1)
    inside = line.tick()
    assert inside == crowd[:100]

    for visitor in inside:
        line.leave(visitor)
    line.look(*crowd[100:])

    assert len(line.live_s(10)) == pytest.approx(20, abs=2)  # two servers of 60 a minute


def test_an_opening_takes_place_when_the_rooms_share_of_the_fleet_is_there(make_line):
    """A room that gathers beside a sale has none until then, and the tick may come before it."""
    line = make_line(threshold_per_instance=50, users_per_minute_per_instance=60, gathers_at=at(0), opens_at=at(60))
    crowd = names(300)
    line.fill(*crowd)
    stay(line, crowd, 59.5)
    line.fleet(FleetShare(0))
    line.pass_s(1)
    assert line.tick() == []

    line.fleet(FleetShare(2))
    line.pass_s(1)
    line.look(*crowd)

    assert line.tick() == crowd[:100]


def test_an_always_line_opens_by_the_rate(make_line):
    line = make_line(threshold=100, mode="always", users_per_minute_per_instance=60, gathers_at=at(0), opens_at=at(60))
    crowd = names(50)
    line.fill(*crowd)
    stay(line, crowd, 59.5)

    assert len(line.live_s(5)) < 12
    line.configure(mode="automatic")
    line.look(*crowd)
    assert len(line.live_s(5)) < 12  # nor later all at once


def test_newcomers_at_the_opening_come_after_all_who_gathered(gathering):
    crowd = names(12)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 60 + HOUR_S - 0.5)

    gathering.pass_s(0.6)  # the instant has come, the clock has not
    late = gathering.enter("late")
    assert told(late) == (Phase.WAITING, 13, Stage.OPEN)
    assert gathering.tick() == crowd[:10]


def test_who_is_away_before_the_opening_keeps_the_number_until_the_grace_after_it(gathering):
    """A telephone that sleeps through the gathering loses nothing by it; others are let in ahead while it is away."""
    until(gathering, 60)
    gathering.fill("asleep", "awake")
    stay(gathering, ["awake"], 60 + HOUR_S - 0.5)

    gathering.pass_s(1)
    assert gathering.tick() == ["awake"]
    gathering.pass_s(200)
    gathering.tick()
    assert gathering.where("asleep") == [1]
    gathering.pass_s(1)
    assert gathering.tick() == ["asleep"]


def test_who_stays_away_after_the_opening_leaves_the_line(gathering):
    until(gathering, 60)
    gathering.fill("gone", "here")
    stay(gathering, ["here"], 60 + HOUR_S - 1)
    gathering.live_s(332)

    assert gathering.reasons()["gone"] is Reason.ABSENT


def test_a_paused_opening_opens_when_it_is_resumed(gathering):
    crowd = names(12)
    until(gathering, 60)
    gathering.fill(*crowd)
    gathering.configure(mode="paused")
    stay(gathering, crowd, 60 + HOUR_S + 30)

    gathering.configure(mode="automatic")
    assert gathering.tick() == crowd[:10]


def test_a_closed_gathering_takes_nobody_and_keeps_its_numbers(gathering):
    until(gathering, 60)
    gathering.fill("ann")
    gathering.configure(mode="closed")

    assert gathering.enter("bob").phase is Phase.CLOSED
    stay(gathering, ["ann"], 60 + HOUR_S + 30)
    gathering.configure(mode="automatic")
    assert gathering.tick() == ["ann"]


def test_an_opening_moved_earlier_opens_at_once(gathering):
    crowd = names(12)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 120)

    gathering.configure(gathers_at=at(-HOUR_S), opens_at=at(0))  # into the past
    assert gathering.tick() == crowd[:10]


def test_an_opening_moved_later_keeps_the_gathered_in_order_and_nobody_in(gathering):
    crowd = names(12)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 60 + HOUR_S - 1)

    gathering.configure(gathers_at=at(3 * HOUR_S), opens_at=at(4 * HOUR_S))
    assert gathering.enter("late").phase is Phase.NONE  # too early again
    stay(gathering, crowd, 4 * HOUR_S - 0.5)
    gathering.pass_s(1)
    assert gathering.tick() == crowd[:10]


def test_an_opening_moved_after_it_opened_sends_nobody_out_and_lets_nobody_in(gathering):
    crowd = names(12)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 60 + HOUR_S - 0.5)
    gathering.pass_s(1)
    gathering.tick()
    for visitor in crowd[:10]:
        gathering.enter(visitor)

    gathering.configure(gathers_at=at(HOUR_S), opens_at=at(2 * HOUR_S))
    assert {gathering.enter(visitor).phase for visitor in crowd[:10]} == {Phase.ACTIVE}
    gathering.leave(crowd[0])
    gathering.look(*crowd[10:])
    gathering.pass_s(1)
    assert gathering.tick() == []
    assert told(gathering.enter("new")) == (Phase.WAITING, 3, Stage.GATHERING)


def test_a_gathering_that_redis_lost_comes_back_in_its_order(gathering):
    crowd = names(12)
    until(gathering, 60)
    slips = []
    for visitor in crowd:
        slips.append(gathering.slip(visitor))
        gathering.now_us += 1
    stay(gathering, crowd, 60 + HOUR_S / 2)

    gathering.lose()
    for slip in reversed(slips):
        assert gathering.enter(slip.visitor, slip).phase is Phase.WAITING
    stay(gathering, crowd, 60 + HOUR_S - 0.5)
    gathering.pass_s(1)
    assert gathering.tick() == crowd[:10]


def test_a_loss_at_the_opening_delays_it_by_the_recovery(gathering):
    until(gathering, 60)
    slip = gathering.slip("ann")
    stay(gathering, ["ann"], 60 + HOUR_S - 5)
    gathering.lose()
    gathering.take_back(slip)

    assert gathering.live_s(45) == []
    gathering.look("ann")
    assert gathering.live_s(8) == ["ann"]


# -- by draw


@pytest.fixture
def drawing(make_line: MakeLine) -> Line:
    return make_line(threshold=2, gathers_at=at(0), opens_at=at(HOUR_S), opening_order=OpeningOrder.DRAW)


def line_up(line: Line, *visitors: str) -> list[str]:
    opened_us = NOON + HOUR_S * SECOND
    seen = dict.fromkeys(visitors, line.now_us // 1000)
    (call,) = draw_calls(line.slug, visitors, opened_us=opened_us, seen_ms=seen)
    at_ = 3 + len(call.script.key_names) + 3
    told: list[Any] = run_now([Call(call.script, (*call.command[:at_], line.now_us, *call.command[at_ + 1 :]))])
    return read_drawn(told[0])


def test_nobody_is_let_in_before_the_drawn_are_lined_up(drawing):
    crowd = names(4)
    drawing.fill(*crowd)
    stay(drawing, crowd, HOUR_S + 30)
    assert (drawing.status().stage, drawing.admit(count=5)) == ("drawing", [])
    assert told(drawing.enter("late")) == (Phase.WAITING, 5, Stage.DRAWING)

    line_up(drawing, *reversed(crowd))
    stay(drawing, [*crowd, "late"], HOUR_S + 60)  # the mark is what counts
    drawing.configure(lined_up=True)
    assert drawing.tick() == []  # Redis has to know that it has them all
    assert drawing.run(scripts.LINE_UP, 4, 0) == 1
    assert drawing.tick() == ["visitor-0003", "visitor-0002"]
    assert drawing.where("visitor-0001", "visitor-0000", "late") == [1, 2, 3]


def test_who_gathered_and_did_not_enter_comes_after_the_drawn_and_before_the_late(drawing):
    crowd = names(4)
    drawing.fill(*crowd)
    stay(drawing, crowd, HOUR_S + 1)
    drawing.enter("late")

    line_up(drawing, "visitor-0002", "visitor-0001")

    assert drawing.where("visitor-0002", "visitor-0001", "visitor-0000", "visitor-0003", "late") == [1, 2, 3, 4, 5]
    assert line_up(drawing, "visitor-0002", "visitor-0001") == ["waiting", "waiting"]
    assert drawing.where("visitor-0002", "visitor-0001", "visitor-0000", "visitor-0003", "late") == [1, 2, 3, 4, 5]


def test_who_left_a_drawn_gathering_and_came_again_is_in_it(drawing):
    drawing.fill("ann", "bob")
    drawing.leave("ann")
    drawing.pass_s(1)
    drawing.enter("ann")
    stay(drawing, ["ann", "bob"], HOUR_S + 1)

    assert line_up(drawing, "ann", "bob") == ["waiting", "waiting"]
    assert drawing.where("ann", "bob") == [1, 2]


@pytest.mark.parametrize("forgets", ["everything", "its last writes"])
def test_who_gathers_after_redis_forgot_comes_after_all_who_gathered_before(drawing: Line, forgets: str):
    drawing.fill("first")
    replica = drawing.copy()
    slips = []
    for name in ("ann", "bob", "cyd"):
        drawing.pass_s(60)
        slips.append(drawing.slip(name))

    drawing.pass_s(60)
    if forgets == "everything":
        drawing.lose()
    else:
        drawing.fail_over(replica)
    drawing.enter("newcomer")
    drawing.take_back(*reversed(slips))

    assert list(drawing.scores("queue"))[-4:] == ["ann", "bob", "cyd", "newcomer"]
    assert max(drawing.scores("queue").values()) < drawing.settings.opening.opens_us + GATHERED_US
    drawing.now_us = drawing.settings.opening.opens_us
    drawing.enter("at the opening")
    assert list(drawing.scores("queue"))[-2:] == ["newcomer", "at the opening"]


def test_staff_who_give_the_draw_up_open_by_arrival(drawing):
    crowd = names(4)
    drawing.fill(*crowd)
    stay(drawing, crowd, HOUR_S + 30)

    drawing.configure(opening_order=OpeningOrder.ARRIVAL)
    assert drawing.tick() == crowd[:2]


def test_a_room_without_a_gathering_is_open_whenever_its_crowd_is_expected(make_line):
    line = make_line(opens_at=at(HOUR_S))
    assert line.enter("ann").phase is Phase.ACTIVE
    assert Opening.read(None, at(0)) == Opening()


# -- what the gathered are told


def test_a_gathering_by_arrival_tells_the_order_and_when_it_opens():
    gathering = Gathering.of(90_500, 40, Opening(1, 2), recovering_s=0)

    assert gathering.json == b',"gathering":{"opensInMs":90500,"order":"arrival"}'
    assert json.loads(gathering.frame(7)) == {
        "type": "queue-gathering",
        "opensInMs": 90_500,
        "order": "arrival",
        "position": 7,
        "total": 40,
    }
    assert gathering.wait_s(30) == 91 + 30


@pytest.mark.parametrize(("drawn", "recovering_s"), [(True, 0), (False, 20)])
def test_no_position_is_told_that_is_not_true(drawn, recovering_s):
    gathering = Gathering.of(90_500, 40, Opening(1, 2, drawn), recovering_s)

    assert json.loads(gathering.frame(7))["position"] == gathering.position(7) == 0


def test_ten_thousand_are_told_of_the_opening_within_two_seconds_and_spread_over_them():
    for opens_in_ms in (100, 5_000):
        pauses = sorted(pause_s(opens_in_ms, 10_000) for _ in range(10_000))
        assert opens_in_ms / 1000 <= pauses[0]
        assert pauses[-1] <= opens_in_ms / 1000 + 2
        seconds = [sum(at <= pause < at + 1 for pause in pauses) for at in (opens_in_ms / 1000, opens_in_ms / 1000 + 1)]
        assert max(seconds) < 5_500


def test_long_before_the_opening_the_gathered_are_heard_of_twice_in_any_presence():
    assert all(6.4 <= pause_s(3_600_000, 10_000) <= 8 for _ in range(1000))


def turn(since_ms: int = 0, claim_ms: int = 60_000, expires_ms: int = 1_800_000_000_000) -> Place:
    """A turn that came so long ago."""
    left_ms = max(0, claim_ms - since_ms)
    place = Place(Phase.ACTIVE, 0, 0, "automatic", expires_ms=expires_ms, unclaimed=True)
    return place._replace(called_ms=since_ms, left_ms=left_ms)


def heard_at(called: int, place: Place) -> list[float]:
    """In how many seconds each of so many hears of it."""
    return sorted(called_in_s(visitor, place, called) for visitor in names(called))


def test_those_whom_an_opening_lets_in_hear_of_it_at_a_pace_and_those_of_a_tick_at_once():
    assert max(heard_at(20, turn())) < 0.1
    for called in (1000, 4000):
        seconds = [sum(at <= heard < at + 1 for heard in heard_at(called, turn())) for at in range(4)]
        assert sum(seconds) == called
        assert max(seconds) < 1.15 * max(CALLED_A_SECOND, called / 4)


def test_everybody_has_heard_of_the_turn_four_seconds_after_it():
    assert max(heard_at(4000, turn(4000))) <= 0


@pytest.mark.parametrize("claim_ms", [5_000, 10_000, 16_000])
def test_whoever_hears_last_of_the_turn_has_most_of_the_claim_period_to_come(claim_ms):
    assert 0.95 * claim_ms / 4000 < max(heard_at(1200, turn(0, claim_ms))) <= claim_ms / 4000
    assert max(heard_at(1200, turn(claim_ms // 4, claim_ms))) <= 0


def test_nobody_hears_of_every_turn_first():
    def at(expires_ms: int) -> list[str]:
        place = turn(expires_ms=expires_ms)
        return sorted(names(1000), key=lambda visitor: called_in_s(visitor, place, 1000))

    first, second = at(1_800_000_000_000)[:100], at(1_800_000_001_000)[:100]
    assert len({*first} & {*second}) < 40


def test_how_many_hear_of_their_turn_is_what_redis_sees(gathering):
    crowd = names(40)
    until(gathering, 60)
    gathering.fill(*crowd)
    stay(gathering, crowd, 60 + HOUR_S - 0.5)
    gathering.pass_s(1)
    inside = gathering.tick()
    gathering.pass_s(1.5)
    gathering.enter(inside[0])  # came

    looked = gathering.look(*crowd)
    assert looked.called == 10
    assert [place.called_ms for place in looked.places[:10]] == [0, *[1500] * 9]
    assert [place.unclaimed for place in looked.places[:10]] == [False, *[True] * 9]
    assert gathering.look(*crowd[10:]).called == 0  # nobody asks
    gathering.pass_s(2.5)
    assert gathering.look(*crowd).called == 0


def test_who_came_long_ago_makes_nobody_hear_of_a_turn_later(make_line):
    line = make_line(threshold=41, idle_seconds=600)
    line.fill(*names(40))  # straight in
    line.pass_s(542)  # their places end as soon as that of who is called now
    line.configure(mode="always")
    line.fill("next")
    line.tick()
    line.pass_s(1)
    assert line.tick() == ["next"]

    assert line.look("next").called == 1


@pytest.mark.parametrize("claim_seconds", [5, 20, 600])
def test_how_long_ago_the_turn_came_is_the_same_whatever_staff_make_of_the_claim_period(make_line, claim_seconds):
    line = make_line(mode="always", threshold=1, claim_seconds=60)
    line.fill("first")
    line.tick()
    line.pass_s(1)
    line.tick()
    line.configure(claim_seconds=claim_seconds)
    line.pass_s(3)

    (place,) = line.look("first").places
    assert (place.unclaimed, place.called_ms, place.left_ms) == (True, 3000, 57_000)


def test_a_turn_that_is_yet_to_come_by_a_clock_that_jumped_back_is_heard_of_at_once(make_line):
    line = make_line(mode="always", threshold=1200, users_per_minute_per_instance=100_000, claim_seconds=60)
    line.crowd(1200)
    line.tick()
    line.pass_s(1)
    line.tick()
    line.pass_s(-3600)

    looked = line.look(*(f"crowd-{i}" for i in range(1200)))
    assert all(place.unclaimed for place in looked.places)
    assert all(called_in_s(f"crowd-{i}", place, 1200) <= 0 for i, place in enumerate(looked.places))


def test_whatever_has_everybody_looked_at_each_hears_of_the_turn_at_their_own_time(make_room, monkeypatch):
    """A draw's line-up is a change for everybody, in the very second in which a thousand come in."""
    monkeypatch.setattr(claims, "CALLED_A_SECOND", 10)
    room = make_room(mode="always", threshold=60, users_per_minute_per_instance=1)
    crowd = names(60)
    run_now([enter_call(room.slug, [(visitor, JoinIntent.JOIN, "") for visitor in crowd])])

    async def play(hub: Hub) -> None:
        pages = {visitor: Page(hub, room.slug, visitor) for visitor in crowd}
        for page in pages.values():
            await page.hears("queue-position-update")
        began, heard = time.monotonic(), dict[str, float]()

        async def listen(visitor: str) -> None:
            await pages[visitor].hears("queue-enter")
            heard[visitor] = time.monotonic() - began

        async with asyncio.TaskGroup() as tasks:
            for visitor in crowd:
                tasks.create_task(listen(visitor))
            await sync_to_async(admission.admit)(room.slug, 60)
            inside: Any = client().zrange(keys_of(room.slug).active, 0, -1, withscores=True)
            ends = {visitor.decode(): int(ends_ms) for visitor, ends_ms in inside}
            due = {visitor: called_in_s(visitor, turn(expires_ms=ends[visitor]), 60) for visitor in crowd}
            last = max(crowd, key=due.__getitem__)
            late = Page(hub, room.slug, last)  # a tab that never heard of the line
            await late.hears("queue-enter")
            assert time.monotonic() - began < due[last]
            for _ in range(4):
                await sync_to_async(hints.look_all)(room.slug)
                await asyncio.sleep(0.2)
        # However busy the machine, nobody is told before; the last one's own tab may hear along with the late one.
        assert [visitor for visitor in crowd if visitor != last and heard[visitor] < due[visitor] - 0.15] == []
        assert max(heard.values()) < CALLING_MS / 1000 + BUSY_S

    with_hub(play, within=30)


def test_those_who_ask_by_http_do_not_all_ask_in_the_moment_of_the_opening():
    asked = Counter(Gathering(100, 10_000, drawn=False, recovering=False).ask_in_s for _ in range(10_000))
    long_before = Counter(Gathering(3_600_000, 10_000, drawn=False, recovering=False).ask_in_s for _ in range(10_000))
    a_second_before = 10_000 / (sum(pause * times for pause, times in long_before.items()) / 10_000)

    assert max(asked.values()) < 2 * a_second_before
    assert max(asked) <= 6
