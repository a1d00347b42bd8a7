"""What cancelling costs: by whole days at the place of the event, as agreed to when ordering, and said beforehand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from events import tasks
from events.exports.sales import sales_of
from events.models import Event, Order, OrderState, Payment, PaymentState, Refund, Ticket, Why
from events.sale.calling_off import call_off
from events.sale.orders import cancel_order
from events.sale.refunding import cancel_tickets
from events.sale.refusals import FeeChanged, TooLate
from events.sale.terms import KOREAN, NO_FEE, Terms, check_terms, read_terms
from tests.events.conftest import buy, order, seats_of
from tests.events.test_event_admin import form_of, save

SEOUL = ZoneInfo("Asia/Seoul")
START = datetime(2027, 3, 20, 19, 30, tzinfo=SEOUL)
LONG_AGO = START - timedelta(days=60)


def percent_at(now: datetime, terms: Terms = KOREAN, ordered_at: datetime = LONG_AGO, zone=SEOUL) -> int | None:
    return terms.percent(now=now, ordered_at=ordered_at, starts_at=START, zone=zone)


@pytest.mark.parametrize(
    ("days", "percent"),
    [(60, 0), (10, 0), (9, 10), (7, 10), (6, 20), (3, 20), (2, 30), (1, 30), (0, None)],
)
@pytest.mark.parametrize("hour", [0, 12, 23])
def test_the_korean_table_counts_dates_and_not_hours(days, percent, hour):
    now = (START - timedelta(days=days)).replace(hour=hour, minute=59 if hour else 0)
    assert percent_at(now) == (percent if now < START else None)


def test_a_day_ends_at_midnight_where_the_event_is():
    last_free = datetime(2027, 3, 10, 23, 59, 59, tzinfo=SEOUL)
    assert (percent_at(last_free), percent_at(last_free + timedelta(seconds=1))) == (0, 10)
    # The same instants, in a hall of Los Angeles: the date is still the one before.
    there = ZoneInfo("America/Los_Angeles")
    assert percent_at(last_free + timedelta(seconds=1), zone=there) == 0
    late = datetime(2027, 3, 20, 0, 30, tzinfo=SEOUL)
    assert (percent_at(late), percent_at(late, zone=there)) == (None, 30)


@pytest.mark.parametrize(
    ("days", "hours_since", "percent"),
    [(3, 23.9, 0), (3, 24, 20), (8, 1, 0), (2, 1, 30), (1, 1, 30), (0, 1, None)],
)
def test_within_a_day_of_ordering_there_is_no_fee_until_three_days_before(days, hours_since, percent):
    now = START - timedelta(days=days, hours=1)
    assert percent_at(now, ordered_at=now - timedelta(hours=hours_since)) == percent


def test_over_the_change_of_clocks_a_day_is_still_a_date():
    there = ZoneInfo("America/New_York")
    start = datetime(2027, 3, 14, 20, 0, tzinfo=there)  # at two in the morning of that day clocks go forward
    terms = Terms(steps=((1, 0),))
    for now, percent in (
        (datetime(2027, 3, 13, 23, 59, tzinfo=there), 0),
        (datetime(2027, 3, 14, 0, 0, tzinfo=there), None),
    ):
        assert terms.percent(now=now, ordered_at=start - timedelta(days=30), starts_at=start, zone=there) == percent
    assert terms.until(ordered_at=start, starts_at=start, zone=there) == datetime(2027, 3, 14, 0, 0, tzinfo=there)


@pytest.mark.parametrize("terms", [KOREAN, NO_FEE, Terms(steps=()), Terms(((5, 50),), 48, 1), Terms(((1, 5),), 24, 9)])
@pytest.mark.parametrize("age_h", [0, 30])
def test_cancelling_ends_when_the_page_says(terms, age_h):
    for days in range(12):
        ordered_at = START - timedelta(days=days, hours=age_h)
        until = terms.until(ordered_at=ordered_at, starts_at=START, zone=SEOUL)
        for hours in range(24 * 12):
            now = ordered_at + timedelta(hours=hours)
            if terms.percent(now=now, ordered_at=ordered_at, starts_at=START, zone=SEOUL) is not None:
                assert until is not None
                assert now < until
        if until is not None and until > ordered_at:
            just_before = until - timedelta(microseconds=1)
            assert terms.percent(now=just_before, ordered_at=ordered_at, starts_at=START, zone=SEOUL) is not None


@pytest.mark.parametrize(
    "kept",
    [
        {"steps": [[7, 10], [10, 0]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[7, 10], [7, 20]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[7, 101]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[7, -1]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[-1, 10]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[7, 10.5]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[True, 10]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[366, 10]], "free_hours": 0, "free_until_days": 0},
        {"steps": [[30 - i, 1] for i in range(21)], "free_hours": 0, "free_until_days": 0},
        {"steps": [[7]], "free_hours": 0, "free_until_days": 0},
        {"steps": "abc", "free_hours": 0, "free_until_days": 0},
        {"steps": [[7, 10]], "free_hours": -1, "free_until_days": 0},
        {"steps": [[7, 10]], "free_hours": 24},
        {},
        [],
        "x",
    ],
    ids=str,
)
def test_what_is_no_table_is_refused(kept):
    with pytest.raises(ValidationError):
        check_terms(kept)


# From here on with rows.


@pytest.fixture
def late_order(db, make_event, buyer) -> Order:
    """Three tickets, bought two days ago, of an event in five days: a fifth is kept."""
    starts_at = timezone.now() + timedelta(days=5)
    event = make_event(starts_at=starts_at, closes_at=starts_at, cancel_until=starts_at)
    bought = buy(event, buyer, *seats_of(event)[:3])
    Order.objects.filter(pk=bought.pk).update(made_at=timezone.now() - timedelta(days=2))
    bought.refresh_from_db()
    return bought


@pytest.mark.django_db(transaction=True)
def test_the_fee_is_kept_and_the_rest_goes_back(late_order, buyer, browser):
    page = browser.get(reverse("events:ask-to-cancel", args=[late_order.number]))
    assert page.context["quote"].back_won == 264_000
    for amount in ("330,000", "66,000", "264,000"):
        assert amount in page.content.decode()

    answer = browser.post(reverse("events:cancel", args=[late_order.number]), {"agreed": "264000"})
    tasks.settle()

    assert answer.status_code == 302
    payment, refund = Payment.objects.get(), Refund.objects.get()
    assert (payment.state, payment.owed_won, payment.refunded_won) == (PaymentState.REFUNDED, 264_000, 264_000)
    assert (refund.back_won, refund.fee_won) == (264_000, 66_000)
    shown = browser.get(late_order.get_absolute_url()).content.decode()
    assert "264,000" in shown
    assert "66,000" in shown
    sales = sales_of(late_order.event)
    assert (sales.won, sales.fees_won, sales.refunded_won) == (0, 66_000, 264_000)


@pytest.mark.django_db(transaction=True)
def test_some_tickets_are_chosen_on_the_page_and_cost_their_own_fee(late_order, browser):
    line = late_order.lines.order_by("seat").first()
    address = reverse("events:ask-to-cancel", args=[late_order.number])
    page = browser.get(address, {"ticket": line.pk})
    assert [found for found, _fee in page.context["quote"].lines] == [line]
    assert "88,000" in page.content.decode()

    browser.post(reverse("events:cancel", args=[late_order.number]), {"ticket": line.pk, "agreed": "88000"})

    late_order.refresh_from_db()
    assert late_order.state == OrderState.PAID
    assert Ticket.objects.filter(line__order=late_order, voided_at=None).count() == 2
    assert Payment.objects.get().owed_won == 88_000
    listed = browser.get(reverse("events:orders")).content.decode()
    assert "220,000" in listed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("agreed", [None, "", "330000", "0", "x", "-264000"])
def test_a_fee_that_nobody_agreed_to_is_asked_about_first(late_order, browser, agreed):
    sent = {} if agreed is None else {"agreed": agreed}
    address = reverse("events:cancel", args=[late_order.number])

    answer = browser.post(address, sent)
    assert answer["location"] == reverse("events:ask-to-cancel", args=[late_order.number])
    answer = browser.post(address, sent, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (409, "fee-changed")

    assert not Refund.objects.exists()
    late_order.refresh_from_db()
    assert late_order.state == OrderState.PAID


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("named", ["", "x", "-1", "٣", "9" * 30, "0"])
def test_what_is_no_ticket_of_the_order_is_refused_on_both_pages(late_order, browser, named):
    for address, send in (("ask-to-cancel", browser.get), ("cancel", browser.post)):
        answer = send(reverse(f"events:{address}", args=[late_order.number]), {"ticket": named, "agreed": "264000"})
        assert answer["location"] == late_order.get_absolute_url()
    assert not Refund.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_order_keeps_the_terms_it_was_made_with(late_order, buyer):
    Event.objects.update(cancellation_terms=Terms(((0, 90),)).as_json())
    assert Order.objects.get(pk=late_order.pk).fee_percent() == 20

    with pytest.raises(FeeChanged):
        cancel_tickets(late_order.pk, [late_order.lines.first().pk], by=buyer, agreed_won=11_000)


@pytest.mark.django_db(transaction=True)
def test_where_the_terms_end_the_buyer_is_too_late_and_the_date_of_the_event_decides(late_order, buyer):
    # An hour ahead may be tomorrow: by these terms nobody cancels then, either.
    Order.objects.update(cancellation_terms=Terms(((2, 30),)).as_json())
    Event.objects.update(starts_at=timezone.now() + timedelta(hours=1), closes_at=timezone.now(), cancel_until=None)
    event = late_order.event
    event.refresh_from_db()
    Event.objects.update(cancel_until=event.starts_at)
    late_order = Order.objects.get(pk=late_order.pk)

    assert not late_order.may_be_cancelled()
    with pytest.raises(TooLate):
        cancel_order(late_order.pk, by=buyer, why=Why.BY_BUYER)


@pytest.mark.django_db(transaction=True)
def test_a_show_that_is_called_off_costs_its_buyers_nothing(late_order, buyer, browser):
    Event.objects.update(cancel_until=None)
    call_off(late_order.event_id, by=buyer)

    assert "330,000" in browser.get(reverse("events:ask-to-cancel", args=[late_order.number])).content.decode()
    browser.post(reverse("events:cancel", args=[late_order.number]))

    assert Payment.objects.get().owed_won == 330_000


@pytest.mark.django_db(transaction=True)
def test_an_order_of_before_there_were_terms_has_no_fee(late_order, buyer):
    Order.objects.update(cancellation_terms=None)
    cancel_order(late_order.pk, by=buyer, why=Why.BY_BUYER)
    assert Payment.objects.get().owed_won == 330_000


@pytest.mark.django_db(transaction=True)
def test_an_unpaid_order_is_given_up_whatever_the_terms_say(make_event, buyer, browser):
    starts_at = timezone.now() + timedelta(hours=2)
    event = make_event(starts_at=starts_at, closes_at=starts_at, cancel_until=None)
    placed, _payment = order(event, buyer, seats_of(event)[0])

    assert browser.get(reverse("events:ask-to-cancel", args=[placed.number])).status_code == 200
    browser.post(reverse("events:cancel", args=[placed.number]), {"agreed": "110000"})

    assert Order.objects.get(pk=placed.pk).state == OrderState.ABANDONED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("language", "words"), [("ko", "공연 9~7일 전"), ("en", "9 to 7 days before")])
def test_the_fees_are_shown_before_buying_at_cancelling_and_in_the_order(
    make_event, buyer, browser, client, language, words
):
    event = make_event()
    headers = {"accept-language": language}
    bought = buy(event, buyer, seats_of(event)[0])
    pages = [event.get_absolute_url(), bought.get_absolute_url(), reverse("events:ask-to-cancel", args=[bought.number])]
    browser.get(event.get_absolute_url())
    browser.post(reverse("events:hold", args=[event.slug]), {"seat": seats_of(event)[1]})
    pages.append(reverse("events:checkout", args=[event.slug]))

    for page in pages:
        text = browser.get(page, headers=headers).content.decode()
        assert escape(words) in text, page
        assert "30%" in text


@pytest.mark.django_db(transaction=True)
class TestTheForm:
    """What staff may make of them."""

    def test_begins_with_the_korean_table_and_saves_it_unchanged(self, admin_client, event):
        shown = form_of(admin_client, event)
        assert shown["fee_steps"].split() == ["10:", "0", "7:", "10", "3:", "20", "1:", "30"]
        assert save(admin_client, event).status_code == 302
        event.refresh_from_db()
        assert event.terms == KOREAN

    def test_takes_another_and_keeps_both_in_the_history(self, admin_client, event):
        answer = save(admin_client, event, fee_steps="30 : 0\n\n5,15%\n0 90", free_hours="48", free_until_days="7")
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        event.refresh_from_db()
        assert event.terms == Terms(((30, 0), (5, 15), (0, 90)), 48, 7)
        kept = [read_terms(row.cancellation_terms) for row in event.history.order_by("history_id")]
        assert (kept[0], kept[-1]) == (KOREAN, event.terms)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"fee_steps": "7: 10\n10: 0"},
            {"fee_steps": "7: 10\n7: 20"},
            {"fee_steps": "7: 101"},
            {"fee_steps": "7: -1"},
            {"fee_steps": "7: 10.5"},
            {"fee_steps": "=7: 10"},
            {"fee_steps": "٧: ١٠"},
            {"fee_steps": "days before: nothing"},
            {"free_hours": "-1"},
            {"free_hours": "999"},
            {"free_until_days": "1e3"},
        ],
        ids=str,
    )
    def test_refuses_nonsense_at_the_field_and_saves_nothing(self, admin_client, event, wrong):
        answer = save(admin_client, event, title_ko="다른 제목", **wrong)
        assert answer.status_code == 200
        assert wrong.keys() & answer.context["adminform"].form.errors.keys()
        event.refresh_from_db()
        assert (event.title_ko, event.terms) == ("한밤의 연주회", KOREAN)

    def test_of_before_there_were_fields_leaves_them(self, admin_client, event):
        sent = form_of(admin_client, event)
        sent = {
            name: value for name, value in sent.items() if name not in ("fee_steps", "free_hours", "free_until_days")
        }
        address = reverse("admin:events_event_change", args=[event.pk])
        assert admin_client.post(address, sent).status_code == 302
        event.refresh_from_db()
        assert event.terms == KOREAN


@pytest.mark.django_db(transaction=True)
def test_the_day_begins_at_the_venues_midnight_and_not_at_the_sites(late_order):
    """Three days before there, four in Seoul."""
    event = late_order.event
    event.venue.time_zone = "America/Los_Angeles"
    event.venue.save()
    there = ZoneInfo("America/Los_Angeles")
    start = datetime(2027, 6, 20, 19, 0, tzinfo=there)  # the 21st in Seoul
    Event.objects.update(starts_at=start, closes_at=start, cancel_until=start)
    found = Order.objects.select_related("event__venue").get(pk=late_order.pk)

    last = datetime(2027, 6, 17, 23, 59, tzinfo=there)
    assert (found.fee_percent(last), found.fee_percent(last + timedelta(minutes=1))) == (20, 30)
    assert found.cancelling_ends() == datetime(2027, 6, 20, 0, 0, tzinfo=there)
