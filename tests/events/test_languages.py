"""One language on every page: whoever reads neither Korean nor English is served in English."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)

SPOKEN = {
    "": "ko",
    "*": "ko",
    "ko": "ko",
    "ko-KR": "ko",
    "KO-kr,en;q=0.5": "ko",
    "en-GB,en;q=0.9": "en",
    "ja": "en",
    "fr-FR,fr;q=0.9": "en",
    "zh-TW,*;q=0.1": "en",
    "ja,ko;q=0.5,en;q=0.1": "ko",  # Korean is read, too, and better than English
    "ko;q=0,ja": "en",
    "en;q=0.2,ko;q=0.9": "ko",
}


def language_of(client: Client, address: str, header: str, chosen: str = "") -> str:
    """The language that a page says it is in."""
    if chosen:
        client.cookies["django_language"] = chosen
    page = client.get(address, headers={"accept-language": header} if header else {})
    found = re.search(r'<html lang="([a-z-]+)"', page.content.decode())
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("header", "language"), SPOKEN.items())
def test_the_gates_pages_and_the_sites_come_in_one_language(event, header, language):
    event.room.mode = "always"
    event.room.save()

    assert language_of(Client(), f"/events/{event.slug}/", header) == language  # the gate's
    assert language_of(Client(), "/", header) == language
    assert language_of(Client(), "/accounts/login/", header) == language


@pytest.mark.parametrize("header", ["ja", "ko", "en", ""])
def test_what_a_visitor_chose_on_the_site_counts_more_than_the_browser(client, db, header):
    assert language_of(client, "/", header, chosen="ko") == "ko"
    assert language_of(client, "/", header, chosen="en") == "en"


def test_a_language_that_is_chosen_and_none_of_the_sites_is_not_heard(client, db):
    assert language_of(client, "/", "ja", chosen="ja") == "en"
