"""What is stored of a buyer comes out on request, and goes when they go; what the law keeps, names nobody."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events import tasks
from events.models import (
    Decision,
    Event,
    EventStaff,
    Hold,
    Occupancy,
    OrderState,
    PaymentState,
    RefundRequest,
    Role,
    Ticket,
    Why,
)
from events.payments.provider import Standing, Statement
from events.payments.settlement import settle
from events.privacy.erasure import HasTickets, IsStaff, erase
from events.privacy.stored import stored_of
from events.sale.calling_off import call_off
from events.sale.orders import cancel_order
from tests.events.conftest import buy, hold, order, seats_of
from tests.events.factors import App
from tiketi.models import OutboxMail
from waitingroom import admission

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "winter-song-42"


def known_by(account: User) -> list[str]:
    """What would tell who it is."""
    return [account.email, account.username, "Hong Gildong", "kakao-4711"]


def rows_that_hold(words: list[str]) -> list[str]:
    """Every row of every table in which one of the words stands."""
    return [
        f"{model._meta.label}: {row}"
        for model in apps.get_models()
        if model._meta.managed
        for row in model._default_manager.values()
        if any(word.lower() in json.dumps(row, default=repr, ensure_ascii=False).lower() for word in words)
    ]


def let_it_be_over(event: Event) -> None:
    """The show was yesterday."""
    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(
        opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=2), starts_at=now - timedelta(days=1)
    )


@pytest.fixture
def known(buyer, browser, event, settings):
    """The buyer as the site knows them after a while: in every table that can."""
    settings.EMAIL_BACKEND = "tiketi.outbox.Outbox"
    User.objects.filter(pk=buyer.pk).update(first_name="Hong Gildong")
    EmailAddress.objects.create(user=buyer, email=buyer.email, verified=True, primary=True)
    SocialAccount.objects.create(user=buyer, provider="kakao", uid="kakao-4711", extra_data={"n": "Hong Gildong"})
    for _ in range(2):
        Client().post("/accounts/login/", {"login": buyer.email, "password": "wrong"})
    send_mail("Hello", "You.", None, [buyer.email])
    buyer.refresh_from_db()
    return buyer


def test_without_a_purchase_nothing_at_all_is_left(known, browser, event, make_buyer):
    browser.get(event.get_absolute_url())
    hold(event, known, seats_of(event)[0])
    words = known_by(known)
    assert len(rows_that_hold(words)) >= 5

    answer = browser.post(reverse("account_delete"), {"password": PASSWORD})

    assert answer["Location"] == "/"
    assert not User.objects.filter(pk=known.pk).exists()
    assert rows_that_hold(words) == []
    assert not Hold.objects.filter(event=event).exists()


def test_what_failed_in_a_browser_of_their_own_is_forgotten_too(buyer):
    own = Client()  # it counts under a name of its own
    for password in (PASSWORD, "wrong", PASSWORD):
        own.post("/accounts/login/", {"login": buyer.email, "password": password})
        if password == PASSWORD:
            assert own.session.get("_auth_user_id") == str(buyer.pk)
            own.post("/accounts/logout/")
    assert "127.0.0.1" in str(stored_of(buyer)["failedSignIns"])

    erase(buyer.pk)

    assert rows_that_hold([buyer.email]) == []


def test_purchases_that_the_law_keeps_stay_and_name_nobody(known, browser, event):
    App(known)
    bought = buy(event, known, *seats_of(event)[:2])
    tasks.send_mail()
    let_it_be_over(event)
    words = known_by(known)

    browser.post(reverse("account_delete"), {"password": PASSWORD})

    assert not Authenticator.objects.exists()
    assert rows_that_hold(words) == []
    bought.refresh_from_db()
    assert (bought.state, bought.total_won, bought.visitor) == (OrderState.PAID, 220_000, "")
    assert bought.payments.get().state == PaymentState.RECEIVED
    assert Ticket.objects.filter(line__order=bought).count() == 2
    nobody = bought.account
    assert (nobody.is_active, nobody.email, nobody.has_usable_password()) == (False, "", False)


def test_they_are_signed_out_everywhere_and_sign_in_no_more(known, browser, event):
    elsewhere = Client()
    elsewhere.force_login(known, backend="events.accounts.sign_in.SignInBackend")
    buy(event, known, seats_of(event)[0])
    let_it_be_over(event)
    assert elsewhere.get("/orders/").status_code == 200

    browser.post(reverse("account_delete"), {"password": PASSWORD})

    for client in (browser, elsewhere):
        assert client.get("/orders/").status_code == 302
    again = Client()
    again.post("/accounts/login/", {"login": known.email, "password": PASSWORD})
    assert again.get("/orders/").status_code == 302


def test_the_address_is_free_for_a_new_account_afterwards(known, browser):
    browser.post(reverse("account_delete"), {"password": PASSWORD})

    answer = Client().post("/accounts/signup/", {"email": known.email, "password1": "autumn-leaf-77"})

    assert answer.status_code == 302
    assert User.objects.filter(email=known.email).count() == 1


def test_the_place_in_line_goes_to_the_next(known, browser, event, make_buyer):
    event.room.threshold = 1
    event.room.save()
    browser.logout()
    browser.post("/accounts/login/", {"login": known.email, "password": PASSWORD})
    browser.get(event.get_absolute_url())
    waiting = Client()
    waiting.force_login(make_buyer())
    waiting.get(event.get_absolute_url())
    assert [(s.active, s.waiting) for s in admission.status([event.slug])] == [(1, 1)]

    browser.post(reverse("account_delete"), {"password": PASSWORD})

    assert admission.status([event.slug])[0].active == 0


def test_tickets_of_shows_to_come_stand_in_the_way_and_are_named(known, browser, event):
    bought = buy(event, known, seats_of(event)[0])

    page = browser.get(reverse("account_delete")).content.decode()
    browser.post(reverse("account_delete"), {"password": PASSWORD})

    assert bought.get_absolute_url() in page
    assert 'name="password"' not in page
    known.refresh_from_db()
    assert known.is_active
    assert Occupancy.objects.filter(order=bought).count() == 1
    with pytest.raises(HasTickets):
        erase(known.pk)


@pytest.mark.parametrize("how", ["cancelled", "called off", "used"])
def test_tickets_that_open_no_door_any_more_do_not_stand_in_the_way(known, event, how):
    bought = buy(event, known, seats_of(event)[0])
    if how == "cancelled":
        cancel_order(bought.pk, by=known, why=Why.BY_BUYER)
    elif how == "called off":
        Event.objects.filter(pk=event.pk).update(called_off_at=timezone.now())
    else:
        Ticket.objects.update(used_at=timezone.now())

    erase(known.pk)

    assert not User.objects.get(pk=known.pk).is_active


def test_money_that_is_due_back_goes_back_to_who_is_no_more(known, event):
    bought = buy(event, known, seats_of(event)[0])
    cancel_order(bought.pk, by=known, why=Why.BY_BUYER)

    erase(known.pk)
    tasks.settle()

    assert bought.payments.get().state == PaymentState.REFUNDED


def test_who_pays_while_being_forgotten_gets_the_money_back(known, event):
    placed, payment = order(event, known, seats_of(event)[0])

    erase(known.pk)
    settle(payment, Statement(Standing.RECEIVED, payment.amount_won))
    tasks.settle()

    placed.refresh_from_db()
    payment.refresh_from_db()
    assert (placed.state, payment.state) == (OrderState.ABANDONED, PaymentState.REFUNDED)
    assert not Occupancy.objects.filter(event=event).exists()


def test_without_the_password_nothing_is_deleted(known, browser):
    for sent in ({}, {"password": "wrong"}, {"email": known.email}):
        browser.post(reverse("account_delete"), sent)

    known.refresh_from_db()
    assert known.is_active
    assert browser.get("/orders/").status_code == 200


def test_who_has_no_password_types_the_address(known, browser):
    known.set_unusable_password()
    known.save()
    browser.force_login(known, backend="events.accounts.sign_in.SignInBackend")
    assert 'name="email"' in browser.get(reverse("account_delete")).content.decode()

    browser.post(reverse("account_delete"), {"email": "other@example.com"})
    assert User.objects.filter(pk=known.pk).exists()
    browser.post(reverse("account_delete"), {"email": known.email.upper()})

    assert not User.objects.filter(pk=known.pk).exists()


@pytest.mark.parametrize("did", ["asked for a refund", "confirmed a refund", "called a show off"])
def test_who_did_something_as_staff_once_is_forgotten_but_for_a_nameless_row(known, browser, event, make_event, did):
    colleague = User.objects.create_user("colleague", is_staff=True)
    EventStaff.objects.create(event=event, account=known, role=Role.BOX_OFFICE)
    if did == "called a show off":
        call_off(event.pk, by=known)
    else:
        by, other = (known, colleague) if did == "asked for a refund" else (colleague, known)
        asked = {"reason": "x", "back_won": 1, "expires_at": timezone.now()}
        RefundRequest.objects.create(by=by, decision=Decision.CONFIRMED, decided_by=other, **asked)

    assert browser.post(reverse("account_delete"), {"password": PASSWORD})["Location"] == "/"

    nobody = User.objects.get(pk=known.pk)
    assert (nobody.is_active, nobody.email, nobody.has_usable_password()) == (False, "", False)
    assert not EventStaff.objects.filter(account=nobody).exists()
    assert not User.objects.filter(email=known.email).exists()


def test_staff_do_not_delete_themselves(admin_user, admin_client):
    with pytest.raises(IsStaff):
        erase(admin_user.pk)

    assert 'name="password"' not in admin_client.get(reverse("account_delete")).content.decode()


def test_mails_to_an_address_of_another_alphabet_go_as_well(known):
    known.email = "buyer@예시.한국"
    known.save()
    send_mail("Hello", "You.", None, [known.email])
    assert OutboxMail.objects.filter(sent_at=None).count() == 2

    erase(known.pk)

    assert not any(known.email in mail.recipients for mail in OutboxMail.objects.all())


def test_mails_to_others_stay(known, make_buyer):
    other = make_buyer()
    send_mail("Hello", "You.", None, [other.email])
    send_mail("Hello", "You.", None, [f"x{known.email}"])

    erase(known.pk)

    assert sorted(mail.recipients for mail in OutboxMail.objects.all()) == sorted([[other.email], [f"x{known.email}"]])


def test_what_is_stored_comes_as_a_file_with_nobody_elses(known, browser, event, make_buyer):
    bought = buy(event, known, *seats_of(event)[:2])
    other = make_buyer()
    buy(event, other, seats_of(event)[3])
    hold(event, known, seats_of(event)[4])

    App(known)

    answer = browser.post(reverse("account_data"))

    stored = json.loads(answer.content)
    assert "attachment" in answer["Content-Disposition"]
    assert stored["account"]["email"] == known.email
    assert [one["number"] for one in stored["orders"]] == [bought.number]
    assert [seat["priceWon"] for seat in stored["orders"][0]["seats"]] == [110_000, 110_000]
    assert stored["orders"][0]["payments"][0]["receivedWon"] == 220_000
    assert (len(stored["holds"]), len(stored["holdPeriods"]), len(stored["emails"])) == (1, 1, 1)
    assert stored["socialAccounts"][0]["uid"] == "kakao-4711"
    assert len(stored["failedSignIns"]) == 1
    assert [factor["type"] for factor in stored["secondFactors"]] == ["totp"]
    text = answer.content.decode()
    assert other.email not in text
    assert known.password not in text
    assert not any(serial in text for serial in Ticket.objects.values_list("serial", flat=True))


# Who did something as staff, and the accounts' own bookkeeping.
NOT_OF_A_BUYER = {
    "admin.LogEntry",
    "events.Event",
    "events.EventStaff",
    "events.OrderChange",
    "events.PaymentChange",
    "events.Refund",
    "events.RefundRequest",
    "events.Ticket",
    "events.TicketChange",
}
SAID = {
    "events.Order": "orders",
    "events.Consent": "consents",
    "events.Hold": "holds",
    "events.HoldPeriod": "holdPeriods",
    "account.EmailAddress": "emails",
    "socialaccount.SocialAccount": "socialAccounts",
    "mfa.Authenticator": "secondFactors",
}


def test_every_table_that_belongs_to_an_account_is_in_the_file(buyer):
    owned = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.concrete and field.related_model is User and not model.__name__.startswith("Historical")
    }

    assert owned - NOT_OF_A_BUYER == set(SAID)
    assert set(SAID.values()) <= set(stored_of(buyer))


def test_strangers_are_sent_to_the_sign_in_and_a_file_is_not_had_by_looking(browser):
    client = Client()
    for name in ("account_home", "account_data", "account_delete"):
        answer = client.post(reverse(name)) if name == "account_data" else client.get(reverse(name))
        assert answer.status_code == 302
    assert browser.get(reverse("account_data")).status_code == 405
