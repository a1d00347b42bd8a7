"""Who signed out, chose a new password or was shut out leaves no copy of a cookie that still counts."""

import time
from collections.abc import Callable

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.events.test_own_place import PASSWORD, active, signed_in
from tests.patience import until
from waitingroom import slips
from waitingroom.models import EndedSignIn
from waitingroom.sign_ins import SignIns, sign_ins

pytestmark = pytest.mark.django_db(transaction=True)

NEW_PASSWORD = "spring-rain-17"


def copy_of(browser: Client) -> Client:
    """Another browser with the visitor's cookie and slips, and without the session."""
    copy = Client()
    copy.cookies.load({name: one.value for name, one in browser.cookies.items() if name != "sessionid"})
    return copy


def counts(browser: Client, event) -> bool:
    """Whether the browser's cookie still names the account."""
    return browser.get(f"/api/events/{event.slug}/queue/").json()["status"] in ("active", "queued")


def sign_out(browser: Client, _: User) -> None:
    browser.post("/accounts/logout/")


def change_password(browser: Client, _: User) -> None:
    changed = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert browser.post(reverse("account_change_password"), changed).status_code == 302


def reset_password(_: Client, account: User) -> None:
    elsewhere = Client()
    key = default_token_generator.make_token(User.objects.get(pk=account.pk))
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(account), key])
    form = elsewhere.get(path)["Location"]
    answer = elsewhere.post(form, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer.status_code == 302


def change_in_a_shell(_: Client, account: User) -> None:
    account.set_password(NEW_PASSWORD)
    account.save()


def staff() -> Client:
    browser = Client()
    browser.force_login(User.objects.create_superuser("boss", "boss@example.com", "x"))
    return browser


def shut_out(_: Client, account: User) -> None:
    since = {"date_joined_0": "2026-01-01", "date_joined_1": "12:00"}
    form = {"username": account.username, "email": account.email, **since}
    answer = staff().post(reverse("admin:auth_user_change", args=[account.pk]), form)
    assert answer.status_code == 302
    account.refresh_from_db()
    assert not account.is_active


def set_by_staff(_: Client, account: User) -> None:
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    answer = staff().post(reverse("admin:auth_user_password_change", args=[account.pk]), form)
    assert answer.status_code == 302


def delete(_: Client, account: User) -> None:
    account.delete()


WAYS = [sign_out, change_password, reset_password, change_in_a_shell, shut_out, set_by_staff, delete]


@pytest.mark.parametrize("end", WAYS)
def test_b09_a_copied_cookie_counts_no_more_after(event, buyer, end: Callable[[Client, User], None]):
    browser = signed_in(buyer)
    browser.get(f"/events/{event.slug}/")
    copy, later = copy_of(browser), copy_of(browser)
    assert counts(copy, event)

    end(browser, buyer)

    assert not counts(copy, event)
    left = later.post(f"/events/{event.slug}/leave/", headers={"accept": "application/json"})
    assert left.status_code == 403
    assert active(event) == 1


def test_a_place_waits_for_its_owner_to_sign_in_again(event, buyer):
    browser = signed_in(buyer)
    browser.get(f"/events/{event.slug}/")
    sign_out(browser, buyer)
    assert browser.get(f"/api/events/{event.slug}/queue/").json()["status"] == "none"

    browser.post("/accounts/login/", {"login": buyer.email, "password": PASSWORD})

    assert browser.get(f"/api/events/{event.slug}/queue/").json()["status"] == "active"
    assert active(event) == 1


def test_signing_out_here_ends_nothing_elsewhere(event, buyer):
    desk, telephone = signed_in(buyer), signed_in(buyer)
    desk.get(f"/events/{event.slug}/")

    sign_out(desk, buyer)

    assert counts(telephone, event)


def test_after_a_new_password_the_browser_that_chose_it_goes_on(event, buyer):
    desk, telephone = signed_in(buyer), signed_in(buyer)
    desk.get(f"/events/{event.slug}/")

    change_password(desk, buyer)

    assert counts(desk, event)
    assert not counts(telephone, event)


def test_what_ends_no_sign_in(event, buyer):
    browser = signed_in(buyer)
    browser.get(f"/events/{event.slug}/")

    buyer.first_name = "Ann"
    buyer.save()
    User.objects.get(pk=buyer.pk).check_password(PASSWORD)
    sign_out(Client(), buyer)  # nobody's

    assert counts(browser, event)
    assert not EndedSignIn.objects.exists()


def test_an_account_opened_again_does_not_bring_its_old_cookies_back(event, buyer):
    browser = signed_in(buyer)
    browser.get(f"/events/{event.slug}/")
    copy = copy_of(browser)
    for open_now in (False, True):
        buyer.is_active = open_now
        buyer.save()

    assert not counts(copy, event)
    assert counts(signed_in(buyer), event)


def test_a_sign_in_whose_cookie_went_astray_ends_all_the_same(event, buyer):
    browser = signed_in(buyer)
    copy = copy_of(browser)
    del browser.cookies["visitor"]

    sign_out(browser, buyer)

    assert slips.read_visitor(copy.cookies["visitor"].value) is None


def test_other_processes_hear_of_it_and_so_does_a_new_one(event, buyer):
    browser, other = signed_in(buyer), SignIns()
    named = slips.read_visitor_cookie(browser.cookies["visitor"].value)
    assert named is not None
    other.freshen()
    until(lambda: other._read_until is not None or not other._asking)

    sign_out(browser, buyer)

    def hears() -> bool:
        other.freshen()
        return other.has_ended(named.visitor, named.sign_in)

    until(hears)
    assert other.take_news() == {named.visitor}
    sign_ins.forget()
    sign_ins.freshen()
    until(lambda: sign_ins.has_ended(named.visitor, named.sign_in))


class Held:
    """Rows that a database gives out late: at `between`, once they were read."""

    def __init__(self, between: Callable[[], object]) -> None:
        self.between = between

    def filter(self, **asked: object) -> "Held":
        self.rows = EndedSignIn.objects.filter(**asked)
        return self

    def values_list(self, *columns: str) -> list[tuple[object, ...]]:
        rows = list(self.rows.values_list(*columns))
        self.between()
        return rows


def test_an_answer_for_the_process_that_was_says_nothing_to_the_one_that_is(event, buyer, monkeypatch):
    browser, other = signed_in(buyer), SignIns()
    sign_out(browser, buyer)
    monkeypatch.setattr("waitingroom.sign_ins._table", lambda: Held(other.forget))

    other._ask()

    assert not other._ended
    assert other.take_news() == set()


def test_what_ends_while_everything_is_read_stays_ended(event, buyer, monkeypatch):
    browser, other, table = signed_in(buyer), SignIns(), EndedSignIn.objects
    named = slips.read_visitor_cookie(browser.cookies["visitor"].value)
    assert named is not None
    answers = iter([Held(lambda: other.end(named.visitor, named.sign_in))])
    monkeypatch.setattr("waitingroom.sign_ins._table", lambda: next(answers, table))

    other._ask()

    assert other.has_ended(named.visitor, named.sign_in)


def aged(days: float, visitor: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The visitor's cookie, signed so long ago."""
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda now=time.time: now() - days * 86_400)
        return slips.sign_visitor(visitor)


@pytest.mark.parametrize(("visitor", "days"), [("account-7", 7), ("browser", 30)])
def test_a_visitors_cookie_has_its_time_and_is_signed_anew_before(event, monkeypatch, visitor: str, days: int):
    browser, path = Client(), f"/events/{event.slug}/"

    for age, renewed in [(0.4, None), (0.6, visitor)]:
        cookie = aged(age * days, visitor, monkeypatch)
        first = browser.get(path, headers={"cookie": f"visitor={cookie}"})  # the slip comes with a new name
        slip = first.cookies[f"slip-{event.slug}"].OutputString().partition(";")[0]
        cookies = browser.get(f"{path}seats/state/", headers={"cookie": f"visitor={cookie}; {slip}"}).cookies
        assert (slips.read_visitor(cookies["visitor"].value) if "visitor" in cookies else None) == renewed
    assert slips.read_visitor(aged(days + 0.1, visitor, monkeypatch)) is None
