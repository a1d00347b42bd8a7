"""absent: the last socket closed."""

from collections.abc import Callable

from tests.waitingroom.line import Line


def test_a_visitor_whose_last_socket_closed_is_absent_after_the_return_allowance(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")

    assert line.absent("a") == 1

    line.pass_s(4.9)
    assert line.status().present == 2
    line.pass_s(0.2)
    assert line.status().present == 1


def test_a_reload_within_the_allowance_costs_nothing(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("a", "b")
    line.tick()
    line.absent("a")
    line.pass_s(3)
    line.enter("a")
    line.pass_s(3)

    assert line.tick() == ["a", "b"]


def test_saying_good_bye_for_strangers_and_for_the_active_does_nothing(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("inside", "a")
    before = line.everything()

    assert line.absent("stranger", "inside") == 0

    assert line.everything() == before


def test_a_good_bye_is_no_sign_of_life(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("a")
    line.pass_s(31)

    line.absent("a")

    assert line.status().present == 0


def test_a_good_bye_does_not_lengthen_the_grace(make_line: Callable[..., Line]):
    line = make_line(mode="always", grace_seconds=300)
    line.enter("a")
    line.pass_s(325)
    line.absent("a")
    line.pass_s(6)

    assert line.expire() == (0, 1)


def test_without_settings_nobody_is_absent(line: Line):
    line.remove()

    assert line.absent("a") == 0
