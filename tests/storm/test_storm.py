"""A storm finds a fair line fair, and names what an unfair one breaks."""

import pytest

from tests.storm.conftest import QUIET, StormOn
from tests.storm.line import Fault
from tiketi.storm.habits import Habits

RESTLESS = Habits(refresh=0.5, second_tab=0.3, drop=0.3, vanish=0.3, stay=0.3)


def test_a_fair_line_breaks_nothing(storm_on: StormOn):
    report = storm_on(Fault.NONE)

    assert report.broken == ()
    assert report.entered == report.visitors == 40
    assert report.straight_in + report.joined == 40
    assert report.joined == report.admitted > 0
    assert report.peak_active == report.threshold == 10
    assert report.enter_ms.p99 is not None


def test_restless_visitors_keep_their_numbers_in_a_fair_line(storm_on: StormOn):
    report = storm_on(Fault.NONE, visitors=80, habits=RESTLESS)

    assert report.broken == ()
    assert report.vanished > 0
    assert report.entered == 80 - report.vanished


def test_who_is_let_in_and_put_off_has_passed_nobody_who_drew_a_number_meanwhile(storm_on: StormOn):
    report = storm_on(Fault.PUTS_OFF)

    assert report.retries == {"page answered 503": 10}
    assert report.joined > 0
    assert report.broken == ()


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (Fault.OVERFULL, "capacity"),
        (Fault.FAVOURS_THE_LAST, "fifo"),
        (Fault.MISCOUNTS, "conservation"),
        (Fault.MUMBLES, "errors"),
        (Fault.KEEPS_WHO_LEFT, "errors"),
        (Fault.STALLS, "liveness"),
        (Fault.THROWS_OUT, "thrown_out"),
        (Fault.MOVES_BACK, "positions"),
        (Fault.SAYS_LITTLE, "errors"),
        (Fault.NAMES_NO_TIME, "errors"),
        (Fault.PASSES_THE_CUT_OFF, "fifo"),
    ],
)
def test_an_unfair_line_is_found_out(storm_on: StormOn, fault: Fault, broken: str):
    assert broken in storm_on(fault, timeout=4, patient=False).broken


def test_a_number_that_changes_on_reload_is_found_out(storm_on: StormOn):
    habits = Habits(refresh=1, second_tab=0, drop=0, vanish=0, stay=0.5)

    report = storm_on(Fault.NEW_NUMBER_ON_RELOAD, habits=habits, timeout=10, patient=False)

    assert "one_place" in report.broken
    assert report.changed_numbers > 0


def test_a_visitor_dropped_without_a_word_is_lost(storm_on: StormOn):
    report = storm_on(Fault.FORGETS, timeout=4, patient=False)

    assert "lost" in report.broken
    assert report.lost > 0
    assert report.cut_short == "timeout"


def test_a_line_that_stands_is_found_out_when_patience_ends(storm_on: StormOn):
    report = storm_on(Fault.STANDS, timeout=3)

    assert report.broken == ("liveness",)
    assert report.stalls == 1
    assert report.longest_stall_ms > 2_000
    assert report.waiting == 30


def test_a_fair_line_may_be_left_before_its_end(storm_on: StormOn):
    report = storm_on(Fault.NONE, habits=QUIET, timeout=1, patient=False)

    assert report.broken == ()
    assert report.cut_short == "timeout"
