"""Staff's password alone opens nothing, by whatever way they came in; a lost device has a way back, on record."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from events.accounts import known_browsers
from events.accounts.sign_in_limits import MAX_WRONG_CODES
from events.models import Event, EventStaff, Role
from events.staff.groups import BOX_OFFICE
from tests.events.factors import App, code_of, recovery_codes

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "winter-song-42"
ADMIN, SITE = "/admin/login/", "/accounts/login/"
SHOW, SET_UP = "/accounts/2fa/reauthenticate/", "/accounts/2fa/"
STAFFS = ("/admin/", "/admin/events/event/", "/staff/door/", "/admin/auth/user/add/", "/")
MAX_TRIES = 10


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = "required"
    settings.WAITINGROOM_TRUSTED_PROXIES = ["10.0.0.0/24"]
    cache.clear()


@pytest.fixture
def chief() -> User:
    return User.objects.create_superuser("chief", "chief@tiketi.example", PASSWORD)


@pytest.fixture
def app(chief: User) -> App:
    return App(chief)


def at(address: str) -> Client:
    """A new browser, by the balancer."""
    return Client(REMOTE_ADDR="10.0.0.7", HTTP_X_FORWARDED_FOR=address)


def sign_in(client: Client, account: User, page: str = SITE, password: str = PASSWORD) -> Any:
    field = "username" if page == ADMIN else "login"
    return client.post(page, {field: account.username if account.is_staff else account.email, "password": password})


def led_to(client: Client, path: str) -> str:
    """Where a GET is led, without what it should come back to; "" if nowhere."""
    answer = client.get(path)
    return urlsplit(answer.headers["Location"]).path if answer.status_code == 302 else ""


def by_admins_page(client: Client, account: User) -> None:
    assert sign_in(client, account, ADMIN).status_code == 302


def by_force(client: Client, account: User) -> None:
    client.force_login(account)


def by_a_session_of_before(client: Client, account: User) -> None:
    """Signed in while the account had no factor: then it was added elsewhere."""
    factors = list(Authenticator.objects.filter(user=account))
    Authenticator.objects.filter(user=account).delete()
    assert sign_in(client, account).status_code == 302
    Authenticator.objects.bulk_create(factors)


def by_a_new_password(client: Client, account: User) -> None:
    """A reset by mail, then the sign-in with what was chosen."""
    account.set_password("another-song-43")
    account.save()
    assert sign_in(client, account, ADMIN, "another-song-43").status_code == 302


WAYS = [by_admins_page, by_force, by_a_session_of_before, by_a_new_password]


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_a_password_came_in_it_opens_no_page_of_staffs(chief: User, app: App, way: Any):
    browser = at("8.8.8.8")
    way(browser, chief)

    assert [led_to(browser, path) for path in STAFFS] == [SHOW] * len(STAFFS)
    answer = browser.post("/admin/auth/user/add/", {"username": "mine"})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(SHOW)
    assert not User.objects.filter(username="mine").exists()

    shown = browser.post(f"{SHOW}?next=/staff/door/", {"code": app.code(), "next": "/staff/door/"})

    assert shown.headers["Location"] == "/staff/door/"
    assert [led_to(browser, path) for path in STAFFS] == [""] * len(STAFFS)


@pytest.mark.parametrize("way", WAYS)
def test_a_password_alone_changes_no_factor(chief: User, app: App, way: Any):
    browser = at("8.8.8.8")
    way(browser, chief)

    for path in (
        "totp/deactivate/",
        "webauthn/add/",
        "recovery-codes/",
        "recovery-codes/generate/",
        "totp/activate/",
        "",
    ):
        assert led_to(browser, f"/accounts/2fa/{path}") == SHOW
        answer = browser.post(f"/accounts/2fa/{path}")
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(SHOW)
    answer = browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.headers["Location"].startswith(SHOW)
    for path in ("/accounts/password/change/", "/accounts/email/", "/accounts/me/delete/"):
        assert led_to(browser, path) == SHOW
    assert Authenticator.objects.get() == app.factor
    assert "/accounts/reauthenticate/" not in browser.get(SHOW).content.decode()


def test_at_the_sites_own_sign_in_the_code_is_asked_for_before_the_session(chief: User, app: App):
    browser = at("8.8.8.8")

    asked = sign_in(browser, chief)

    assert asked.headers["Location"] == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in browser.session
    assert browser.get("/accounts/2fa/authenticate/").status_code == 200
    assert browser.post("/accounts/2fa/authenticate/", {"code": app.code()}).status_code == 302
    assert led_to(browser, "/admin/") == ""


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_who_has_no_factor_sets_one_up_before_anything_else(chief: User, page: str):
    browser = at("8.8.8.8")
    assert sign_in(browser, chief, page).status_code == 302

    assert [led_to(browser, path) for path in STAFFS] == [SET_UP] * len(STAFFS)
    assert "2단계" in browser.get(SET_UP).content.decode() or "두 번째" in browser.get(SET_UP).content.decode()
    assert led_to(browser, "/accounts/2fa/totp/activate/") == "/accounts/reauthenticate/"
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    form = browser.get("/accounts/2fa/totp/activate/").context["form"]
    done = browser.post("/accounts/2fa/totp/activate/", {"code": code_of(form.secret)})

    assert done.headers["Location"] == "/accounts/2fa/recovery-codes/"
    codes = browser.get(done.headers["Location"]).context["unused_codes"]
    assert (len(codes), {len(code) for code in codes}) == (10, {8})
    assert [led_to(browser, path) for path in STAFFS] == [""] * len(STAFFS)


def test_who_is_no_staff_in_name_but_has_a_right_shows_a_factor_at_the_door(event: Event, buyer: User):
    keeper = buyer
    EventStaff.objects.create(event=event, account=keeper, role=Role.DOOR)
    clerk = User.objects.create_user("clerk", "clerk@example.com", PASSWORD)
    clerk.groups.add(Group.objects.get(name=BOX_OFFICE))
    for account in (keeper, clerk):
        browser = Client()
        browser.force_login(account)
        assert led_to(browser, "/staff/door/") == SET_UP
        assert led_to(browser, "/") == ""


def test_a_device_at_the_door_is_told_in_json(chief: User, app: App):
    browser = Client(headers={"accept": "application/json"})
    browser.force_login(chief)

    answer = browser.get("/staff/door/counts/?event=x")

    assert (answer.status_code, answer.json()) == (401, {"status": "second-factor"})


def test_buyers_are_asked_for_none_and_may_have_one(buyer: User, browser: Client):
    assert browser.get("/orders/").status_code == 200

    app, own = App(buyer), at("8.8.8.8")
    assert sign_in(own, buyer).headers["Location"] == "/accounts/2fa/authenticate/"
    own.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert own.get("/orders/").status_code == 200


def test_where_it_is_optional_who_has_a_factor_shows_it_all_the_same(chief: User, settings: Any):
    settings.STAFF_SECOND_FACTOR = "optional"
    browser = at("8.8.8.8")
    browser.force_login(chief)

    assert led_to(browser, "/admin/") == ""
    App(chief)
    assert led_to(browser, "/admin/") == SHOW


def test_signing_out_and_the_language_stay_within_reach(chief: User, app: App):
    browser = at("8.8.8.8")
    browser.force_login(chief)

    assert browser.post("/i18n/setlang/", {"language": "en", "next": "/admin/"}).headers["Location"] == "/admin/"
    assert browser.post("/accounts/logout/").headers["Location"] == "/"
    assert "_auth_user_id" not in browser.session


def test_a_code_is_good_once(chief: User, app: App):
    code = app.code()
    for expected in (302, 200):
        browser = at("8.8.8.8")
        browser.force_login(chief)
        assert browser.post(SHOW, {"code": code}).status_code == expected


@pytest.mark.parametrize("code", ["", " ", "000000", "٠٠٠٠٠٠", "1" * 10_000, "a\x00b", "12345", "-1", "<script>"])
def test_what_is_no_code_is_refused(chief: User, app: App, code: str):
    browser = at("8.8.8.8")
    browser.force_login(chief)

    assert browser.post(SHOW, {"code": code}).status_code == 200
    assert led_to(browser, "/admin/") == SHOW


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", '{"id": 1}', "x" * 5000, '{"response": {"userHandle": "MQ"}}']
)
@pytest.mark.parametrize("page", ["webauthn/login/", "webauthn/reauthenticate/", "authenticate/", "webauthn/add/"])
def test_what_is_no_passkey_is_refused(chief: User, app: App, page: str, credential: str):
    browser = at("8.8.8.8")
    sign_in(browser, chief)

    answer = browser.post(f"/accounts/2fa/{page}", {"credential": credential})

    assert answer.status_code in (200, 302)
    assert "_auth_user_id" not in browser.session


# --- Guessing


def wrong(client: Client, code: str = "000000") -> int:
    return int(client.post(SHOW, {"code": code}).status_code)


def test_ten_wrong_codes_make_wait_and_the_owners_own_browser_goes_on(chief: User, app: App):
    own = at("8.8.8.8")
    sign_in(own, chief)
    own.post("/accounts/2fa/authenticate/", {"code": app.code()})
    own.post("/accounts/logout/")
    thief = at("9.9.9.9")
    by_admins_page(thief, chief)

    tried = [wrong(thief) for _ in range(MAX_TRIES)]

    assert tried == [200] * (MAX_TRIES - 1) + [429]
    assert wrong(thief, app.code(1)) == 200  # not even the right one
    assert led_to(thief, "/admin/") == SHOW
    sign_in(own, chief)
    assert own.post("/accounts/2fa/authenticate/", {"code": app.code(1)}).status_code == 302
    assert AccessAttempt.objects.get(username__startswith="code ").post_data.count("000000") == 0


def test_the_password_alone_makes_no_known_browser_with_guesses_of_its_own(chief: User, app: App):
    for _ in range(3):
        thief = at("9.9.9.9")
        by_admins_page(thief, chief)
        assert known_browsers.cookie_name() not in thief.cookies

    fresh = [at("9.9.9.9") for _ in range(MAX_TRIES + 1)]
    for one in fresh:
        by_admins_page(one, chief)
    assert [wrong(one) for one in fresh][-2:] == [429, 200]
    assert not any(is_in for is_in in (led_to(one, "/admin/") == "" for one in fresh))


def test_a_thousand_addresses_guess_fifty_codes_and_no_more(chief: User, app: App):
    for i in range(MAX_WRONG_CODES):
        thief = at(f"9.9.{i}.9")
        thief.force_login(chief)
        assert wrong(thief) == 200

    thief = at("7.7.7.7")
    thief.force_login(chief)
    assert wrong(thief, app.code()) == 200
    assert led_to(thief, "/admin/") == SHOW


def test_wrong_passwords_of_strangers_do_not_use_up_the_codes(chief: User, app: App):
    for i in range(MAX_WRONG_CODES + 5):
        sign_in(at(f"9.9.{i}.9"), chief, password="wrong")

    own = at("8.8.8.8")
    sign_in(own, chief)
    assert own.post("/accounts/2fa/authenticate/", {"code": app.code()}).status_code == 302


def test_wrong_codes_of_an_account_named_alike_are_its_own(chief: User, app: App):
    other = User.objects.create_superuser("chief2", "chief@tiketi.example.org", PASSWORD)
    App(other)
    for i in range(MAX_WRONG_CODES):
        thief = at(f"9.9.{i}.9")
        thief.force_login(other)
        wrong(thief)

    own = at("8.8.8.8")
    own.force_login(chief)
    assert own.post(SHOW, {"code": app.code()}).status_code == 302


# --- A lost device


def test_a_recovery_code_stands_in_once(chief: User, app: App):
    code, other, *_ = recovery_codes(chief)
    own = at("8.8.8.8")
    sign_in(own, chief)

    assert own.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert led_to(own, "/admin/") == ""
    again = at("8.8.8.8")
    again.force_login(chief)
    assert again.post(SHOW, {"code": code}).status_code == 200
    assert again.post(SHOW, {"code": other}).status_code == 302


def test_an_operator_takes_the_factors_away_and_every_session_ends(
    chief: User, app: App, buyer: User, browser: Client, capsys: Any
):
    browser.get("/orders/")
    own = at("8.8.8.8")
    sign_in(own, chief)
    own.post("/accounts/2fa/authenticate/", {"code": app.code()})
    assert led_to(own, "/admin/") == ""

    call_command("reset_second_factor", "chief", reason="lost in the Han", by="chief")

    assert "1 factors taken away, 1 sessions ended" in capsys.readouterr().out
    assert not Authenticator.objects.filter(user=chief).exists()
    assert urlsplit(own.get("/admin/").headers["Location"]).path == ADMIN
    assert browser.get("/orders/").status_code == 200
    record = LogEntry.objects.get()
    assert record.object_id == str(chief.pk)
    assert record.change_message == "second factors taken away by chief: lost in the Han"
    sign_in(own, chief)
    assert led_to(own, "/admin/") == SET_UP


@pytest.mark.parametrize(
    ("name", "reason", "by"),
    [("nobody", "lost", ""), ("chief", "  ", ""), ("chief", "lost", "nobody"), ("", "lost", "")],
)
def test_a_reset_that_makes_no_sense_changes_nothing(chief: User, app: App, name: str, reason: str, by: str):
    with pytest.raises(CommandError):
        call_command("reset_second_factor", name, reason=reason, by=by)

    assert Authenticator.objects.get() == app.factor
    assert not LogEntry.objects.exists()


def test_a_factor_that_was_taken_away_counts_no_more_in_the_session_that_showed_it(chief: User, app: App):
    own = at("8.8.8.8")
    own.force_login(chief)
    own.post(SHOW, {"code": app.code()})
    app.factor.delete()
    App(chief)

    assert led_to(own, "/admin/") == SHOW
    assert Session.objects.count() == 1


def test_one_accounts_factor_shows_nothing_of_anothers(chief: User, app: App):
    other = User.objects.create_superuser("other", "other@tiketi.example", PASSWORD)
    theirs = App(other)
    browser = at("8.8.8.8")
    browser.force_login(chief)
    browser.post(SHOW, {"code": app.code()})

    browser.force_login(other)

    assert led_to(browser, "/admin/") == SHOW
    assert browser.post(SHOW, {"code": app.code(1)}).status_code == 200
    assert browser.post(SHOW, {"code": theirs.code()}).status_code == 302


def test_its_pages_keep_to_the_content_security_policy(chief: User):
    browser = at("8.8.8.8")
    browser.force_login(chief)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})

    for path in ("", "totp/activate/", "webauthn/add/"):
        answer = browser.get(f"/accounts/2fa/{path}")
        assert answer.status_code == 200, path
        page = answer.content.decode()
        inline = [
            tag for tag in re.findall(r"<script[^>]*>", page) if "src=" not in tag and "application/json" not in tag
        ]
        assert inline == []
        assert "style=" not in page
        assert not re.search(r"\son\w+=", page)
    assert reverse("mfa_index") == SET_UP
    assert parse_qs(urlsplit(at("8.8.8.8").get("/admin/").headers["Location"]).query) == {"next": ["/admin/"]}
