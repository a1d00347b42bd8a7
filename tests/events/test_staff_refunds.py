"""Staff refund by right and with a reason, after the door opened by another, above the limit by a second person."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.door.checkin import check_in
from events.door.codes import code_of
from events.models import (
    Decision,
    Event,
    Fee,
    Order,
    OrderState,
    Payment,
    Refund,
    RefundRequest,
    Ticket,
    Why,
)
from events.sale import refunding, staff_refunds
from events.sale.orders import cancel_order
from events.sale.refunding import left_of
from events.sale.refusals import NotAllowed, RequestOver, SamePerson, SumGrown, TooLate
from tests.events.conftest import PRICE_WON, around, buy, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = ("view_order", "view_refund", "view_refundrequest")


@pytest.fixture
def person(db):
    """Somebody of the staff with these rights, and their browser."""

    def make(*rights: str) -> tuple[User, Client]:
        account = User.objects.create_user(f"clerk-{User.objects.count()}", is_staff=True)
        account.user_permissions.set(Permission.objects.filter(codename__in=[*LOOKS, *rights]))
        browser = Client()
        browser.force_login(account)
        return User.objects.get(pk=account.pk), browser

    return make


@pytest.fixture
def bought(event, buyer) -> Order:
    """Four tickets."""
    return buy(event, buyer, *seats_of(event)[:4])


@pytest.fixture
def one_inside(tonight, buyer) -> Order:
    """Four tickets of tonight, and somebody went in with the first."""
    placed = buy(tonight, buyer, *seats_of(tonight)[:4])
    check_in(code_of(placed.lines.all()[0].ticket), event=tonight, by=None)
    return placed


def page_of(placed: Order) -> str:
    return reverse("admin:events_order_refund", args=[placed.pk])


def lines_of(placed: Order, *which: int) -> list[int]:
    keys = list(placed.lines.order_by("seat").values_list("pk", flat=True))
    return [keys[i] for i in which]


def yes(browser: Client, placed: Order, *which: int, **more: str):
    sent = {"ticket": lines_of(placed, *which), "confirmed": "1", "reason": "비가 와서"} | more
    return browser.post(page_of(placed), sent)


def valid(placed: Order) -> int:
    return Ticket.objects.filter(line__order=placed, voided_at=None).count()


def test_staff_refund_single_tickets_by_a_page_that_asks(person, bought):
    clerk, browser = person("refund_order")
    shown = browser.get(reverse("admin:events_order_change", args=[bought.pk])).content.decode()
    assert page_of(bought) in shown

    chosen = browser.post(page_of(bought), {"ticket": lines_of(bought, 1, 2)})
    assert f"{2 * PRICE_WON:,}" in chosen.content.decode()
    assert yes(browser, bought, 1, 2, reason="  ").status_code == 200
    assert (valid(bought), Refund.objects.count()) == (4, 0)

    assert yes(browser, bought, 1, 2).status_code == 302
    refund = Refund.objects.get()
    assert (refund.back_won, refund.by, refund.note, refund.why) == (2 * PRICE_WON, clerk, "비가 와서", Why.BY_STAFF)
    assert valid(bought) == 2


def test_without_the_right_there_is_no_page_and_no_refund(person, bought):
    clerk, browser = person()
    assert page_of(bought) not in browser.get(reverse("admin:events_order_change", args=[bought.pk])).content.decode()
    assert browser.get(page_of(bought)).status_code == 403
    assert yes(browser, bought, 0).status_code == 403
    with pytest.raises(NotAllowed):
        staff_refunds.refund(left_of(bought), by=clerk, reason="x", fee=Fee.WAIVED)
    with pytest.raises(NotAllowed):
        staff_refunds.ask_second(left_of(bought), by=clerk, reason="x", fee=Fee.WAIVED)
    assert valid(bought) == 4


@pytest.mark.parametrize("how", ["get", "unconfirmed", "no tickets", "others"])
def test_nothing_is_refunded_without_the_page_that_asks(person, make_buyer, event, bought, how):
    _, browser = person("refund_order")
    other = buy(event, make_buyer(), seats_of(event)[5])
    match how:
        case "get":
            browser.get(page_of(bought), {"ticket": lines_of(bought, 0), "confirmed": "1", "reason": "x"})
        case "unconfirmed":
            browser.post(page_of(bought), {"ticket": lines_of(bought, 0), "reason": "x"})
        case "no tickets":
            browser.post(page_of(bought), {"confirmed": "1", "reason": "x"})
        case "others":
            browser.post(page_of(bought), {"ticket": lines_of(other, 0), "confirmed": "1", "reason": "x"})
    assert not Refund.objects.exists()


@pytest.mark.parametrize(("fee", "back_won"), [("", 88_000), ("by-terms", 88_000), ("waived", 110_000)])
def test_staff_keep_the_fee_unless_they_waive_it(person, make_event, buyer, fee, back_won):
    starts_at = timezone.now() + timedelta(days=5)
    placed = buy(make_event(starts_at=starts_at, closes_at=starts_at), buyer, seats_of(Event.objects.get())[0])
    Order.objects.update(made_at=timezone.now() - timedelta(days=2))
    _, browser = person("refund_order")

    yes(browser, placed, 0, fee=fee)

    refund = Refund.objects.get()
    assert (refund.back_won, refund.fee_won, refund.fee) == (back_won, 110_000 - back_won, fee or "by-terms")


def test_where_the_terms_give_nothing_back_the_fee_has_to_be_waived(person, make_event, buyer):
    event = make_event(**around(timezone.now() + timedelta(hours=8)))
    Event.objects.update(cancellation_terms={"steps": [[30, 0]], "free_hours": 0, "free_until_days": 0})
    event.refresh_from_db()
    placed = buy(event, buyer, seats_of(event)[0])
    _, browser = person("refund_order")

    assert "유효합니다" in browser.post(page_of(placed), {"ticket": lines_of(placed, 0)}).content.decode()
    yes(browser, placed, 0)
    assert not Refund.objects.exists()
    yes(browser, placed, 0, fee="waived")
    assert Refund.objects.get().back_won == PRICE_WON


def test_the_three_of_four_that_nobody_went_in_with_go_back_by_a_right_of_its_own(person, one_inside):
    _, box_office = person("refund_order")
    yes(box_office, one_inside, 1, 2, 3, fee="waived")
    assert (valid(one_inside), Refund.objects.count()) == (4, 0)

    _, finance = person("refund_order", "refund_after_door")
    yes(finance, one_inside, 1, 2, 3, fee="waived")

    one_inside.refresh_from_db()
    assert (one_inside.state, one_inside.kept_won) == (OrderState.PAID, PRICE_WON)
    assert Payment.objects.get(order=one_inside).owed_won == 3 * PRICE_WON
    used = Ticket.objects.get(line__order=one_inside, voided_at=None)
    assert used.used_at is not None


def test_a_used_ticket_goes_back_by_that_right_and_the_door_has_it_on_record(person, one_inside):
    clerk, browser = person("refund_order", "refund_after_door")
    yes(browser, one_inside, 0, 1, 2, 3, fee="waived")

    one_inside.refresh_from_db()
    assert (one_inside.state, valid(one_inside)) == (OrderState.CANCELLED, 0)
    ticket = one_inside.lines.first().ticket
    assert (ticket.used_at, ticket.changes.last().by, ticket.changes.last().reason) == (None, clerk, "비가 와서")


def test_the_list_gives_back_those_that_nobody_went_in_with(person, one_inside):
    _, browser = person("refund_order", "refund_after_door")
    sent = {"action": "refund", "_selected_action": [one_inside.pk], "confirmed": "1", "reason": "x", "fee": "waived"}
    browser.post(reverse("admin:events_order_changelist"), sent)
    assert (valid(one_inside), Refund.objects.get().lines.count()) == (1, 3)


@pytest.mark.parametrize(("hours", "opened"), [(5, True), (7, False), (-1, True)])
def test_once_the_door_has_opened_the_ordinary_right_is_not_enough(person, make_event, buyer, hours, opened):
    event = make_event(**around(timezone.now() + timedelta(hours=9)))
    placed = buy(event, buyer, seats_of(event)[0])
    starts_at = timezone.now() + timedelta(hours=hours)
    Event.objects.update(starts_at=starts_at, closes_at=starts_at, opens_at=starts_at - timedelta(days=1))
    _, browser = person("refund_order")

    yes(browser, placed, 0, fee="waived")

    assert Refund.objects.exists() is not opened


# Above the limit.


@pytest.fixture
def waiting(person, settings, bought) -> tuple[RefundRequest, User, Client]:
    """One has asked for more than one person gives back."""
    settings.REFUND_LIMIT_WON = 3 * PRICE_WON
    clerk, browser = person("refund_order")
    assert yes(browser, bought, 0, 1, 2, 3).status_code == 302
    return RefundRequest.objects.get(), clerk, browser


def decide(browser: Client, asked: RefundRequest, answer: str):
    return browser.post(reverse("admin:events_refundrequest_decide", args=[asked.pk]), {"answer": answer})


def test_above_the_limit_nothing_happens_before_somebody_else_confirms(person, bought, waiting):
    asked, clerk, own = waiting
    assert (valid(bought), asked.back_won, asked.by, asked.reason) == (4, 4 * PRICE_WON, clerk, "비가 와서")
    decide(own, asked, "confirm")
    assert valid(bought) == 4

    second, browser = person("refund_order")
    page = browser.get(reverse("admin:events_refundrequest_decide", args=[asked.pk])).content.decode()
    assert f"{4 * PRICE_WON:,}" in page
    assert valid(bought) == 4  # looking confirms nothing
    decide(browser, asked, "confirm")

    refund = Refund.objects.get()
    assert (refund.by, refund.confirmed_by, refund.back_won) == (clerk, second, 4 * PRICE_WON)
    asked.refresh_from_db()
    assert (asked.decision, asked.decided_by) == (Decision.CONFIRMED, second)
    assert Order.objects.get(pk=bought.pk).state == OrderState.CANCELLED
    with pytest.raises(RequestOver):
        staff_refunds.confirm_request(asked.pk, second)


def test_up_to_the_limit_one_is_enough_and_parts_of_an_order_count_together(person, settings, bought):
    settings.REFUND_LIMIT_WON = 2 * PRICE_WON
    _, browser = person("refund_order")
    yes(browser, bought, 0)
    yes(browser, bought, 1)
    assert (valid(bought), RefundRequest.objects.count()) == (2, 0)

    yes(browser, bought, 2)

    assert (valid(bought), RefundRequest.objects.count()) == (2, 1)


def test_two_pages_shown_before_either_was_sent_give_back_no_more_than_one_person_may(person, settings, bought):
    settings.REFUND_LIMIT_WON = 2 * PRICE_WON
    (clerk, _), (colleague, _) = person("refund_order"), person("refund_order")
    one, other = left_of(bought)[:2], left_of(bought)[2:]
    assert not any(staff_refunds.needs_second(lines, 2 * PRICE_WON) for lines in (one, other))

    done = staff_refunds.refund(one, by=clerk, reason="x", fee=Fee.WAIVED)
    late = staff_refunds.refund(other, by=colleague, reason="x", fee=Fee.WAIVED)

    assert (len(done.done), late.done) == (1, [])
    assert isinstance(late.refused[0][1], SumGrown)
    assert (valid(bought), Payment.objects.get(order=bought).owed_won) == (2, 2 * PRICE_WON)


def test_several_orders_at_once_count_together(person, settings, event, make_buyer):
    settings.REFUND_LIMIT_WON = 2 * PRICE_WON
    placed = [buy(event, make_buyer(), seat) for seat in seats_of(event)[:3]]
    _, browser = person("refund_order")
    sent = {"action": "refund", "_selected_action": [one.pk for one in placed], "confirmed": "1", "reason": "x"}

    browser.post(reverse("admin:events_order_changelist"), sent)
    assert not Refund.objects.exists()
    second, browser = person("refund_order")
    decide(browser, RefundRequest.objects.get(), "confirm")

    assert Refund.objects.filter(confirmed_by=second).count() == 3


@pytest.mark.parametrize("who", ["looks", "own", "gone"])
def test_who_may_not_refund_confirms_nothing(person, bought, waiting, who):
    asked, clerk, _ = waiting
    match who:
        case "looks":
            second, browser = person()
            assert decide(browser, asked, "confirm").status_code == 403
            with pytest.raises(NotAllowed):
                staff_refunds.confirm_request(asked.pk, second)
        case "own":
            with pytest.raises(SamePerson):
                staff_refunds.confirm_request(asked.pk, clerk)
            with pytest.raises(IntegrityError), transaction.atomic():
                RefundRequest.objects.update(decision=Decision.CONFIRMED, decided_by=clerk)
        case "gone":  # who asked has lost the right meanwhile
            User.objects.filter(pk=clerk.pk).update(is_active=False)
            with pytest.raises(NotAllowed):
                staff_refunds.confirm_request(asked.pk, person("refund_order")[0])
    assert valid(bought) == 4


def test_a_request_expires_and_may_be_refused_and_withdrawn(person, bought, waiting):
    asked, _, own = waiting
    second, browser = person("refund_order")
    RefundRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    decide(browser, asked, "confirm")
    assert valid(bought) == 4

    for who in (browser, own):
        RefundRequest.objects.update(
            expires_at=timezone.now() + timedelta(hours=1), decision=Decision.OPEN, decided_by=None
        )
        decide(who, asked, "refuse")
        asked.refresh_from_db()
        assert asked.decision == Decision.REFUSED
        with pytest.raises(RequestOver):
            staff_refunds.confirm_request(asked.pk, second)
    assert valid(bought) == 4


def test_what_was_given_back_meanwhile_is_not_given_back_again(person, bought, waiting, buyer):
    asked, *_ = waiting
    second, _ = person("refund_order")
    cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)

    outcome = staff_refunds.confirm_request(asked.pk, second)

    assert (outcome.done, outcome.refused) == ([], [])
    assert Payment.objects.get().owed_won == 4 * PRICE_WON


def test_nobody_confirms_less_than_is_given_back(person, bought, waiting):
    asked, *_ = waiting
    RefundRequest.objects.update(back_won=4 * PRICE_WON - 1)
    with pytest.raises(SumGrown):
        staff_refunds.confirm_request(asked.pk, person("refund_order")[0])
    assert valid(bought) == 4


def test_a_second_person_without_the_door_right_opens_no_door(person, settings, one_inside):
    settings.REFUND_LIMIT_WON = 0
    _, browser = person("refund_order", "refund_after_door")
    yes(browser, one_inside, 1, fee="waived")
    asked = RefundRequest.objects.get()

    outcome = staff_refunds.confirm_request(asked.pk, person("refund_order")[0])

    assert (outcome.done, valid(one_inside)) == ([], 4)
    assert isinstance(outcome.refused[0][1], NotAllowed)


def test_staff_cancel_an_unpaid_order_by_name_and_reason(person, event, buyer):
    placed, _ = order(event, buyer, seats_of(event)[0])
    clerk, browser = person("refund_order")
    sent = {"action": "refund", "_selected_action": [placed.pk], "confirmed": "1", "reason": "두 번 주문"}

    browser.post(reverse("admin:events_order_changelist"), sent)

    placed.refresh_from_db()
    change = placed.changes.latest("pk")
    assert (placed.state, change.why, change.by, change.note) == ("abandoned", Why.BY_STAFF, clerk, "두 번 주문")
    assert not Refund.objects.exists()


def test_the_deadline_is_asked_inside_the_lock(event, buyer, bought, monkeypatch):
    """It passes between the page and the lock: the buyer is too late, whatever the page had said."""
    real = refunding.locked_order

    def late(order_id):
        Event.objects.update(cancel_until=timezone.now() - timedelta(seconds=1))
        return real(order_id)

    monkeypatch.setattr(refunding, "locked_order", late)
    with pytest.raises(TooLate):
        refunding.cancel_tickets(bought.pk, lines_of(bought, 0), by=buyer)
