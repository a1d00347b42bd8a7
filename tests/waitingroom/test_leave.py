"""leave: a place given up, in line or inside."""

from collections.abc import Callable

from tests.waitingroom.line import Line
from waitingroom.place import Phase
from waitingroom.reasons import Reason


def test_who_leaves_the_line_moves_the_others_up(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b", "c")

    assert line.leave("b") == "waiting"

    assert line.where("a", "c") == [1, 2]
    assert line.status().gone == 1


def test_who_leaves_from_inside_makes_a_vacancy(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("a", "b")
    line.tick()
    line.pass_s(1)

    assert line.leave("a", Reason.PAID) == "active"

    assert line.tick() == ["b"]
    assert line.reasons() == {"a": Reason.PAID}
    assert line.status().gone == 0  # the count is of those who left the line without admission


def test_leaving_twice_gives_up_nothing_more(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("inside", "a")
    line.leave("a")
    line.leave("inside")
    before = line.everything()

    assert line.leave("a") == "none"
    assert line.leave("inside") == "none"
    assert line.leave("stranger") == "none"
    assert line.everything() == before


def test_who_left_before_coming_in_is_not_waited_for(make_line: Callable[..., Line]):
    line = make_line(mode="always", claim_seconds=60)
    line.enter("a")
    line.tick()
    line.pass_s(1)
    line.tick()

    assert line.leave("a") == "active"

    line.pass_s(61)
    assert line.expire() == (0, 0)
    assert line.reasons() == {"a": Reason.LEFT}


def test_who_left_and_joins_again_stands_at_the_end(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.leave("a")

    place = line.enter("a")

    assert (place.phase, place.position) == (Phase.WAITING, 2)


def test_leaving_works_in_a_closed_and_in_a_paused_room(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.configure(mode="paused")
    assert line.leave("a") == "waiting"
    line.configure(mode="closed")
    assert line.leave("b") == "waiting"
    assert line.status().waiting == 0
