"""The sale closes its line over the mode that staff set, never instead of it; a show that is off stays off."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from events import tasks
from events.models import Event, Order, OrderState, PaymentState, Section, SectionPrice, Trouble, Why
from events.payments.attempts import start_payment
from events.payments.sandbox import callbacks
from events.room.page_context import page_context
from events.sale import closing, event_states
from events.sale.calling_off import call_off
from events.sale.closing import Closing
from events.sale.orders import cancel_order, place_order
from events.sale.refusals import CalledOff
from events.sale.sold_out import is_sold_out
from tests.events.conftest import buy, call_back, hold, order, run_out, seats_of
from waitingroom import admission
from waitingroom.models import Mode, WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db) -> User:
    return User.objects.create_user("staff", is_staff=True)


@pytest.fixture
def make_sold_out(make_event, make_buyer) -> Callable[..., tuple[Event, list[Order]]]:
    """An event on a small plan, every seat paid for; more of its plan may be put on sale later."""

    def make(mode: str = Mode.AUTOMATIC) -> tuple[Event, list[Order]]:
        event = make_event("section,level,row,first,last\nA,1,1,1,4\nB,1,1,1,4\n")
        WaitingRoom.objects.get(slug=event.slug).save()
        SectionPrice.objects.filter(event=event, section__code="B").delete()
        set_mode(event, mode)
        seats = seats_of(event, "A")
        return event, [buy(event, make_buyer(), *seats[:2]), buy(event, make_buyer(), *seats[2:])]

    return make


def set_mode(event: Event, mode: str) -> None:
    """Staff choose a mode."""
    room = WaitingRoom.objects.get(slug=event.slug)
    room.mode = mode
    room.save()


def stands(event: Event) -> tuple[str, str]:
    """The mode as staff set it, and the mode in force, in the gate's own memory."""
    room = WaitingRoom.objects.get(slug=event.slug)
    (status,) = admission.status([event.slug])
    assert status.mode == room.mode_in_force
    return room.mode, status.mode


def release_section(event: Event, *_: object) -> None:
    """Production releases section B."""
    section = Section.objects.get(plan=event.plan, code="B")
    SectionPrice.objects.create(event=event, section=section, tier=event.tiers.get())
    tasks.follow_sales()


def refund(event: Event, orders: list[Order], staff: User) -> None:
    """Staff refund one of the orders."""
    cancel_order(orders[0].pk, by=staff, why=Why.BY_STAFF)


def show_is_called_off(event: Event, orders: list[Order], staff: User) -> None:
    """Staff call the show off."""
    call_off(event.pk, by=staff)


def show_is_called_off_and_refunded(event: Event, orders: list[Order], staff: User) -> None:
    """Staff call the show off, then refund everybody."""
    call_off(event.pk, by=staff)
    for bought in orders:
        cancel_order(bought.pk, by=staff, why=Why.BY_STAFF)
    tasks.settle()
    tasks.follow_sales()


def nothing(*_: object) -> None:
    """Nothing more."""


@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize(
    ("happens", "closed"),
    [
        (nothing, Closing.SOLD_OUT),
        (release_section, Closing.NOTHING),
        (refund, Closing.NOTHING),
        (show_is_called_off, Closing.CALLED_OFF),
        (show_is_called_off_and_refunded, Closing.CALLED_OFF),
    ],
    ids=["sold-out", "released", "refunded", "cancelled", "cancelled-and-refunded"],
)
def test_whatever_happens_the_mode_stays_the_staffs_and_the_sale_only_closes_over_it(
    make_sold_out, staff, mode, happens, closed
):
    event, orders = make_sold_out(mode)
    assert stands(event) == (mode, Mode.CLOSED)

    happens(event, orders, staff)

    assert stands(event) == (mode, Mode.CLOSED if closed else mode)
    assert WaitingRoom.objects.get(slug=event.slug).closed_because == closed


@pytest.mark.parametrize("mode", Mode.values)
def test_what_staff_set_while_the_line_is_closed_over_is_in_force_when_it_opens(make_sold_out, staff, mode):
    event, orders = make_sold_out()

    set_mode(event, mode)
    assert stands(event) == (mode, Mode.CLOSED)
    refund(event, orders, staff)

    assert stands(event) == (mode, mode)


def test_staff_who_save_a_form_opened_before_the_sell_out_open_nothing(make_event, make_buyer):
    event = make_event("A,1,1,1,2\n")
    old = WaitingRoom.objects.get(slug=event.slug)
    buy(event, make_buyer(), *seats_of(event))

    old.threshold = 7
    old.save()

    room = WaitingRoom.objects.get(slug=event.slug)
    assert (room.threshold, room.closed_because) == (7, "sold-out")
    assert stands(event) == (Mode.AUTOMATIC, Mode.CLOSED)


def test_seats_released_after_a_sell_out_are_sold(browser, make_sold_out, staff, admin_client):
    event, _ = make_sold_out()
    fields = {f"section-{s.pk}": str(event.tiers.get().pk) for s in event.plan.sections.all()}

    assert admin_client.post(f"/admin/events/event/{event.pk}/pricing/", fields).status_code == 302

    assert stands(event) == (Mode.AUTOMATIC, Mode.AUTOMATIC)
    page = browser.get(f"/events/{event.slug}/", headers={"accept-language": "ko"}).content.decode()
    assert "매진" not in page
    assert f"/events/{event.slug}/seats/" in page
    assert page_context(event.slug)["sold_out"] is False
    (seat, *_) = seats_of(event, "B")
    held = browser.post(f"/events/{event.slug}/hold/", {"seat": seat}, headers={"accept": "application/json"})
    assert held.status_code == 201


def test_a_line_closed_over_by_nobody_alive_is_mended_by_the_clock(make_sold_out):
    """A process that died after the commit and before it told the room; and a room told of what is not so."""
    event, _ = make_sold_out()
    WaitingRoom.objects.filter(slug=event.slug).update(closed_because="")

    tasks.follow_sales()
    assert stands(event) == (Mode.AUTOMATIC, Mode.CLOSED)

    release_section(event)
    assert stands(event) == (Mode.AUTOMATIC, Mode.AUTOMATIC)


def test_the_last_payment_and_a_cancellation_at_once_leave_no_line_closed_before_free_seats(
    make_event, make_buyer, staff, monkeypatch
):
    event = make_event("A,1,1,1,4\n")
    seats = seats_of(event)
    first = buy(event, make_buyer(), *seats[:2])
    count, cancelled = is_sold_out, threading.Event()

    def cancelled_between(event_id: int) -> bool:
        """Just after the payment has counted every seat as sold, somebody cancels."""
        found = count(event_id)
        if found and not cancelled.is_set():
            cancelled.set()
            monkeypatch.setattr(closing, "is_sold_out", count)
            cancel_order(first.pk, by=staff, why=Why.BY_STAFF)
        return found

    monkeypatch.setattr(closing, "is_sold_out", cancelled_between)
    buy(event, make_buyer(), *seats[2:])

    assert cancelled.is_set()
    assert stands(event) == (Mode.AUTOMATIC, Mode.AUTOMATIC)
    assert not is_sold_out(event.pk)


def test_a_sale_that_is_over_ends_its_line_and_says_so(client, make_event):
    now = timezone.now()
    event = make_event(closes_at=now + timedelta(hours=1), cancel_until=None)
    tasks.follow_sales()
    assert stands(event) == (Mode.AUTOMATIC, Mode.AUTOMATIC)

    Event.objects.filter(pk=event.pk).update(closes_at=now - timedelta(seconds=1))
    tasks.follow_sales()

    assert stands(event) == (Mode.AUTOMATIC, Mode.CLOSED)
    page = client.get(f"/events/{event.slug}/", headers={"accept-language": "en"}).content.decode()
    assert "The sale is over" in page

    Event.objects.filter(pk=event.pk).update(closes_at=now + timedelta(hours=1))
    tasks.follow_sales()
    assert stands(event) == (Mode.AUTOMATIC, Mode.AUTOMATIC)


def test_a_room_that_cannot_be_written_now_stops_no_other(make_event, monkeypatch):
    stuck, other = make_event(), make_event()
    tasks.follow_sales()
    Event.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    lay_over = closing.lay_over_room

    def locked_by_somebody(event):
        if event.pk == stuck.pk:
            raise OperationalError("canceling statement due to lock timeout")
        lay_over(event)

    monkeypatch.setattr(closing, "lay_over_room", locked_by_somebody)
    tasks.follow_sales()

    told = dict(WaitingRoom.objects.values_list("slug", "closed_because"))
    assert (told[stuck.slug], told[other.slug]) == ("", Closing.OVER)


@pytest.fixture
def off(event, staff) -> Event:
    """A show that was called off."""
    return call_off(event.pk, by=staff, why_ko="가수의 건강 때문입니다.", why_en="The singer is ill.")


def test_a_stopped_sale_whose_time_runs_out_is_said_to_be_over(event, staff):
    event_states.stop(event.pk, by=staff)
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now())

    tasks.follow_sales()

    assert WaitingRoom.objects.get(slug=event.slug).closed_because == Closing.OVER


def test_a_show_that_was_called_off_sells_nothing(event, off, buyer):
    with pytest.raises(CalledOff):  # by what the caller saw a moment before, too
        hold(event, buyer, seats_of(event)[0])


def test_what_was_held_before_is_neither_ordered_nor_paid(event, buyer, make_buyer, staff):
    first, second, *_ = seats_of(event)
    other = make_buyer()
    hold(event, buyer, first)
    placed, payment = order(event, other, second)
    call_off(event.pk, by=staff)

    with pytest.raises(CalledOff):
        place_order(event, buyer.pk)
    with pytest.raises(CalledOff):
        start_payment(placed)

    callbacks.act(payment, callbacks.Outcome.SUCCEED)
    tasks.settle()
    payment.refresh_from_db()
    placed.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.REFUNDED, Trouble.CALLED_OFF)
    assert placed.state != OrderState.PAID


def test_a_payment_that_outlives_its_hold_and_the_show_goes_back(client, event, buyer, staff):
    placed, payment = order(event, buyer, seats_of(event)[0])
    run_out(placed.hold)
    tasks.expire_holds()
    call_off(event.pk, by=staff)

    call_back(client, payment, payment.amount_won)
    tasks.settle()

    payment.refresh_from_db()
    assert (payment.state, payment.trouble) == (PaymentState.REFUNDED, Trouble.CALLED_OFF)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_everybody_is_told_that_the_show_was_cancelled(client, browser, event, off, language):
    why = {"ko": "가수의 건강 때문입니다.", "en": "The singer is ill."}[language]
    word = {"ko": "공연 취소", "en": "ancelled"}[language]
    headers = {"accept-language": language}

    assert word in client.get("/", headers=headers).content.decode()
    page = client.get(f"/events/{event.slug}/", headers=headers).content.decode()
    assert word in page
    assert why in page
    told = client.get(f"/api/events/{event.slug}/", headers={"accept": "application/json"}).json()
    assert told["status"] == "closed"


def test_who_is_inside_when_the_show_is_called_off_reads_so_on_every_page(browser, event, buyer, staff):
    browser.get(f"/events/{event.slug}/")
    hold(event, buyer, seats_of(event)[0])
    call_off(event.pk, by=staff, why_en="The singer is ill.")
    section = event.plan.sections.first()

    for page in ("", "seats/", f"seats/{section.pk}/", "checkout/"):
        answer = browser.get(f"/events/{event.slug}/{page}", headers={"accept-language": "en"}, follow=True)
        assert answer.status_code == 200
        assert "This show was cancelled" in answer.content.decode(), page
    answer = browser.post(f"/events/{event.slug}/checkout/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (409, "cancelled")


def test_the_buyer_of_a_show_that_was_called_off_may_cancel_after_the_deadline(browser, make_event, buyer, staff):
    event = make_event(cancel_until=None)
    bought = buy(event, buyer, seats_of(event)[0])
    call_off(event.pk, by=staff)

    browser.post(f"/orders/{bought.number}/cancel/")

    bought.refresh_from_db()
    assert bought.state == OrderState.CANCELLED


def test_calling_off_again_changes_nothing_and_is_recorded_once(event, off, make_buyer):
    again = call_off(event.pk, by=make_buyer(), why_ko="다른 이유")

    assert again.called_off_why_ko == "가수의 건강 때문입니다."
    rows = list(event.history.filter(called_off_at__isnull=False))
    assert [(row.history_user.username, row.history_change_reason) for row in rows] == [("staff", "called off")]
