"""look: many places in one call."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import SECOND, Line
from waitingroom.errors import SettingsMissing
from waitingroom.fleet_share import FleetShare, PendingCapacity
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.room import MAX_LOOK


def test_places_are_told_in_the_order_asked(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("inside", "a", "b", "c")
    line.leave("b", Reason.DROPPED)

    snapshot = line.look("c", "stranger", "inside", "b", "a")

    phases = [Phase.WAITING, Phase.NONE, Phase.ACTIVE, Phase.NONE, Phase.WAITING]
    assert [place.phase for place in snapshot.places] == phases
    assert [place.position for place in snapshot.places] == [2, 0, 0, 0, 1]
    assert [place.reason for place in snapshot.places] == [None, None, None, Reason.DROPPED, None]
    assert snapshot.total == 2


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_to_be_gone_survives_the_journey(make_line: Callable[..., Line], reason: Reason):
    line = make_line(mode="always")
    line.enter("a")
    line.leave("a", reason)

    assert line.look("a").places[0].reason is reason


def test_looking_keeps_who_waits_present(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("looks", "does not")
    for _ in range(4):
        line.pass_s(10)
        line.look("looks")

    assert line.status().present == 1
    assert line.status().waiting == 2


def test_looking_at_strangers_writes_nothing(line: Line):
    line.enter("inside")
    before = line.everything()

    line.look("stranger", "inside", "", "account-1")

    assert line.everything() == before


def test_looking_does_not_renew_a_place_inside(make_line: Callable[..., Line]):
    line = make_line(idle_seconds=60)
    line.enter("a")
    for _ in range(59):
        line.live_s(1)
        assert line.where("a") == ["active"]
    line.live_s(1)

    assert line.where("a") == ["idle"]


def test_who_looks_at_a_closed_room_stays_present(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.configure(mode="closed")
    line.pass_s(31)

    assert line.look("a").mode == "closed"
    assert [place.phase for place in line.look("a", "stranger").places] == [Phase.CLOSED] * 2
    assert line.status().present == 1


def test_a_closed_room_says_why_in_both_languages_and_an_open_one_nothing(make_line: Callable[..., Line]):
    line = make_line(mode="closed", closed_reason_ko="무대 점검 중입니다")
    assert line.look().closed_reason == {"ko": "무대 점검 중입니다", "en": "무대 점검 중입니다"}

    line.configure(closed_reason_en="The stage is being checked.")
    assert line.look().closed_reason == {"ko": "무대 점검 중입니다", "en": "The stage is being checked."}

    line.configure(mode="automatic")
    assert line.look().closed_reason == {}


def test_five_hundred_places_come_in_one_answer(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    visitors = [f"visitor-{i}" for i in range(MAX_LOOK)]
    line.fill(*visitors)

    assert line.where(*visitors) == list(range(1, MAX_LOOK + 1))


def test_looking_at_nobody_tells_the_pace(line: Line):
    line.fill("a", "b")
    line.leave("a")

    snapshot = line.look()

    assert snapshot.places == []
    assert snapshot.pace.active == 1
    assert snapshot.pace.departed == 1
    assert snapshot.pace.threshold == 1000
    assert snapshot.pace.in_service == 2.0


def test_servers_to_come_are_told_with_the_seconds_until_they_are_ready(line: Line):
    ready = line.now_us // 1000 + 90_000
    line.fleet(FleetShare(in_service=2, pending=(PendingCapacity(instances=5, ready_at_ms=ready),)))
    line.pass_s(30)

    assert line.look().scaling == {"inService": 2, "pending": 5, "readyInSeconds": 60}


def test_departures_count_over_the_last_minute_only(line: Line):
    line.fill("a", "b", "c")
    line.leave("a")
    line.pass_s(30)
    line.leave("b")
    line.pass_s(25)

    pace = line.look().pace
    assert pace.departed == 2

    line.pass_s(15)
    assert line.look().pace.departed == 1


def test_the_instant_is_told_in_milliseconds(line: Line):
    assert line.look().now_ms == line.now_us // (SECOND // 1000)


def test_without_settings_nothing_is_seen(line: Line):
    line.remove()

    with pytest.raises(SettingsMissing):
        line.look("a")


def test_the_pace_is_told_alone_as_it_takes_redis_as_long_as_thirty_places(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")

    assert line.look("a", "b").told_pace == []
    assert line.look().pace.total == 2
