"""Words that no browser of ours sends: languages that are none, names that turn, hide or flood, addresses of staff."""

import re
import unicodedata
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.patience import until

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = [
    "../../etc/passwd",
    "xx",
    "ko;q=zz,en;q=",
    ",,;;==",
    "*;q=nan",
    "en-" * 2_000,
    "ko\u0000en",
    "en;q=1e400, ko;q=-1",
]


@pytest.mark.parametrize("language", LANGUAGES, ids=range(len(LANGUAGES)))
def test_b20_a_language_that_is_none_is_the_sites_own(client: Client, event, language: str):
    for address in ("/", f"/events/{event.slug}/", "/accounts/login/"):
        for answer in (
            client.get(address, headers={"accept-language": language}),
            client.get(address, headers={"cookie": f"django_language={language}"}),
            client.get(address, {"lang": language, "language": language}),
        ):
            assert answer.status_code == 200
            assert answer.headers["Content-Language"] in ("ko", "en")

    event.room.mode = "always"
    event.room.save()
    for headers in ({"accept-language": language}, {"cookie": f"django_language={language}"}):
        page = Client().get(f"/events/{event.slug}/", headers=headers)  # the gate's own
        assert (page.status_code, page.headers["X-Waiting-Room"]) == (200, "waiting")
        assert re.search(r'<html lang="(ko|en)"', page.content.decode())

    asked = client.post("/i18n/setlang/", {"language": language, "next": "https://evil.example/"})
    assert (asked.status_code, asked.headers["Location"]) == (302, "/")
    assert "django_language" not in asked.cookies
    assert client.get(f"/posters/{event.slug}.{language[:20]}.svg").status_code == 404


NAMES = {
    "right to left": "abc\u202egpj.exe",
    "four bytes": "🎫🎤" * 20,
    "decomposed": unicodedata.normalize("NFD", "한밤의 연주회"),
    "a formula": "=cmd|' /C calc'!A0",
    "markup": "<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_b21_a_title_of_any_letters_is_shown_as_text(client: Client, make_event, name: str):
    event = make_event(title_ko=name, title_en=name)

    for address in ("/", f"/events/{event.slug}/", event.poster_url):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()
    until(lambda: client.get(f"/api/events/{event.slug}/").status_code == 200)  # the room is known
    told = client.get(f"/api/events/{event.slug}/")
    assert told.headers["Content-Type"].startswith("application/json")
    assert told.json()["event"]["title"]["ko"] == name


@pytest.mark.parametrize("email", [f"{name}@example.com" for name in NAMES.values()], ids=NAMES.keys())
def test_b21_an_account_is_made_by_an_address_that_mail_can_reach_or_not_at_all(client: Client, email: str):
    answer = client.post("/accounts/signup/", {"email": email, "password1": "autumn-leaf-77"})

    assert answer.status_code == 200
    assert not User.objects.exists()


def addresses(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Every address under a resolver that takes no argument."""
    for one in resolver.url_patterns:
        path = prefix + str(one.pattern).removeprefix("^").removesuffix("$").removesuffix("\\Z")
        if isinstance(one, URLResolver):
            yield from addresses(one, path)
        elif not set(path) & set("<(?*["):
            yield f"/{path}"


STAFF = sorted(path for path in addresses(get_resolver("tiketi.urls")) if path.startswith(("/admin/", "/staff/")))
OPEN = {"/admin/login/", "/admin/logout/", "/staff/door/worker.js"}  # the last is a script and knows nobody


def test_b23_there_are_addresses_of_staff():
    assert len(STAFF) > 20


@pytest.mark.parametrize("address", [path for path in STAFF if path not in OPEN])
@pytest.mark.parametrize("who", ["nobody", "a buyer", "staff without a right"])
def test_b23_an_address_of_staff_opens_to_nobody_else(client: Client, make_buyer, who: str, address: str):
    if who != "nobody":
        buyer = make_buyer()
        buyer.is_staff = who == "staff without a right"
        buyer.save()
        client.force_login(buyer)

    for answer in (client.get(address), client.post(address, {})):
        own = {"/admin/", "/admin/jsi18n/", "/admin/password_change/", "/admin/password_change/done/"}
        if who == "staff without a right" and address in own:
            assert answer.status_code in (200, 302, 405)  # a page of their own, with nothing on it
        else:
            assert answer.status_code in (302, 401, 403, 405), answer
            assert "login" in answer.headers.get("Location", "login")
