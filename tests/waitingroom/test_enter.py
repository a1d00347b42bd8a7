"""enter: in, or a place in line."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import NOON, SECOND, Line
from waitingroom import scripts
from waitingroom.errors import SettingsMissing
from waitingroom.fleet_share import FleetShare
from waitingroom.place import Phase, read_entered


def test_with_the_room_empty_everybody_goes_straight_in(line: Line):
    places = line.fill(*(f"visitor-{i}" for i in range(20)))

    assert {place.phase for place in places} == {Phase.ACTIVE}
    assert line.status().straight_in == 20
    assert line.status().joined == 0


def test_who_finds_the_room_full_draws_a_number(make_line: Callable[..., Line]):
    line = make_line(threshold=2)

    places = line.fill("a", "b", "c", "d")

    assert [place.phase for place in places] == [Phase.ACTIVE, Phase.ACTIVE, Phase.WAITING, Phase.WAITING]
    assert [place.position for place in places] == [0, 0, 1, 2]
    assert [place.total for place in places] == [0, 0, 1, 2]


def test_a_queue_number_is_the_instant_in_microseconds(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.pass_s(1.234567)

    assert line.enter("a").queue_number == NOON + 1_234_567


def test_numbers_drawn_in_the_same_microsecond_still_differ(make_line: Callable[..., Line]):
    line = make_line(mode="always")

    numbers = [line.enter(f"visitor-{i}").queue_number for i in range(50)]

    assert numbers == list(range(NOON, NOON + 50))


def test_f21_numbers_grow_even_when_the_server_clock_jumps_back_an_hour(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    before = line.enter("a").queue_number
    line.pass_s(-3600)

    assert line.enter("b").queue_number == before + 1
    assert line.enter("b").position == 2


def test_a_number_drawn_after_the_whole_line_went_is_still_later(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    first = line.enter("a").queue_number
    line.leave("a")
    line.pass_s(-10)

    assert line.enter("a").queue_number > first


def test_b11_entering_ten_thousand_times_keeps_number_and_place(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b", "c")
    first = line.enter("b")
    line.pass_s(60)

    again: list[object] = [line.enter("b") for _ in range(100)]
    for _ in range(5):  # many tabs at once: in one call
        again += read_entered(line.run(scripts.ENTER, line.now_us, *["b", "join", ""] * 2_000))

    assert len(again) == 10_100
    assert set(again) == {first}
    assert line.status().joined == 3
    assert line.status().waiting == 3


def test_a_newcomer_never_passes_somebody_present(make_line: Callable[..., Line]):
    line = make_line(threshold=2)
    line.fill("a", "b", "c")
    line.leave("a")

    assert line.enter("newcomer").phase is Phase.WAITING


def test_absent_visitors_alone_do_not_hold_a_newcomer_up(make_line: Callable[..., Line]):
    line = make_line(threshold=2)
    line.fill("a", "b", "absent")
    line.leave("a")
    line.pass_s(31)

    assert line.enter("newcomer").phase is Phase.ACTIVE
    assert line.enter("absent").position == 1


def test_an_active_visitor_stays_as_long_as_pages_are_asked_for(line: Line):
    line.enter("a")
    for _ in range(5):
        line.pass_s(599)
        line.tick()
        assert line.enter("a").phase is Phase.ACTIVE


def test_an_active_visitor_who_idled_too_long_starts_anew(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.enter("a")
    line.live_s(600)
    line.fill("b")

    again = line.enter("a")

    assert (again.phase, again.position) == (Phase.WAITING, 1)
    assert line.status().departed_last_minute == 1


def test_the_admitted_who_came_in_time_gets_the_idle_period(make_line: Callable[..., Line]):
    line = make_line(mode="always", claim_seconds=60, idle_seconds=600)
    line.enter("a")
    line.tick()
    line.pass_s(1)
    assert line.tick() == ["a"]

    line.pass_s(59)
    place = line.enter("a")

    assert place.phase is Phase.ACTIVE
    assert place.expires_ms == (line.now_us // 1000) + 600_000
    assert line.scores("active") == {"a": place.expires_ms}


def test_until_the_clock_has_taken_a_place_away_it_is_the_visitors(make_line: Callable[..., Line]):
    line = make_line(threshold=1, idle_seconds=60)
    line.enter("a")
    line.pass_s(61)

    assert line.enter("b").phase is Phase.WAITING
    assert line.where("a") == ["active"]
    assert line.enter("a").expires_ms == line.now_us // 1000 + 60_000


def test_the_admitted_who_came_too_late_stands_at_the_head_again(make_line: Callable[..., Line]):
    line = make_line(mode="always", claim_seconds=60)
    line.enter("a")
    line.tick()
    line.pass_s(1)
    line.tick()
    line.live_s(60)

    assert line.knock("a").phase is Phase.WAITING
    assert line.where("a") == [1]


def test_a_change_asked_for_by_a_newcomer_joins_nobody(line: Line):
    assert line.knock("stranger").phase is Phase.NONE

    status = line.status()
    assert (status.active, status.waiting, status.joined, status.straight_in, status.arrivals) == (0, 0, 0, 0, ())


def test_a_change_asked_for_by_who_waits_tells_the_place_and_no_more(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    place = line.enter("a")

    assert line.knock("a") == place


@pytest.mark.parametrize(
    ("mode", "newcomer", "waiting"),
    [
        ("automatic", Phase.ACTIVE, Phase.WAITING),
        ("always", Phase.WAITING, Phase.WAITING),
        ("off", Phase.ACTIVE, Phase.ACTIVE),
        ("paused", Phase.WAITING, Phase.WAITING),
        ("draining", Phase.CLOSED, Phase.WAITING),
        ("closed", Phase.CLOSED, Phase.CLOSED),
    ],
)
def test_what_each_mode_says(make_line: Callable[..., Line], mode: str, newcomer: Phase, waiting: Phase):
    line = make_line(mode="off")
    line.enter("inside")
    line.configure(mode="always")
    line.enter("in line")
    line.pass_s(40)  # absent, so that only the mode decides
    line.configure(mode=mode)

    assert line.enter("newcomer").phase is newcomer
    assert line.enter("in line").phase is waiting
    assert line.enter("inside").phase is Phase.ACTIVE
    status = line.status()
    assert status.joined == status.waiting + status.admitted + status.gone


def test_a_closed_room_neither_takes_nor_forgets_who_waits(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    number = line.enter("a").queue_number
    line.configure(mode="closed")

    line.pass_s(31)
    place = line.enter("a")

    assert (place.phase, place.queue_number, place.position) == (Phase.CLOSED, number, 1)
    assert line.status().present == 1
    line.configure(mode="always")
    assert line.enter("a").queue_number == number


def test_the_threshold_may_follow_the_fleet(make_line: Callable[..., Line]):
    line = make_line(threshold=1, threshold_per_instance=2)
    line.fleet(FleetShare(in_service=1.5))

    assert [place.phase for place in line.fill("a", "b", "c", "d")] == [Phase.ACTIVE] * 3 + [Phase.WAITING]


def test_a_room_has_the_epoch_that_the_database_drew(line: Line):
    assert line.enter("a").epoch == line.settings.epoch
    line.configure(threshold=5)
    assert line.enter("b").epoch == line.settings.epoch


def test_who_left_and_comes_back_waits_by_a_number_drawn_after_the_leaving(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    before = line.enter("a")
    line.leave("a")

    after = line.enter("a")

    assert line.where("a") == [1]
    assert before.queue_number // 1000 < after.queue_number // 1000


def test_arrivals_count_newcomers_only(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("a", "b", "a", "b", "c")

    assert line.status().arrivals == ((NOON // SECOND, 3),)


def test_without_settings_nothing_is_decided(line: Line):
    line.remove()

    with pytest.raises(SettingsMissing):
        line.enter("a")
    assert line.everything() == dict.fromkeys(line.keys.all())


def test_while_nobody_more_is_let_in_newcomers_line_up_and_who_is_inside_stays(line: Line):
    line.enter("inside")

    assert [line.kept_out(visitor).phase for visitor in ("a", "inside", "a")] == ["waiting", "active", "waiting"]
    assert line.scores("queue").keys() == {"a"}
