"""causes: whatever makes a wait longer is told with it, and nothing else is."""

import json
from dataclasses import replace

import pytest

from tests.waitingroom.line import Line
from waitingroom import answers
from waitingroom.causes import STANDS_S, Causes, Change
from waitingroom.estimates import Forecast, Pace
from waitingroom.stays import Stays
from waitingroom.visits import from_environ

STEADY = Stays(190, ((1000.0, 60.0),), 1.0, 1000, [60.0 * (i + 0.5) / 32 for i in range(32)])
PACE = Pace(500, 2, (), 1000, 1000, 0, STEADY, total=5000)
FOLLOWING = replace(PACE, threshold_per_instance=500)
# Where the servers could take in more than places fall vacant.
BOUND = replace(PACE, users_per_minute_per_instance=5000)
FOLLOWS = replace(BOUND, threshold_per_instance=500)


def told(*looks: tuple[float, Pace], mode: str = "automatic") -> list[str]:
    causes = Causes()
    return [causes.of(at_s, mode, pace, Forecast(pace)).cause for at_s, pace in looks]


def relieved(*looks: tuple[float, Pace], mode: str = "automatic") -> list[Change]:
    causes = Causes()
    return [causes.of(at_s, mode, pace, Forecast(pace)) for at_s, pace in looks]


@pytest.mark.parametrize(
    ("cause", "before", "after"),
    [
        ("threshold", PACE, replace(PACE, threshold=500)),
        ("threshold", FOLLOWING, replace(FOLLOWING, threshold=500, threshold_per_instance=250)),
        ("threshold", PACE, replace(PACE, users_per_minute_per_instance=100)),
        ("fleet", FOLLOWING, replace(FOLLOWING, in_service=1, threshold=500)),
        ("fleet", replace(FOLLOWING, boots=((5, 60.0),)), replace(FOLLOWING, boots=((5, 150.0),))),
        ("fleet", replace(FOLLOWING, boots=((5, 60.0),)), FOLLOWING),
        ("fleet", PACE, replace(PACE, multiplier=0.3)),
        ("stay", PACE, replace(PACE, stays=replace(STEADY, leavers=((1000.0, 120.0),)))),
        (
            "line",
            replace(PACE, present_before=tuple(range(50, 850, 50))),
            replace(PACE, present_before=tuple(range(300, 5100, 300))),
        ),
    ],
)
def test_what_made_it_slower_is_the_cause_until_everybody_heard_of_it(cause: str, before: Pace, after: Pace):
    assert told((0, before), (10, after), (STANDS_S - 1, after), (3 * STANDS_S, after)) == ["", cause, cause, ""]


def test_good_news_of_a_second_is_told_and_so_is_why_it_is_over():
    faster = replace(FOLLOWING, in_service=7, threshold=3500)
    assert told((0, FOLLOWING), (1, faster), (2, FOLLOWING), (3, FOLLOWING)) == ["", "", "fleet", "fleet"]


def test_who_comes_as_the_line_begins_is_told_why_the_wait_grew():
    """Three sales open within a second: of seven servers each has a third, and each line was just begun."""
    alone = replace(FOLLOWING, active=900, total=5)
    shared = replace(FOLLOWING, in_service=0.66, threshold=330, active=200, total=400)
    assert Forecast(alone).wait_s(300) < Forecast(shared).wait_s(300) / 2
    assert told((0, alone), (1, shared)) == ["", "fleet"]


def test_who_was_told_by_a_line_of_strangers_hears_that_they_are_there_after_all():
    before = replace(PACE, total=40)
    strangers = replace(PACE, total=60, present_before=tuple(range(1, 17)))
    shown_up = replace(PACE, total=80)
    assert told((0, before), (1, strangers), (2, shown_up)) == ["", "", "line"]


def test_of_half_a_minute_a_few_looks_are_remembered():
    causes = Causes()
    for second in range(60):
        causes.of(second, "automatic", PACE, Forecast(PACE))
    assert len(causes._past) <= STANDS_S / 5 + 5


def test_a_paused_line_says_so():
    assert told((0, PACE), (1, PACE), mode="paused") == ["pause", "pause"]


def test_good_news_has_no_cause():
    faster = replace(FOLLOWING, in_service=7, threshold=3500)
    assert told((0, FOLLOWING), (10, faster), (20, replace(faster, total=4000))) == ["", "", ""]
    later = replace(FOLLOWING, boots=((5, 50.0),))
    assert told((0, replace(FOLLOWING, boots=((5, 60.0),))), (10, later)) == ["", ""]


@pytest.mark.parametrize(
    ("relief", "before", "after"),
    [
        ("threshold", BOUND, replace(BOUND, threshold=2000)),
        ("threshold", FOLLOWS, replace(FOLLOWS, threshold=1500, threshold_per_instance=750)),
        ("threshold", replace(PACE, users_per_minute_per_instance=100), PACE),
        ("fleet", FOLLOWING, replace(FOLLOWING, in_service=7, threshold=3500)),
        ("fleet", FOLLOWING, replace(FOLLOWING, boots=((5, 60.0),))),
        ("stay", BOUND, replace(BOUND, stays=replace(STEADY, leavers=((1000.0, 30.0),)))),
        (
            "line",
            replace(PACE, present_before=tuple(range(300, 5100, 300))),
            replace(PACE, present_before=tuple(range(50, 850, 50))),
        ),
    ],
)
def test_what_made_it_faster_is_the_relief_until_everybody_heard_of_it(relief: str, before: Pace, after: Pace):
    said = relieved((0, before), (10, after), (STANDS_S - 1, after), (3 * STANDS_S, after))

    assert said == [Change(), Change(relief=relief), Change(relief=relief), Change()]


def test_who_waits_on_as_foretold_is_told_of_no_relief():
    booting = [(second, replace(FOLLOWING, boots=((5, 60.0 - second),))) for second in range(0, 50, 5)]

    assert set(relieved(*booting)) == {Change()}


def test_a_paused_line_goes_no_faster():
    assert relieved((0, PACE), (1, replace(PACE, threshold=2000)), mode="paused")[1] == Change("pause")


def test_the_cause_is_told_to_pollers_beside_the_estimate(line: Line):
    line.configure(mode="paused")
    line.fill("a")
    (place,) = line.look("a").places
    snapshot = line.look()
    visit = from_environ(line.slug, {}, f"/api/events/{line.slug}/queue/", "GET")

    assert "cause" not in json.loads(answers.standing(visit, place, snapshot).body)
    assert json.loads(answers.standing(visit, place, replace(snapshot, cause="fleet")).body)["cause"] == "fleet"
    assert json.loads(answers.standing(visit, place, replace(snapshot, relief="stay")).body)["relief"] == "stay"
