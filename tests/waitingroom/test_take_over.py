"""take_over: who signs in while waiting keeps the place."""

from collections.abc import Callable

import pytest

from tests.waitingroom.line import Line
from waitingroom.reasons import Reason


def conserved(line: Line) -> bool:
    status = line.status()
    return status.joined == status.waiting + status.admitted + status.gone


def test_the_account_takes_the_browsers_number(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    _, browser, _ = line.fill("a", "browser", "c")

    assert line.take_over("browser", "account-1") == "waiting"

    assert line.scores("queue")["account-1"] == browser.queue_number
    assert line.where("a", "account-1", "c") == [1, 2, 3]
    assert line.reasons() == {"browser": Reason.MERGED}
    assert conserved(line)


@pytest.mark.parametrize("earlier", ["browser", "account-1"])
def test_of_two_places_in_line_the_earlier_one_stays(make_line: Callable[..., Line], earlier: str):
    line = make_line(mode="always")
    number = line.fill(earlier, "between", "account-1" if earlier == "browser" else "browser")[0].queue_number

    line.take_over("browser", "account-1")

    assert line.scores("queue")["account-1"] == number
    assert line.status().waiting == 2
    assert line.status().gone == 1
    assert conserved(line)


@pytest.mark.parametrize("inside", ["browser", "account-1"])
def test_a_place_inside_is_better_than_one_in_line(make_line: Callable[..., Line], inside: str):
    line = make_line(threshold=1)
    line.fill(inside, "account-1" if inside == "browser" else "browser")

    assert line.take_over("browser", "account-1") == "active"

    assert list(line.scores("active")) == ["account-1"]
    assert line.status().waiting == 0
    assert conserved(line)


def test_of_two_places_inside_one_is_given_back(line: Line):
    line.enter("browser")
    line.pass_s(5)
    later = line.enter("account-1")

    line.take_over("browser", "account-1")

    assert line.scores("active") == {"account-1": later.expires_ms}
    assert line.status().departed_last_minute == 1


def test_a_browser_without_a_place_brings_none(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.enter("account-1")
    before = line.everything()

    assert line.take_over("browser", "account-1") == "waiting"
    assert line.take_over("browser", "account-2") == "none"

    assert line.everything() == before


def test_an_admission_nobody_claimed_stays_unclaimed(make_line: Callable[..., Line]):
    line = make_line(mode="always", claim_seconds=60)
    line.enter("browser")
    line.tick()
    line.pass_s(1)
    line.tick()

    line.take_over("browser", "account-1")

    line.live_s(61)
    assert line.scores("claims") == {}
    assert line.look("account-1").places[0].missed


def test_taking_ones_own_place_changes_nothing(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.fill("inside", "waiting")
    before = line.everything()

    assert line.take_over("inside", "inside") == "active"
    assert line.take_over("waiting", "waiting") == "waiting"

    assert line.everything() == before


def test_who_was_passed_over_while_absent_is_admitted_by_the_other_name(make_line: Callable[..., Line]):
    line = make_line(threshold=2, mode="always")
    line.fill("browser", "b", "c")
    line.tick()
    line.absent("browser", return_ms=0)
    line.pass_s(2)
    assert line.tick() == ["b", "c"]

    line.take_over("browser", "account-1")
    line.leave("b")
    line.pass_s(1)

    assert line.tick() == ["account-1"]


def test_slips_of_both_names_bring_nobody_a_second_place(make_line: Callable[..., Line]):
    line = make_line(mode="always")
    line.fill("browser", "account-1")
    line.take_over("browser", "account-1")

    assert line.where("browser", "account-1") == ["merged", 1]
