"""How many servers a sale had ordered, and what that cost: from the decisions, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest

from scaling.in_force import configuration
from scaling.models import ScalingDecision
from scaling.servers_ordered import servers_between

pytestmark = pytest.mark.django_db
EIGHT = datetime(2026, 11, 26, 20, 0, tzinfo=UTC)


def decided(minutes: float, before: int, after: int, **facts: str) -> None:
    row = ScalingDecision.objects.create(reason=facts.pop("reason", "alarm"), before=before, after=after, **facts)
    ScalingDecision.objects.filter(pk=row.pk).update(at=EIGHT + timedelta(minutes=minutes))


def test_an_hour_with_five_more_for_half_of_it_is_added_up():
    decided(-90, 4, 2)
    decided(10, 2, 7)
    decided(40, 7, 2)

    found = servers_between(EIGHT, EIGHT + timedelta(hours=1))

    assert [(step.at, step.servers) for step in found.steps] == [
        (EIGHT, 2),
        (EIGHT + timedelta(minutes=10), 7),
        (EIGHT + timedelta(minutes=40), 2),
    ]
    assert (found.most, round(found.hours, 6), round(found.extra_hours, 6)) == (7, 4.5, 2.5)
    assert (found.won, found.extra_won) == (round(4.5 * 40_000 / 730), round(2.5 * 40_000 / 730))


def test_what_was_not_ordered_and_what_changed_nothing_costs_nothing():
    decided(5, 2, 7, held_back="shadow")
    decided(6, 2, 2, reason="fault")
    decided(7, 2, 7, fault="ThrottlingException")

    found = servers_between(EIGHT, EIGHT + timedelta(hours=1))

    assert [step.servers for step in found.steps] == [configuration().minimum]
    assert found.extra_won == 0


def test_a_row_that_moves_nothing_does_not_move_the_bill():
    decided(5, 2, 7)
    decided(6, 1, 1, reason="by-hand")  # somebody was admitted by hand while nobody had read the fleet

    assert [step.servers for step in servers_between(EIGHT, EIGHT + timedelta(hours=1)).steps] == [2, 7]


def test_what_comes_after_the_sale_is_not_its_own():
    decided(61, 2, 7)

    assert servers_between(EIGHT, EIGHT + timedelta(hours=1)).most == configuration().minimum
