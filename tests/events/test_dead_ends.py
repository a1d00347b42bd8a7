"""What is not there is said in the form that whoever asks reads, also with DEBUG on: the run everyone sees."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver

from waitingroom.redis_clock import redis_clock

pytestmark = pytest.mark.django_db(transaction=True)

NOWHERE = [
    "/api/",
    "/api/nothing/",
    "/api/nothing",
    "/api/events/",
    "/api/events/nothing/",
    "/api/events/-1/",
    "/api/events/%00/",
    "/api/events/٣/",
    "/api/events/no/where/",
    "/api/events/<b>/",
    "/api/events/nothing/queue/",
    "/api/scaling/",
]
OF_AN_EVENT = ("/api/events/nothing/", "/api/events/-1/")
METHODS = ["get", "head", "post", "put", "patch", "delete", "options"]
JSON = {"accept": "application/json"}


@pytest.fixture(params=[False, True], ids=["deployed", "DEBUG"])
def debug(request, settings) -> bool:
    """The site as it is deployed, and as `make run` shows it."""
    shown = bool(request.param)
    settings.DEBUG = shown
    return shown


def the_apis() -> list[str]:
    """The address of each view under /api/ that needs no name."""
    patterns = _patterns(get_resolver().url_patterns)
    return [f"/{pattern}" for pattern in patterns if pattern.startswith("api/") and "<" not in pattern]


def _patterns(patterns, before="") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLPattern):
            yield before + str(one.pattern)
        else:
            yield from _patterns(one.url_patterns, before + str(one.pattern))


def test_people_meet_the_sites_own_page(debug):
    for address in ("/nothing/", "/nothing", "/events/nothing/", "/posters/nothing.ko.svg", "/documents/nothing/"):
        answer = Client().get(address)
        page = answer.content.decode()
        assert answer.status_code == 404
        assert "dead-end" in page
        assert "urlconf" not in page.lower()
        assert 'name="viewport"' in page
        assert "accept" in answer["Vary"].lower()


@pytest.mark.parametrize("address", NOWHERE)
def test_programs_hear_in_json_that_there_is_nothing(debug, address):
    careful = Client(enforce_csrf_checks=True, raise_request_exception=False)

    for method in METHODS:
        answer = getattr(careful, method)(address)

        assert answer["Content-Type"].startswith("application/json")
        if address in OF_AN_EVENT and method not in ("get", "head"):  # whatever its name
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
            continue
        assert answer.status_code == 404
        if method != "head":
            assert json.loads(answer.content) == {"status": "not-found", "detail": "이 주소에는 아무것도 없습니다."}


def test_a_wrong_method_is_refused_in_json_with_those_that_are_taken(debug):
    addresses = the_apis()
    assert {"/api/clock/", "/api/scaling/desired"} <= set(addresses)
    careful = Client(enforce_csrf_checks=True, raise_request_exception=False)

    for address in addresses:
        for method in ("post", "put", "patch", "delete", "options"):
            answer = getattr(careful, method)(address)
            assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD"), (address, method)
            assert json.loads(answer.content)["status"] == "method-not-allowed"


def test_who_is_inside_hears_of_a_wrong_method_too(event, debug):
    careful = Client(enforce_csrf_checks=True)
    careful.get(f"/events/{event.slug}/")

    answer = careful.put(f"/api/events/{event.slug}/")

    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert set(answer.json()) == {"status", "detail"}


def test_a_program_that_asks_for_a_page_that_is_not_there_hears_it_in_json(debug):
    answer = Client().get("/events/nothing/", headers=JSON)

    assert (answer.status_code, set(answer.json())) == (404, {"status", "detail"})


def test_only_what_can_be_asked_again_is_led_to_the_address_with_the_slash(debug):
    careful = Client(enforce_csrf_checks=True, raise_request_exception=False)

    assert careful.get("/api/clock")["Location"] == "/api/clock/"
    for method in ("post", "put", "delete"):
        assert getattr(careful, method)("/api/clock").status_code == 404


def test_what_fails_under_the_api_fails_in_json(debug, monkeypatch):
    def broken() -> int:
        raise RuntimeError

    monkeypatch.setattr(redis_clock, "now_us", broken)

    answer = Client(raise_request_exception=False).get("/api/clock/")

    assert (answer.status_code, answer.json()["status"]) == (500, "internal-server-error")


def test_in_english(debug):
    answer = Client().get("/api/nothing/", headers={"accept-language": "en"})

    assert answer.json()["detail"] == "There is nothing at this address."
