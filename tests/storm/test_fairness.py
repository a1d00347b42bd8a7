"""Who was overtaken, and who only seems to have been."""

import pytest

from tiketi.storm.diary import Diary
from tiketi.storm.fairness import Turn, inversions

NEVER = float("inf")


def turn(number: int, earliest: float, latest: float | None = None, **diary: object) -> Turn:
    """A visitor's turn; surely at `earliest` unless `latest` is given."""
    return Turn(Diary(arrived_at=0, number=number, **diary), number, earliest, earliest if latest is None else latest)  # type: ignore[arg-type]  # whatever fields a test sets


def test_a_line_in_order_has_no_inversion():
    assert len(inversions([turn(n, 1_000 * (n // 10)) for n in range(100)])) == 0


def test_two_let_in_at_the_same_instant_are_equal():
    assert len(inversions([turn(1, 5_000), turn(2, 5_000)])) == 0


def test_whoever_saw_a_later_number_enter_first_was_overtaken():
    assert len(inversions([turn(1, 5_001), turn(2, 5_000)])) == 1


def test_an_inversion_names_both():
    first, second = turn(1, 5_001), turn(2, 5_000)

    assert inversions([first, second]) == [(first, second)]


def test_each_of_the_overtaken_counts_once():
    assert len(inversions([turn(1, 9_000), turn(2, 9_000), turn(3, 5_000), turn(4, 5_000)])) == 2


def test_whoever_never_got_in_while_a_later_number_did_was_overtaken():
    assert len(inversions([turn(1, NEVER), turn(2, 5_000)])) == 1


def test_an_instant_known_only_roughly_gets_the_benefit_of_the_doubt():
    assert len(inversions([turn(1, 4_950, 5_050), turn(2, 5_000)])) == 0
    assert len(inversions([turn(1, 5_000), turn(2, 4_950, 5_050)])) == 0


@pytest.mark.parametrize("absence", [(4_000, 6_000), (2_000, 4_500)])
def test_an_absent_visitor_may_be_passed_over_until_noticed_again(absence: tuple[float, float]):
    assert len(inversions([turn(1, 8_000, absences=[absence]), turn(2, 5_000)])) == 0


def test_a_number_waits_for_nobody_who_has_not_shown_up_yet():
    stranger = {"joined_at": 4_900.0, "noticed_at": 5_100.0}
    assert len(inversions([turn(1, 6_000, **stranger), turn(2, 5_000)])) == 0
    assert len(inversions([turn(1, 6_000, **stranger), turn(2, 5_200)])) == 1
    assert len(inversions([turn(1, 9_000, joined_at=4_900.0), turn(2, 6_800)])) == 0
    assert len(inversions([turn(1, 9_000, joined_at=4_900.0), turn(2, 7_000)])) == 1  # whatever kept the socket


def test_nobody_goes_straight_in_past_the_number_of_a_stranger():
    newcomer = Turn(Diary(arrived_at=0), number=2, earliest=5_000, latest=5_050)
    assert len(inversions([turn(1, 6_000, joined_at=4_900.0, noticed_at=5_100.0), newcomer])) == 1


def test_who_was_cut_off_by_the_site_was_there():
    assert len(inversions([turn(1, 8_000, cut_offs=[(4_000, 7_000)]), turn(2, 5_000)])) == 1


def test_an_absence_long_before_excuses_nothing():
    assert len(inversions([turn(1, 8_000, absences=[(100, 200)]), turn(2, 5_000)])) == 1


def test_a_vanished_visitor_is_passed_over_but_not_before_vanishing():
    assert len(inversions([turn(1, NEVER, vanished_at=4_000.0), turn(2, 5_000)])) == 0
    assert len(inversions([turn(1, NEVER, vanished_at=6_000.0), turn(2, 5_000)])) == 1


def test_nobody_may_go_straight_in_past_who_waits():
    newcomer = Turn(Diary(arrived_at=0), number=2, earliest=5_000, latest=5_100)

    assert len(inversions([turn(1, 6_000), newcomer])) == 1
    assert len(inversions([turn(3, 6_000), newcomer])) == 0
