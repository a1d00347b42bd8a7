"""Buying through the pages, as browsers and programs do."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from events.models import Hold, Occupancy, Order
from tests.events.conftest import hold, order, run_out, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}


@pytest.fixture
def inside(browser, event):
    """The buyer's browser, admitted to the event."""
    browser.get(f"/events/{event.slug}/")
    return browser


def test_the_whole_way_from_the_map_to_the_ticket(inside, event, buyer):
    first, second, *_ = seats_of(event)
    section = event.plan.sections.get(code="A")
    assert f"/seats/{section.pk}/" in inside.get(f"/events/{event.slug}/seats/").content.decode()
    assert f'data-seat="{first}"' in inside.get(f"/events/{event.slug}/seats/{section.pk}/").content.decode()

    held = inside.post(f"/events/{event.slug}/hold/", {"seat": [first, second], "from": section.pk})
    assert held["Location"] == f"/events/{event.slug}/checkout/"
    assert "220,000원" in inside.get(held["Location"]).content.decode()

    paying = inside.post(f"/events/{event.slug}/checkout/")
    assert "/payments/sandbox/" in paying["Location"]
    paid = inside.post(paying["Location"], {"outcome": "succeed"})

    order = Order.objects.get(event=event)
    assert paid["Location"] == f"/orders/{order.number}/"
    assert inside.get(paid["Location"]).status_code == 200
    assert inside.get(f"/orders/{order.number}/tickets/").content.decode().count('class="ticket"') == 2


def test_programs_get_plain_answers(inside, event, make_buyer):
    first, second, *_ = seats_of(event)
    hold(event, make_buyer(), second)

    lost = inside.post(f"/events/{event.slug}/hold/", {"seat": [first, second]}, headers=JSON)
    held = inside.post(f"/events/{event.slug}/hold/", {"seat": [first]}, headers=JSON)
    paying = inside.post(f"/events/{event.slug}/checkout/", headers=JSON)
    paid = inside.post(paying.json()["pay"], {"outcome": "succeed"}, headers=JSON)

    assert (lost.status_code, lost.json()["status"], len(lost.json()["seats"])) == (409, "taken", 1)
    assert (held.status_code, [seat["id"] for seat in held.json()["seats"]]) == (201, [first])
    assert (paying.status_code, paying.json()["totalWon"]) == (201, 110_000)
    assert paid.json() == {"status": "received", "order": paying.json()["order"]}


@pytest.mark.parametrize(
    "pick",
    [
        {},
        {"seat": ""},
        {"seat": "-1"},
        {"seat": "1.5"},
        {"seat": "1e3"},
        {"seat": "0x10"},
        {"seat": "١"},
        {"seat": "99999999999999999999"},
        {"seat": "9223372036854775807"},
        {"seat": "1 OR 1=1"},
        {"seat": [str(n) for n in range(1000)]},
        {"area-x": "1"},
        {"area-{S}": "-1"},
        {"area-{S}": "0"},
        {"area-{S}": ["1", "1"]},
        {"area-99999999": "1"},
    ],
)
def test_b16_a_senseless_pick_is_refused_and_holds_nothing(inside, event, pick):
    standing = event.plan.sections.get(code="S")
    pick = {name.format(S=standing.pk): value for name, value in pick.items()}
    answer = inside.post(f"/events/{event.slug}/hold/", pick, headers=JSON)

    assert (answer.status_code, answer.json()["status"]) == (400, "bad-pick")
    assert not Hold.objects.filter(event=event).exists()


def test_b17_the_same_seat_twice_in_one_request_is_refused(inside, event):
    first, *_ = seats_of(event)

    answer = inside.post(f"/events/{event.slug}/hold/", {"seat": [first, first]}, headers=JSON)

    assert answer.status_code == 400
    assert not Occupancy.objects.filter(event=event).exists()


@pytest.mark.parametrize("count", ["5", "999999"])
def test_more_seats_than_the_limit_are_refused(inside, event, count):
    section = event.plan.sections.get(code="S")

    answer = inside.post(f"/events/{event.slug}/hold/", {f"area-{section.pk}": count}, headers=JSON)

    assert answer.json()["status"] == "too-many"
    assert not Occupancy.objects.filter(event=event).exists()


def test_b18_a_price_sent_along_is_nobodys_price(inside, event):
    first, *_ = seats_of(event)
    inside.post(f"/events/{event.slug}/hold/", {"seat": first, "price": "1", "price_won": "1"})

    inside.post(f"/events/{event.slug}/checkout/", {"total_won": "1", "amount_won": "-5"})

    assert Order.objects.get(event=event).total_won == 110_000


def test_a_loser_is_told_who_lost_what_on_the_page(inside, event, make_buyer):
    first, *_ = seats_of(event)
    section = event.plan.sections.get(code="A")
    hold(event, make_buyer(), first)

    page = inside.post(f"/events/{event.slug}/hold/", {"seat": first, "from": section.pk}, follow=True)

    assert page.redirect_chain[-1][0] == f"/events/{event.slug}/seats/{section.pk}/"
    assert 'class="notice notice-error"' in page.content.decode()


def test_paying_for_an_expired_hold_is_refused_plainly(inside, event, buyer):
    run_out(hold(event, buyer, seats_of(event)[0]))

    answer = inside.post(f"/events/{event.slug}/checkout/", headers=JSON)

    assert (answer.status_code, answer.json()["status"]) == (410, "hold-expired")
    assert not Order.objects.filter(event=event).exists()


def test_giving_seats_back_keeps_the_place_inside(inside, event, buyer):
    from waitingroom import admission

    hold(event, buyer, seats_of(event)[0])

    inside.post(f"/events/{event.slug}/hold/release/")

    assert not Hold.objects.filter(event=event).exists()
    assert admission.status([event.slug])[0].active == 1


def test_who_was_not_admitted_holds_nothing(browser, event):
    answer = browser.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}, headers=JSON)

    assert answer.status_code == 403
    assert not Hold.objects.filter(event=event).exists()


@pytest.mark.parametrize("path", ["//events/{}/hold/", "/Events/{}/hold/", "/events/./{}/hold/", "/events/{}/hold"])
def test_b13_no_spelling_of_the_address_gets_past_the_gate(browser, event, path):
    answer = browser.post(path.format(event.slug), {"seat": seats_of(event)[0]}, headers=JSON)

    assert answer.status_code in (403, 404)
    assert not Hold.objects.filter(event=event).exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "options"])
def test_holding_is_a_post_and_nothing_else(inside, event, method):
    answer = getattr(inside, method)(f"/events/{event.slug}/hold/", headers={"x-http-method-override": "POST"})

    assert answer.status_code == 405
    assert not Hold.objects.filter(event=event).exists()


def test_without_an_account_a_program_is_told_to_sign_in_and_a_browser_is_sent_there(client, event):
    client.get(f"/events/{event.slug}/")

    asked = client.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}, headers=JSON)
    sent = client.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]})

    assert (asked.status_code, asked.json()["status"]) == (401, "sign-in")
    assert sent["Location"] == f"/accounts/login/?next=/events/{event.slug}/"


def test_b15_without_the_csrf_token_nothing_is_held(event, buyer):
    from django.test import Client

    browser = Client(enforce_csrf_checks=True)
    browser.force_login(buyer)
    browser.get(f"/events/{event.slug}/")

    assert browser.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}).status_code == 403
    assert not Hold.objects.filter(event=event).exists()


def test_b15_a_json_body_is_no_form(inside, event):
    body = f'{{"seat": {seats_of(event)[0]}}}'

    answer = inside.post(f"/events/{event.slug}/hold/", body, content_type="text/plain", headers=JSON)

    assert answer.status_code == 400


@pytest.mark.parametrize("section", ["0", "99999999", "9223372036854775808", "-1", "x"])
def test_an_unknown_section_is_not_found(inside, event, section):
    assert inside.get(f"/events/{event.slug}/seats/{section}/").status_code == 404
    assert inside.get(f"/events/{event.slug}/seats/state/?section={section}").status_code == 404


def test_a_section_of_another_event_is_not_found(inside, event, make_event):
    other = make_event().plan.sections.get(code="A")

    assert inside.get(f"/events/{event.slug}/seats/{other.pk}/").status_code == 404


def test_an_event_whose_seats_are_not_released_says_so(browser, make_event):
    event = make_event()
    event.section_prices.all().delete()

    answer = browser.get(f"/events/{event.slug}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "입장하셨습니다. 아직 좌석이 공개되지 않았으니" in page
    assert f"/events/{event.slug}/seats/" not in page


def test_before_the_opening_the_page_offers_no_seats(browser, make_event):
    event = make_event(opens_at=timezone.now() + timedelta(hours=1))

    answer = browser.get(f"/events/{event.slug}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert event.title in page
    assert f"{timezone.localtime(event.opens_at):%H:%M}" in page
    assert f"/events/{event.slug}/seats/" not in page


def test_one_seat_of_several_is_given_back_at_the_checkout_and_the_others_stay(inside, event, buyer, make_buyer):
    first, second, third, *_ = seats_of(event)
    held = hold(event, buyer, first, second, third)
    page = inside.get(f"/events/{event.slug}/checkout/").content.decode()
    assert page.count('name="seat"') == 3

    answer = inside.post(f"/events/{event.slug}/hold/drop/", {"seat": second})

    assert answer["Location"] == f"/events/{event.slug}/checkout/"
    assert set(held.occupancies.values_list("seat", flat=True)) == {first, third}
    held.refresh_from_db()
    assert Hold.objects.get(event=event).expires_at == held.expires_at
    hold(event, make_buyer(), second)
    assert "220,000원" in inside.get(f"/events/{event.slug}/checkout/").content.decode()


def test_with_the_last_seat_the_hold_ends_and_the_place_inside_is_kept(inside, event, buyer):
    from waitingroom import admission

    seat, *_ = seats_of(event)
    hold(event, buyer, seat)

    answer = inside.post(f"/events/{event.slug}/hold/drop/", {"seat": seat}, headers=JSON)

    assert answer.json() == {"status": "released"}
    assert not Hold.objects.filter(event=event).exists()
    assert admission.status([event.slug])[0].active == 1


@pytest.mark.parametrize("sent", [{}, {"seat": "x"}, {"seat": "99999999"}, {"seat": ["{0}", "{1}"]}, {"area-1": "1"}])
def test_giving_back_what_is_not_held_changes_nothing(inside, event, buyer, make_buyer, sent):
    mine, other, *_ = seats_of(event)
    hold(event, buyer, mine)
    hold(event, make_buyer(), other)
    if isinstance(sent.get("seat"), list):
        sent = {"seat": [mine, other]}

    for pick in (sent, {"seat": other}):
        answer = inside.post(f"/events/{event.slug}/hold/drop/", pick, headers=JSON)
        assert (answer.status_code, answer.json()["status"]) == (400, "bad-pick")

    assert Occupancy.objects.filter(event=event).count() == 2


def test_of_an_order_that_waits_for_its_payment_no_seat_is_given_back(inside, event, buyer):
    first, second, *_ = seats_of(event)
    order(event, buyer, first, second)

    answer = inside.post(f"/events/{event.slug}/hold/drop/", {"seat": first}, headers=JSON)

    assert (answer.status_code, answer.json()["status"]) == (409, "order-pending")
    assert Occupancy.objects.filter(event=event).count() == 2
    assert 'name="seat"' not in inside.get(f"/events/{event.slug}/checkout/").content.decode()


def test_the_checkout_asks_for_nothing_that_a_ticket_on_a_telephone_does_not_need(inside, event, buyer):
    """No telephone number and no address: letters reach the account, and nothing is delivered."""
    seat, *_ = seats_of(event)
    hold(event, buyer, seat)

    page = inside.get(f"/events/{event.slug}/checkout/").content.decode()

    (form,) = re.findall(r'<form[^>]*class="pay".*?</form>', page, re.DOTALL)
    assert set(re.findall(r'name="([^"]+)"', form)) <= {"csrfmiddlewaretoken", "agreed_won", "provider"}
