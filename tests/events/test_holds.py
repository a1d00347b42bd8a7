"""Holding seats: all or none, for a while, never somebody else's."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from events import tasks
from events.models import Hold, Occupancy, Seat
from events.sale import holds, locks
from events.sale.holds import hold_seats, release
from events.sale.orders import place_order
from events.sale.picks import Pick
from events.sale.refusals import BadPick, HoldExpired, OrderPending, SalesClosed, SeatTaken, TooManySeats
from tests.events.conftest import buy, hold, occupied, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hold_keeps_its_seats_for_the_events_minutes(make_event, buyer):
    event = make_event(hold_minutes=3)
    first, second, *_ = seats_of(event)

    held = hold(event, buyer, first, second)

    assert {occupancy.seat_id for occupancy in held.occupancies.all()} == {first, second}
    assert timedelta(minutes=2.9) < held.expires_at - timezone.now() <= timedelta(minutes=3)


def test_one_seat_taken_means_that_none_is_held_and_says_which(event, make_buyer):
    first, second, third, *_ = seats_of(event)
    hold(event, make_buyer(), second)

    with pytest.raises(SeatTaken) as refusal:
        hold(event, make_buyer(), first, second, third)

    assert refusal.value.seats == [Seat.objects.select_related("section").get(pk=second).label]
    assert set(Occupancy.objects.filter(event=event).values_list("seat", flat=True)) == {second}


def test_a_sold_seat_is_taken(event, make_buyer):
    first, *_ = seats_of(event)
    buy(event, make_buyer(), first)

    with pytest.raises(SeatTaken):
        hold(event, make_buyer(), first)


def test_the_same_seat_is_free_at_another_event(make_event, make_buyer):
    event = make_event()
    other = make_event(plan=event.plan)
    first, *_ = seats_of(event)
    hold(event, make_buyer(), first)

    hold(other, make_buyer(), first)

    assert Occupancy.objects.filter(seat=first).count() == 2


def test_b17_the_limit_counts_held_and_bought_seats_across_requests(event, buyer):
    a, b, c, d, e, *_ = seats_of(event)
    buy(event, buyer, a, b)
    hold(event, buyer, c)
    hold(event, buyer, d)

    with pytest.raises(TooManySeats):
        hold(event, buyer, e)

    assert Occupancy.objects.filter(event=event).count() == 4


def test_adding_seats_does_not_move_the_deadline(event, buyer):
    first, second, *_ = seats_of(event)
    deadline = hold(event, buyer, first).expires_at

    assert hold(event, buyer, second).expires_at == deadline


def test_b17_seats_of_another_event_are_refused(make_event, buyer):
    event, other = make_event(), make_event()

    with pytest.raises(BadPick):
        hold(event, buyer, seats_of(event)[0], seats_of(other)[0])

    assert not Occupancy.objects.filter(event__in=[event, other]).exists()


def test_a_section_without_a_price_is_not_on_sale(event, buyer):
    event.section_prices.filter(section__code="A").delete()

    with pytest.raises(BadPick):
        hold(event, buyer, seats_of(event)[0])


def test_nothing_can_be_held_before_the_sale_opens_or_after_it_closes(make_event, buyer):
    now = timezone.now()
    early = make_event(opens_at=now + timedelta(hours=1))
    late = make_event(opens_at=now - timedelta(hours=2), closes_at=now - timedelta(hours=1))

    for event in (early, late):
        with pytest.raises(SalesClosed):
            hold(event, buyer, seats_of(event)[0])


def test_an_expired_hold_is_refused_even_before_anybody_cleared_it(event, buyer):
    run_out(hold(event, buyer, seats_of(event)[0]))

    with pytest.raises(HoldExpired):
        place_order(event, buyer.pk)


def test_somebody_else_may_have_seats_whose_hold_ran_out_before_anybody_cleared_it(event, make_buyer):
    first, *_ = seats_of(event)
    run_out(hold(event, make_buyer(), first))

    hold(event, make_buyer(), first)

    assert Occupancy.objects.filter(event=event).count() == 1


def test_an_account_whose_own_hold_ran_out_starts_a_new_one(event, buyer):
    first, second, *_ = seats_of(event)
    run_out(hold(event, buyer, first))

    held = hold(event, buyer, second)

    assert [occupancy.seat_id for occupancy in held.occupancies.all()] == [second]
    assert not held.is_over()


def test_celery_frees_the_seats_of_holds_that_ran_out_and_no_others(event, make_buyer):
    first, second, *_ = seats_of(event)
    run_out(hold(event, make_buyer(), first))
    kept = hold(event, make_buyer(), second)

    tasks.expire_holds()

    assert list(Hold.objects.filter(event=event)) == [kept]
    assert list(Occupancy.objects.filter(event=event).values_list("seat", flat=True)) == [second]


def test_where_no_hold_can_be_ended_the_sweep_fails_and_is_late(event, make_buyer, monkeypatch):
    for seat in seats_of(event)[:2]:
        run_out(hold(event, make_buyer(), seat))

    def away(_account_id):
        raise OperationalError("canceling statement due to lock timeout")

    monkeypatch.setattr(holds, "lock_account", away)
    with pytest.raises(OperationalError):  # so that nobody notes that it was done
        tasks.expire_holds()


def test_a_hold_that_cannot_be_ended_now_stops_no_other(event, make_buyer, monkeypatch):
    stuck, other = (hold(event, make_buyer(), seat) for seat in seats_of(event)[:2])
    for overdue in (stuck, other):
        run_out(overdue)
    lock = locks.lock_account

    def locked_by_somebody(account_id):
        if account_id == stuck.account_id:
            raise OperationalError("canceling statement due to lock timeout")
        return lock(account_id)

    monkeypatch.setattr(holds, "lock_account", locked_by_somebody)
    tasks.expire_holds()
    assert list(Hold.objects.all()) == [stuck]

    monkeypatch.undo()
    tasks.expire_holds()
    assert not Hold.objects.exists()


def test_released_seats_are_free_at_once(event, make_buyer):
    buyer = make_buyer()
    first, *_ = seats_of(event)
    hold(event, buyer, first)

    release(event, buyer.pk)

    hold(event, make_buyer(), first)

    assert Occupancy.objects.filter(event=event).count() == 1


def test_what_is_ordered_can_no_longer_be_added_to(event, buyer):
    first, second, *_ = seats_of(event)
    order(event, buyer, first)

    with pytest.raises(OrderPending):
        hold(event, buyer, second)


def area(event, code, count):
    section = event.plan.sections.get(code=code)
    return Pick(areas=((section.pk, count),))


def test_seats_in_a_standing_area_are_dealt_in_order(event, make_buyer):
    first = hold_seats(event=event, account_id=make_buyer().pk, visitor="", pick=area(event, "S", 2))
    second = hold_seats(event=event, account_id=make_buyer().pk, visitor="", pick=area(event, "S", 3))

    numbers = [sorted(o.seat.number for o in held.occupancies.select_related("seat")) for held in (first, second)]
    assert numbers == [[1, 2], [3, 4, 5]]


def test_an_area_with_too_few_seats_left_gives_none(event, make_buyer):
    hold_seats(event=event, account_id=make_buyer().pk, visitor="", pick=area(event, "S", 4))

    with pytest.raises(SeatTaken):
        hold_seats(event=event, account_id=make_buyer().pk, visitor="", pick=area(event, "S", 3))

    assert Occupancy.objects.filter(event=event).count() == 4


def test_the_site_picks_neighbours_in_one_row_where_there_are_any(event, make_buyer):
    seats = seats_of(event)
    hold(event, make_buyer(), seats[1], seats[3])  # row 1 has 1, 3 and 5 left: no neighbours

    held = hold_seats(event=event, account_id=make_buyer().pk, visitor="", pick=area(event, "A", 3))

    assert sorted(o.seat_id for o in held.occupancies.all()) == seats[5:8]


def test_an_area_of_another_event_is_refused(make_event, buyer):
    event, other = make_event(), make_event()

    with pytest.raises(BadPick):
        hold_seats(event=event, account_id=buyer.pk, visitor="", pick=area(other, "S", 1))


def test_the_database_itself_refuses_a_second_owner_of_a_seat(event, make_buyer):
    from django.db import IntegrityError

    first, *_ = seats_of(event)
    hold(event, make_buyer(), first)
    other = Hold.objects.create(event=event, account=make_buyer(), expires_at=timezone.now())

    [row] = occupied(event, [first], hold=other)

    with pytest.raises(IntegrityError, match=r"seat"):
        row.save()


def test_the_database_itself_refuses_a_seat_that_is_both_held_and_sold_or_neither(event, make_buyer):
    from django.db import IntegrityError

    first, second, *_ = seats_of(event)
    bought = buy(event, make_buyer(), first)
    other = Hold.objects.create(event=event, account=make_buyer(), expires_at=timezone.now())

    [both] = occupied(event, [second], hold=other, order=bought)
    [neither] = occupied(event, [second])

    with pytest.raises(IntegrityError, match="seat_held_or_sold"):
        both.save()
    with pytest.raises(IntegrityError, match="seat_held_or_sold"):
        neither.save()
