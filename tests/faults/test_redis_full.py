"""Redis out of memory (F5): newcomers hear "in a moment", whoever has a place keeps it and moves on."""

from collections.abc import Iterator

import pytest

from tests.waitingroom.line import Line
from waitingroom.errors import LineUnavailable
from waitingroom.place import Phase, Place, read_entered
from waitingroom.redis import client
from waitingroom.scripts import ENTER, EVERY, RECOVERED
from waitingroom.slips import WAITING, Slip
from waitingroom.timing import RELEASE_GONE_MS


@pytest.fixture
def full(line: Line) -> Iterator[Line]:
    """A room with one inside and three waiting, when memory runs out."""
    line.configure(threshold=1)
    line.fill("inside", "first", "second", "third")
    for script in EVERY:
        client().script_load(script.source)
    client().config_set("maxmemory", "1mb")
    yield line
    client().config_set("maxmemory", "0")


@pytest.mark.parametrize("how", ["new", "join"])
def test_f05_a_newcomer_is_refused_whoever_comes_along(full: Line, how: str):
    come = [("inside", "join", ""), ("nobody", how, ""), ("first", "join", ""), ("somebody", how, "")]

    places = read_entered(full.run(ENTER, full.now_us, *(part for one in come for part in one)))

    inside, nobody, first, somebody = places
    assert isinstance(nobody, LineUnavailable)
    assert isinstance(somebody, LineUnavailable)
    assert isinstance(inside, Place)
    assert inside.phase is Phase.ACTIVE
    assert isinstance(first, Place)
    assert (first.phase, first.position) == (Phase.WAITING, 1)
    status = full.status()
    assert (status.waiting, status.active, status.joined) == (3, 1, 3)


def test_f05_who_waits_stays_present_and_who_is_inside_is_renewed(full: Line):
    full.pass_s(20)
    full.look("first", "second", "third")
    before = full.scores("active")["inside"]
    full.enter("inside")
    full.pass_s(20)

    assert full.status().present == 3
    assert full.scores("active")["inside"] > before


def test_f05_who_comes_back_from_an_absence_is_seen_with_all_who_are_looked_at(full: Line):
    full.absent("first", return_ms=0)
    full.pass_s(1)
    full.admit()
    assert full.status().present == 2

    full.look("first", "second", "third")

    assert full.status().present == 3


def test_f05_an_account_takes_the_place_over_and_a_closed_page_is_missed(full: Line):
    assert full.take_over("first", "account-1") == "waiting"
    assert full.where("account-1", "first") == [1, "merged"]
    assert full.absent("second", return_ms=0) == 1


def test_f05_admission_goes_on(full: Line):
    full.leave("inside")

    full.tick()
    full.pass_s(1)
    full.tick()

    assert "first" in full.scores("active")
    assert full.status().last_tick_age_s == 0


def test_f05_who_was_forgotten_is_taken_back_by_the_slip(full: Line):
    number = full.scores("queue")["first"] - 1
    slip = Slip(WAITING, "forgotten", full.slug, full.settings.epoch, number, 1, full.now_us // 1_000_000 + 600)

    assert full.enter("forgotten", slip).position == 1
    assert full.where("forgotten", "first") == [1, 2]


def test_f05_who_was_forgotten_is_taken_back_whoever_comes_along(full: Line):
    epoch, until = full.settings.epoch, full.now_us // 1_000_000 + 600
    slips = [Slip(WAITING, name, full.slug, epoch, full.now_us - 1, 1, until) for name in ("inside", "first", "back")]

    assert full.take_back(*slips) == [True, True, True]
    assert "back" in full.scores("present")


def test_f05_settings_stay_confirmed_and_staff_end_a_recovery_period(full: Line):
    full.pass_s(RELEASE_GONE_MS / 1000)
    full.configure()  # as each tick does
    assert full.table("config")["confirmed_at_ms"] == str(full.now_us // 1000)
    client().config_set("maxmemory", "0")
    client().hset(full.keys.state, mapping={"lost_at_ms": full.now_us // 1000, "recovery_ms": 45_000})
    client().config_set("maxmemory", "1mb")

    assert full.run(RECOVERED, full.now_us) == 45_000
    assert full.status().recovering_s == 0


@pytest.mark.parametrize("mode", ["automatic", "closed"])
def test_f05_the_clock_goes_on_in_a_closed_room_and_after_a_silence(full: Line, mode: str):
    full.configure(mode=mode)
    full.tick()
    full.pass_s(20)

    full.tick()

    assert full.status().last_tick_age_s == 0
    assert full.status().waiting == 3
