"""Rows by their keys are the rows that Django itself would find."""

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.keyed import Keyed
from events.models import Hold, HoldPeriod, Order, Payment
from tests.events.conftest import order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_row_is_as_django_reads_it(event, make_buyer):
    buyer = next(one for one in (make_buyer() for _ in range(3)) if one.pk != event.pk)
    placed, payment = order(event, buyer, *seats_of(event)[:2])
    period = HoldPeriod.objects.get(event=event, account=buyer)
    rows = {
        Keyed(User, "id").get(buyer.pk): buyer,
        Keyed(Order, "number").get(placed.number): Order.objects.get(pk=placed.pk),
        Keyed(Payment, "id").get(payment.pk): Payment.objects.get(pk=payment.pk),
        Keyed(HoldPeriod, "event", "account").get(event.pk, buyer.pk): period,
        Keyed(HoldPeriod, "account", "event").get(buyer.pk, event.pk): period,
    }

    for found, known in rows.items():
        assert found is not None
        known = type(known).objects.get(pk=known.pk)
        assert {f.attname: getattr(found, f.attname) for f in found._meta.concrete_fields} == {
            f.attname: getattr(known, f.attname) for f in known._meta.concrete_fields
        }
        assert (found._state.adding, found._state.db) == (False, "default")


def test_what_is_not_there_is_none(event, buyer):
    assert Keyed(User, "id").get(buyer.pk + 1000) is None
    assert Keyed(Hold, "event", "account").get(event.pk, buyer.pk) is None
    assert Keyed(Session, "session_key").get("' OR 1=1 --") is None


def test_a_row_is_asked_for_each_time_and_by_one_question(event, buyer):
    users = Keyed(User, "id")
    users.get(buyer.pk)
    User.objects.filter(pk=buyer.pk).update(first_name="Anna")

    with CaptureQueriesContext(connection) as queries:
        found = users.get(buyer.pk)

    assert found is not None
    assert (found.first_name, len(queries)) == ("Anna", 1)


def test_who_is_signed_in_is_whoever_the_session_says_as_long_as_it_lasts(browser, buyer, event):
    key = browser.session.session_key
    session = Session.objects.get(pk=key)

    def is_signed_in() -> bool:
        browser.cookies["sessionid"] = key
        return bool(browser.get("/orders/").status_code == 200)

    assert is_signed_in()
    Session.objects.filter(pk=key).update(expire_date=event.opens_at)
    assert not is_signed_in()
    Session.objects.filter(pk=key).update(expire_date=session.expire_date)
    assert is_signed_in()

    User.objects.filter(pk=buyer.pk).update(is_active=False)
    assert not is_signed_in()
    User.objects.filter(pk=buyer.pk).update(is_active=True)
    assert is_signed_in()
    Session.objects.filter(pk=key).delete()  # as whoever lost a telephone has it done
    assert not is_signed_in()


@pytest.mark.parametrize("key", ['"\\000bcdefgh"', "x" * 5000, "%00" * 11, "' OR 1=1 --", "한글한글한글한글"])
def test_a_cookie_that_names_no_session_of_ours_is_nobodys_and_asks_no_database(client, event, key):
    client.cookies.load(f"sessionid={key}")  # as a browser's header says it: quoted, an octal is a character
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/accounts/login/")

    assert answer.status_code == 200
    assert not [query for query in queries if "django_session" in query["sql"]]
