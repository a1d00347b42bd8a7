"""Failures make wait whoever failed, by account and by address, and nobody else; new accounts are counted as well."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client

from events.accounts import known_browsers
from events.accounts.sign_in_limits import MAX_FAILURES
from tiketi.models import OutboxMail

pytestmark = pytest.mark.django_db

PASSWORD = "winter-song-42"
ADMIN, SITE = "/admin/login/", "/accounts/login/"
BALANCER, HOME, ELSEWHERE = "10.0.0.7", "8.8.8.8", "9.9.9.9"
MOST_TRIES = 10  # of one account from one place, AXES_FAILURE_LIMIT


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def behind_a_balancer(settings: Any) -> None:
    settings.WAITINGROOM_TRUSTED_PROXIES = ["10.0.0.0/24"]


def at(address: str) -> Client:
    """A new browser, by the balancer."""
    return Client(REMOTE_ADDR=BALANCER, HTTP_X_FORWARDED_FOR=f"1.2.3.4, {address}")


def sign_in(client: Client, login: str, password: str = PASSWORD, page: str = SITE) -> int:
    field = "username" if page == ADMIN else "login"
    return int(client.post(page, {field: login, "password": password}).status_code)


def signs_in(client: Client, login: str, page: str = SITE) -> bool:
    status = sign_in(client, login, page=page)
    return status == 302 and "_auth_user_id" in client.session


@pytest.fixture
def chief() -> User:
    return User.objects.create_user("chief", "chief@tiketi.example", PASSWORD, is_staff=True)


@pytest.mark.parametrize("page", [ADMIN, SITE])
@pytest.mark.parametrize("failures", [5, 30])
def test_e8_wrong_passwords_elsewhere_lock_nobody_out(buyer: User, chief: User, page: str, failures: int):
    for victim in (buyer.email, chief.username):
        for _ in range(failures):
            sign_in(at(ELSEWHERE), victim, "wrong", page)

    assert signs_in(at(HOME), buyer.email)
    assert signs_in(at(HOME), chief.username, ADMIN)


def test_e8_five_wrong_passwords_from_ones_own_address_do_not_either(buyer: User):
    for _ in range(5):
        sign_in(at(HOME), buyer.email, "wrong")

    assert signs_in(at(HOME), buyer.email)


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_a_browser_that_signed_in_before_gets_in_whatever_others_do_at_its_address(buyer: User, chief: User, page: str):
    account = chief if page == ADMIN else buyer
    own = at(HOME)
    assert signs_in(own, account.email, page)
    own.post("/accounts/logout/")
    for i in range(MAX_FAILURES + 5):
        sign_in(at(HOME), account.email if i < MOST_TRIES + 2 else f"{i}@example.com", "wrong", page)

    assert sign_in(at(HOME), account.email, page=page) == 429
    assert signs_in(own, account.email, page)


def test_after_a_new_password_the_known_browser_goes_on_whatever_others_did_at_its_address(buyer: User):
    own = at(HOME)
    assert signs_in(own, buyer.email)
    own.post("/accounts/logout/")
    for _ in range(MOST_TRIES + 5):
        sign_in(at(HOME), buyer.email, "wrong")
    buyer.set_password("another-song-43")
    buyer.save()

    assert sign_in(own, buyer.email) == 200  # the old one
    assert sign_in(own, buyer.email, "another-song-43") == 302
    assert sign_in(at(ELSEWHERE), buyer.email, "another-song-43") == 302


def test_failures_from_a_hundred_networks_lock_no_new_browser_elsewhere(buyer: User):
    for i in range(100):
        sign_in(at(f"2001:db8:0:{i:x}::1"), buyer.email, "wrong")

    assert signs_in(at("2001:db8:1::1"), buyer.email)
    assert signs_in(at("2001:db8:0:1::9"), buyer.email)  # one failure in its /64 is none too many


def test_a_known_browser_guesses_no_more_than_others(buyer: User):
    own = at(HOME)
    assert signs_in(own, buyer.email)
    own.post("/accounts/logout/")

    tried = [sign_in(own, buyer.email, "wrong") for _ in range(MOST_TRIES + 1)]

    assert tried == [200] * (MOST_TRIES - 1) + [429] * 2
    assert sign_in(own, buyer.email) == 429
    assert signs_in(at(HOME), buyer.email)  # nor does its own failing lock another browser out


def test_a_known_browser_is_known_to_its_own_accounts_alone(buyer: User, chief: User):
    own = at(HOME)
    assert signs_in(own, buyer.email)
    own.post("/accounts/logout/")
    for _ in range(MOST_TRIES):
        sign_in(at(HOME), chief.email, "wrong")

    assert sign_in(own, chief.email) == 429


@pytest.mark.parametrize("said", ["", "x", "name.1:forged", "a.1.2:1tabc:signed-by-nobody", "\x00", "." * 3000])
def test_a_forged_cookie_makes_no_known_browser(buyer: User, said: str):
    own = at(HOME)
    own.cookies[known_browsers.cookie_name()] = said
    for _ in range(MOST_TRIES):
        sign_in(at(HOME), buyer.email, "wrong")

    assert sign_in(own, buyer.email) == 429


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(buyer: User, settings: Any):
    settings.SESSION_COOKIE_SECURE = True
    own = at(HOME)
    assert signs_in(own, buyer.email)

    cookie = own.cookies["__Host-known"]
    assert (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["path"]) == (True, True, "/")
    assert buyer.email not in cookie.value


def test_a_browser_remembers_its_last_accounts(buyer: User):
    own = at(HOME)
    assert signs_in(own, buyer.email)
    for i in range(known_browsers.MAX_ACCOUNTS + 3):
        own.post("/accounts/logout/")
        User.objects.create_user(f"other-{i}", f"other-{i}@example.com", PASSWORD)
        assert signs_in(own, f"other-{i}@example.com")

    _, accounts = own.cookies["known"].value.split(":")[0].split(".", 1)
    assert len(accounts.split(".")) == known_browsers.MAX_ACCOUNTS
    assert str(buyer.pk) not in accounts.split(".")


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_one_password_tried_on_many_accounts_ends_at_the_address_limit(buyer: User, page: str):
    tried = [sign_in(at(ELSEWHERE), f"{uuid.uuid4().hex}@example.com", "wrong", page) for _ in range(MAX_FAILURES + 2)]

    assert tried == [200] * MAX_FAILURES + [429] * 2
    assert sign_in(at(ELSEWHERE), buyer.email, page=page) == 429
    assert signs_in(at(HOME), buyer.email)


def test_sign_ins_that_succeed_count_for_nobody(buyer: User):
    for _ in range(MAX_FAILURES + 5):
        assert signs_in(at(HOME), buyer.email)


def test_trying_on_while_locked_makes_nobody_wait_longer(buyer: User):
    for _ in range(MOST_TRIES):
        sign_in(at(HOME), buyer.email, "wrong")
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=14))

    assert sign_in(at(HOME), buyer.email, "wrong") == 429
    AccessAttempt.objects.update(attempt_time=AccessAttempt.objects.get().attempt_time - timedelta(minutes=2))

    assert signs_in(at(HOME), buyer.email)


def test_a_host_with_a_whole_network_of_ipv6_is_one_address(buyer: User):
    tried = [sign_in(at(f"2a00:1450:4001:827::{i:x}"), buyer.email, "wrong") for i in range(1, MOST_TRIES + 2)]

    assert tried == [200] * (MOST_TRIES - 1) + [429] * 2
    assert signs_in(at("2a00:1450:4001:828::1"), buyer.email)


def test_where_a_proxy_is_not_named_nobody_is_stopped_for_the_failures_of_all(buyer: User, settings: Any):
    settings.WAITINGROOM_TRUSTED_PROXIES = []
    for i in range(MAX_FAILURES + 5):
        sign_in(at(HOME), f"{i}@example.com", "wrong")

    assert signs_in(at(ELSEWHERE), buyer.email)


def test_who_writes_a_proxys_header_is_counted_all_the_same(buyer: User, settings: Any):
    settings.WAITINGROOM_TRUSTED_PROXIES = []

    def liar(i: int) -> Client:
        return Client(REMOTE_ADDR=ELSEWHERE, HTTP_X_FORWARDED_FOR=f"8.8.4.{i}")

    for i in range(MAX_FAILURES):
        sign_in(liar(i), f"{i}@example.com", "wrong")

    assert sign_in(liar(200), buyer.email) == 429


# --- New accounts


def sign_up(client: Client, email: str = "") -> tuple[Any, bool]:
    """The answer, and whether it signed the new account in."""
    email = email or f"{uuid.uuid4().hex}@example.com"
    answer = client.post("/accounts/signup/", {"email": email, "password1": "autumn-leaf-77"})
    made = "_auth_user_id" in client.session
    return answer, made


def test_so_many_accounts_are_made_from_one_address_and_others_go_on():
    made = sum(sign_up(at(ELSEWHERE))[1] for _ in range(45))

    assert made == 40
    assert "10분" in sign_up(at(ELSEWHERE))[0].content.decode()
    assert sign_up(at(HOME))[1]


def test_a_form_that_is_refused_makes_no_account_and_counts_as_none():
    for _ in range(50):
        assert not sign_up(at(HOME), "no address")[1]

    assert sign_up(at(HOME))[1]


def test_b27_an_email_in_use_is_told_to_a_form_that_is_right_in_all_else_and_counts(buyer: User):
    short = {"email": buyer.email, "password1": "123"}
    assert "email" not in at(HOME).post("/accounts/signup/", short).context["form"].errors
    for _ in range(40):
        assert "email" in sign_up(at(ELSEWHERE), buyer.email)[0].context["form"].errors

    told = sign_up(at(ELSEWHERE), buyer.email)[0].context["form"].errors
    assert "email" not in told
    assert "10분" in str(told)
    assert not sign_up(at(ELSEWHERE))[1]
    assert User.objects.filter(email__iexact=buyer.email).count() == 1


@pytest.fixture
def verified(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def told_of(email: str) -> tuple[object, ...]:
    answer, signed_in = sign_up(at(HOME), email)
    return answer.status_code, answer.headers.get("Location"), signed_in, tuple(sorted(answer.cookies))


@pytest.mark.usefixtures("verified")
def test_b27_where_emails_are_verified_signing_up_tells_nobody_who_has_an_account(
    buyer: User, chief: User, monkeypatch: pytest.MonkeyPatch
):
    named = User.objects.create_user("boss@tiketi.example", "", PASSWORD, is_staff=True)
    hashed = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    told = set()
    for email in ("new@example.com", buyer.email, buyer.email.upper(), chief.email, named.username):
        hashed.clear()
        cache.clear()  # to one address a mail in three minutes, whoever has it
        told.add((*told_of(email), len(hashed)))

    assert len(told) == 1
    assert User.objects.filter(email="new@example.com").count() == 1
    assert User.objects.filter(email__iexact=buyer.email).count() == 1
    assert not User.objects.filter(email=named.username).exists()


@pytest.mark.usefixtures("verified")
def test_the_owner_of_an_email_in_use_is_told_by_mail(buyer: User):
    sign_up(at(HOME), buyer.email)

    told = [one.recipients for one in OutboxMail.objects.all()] or [one.to for one in mail.outbox]
    assert told == [[buyer.email]]


@pytest.mark.usefixtures("verified")
def test_asking_for_emails_in_use_counts_as_making_accounts(buyer: User):
    for _ in range(40):
        sign_up(at(ELSEWHERE), buyer.email)

    assert sign_up(at(ELSEWHERE), "new@example.com")[0].status_code == 200
    assert not User.objects.filter(email="new@example.com").exists()
