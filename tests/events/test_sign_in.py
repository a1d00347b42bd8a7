"""Staff sign in by name or email, buyers by email alone, and nobody gains a second guess at anybody's password."""

import itertools
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from events.privacy.stored import stored_of
from tiketi.preparation import DEMO_STAFF, demo_staff

pytestmark = pytest.mark.django_db

PASSWORD = "winter-song-42"
ADMIN, SITE = "/admin/login/", "/accounts/login/"


def sign_in(page: str, login: str, password: str = PASSWORD, client: Client | None = None) -> Any:
    field = "username" if page == ADMIN else "login"
    return (client or Client()).post(page, {field: login, "password": password}, query_params={"next": "/orders/"})


def who(page: str, login: str, password: str = PASSWORD) -> str | None:
    """The name of the account that is signed in by this."""
    client = Client()
    answer = sign_in(page, login, password, client)
    signed_in = client.session.get("_auth_user_id")
    assert (answer.status_code == 302) == bool(signed_in)
    return User.objects.get(pk=signed_in).username if signed_in else None


@pytest.fixture
def make_staff() -> Callable[..., User]:
    """A staff account, without an email unless one is given."""

    def make(name: str = "", email: str = "") -> User:
        return User.objects.create_user(name or f"staff-{uuid.uuid4().hex[:8]}", email, PASSWORD, is_staff=True)

    return make


@pytest.mark.parametrize("page", [ADMIN, SITE])
@pytest.mark.parametrize("login", [DEMO_STAFF.username, "staff@tiketi.example", "Staff@Tiketi.example"])
def test_the_login_that_make_run_prints_opens_both_doors(page: str, login: str):
    assert demo_staff() == DEMO_STAFF

    assert who(page, login, DEMO_STAFF.password) == "staff"


@pytest.mark.parametrize("page", [ADMIN, SITE])
@pytest.mark.parametrize("name", ["chief", "chief@office", "chief@tiketi.example", "한결"])
def test_staff_made_by_createsuperuser_without_an_email_sign_in(page: str, name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", username=name, email="", interactive=False, verbosity=0)

    assert who(page, name) == name


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_staff_made_in_the_admin_without_an_email_sign_in(admin_client: Client, page: str):
    added = {"username": "box-office", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert admin_client.post("/admin/auth/user/add/", added).status_code == 302
    made = User.objects.get(username="box-office")
    joined = made.date_joined
    changed = {"username": made.username, "is_active": "on", "is_staff": "on"}
    changed |= {"date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    assert admin_client.post(f"/admin/auth/user/{made.pk}/change/", changed).status_code == 302

    assert who(page, "box-office") == "box-office"


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_a_buyer_signs_in_by_email_and_never_by_name(page: str, buyer: User):
    assert who(page, buyer.username) is None
    assert who(SITE, buyer.email) == buyer.username
    assert who(ADMIN, buyer.email) is None


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_a_staff_name_shadows_nobodys_email(page: str, buyer: User, make_staff: Callable[..., User]):
    User.objects.filter(pk=buyer.pk).update(is_staff=True)  # for the admin's door: who comes through it is staff
    shadow = make_staff(buyer.email)
    shadow.set_password("another-song-43")
    shadow.save()

    assert who(page, buyer.email) == buyer.username
    assert who(page, buyer.email, "another-song-43") is None


def test_nobody_takes_a_staff_name_for_an_email(make_staff: Callable[..., User], browser: Client):
    make_staff("chief@tiketi.example")

    refused = Client().post("/accounts/signup/", {"email": "chief@tiketi.example", "password1": PASSWORD})
    browser.post("/accounts/email/", {"email": "chief@tiketi.example", "action_add": ""})

    assert refused.status_code == 200
    assert who(ADMIN, "chief@tiketi.example") == "chief@tiketi.example"


def test_staff_out_of_office_stay_out(make_staff: Callable[..., User]):
    left = make_staff()
    User.objects.filter(pk=left.pk).update(is_active=False)

    assert who(ADMIN, left.username) is None
    assert "_auth_user_id" not in sign_in(SITE, left.username).wsgi_request.session


def test_failures_by_name_and_by_email_count_together(make_staff: Callable[..., User]):
    staff = make_staff(email="chief@tiketi.example")
    ways = itertools.cycle([(ADMIN, staff.username), (ADMIN, staff.email), (SITE, staff.username), (SITE, staff.email)])

    tried = [sign_in(*next(ways), "wrong").status_code for _ in range(10)]

    assert tried == [200] * 9 + [429]
    for page, login in itertools.product((ADMIN, SITE), (staff.username, staff.email)):
        assert sign_in(page, login).status_code == 429


def test_failures_against_a_staff_name_lock_no_buyer_out(buyer: User, make_staff: Callable[..., User]):
    staff = make_staff()
    for _ in range(12):
        sign_in(ADMIN, staff.username, "wrong")

    assert sign_in(ADMIN, staff.username).status_code == 429
    assert who(SITE, buyer.email) == buyer.username


def test_behind_a_trusted_proxy_a_failure_counts_for_the_clients_own_address(
    make_staff: Callable[..., User], settings: Any
):
    settings.WAITINGROOM_TRUSTED_PROXIES = ["10.0.0.0/24"]
    staff = make_staff()

    def status(peer: str, forwarded: str, password: str) -> int:
        client = Client(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
        return int(sign_in(ADMIN, staff.username, password, client).status_code)

    for i in range(10):
        status("10.0.0.7", f"9.9.9.{i}, 8.8.8.8", "wrong")
    assert status("10.0.0.7", "1.1.1.1, 8.8.8.8", PASSWORD) == 429
    assert status("8.8.8.8", "10.0.0.7", PASSWORD) == 429  # the same without a proxy, whatever it says
    assert status("10.0.0.7", "8.8.4.4", PASSWORD) == 302


@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_b27_a_refusal_tells_nobody_who_is_staff_by_words_or_by_time(
    page: str, buyer: User, make_staff: Callable[..., User], monkeypatch: pytest.MonkeyPatch
):
    hashed = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    staff = make_staff(email=f"{uuid.uuid4().hex[:8]}@tiketi.example")
    told = set()
    for login in ("nobody", "nobody@tiketi.example", buyer.username, buyer.email, staff.username, staff.email):
        hashed.clear()
        form = sign_in(page, login, "wrong").context["form"]
        told.add((str(form.non_field_errors()), len(hashed)))

    assert [count for _, count in told] == [1]


def test_the_browser_lets_a_name_be_sent():
    (field,) = re.findall(r'<input[^>]*name="login"[^>]*>', Client().get(SITE).content.decode())

    assert re.findall(r'type="(\w+)"', field) == ["text"]


@pytest.mark.parametrize("login", ["", " ", "a\x00b", "x" * 100_000, "<script>", "a\r\nb", "staff\x00"])
@pytest.mark.parametrize("page", [ADMIN, SITE])
def test_senseless_logins_are_refused(page: str, login: str):
    demo_staff()

    assert sign_in(page, login, DEMO_STAFF.password).status_code == 200


@pytest.mark.parametrize("page", [ADMIN, SITE])
@pytest.mark.parametrize("letter", ["x", "가", "İ"])  # the last is two in small letters
def test_failures_count_under_no_more_letters_than_are_kept(page: str, letter: str):
    """What SQLite keeps whole is an error of PostgreSQL's."""
    for length in (254, 3000):
        sign_in(page, letter * length)

    kept = AccessAttempt._meta.get_field("username").max_length
    assert kept is not None
    assert all(len(attempt.username) <= kept for attempt in AccessAttempt.objects.all())
    assert AccessAttempt.objects.exists()


def test_a_known_browser_counts_under_as_few_letters_and_is_forgotten_with_its_account(buyer: User):
    buyer.email = f"{'b' * 240}@example.com"
    buyer.save()
    browser = Client()
    assert sign_in(SITE, buyer.email, client=browser).status_code == 302
    browser.post("/accounts/logout/")
    sign_in(SITE, buyer.email, "wrong", browser)

    (attempt,) = AccessAttempt.objects.all()
    assert len(attempt.username) <= 255
    assert stored_of(buyer)["failedSignIns"]
