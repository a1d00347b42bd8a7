"""One place, one account: nobody buys, or is, inside by another's place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

from events.models import Event, Hold, Order, SectionPrice
from events.urls import urlpatterns
from tests.events.conftest import hold, seats_of
from waitingroom import admission, slips
from waitingroom.redis import pipe
from waitingroom.visits import room_of

pytestmark = pytest.mark.django_db(transaction=True)

JSON = {"accept": "application/json"}
PASSWORD = "winter-song-42"


@pytest.fixture
def owner(make_buyer: Callable[[], User]) -> User:
    """Who stands inside."""
    return make_buyer()


def signed_in(account: User) -> Client:
    """The account's browser, signed in as people do."""
    browser = Client()
    browser.post("/accounts/login/", {"login": account.email, "password": PASSWORD})
    return browser


def bring(thief: Client, victim: Client, event: Event, *names: str) -> Client:
    """The browser with another's cookies beside its own session."""
    for name in names or ("visitor", f"slip-{event.slug}"):
        thief.cookies[name] = victim.cookies[name].value
    return thief


def named(browser: Client) -> str | None:
    return slips.read_visitor(browser.cookies["visitor"].value)


def full(event: Event, owner: User) -> Client:
    """The owner's browser inside a room that has no place left."""
    event.room.threshold = 1
    event.room.save()
    browser = signed_in(owner)
    browser.get(f"/events/{event.slug}/")
    assert active(event) == 1
    return browser


def active(event: Event) -> int:
    return admission.status([event.slug])[0].active


def addresses(event: Event) -> list[str]:
    """Every address that the gate stands in front of, as the site's own table of addresses has them."""
    section = SectionPrice.objects.get(event=event, section__code="A").section
    known = {"slug": event.slug, "section_id": section.pk}
    found = [
        reverse(f"events:{pattern.name}", kwargs={name: known[name] for name in pattern.pattern.converters})
        for pattern in urlpatterns
        if set(pattern.pattern.converters) <= set(known)
    ]
    guarded = [address for address in found if room_of(address)]
    assert len(guarded) >= 8
    return guarded


def changes(event: Event, browser: Client, **how) -> dict[str, int]:
    """What the endpoints that change something answer, by their last words."""
    seat = seats_of(event)[0]
    base = f"/events/{event.slug}"
    return {
        "hold": browser.post(f"{base}/hold/", {"seat": seat}, **how).status_code,
        "release": browser.post(f"{base}/hold/release/", **how).status_code,
        "checkout": browser.post(f"{base}/checkout/", **how).status_code,
        "leave": browser.post(f"{base}/leave/", **how).status_code,
    }


def test_b09_another_account_with_copied_cookies_holds_orders_and_gives_up_nothing(event, owner, buyer):
    inside = full(event, owner)
    hold(event, buyer, seats_of(event)[1])  # held from a place of one's own that has run out since
    thief = signed_in(buyer)

    for path, form in [
        ("hold/", {"seat": seats_of(event)[0]}),
        ("hold/release/", {}),
        ("hold/extend/", {}),
        ("checkout/", {}),
        ("leave/", {}),
    ]:
        answer = bring(thief, inside, event).post(f"/events/{event.slug}/{path}", form, headers=JSON)
        assert (answer.status_code, answer.json()["status"]) == (403, "not-your-place"), path

    assert Hold.objects.filter(account=buyer).count() == 1
    assert not Order.objects.exists()
    assert active(event) == 1
    assert inside.get(f"/api/events/{event.slug}/").json()["status"] == "active"


def test_a_browser_with_copied_cookies_goes_on_in_its_own_name_and_waits(event, owner, buyer):
    inside = full(event, owner)
    thief = bring(signed_in(buyer), inside, event)

    refused = thief.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]})

    assert refused["Location"] == f"/events/{event.slug}/"
    assert named(thief) == f"account-{buyer.pk}"
    assert thief.get(f"/api/events/{event.slug}/").json()["status"] == "queued"
    assert not Hold.objects.exists()


@pytest.mark.parametrize("page", ["seats/", "checkout/", "seats/{section}/"])
def test_a_page_of_the_sale_is_not_shown_in_anothers_place(event, owner, buyer, page):
    inside = full(event, owner)
    path = f"/events/{event.slug}/" + page.format(section=event.plan.sections.get(code="A").pk)

    thief = bring(signed_in(buyer), inside, event)
    assert thief.get(path, headers=JSON).status_code == 403
    assert bring(thief, inside, event).get(path)["Location"] == f"/events/{event.slug}/"


def test_where_an_account_is_demanded_no_address_behind_the_gate_serves_another_or_nobody(event, owner, buyer):
    event.room.account_required = True
    inside = full(event, owner)

    for address in addresses(event):
        for stranger, status in [(signed_in(buyer), 403), (Client(), 401)]:
            for ask in (stranger.get, stranger.post):
                bring(stranger, inside, event)
                asked = ask(address, headers=JSON)
                assert asked.status_code in (status, 405), (address, asked.status_code, asked.content[:200])
                bring(stranger, inside, event)  # the answer named the browser anew
                seen = ask(address, headers={"accept": "text/html"})
                assert seen.status_code in (302, 303, 405, status), (address, seen.status_code)
    assert active(event) == 1
    assert inside.get(f"/events/{event.slug}/").status_code == 200


def test_b09_after_the_owner_signed_out_the_copied_cookies_open_nothing(event, owner, buyer):
    event.room.account_required = True
    inside = full(event, owner)
    copied = {name: inside.cookies[name].value for name in ("visitor", f"slip-{event.slug}")}
    inside.post("/accounts/logout/")

    for browser, status in [(Client(), 401), (signed_in(buyer), 401), (inside, 401)]:
        browser.cookies.load(copied)
        assert browser.get(f"/api/events/{event.slug}/").status_code == status
        browser.cookies.load(copied)
        assert set(changes(event, browser, headers=JSON).values()) <= {status, 403}
    assert not Hold.objects.exists()


def test_nobody_signed_in_gives_up_an_accounts_place(event, owner):
    inside = full(event, owner)

    answer = bring(Client(), inside, event).post(f"/events/{event.slug}/leave/", headers=JSON)

    assert answer.status_code == 401
    assert active(event) == 1


def test_signing_in_with_anothers_cookies_takes_no_place_from_that_account(event, owner, buyer):
    inside = full(event, owner)
    thief = bring(Client(), inside, event)

    thief.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})

    assert named(thief) == f"account-{buyer.pk}"
    assert thief.get(f"/api/events/{event.slug}/").json()["status"] == "queued"
    assert inside.get(f"/api/events/{event.slug}/").json()["status"] == "active"


def test_signing_in_inside_keeps_the_place_and_buys_with_it(event, buyer):
    event.room.threshold = 1
    event.room.save()
    browser = Client()
    browser.get(f"/events/{event.slug}/")

    browser.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})
    held = browser.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}, headers=JSON)

    assert held.status_code == 201
    assert Hold.objects.get().visitor == f"account-{buyer.pk}"
    assert active(event) == 1


@pytest.mark.parametrize("brings", [("visitor",), ()])
def test_a_session_beside_a_browsers_own_place_takes_it_over_without_a_detour(event, buyer, brings):
    event.room.threshold = 1
    event.room.save()
    browser = Client()
    browser.get(f"/events/{event.slug}/")
    signed = bring(Client(), browser, event, *brings)
    signed.force_login(buyer)

    held = signed.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}, headers=JSON)

    assert held.status_code == 201
    assert named(signed) == f"account-{buyer.pk}"
    assert active(event) == 1
    assert signed.post(f"/events/{event.slug}/checkout/", headers=JSON).status_code == 201


def test_b10_of_many_accounts_that_bring_one_browsers_place_one_comes_in(event, make_buyer):
    event.room.threshold = 1
    event.room.save()
    browser = Client()
    browser.get(f"/events/{event.slug}/")
    crowd = []
    for _ in range(4):
        one = bring(Client(), browser, event)
        one.force_login(make_buyer())
        crowd.append(one)
    start = Barrier(len(crowd))

    def grab(one: Client, seat: int) -> int:
        start.wait()
        try:
            return one.post(f"/events/{event.slug}/hold/", {"seat": seat}, headers=JSON).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(crowd)) as pool:
        answers = list(pool.map(grab, crowd, seats_of(event)))

    assert sorted(answers) == [201, 403, 403, 403]
    assert Hold.objects.count() == 1
    assert active(event) == 1


def test_one_account_goes_on_buying_on_two_devices(event, buyer):
    full(event, buyer)
    desk, telephone = signed_in(buyer), signed_in(buyer)
    first, second, *_ = seats_of(event)

    answers = [
        device.post(f"/events/{event.slug}/hold/", {"seat": seat}, headers=JSON).status_code
        for device, seat in [(desk, first), (telephone, second)]
    ]

    assert answers == [201, 201]
    assert telephone.get(f"/events/{event.slug}/checkout/").status_code == 200
    assert desk.get(f"/events/{event.slug}/checkout/").status_code == 409  # in turn: the last one has the place
    assert desk.post(f"/events/{event.slug}/use-here/").status_code == 303
    assert desk.get(f"/events/{event.slug}/checkout/").status_code == 200
    assert telephone.get(f"/events/{event.slug}/checkout/").status_code == 409
    assert active(event) == 1


def test_a_new_password_ends_the_other_sessions_and_not_the_place(event, buyer):
    inside = full(event, buyer)
    telephone = bring(signed_in(buyer), inside, event)

    changed = {"oldpassword": PASSWORD, "password1": "spring-rain-17", "password2": "spring-rain-17"}
    assert inside.post(reverse("account_change_password"), changed).status_code == 302

    seat = {"seat": seats_of(event)[0]}
    assert telephone.post(f"/events/{event.slug}/hold/", seat, headers=JSON).status_code == 403  # nobody, to the gate
    assert inside.post(f"/events/{event.slug}/hold/", seat, headers=JSON).status_code == 201


def test_an_account_demanded_of_those_inside_costs_them_a_sign_in_and_no_place(event, buyer):
    event.room.threshold = 1
    event.room.save()
    browser = Client()
    browser.get(f"/events/{event.slug}/")
    event.room.account_required = True
    event.room.save()

    sent = browser.get(f"/events/{event.slug}/seats/")
    assert sent["Location"].startswith("/accounts/login/")
    back = browser.post(sent["Location"], {"login": buyer.email, "password": PASSWORD})

    assert browser.get(back["Location"]).status_code == 200
    assert browser.get(f"/api/events/{event.slug}/").json()["status"] == "active"
    assert active(event) == 1


def test_a_newcomer_who_is_signed_in_is_named_once_by_gate_and_site_together(event, buyer):
    from tiketi.asgi import application

    browser = Client()
    browser.force_login(buyer)
    scope = {
        "type": "http",
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": f"/events/{event.slug}/seats/",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode())],
    }

    async def ask() -> Any:
        try:
            web = ApplicationCommunicator(application, scope)
            await web.send_input({"type": "http.request"})
            return await web.receive_output(10)
        finally:
            await pipe().close()

    answer = async_to_sync(ask)()

    names = [
        value for name, value in answer["headers"] if name.lower() == b"set-cookie" and value.startswith(b"visitor=")
    ]
    assert answer["status"] == 200
    assert [value.split(b";")[0].split(b"=")[1].rpartition(b".")[0].decode() for value in names] == [
        f"account-{buyer.pk}"
    ]
    assert active(event) == 1


def test_while_redis_is_away_nobody_holds_in_a_browsers_place(event, buyer, monkeypatch):
    from waitingroom.errors import LineUnavailable

    browser = Client()
    browser.get(f"/events/{event.slug}/")
    browser.force_login(buyer)

    def away(*args):
        raise LineUnavailable

    monkeypatch.setattr(admission, "take_over", away)
    answer = browser.post(f"/events/{event.slug}/hold/", {"seat": seats_of(event)[0]}, headers=JSON)

    assert answer.status_code == 403
    assert not Hold.objects.exists()
