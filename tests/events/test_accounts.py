"""One account, one place; and nobody is sent to another site."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from waitingroom import slips
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "winter-song-42"


def visitor(browser) -> str | None:
    return slips.read_visitor(browser.cookies["visitor"].value)


def sign_in(browser, account: User, **query: str):
    return browser.post("/accounts/login/", {"login": account.email, "password": PASSWORD}, query_params=query)


def test_signing_in_makes_the_visitor_the_account(client, event, buyer):
    client.get(f"/events/{event.slug}/")

    sign_in(client, buyer)

    assert visitor(client) == f"account-{buyer.pk}"


def test_signing_in_while_waiting_keeps_the_place_on_every_device(client, event, buyer):
    WaitingRoom.objects.get(slug=event.slug)
    event.room.mode = "always"
    event.room.save()
    client.get(f"/events/{event.slug}/")
    before = client.get(f"/api/events/{event.slug}/").json()["position"]
    Client().get(f"/events/{event.slug}/")  # somebody behind

    sign_in(client, buyer)

    assert client.get(f"/api/events/{event.slug}/").json()["position"] == before
    telephone = Client()
    sign_in(telephone, buyer)
    assert telephone.get(f"/api/events/{event.slug}/").json()["position"] == before


def test_signing_out_leaves_the_place_with_the_account(client, event, buyer):
    sign_in(client, buyer)
    client.get(f"/events/{event.slug}/")

    client.post("/accounts/logout/")

    assert visitor(client) not in (None, f"account-{buyer.pk}")


def test_signing_up_makes_an_account_that_is_signed_in(client, event):
    client.get(f"/events/{event.slug}/")

    answer = client.post("/accounts/signup/", {"email": "new@example.com", "password1": "autumn-leaf-77"})

    assert answer.status_code == 302
    assert visitor(client) == f"account-{User.objects.get(email='new@example.com').pk}"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_mails_about_an_account_are_in_the_sites_name_whatever_host_was_asked(buyer, settings, language):
    settings.SITE_ADDRESS, settings.ALLOWED_HOSTS = "https://tickets.example.com", ["10.0.1.23"]
    client = Client(headers={"accept-language": language, "host": "10.0.1.23"})

    client.post("/accounts/password/reset/", {"email": buyer.email})

    (told,) = mail.outbox
    assert (told.to, told.subject.split()[0]) == ([buyer.email], "[TIKETI]")
    assert "TIKETI" in told.body.splitlines()[0]
    assert told.body.splitlines()[-1] == "tickets.example.com"


def test_signing_in_works_while_redis_is_away(client, buyer, monkeypatch):
    from waitingroom import visitors
    from waitingroom.errors import LineUnavailable

    def away(*args):
        raise LineUnavailable

    monkeypatch.setattr(visitors, "become", away)

    assert sign_in(client, buyer).status_code == 302


def test_an_event_may_demand_an_account_before_queueing(client, event, buyer):
    event.room.account_required = True
    event.room.save()

    sent = client.get(f"/events/{event.slug}/")
    assert sent.status_code == 302
    assert sent["Location"].startswith("/accounts/login/")

    sign_in(client, buyer)
    assert client.get(f"/events/{event.slug}/").status_code == 200


def test_an_account_whose_visitor_cookie_is_lost_does_not_run_in_circles(client, event, buyer):
    event.room.account_required = True
    event.room.save()
    sign_in(client, buyer)
    del client.cookies["visitor"]

    sent = client.get(f"/events/{event.slug}/")
    back = client.get(sent["Location"])

    assert back["Location"] == f"/events/{event.slug}/"
    assert client.get(back["Location"]).status_code == 200


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_b19_signing_in_leads_to_no_other_site(client, buyer, target):
    assert sign_in(client, buyer, next=target)["Location"] == "/"
    assert client.get("/accounts/login/", {"next": target})["Location"] == "/"


def test_b27_a_wrong_password_and_an_unknown_email_are_refused_in_the_same_words(client, buyer):
    def said(login: str) -> str:
        page = client.post("/accounts/login/", {"login": login, "password": "wrong"})
        return str(page.context["form"].non_field_errors())

    assert said(buyer.email) == said("nobody@example.com")


def test_b27_guessing_passwords_ends_in_a_pause(client, buyer):
    from django.core.cache import cache

    answers = []
    for _ in range(12):
        answers.append(client.post("/accounts/login/", {"login": buyer.email, "password": "wrong"}).status_code)
        cache.clear()  # allauth's own brake, which sits in the cache, aside: this is about the lasting one

    assert answers[-1] == 429
    assert sign_in(client, buyer).status_code == 429


@pytest.mark.parametrize(
    "email", ["a\r\nBcc: b@example.com", "a@example.com\x00", "x" * 100_000 + "@example.com", "<script>"]
)
def test_b21_a_senseless_email_makes_no_account(client, db, email):
    answer = client.post("/accounts/signup/", {"email": email, "password1": "autumn-leaf-77"})

    assert answer.status_code == 200
    assert not User.objects.exists()


def test_kakao_and_naver_are_offered_only_where_the_environment_brings_keys(tmp_path):
    import os
    import subprocess
    import sys

    ask = "from django.conf import settings; print(sorted(settings.SOCIALACCOUNT_PROVIDERS))"
    found = subprocess.run(
        [sys.executable, "-c", ask],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "KAKAO_CLIENT_ID": "key"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "['kakao']"


def test_a_crowd_behind_one_address_signs_in(client, make_buyer):
    from django.test import Client

    answers = {sign_in(Client(), make_buyer()).status_code for _ in range(40)}

    assert answers == {302}
