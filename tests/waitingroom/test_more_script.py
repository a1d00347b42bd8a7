"""The rest of the waiting page's script: kept for ever by its content's address, and never that of another edition."""

import re

import pytest
from django.test import Client

from waitingroom.more_script import edition_of, more_of
from waitingroom.page_cache import render


def address_on(page: str) -> str:
    """Where the page's script fetches the rest of it."""
    found = re.search(r'data-more="([^"]*)"', page)
    assert found
    return found[1]


@pytest.mark.django_db
@pytest.mark.parametrize("template", ["waiting", "gathering"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_page_names_the_script_that_it_was_made_with_and_caches_keep_that_for_ever(template: str, language: str):
    page = b"".join(render(template, "gala", language, {}).pieces).decode()

    answer = Client().get(address_on(page))

    assert answer.content.decode() == more_of(language)
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers


def test_each_language_and_each_content_has_an_edition_of_its_own(monkeypatch: pytest.MonkeyPatch):
    before = {edition_of("ko"), edition_of("en")}
    assert len(before) == 2
    monkeypatch.setattr("waitingroom.more_script.more_of", lambda language: f"// another, in {language}")

    assert not before & {edition_of("ko"), edition_of("en")}


@pytest.mark.django_db
@pytest.mark.parametrize("edition", ["0123456789ab", "x", "en"])
def test_a_page_of_another_edition_gets_no_script_that_is_not_its_own(edition: str):
    answer = Client().get(f"/line/more.ko.{edition}.js")

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "location.replace" in answer.content.decode()
    assert "askToLeave()" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["more.ja.0123456789ab.js", "more.ko.js", "more..js"])
def test_there_is_none_in_other_languages(name: str):
    assert Client().get(f"/line/{name}").status_code == 404
