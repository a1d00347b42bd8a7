"""The front without a thread: what is everybody's is said again, and never of another edition, language or reader."""

import asyncio
import http.client
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from events.front import edition as editions
from events.front.answers import HOLDS, Holds
from events.front.edition import edition
from events.models import Event
from events.sale import closing
from tests.patience import until
from tests.waitingroom.web import Web, serving
from tiketi import front_first
from tiketi.front_first import MAX_KEPT, FrontFirst
from waitingroom.gate import SCOPE_KEY

LANGUAGE = settings.LANGUAGE_COOKIE_NAME.encode()
Headers = list[tuple[bytes, bytes]]
pytestmark = pytest.mark.django_db(transaction=True)


FRONT = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "query_string": b"", "client": ("1.1.1.1", 1)}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for another's answer waits for it, however slow the machine."""
    monkeypatch.setattr(front_first, "OVERDUE_S", 30.0)


class Django:
    """An application that counts, and says what it is told to."""

    def __init__(self, *, status: int = 200, headers: Headers | None = None, lasts: float | None = 60.0) -> None:
        self.status, self.headers, self.lasts = status, headers or [], lasts
        self.asked = 0
        self.before: Callable[[], Awaitable[object]] | None = None
        self.vanishes = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        name = edition.now()
        assert name is not None
        if self.before is not None:
            await self.before()
        if self.vanishes:
            return
        if self.lasts is not None:
            scope[HOLDS] = Holds(name, time.monotonic() + self.lasts)
        headers = [(b"X-Request-ID", b"of-the-first"), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"page %d" % self.asked})


async def ask(front: FrontFirst, headers: Headers | None = None, **scope: Any) -> tuple[bytes, dict[bytes, bytes]]:
    """The body and the headers that one reader gets."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    whole = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "client": ("1.1.1.1", 1),
    }
    await front({**whole, "headers": headers or [], **scope}, None, send)  # type: ignore[arg-type]  # never received
    return (said[1]["body"], dict(said[0]["headers"])) if said else (b"", {})


def asks(front: FrontFirst, *readers: Headers, **scope: Any) -> list[bytes]:
    """What they get, one after another."""
    return [asyncio.run(ask(front, headers, **scope))[0] for headers in readers]


def test_what_is_everybodys_takes_django_once_and_each_answer_has_an_id_of_its_own():
    django = Django()
    front = FrontFirst(django)

    answers = [asyncio.run(ask(front, [(b"user-agent", b"%d" % i), (b"sec-fetch-site", b"none")])) for i in range(3)]

    assert [body for body, _ in answers] == [b"page 1"] * 3
    assert django.asked == 1
    ids = {headers.get(b"x-request-id", headers.get(b"X-Request-ID")) for _, headers in answers}
    assert len(ids) == 3


def test_a_change_counts_at_once():
    front = FrontFirst(Django())
    assert asks(front, [], []) == [b"page 1", b"page 1"]

    edition.renew()

    assert asks(front, [], []) == [b"page 2", b"page 2"]


def test_what_the_clock_changes_is_not_said_past_that_instant():
    front = FrontFirst(Django(lasts=0))

    assert asks(front, [], []) == [b"page 1", b"page 2"]


@pytest.mark.parametrize(
    "other",
    [
        {"headers": [(b"accept-language", b"en")]},
        {"headers": [(b"accept-encoding", b"br")]},
        {"headers": [(b"host", b"other.example")]},
        {"headers": [(b"accept", b"application/json")]},
        {"headers": [(b"x-forwarded-proto", b"https")]},
        {"headers": [(b"x-never-heard-of", b"1")]},
        {"headers": [(b"cookie", LANGUAGE + b"=en")]},
        {"scheme": "https"},
        {"path": "/events/gala/"},
        {"query_string": b"kind=play"},
    ],
)
def test_whoever_asks_for_something_else_gets_another_page(other: dict[str, Any]):
    front = FrontFirst(Django())
    assert asks(front, []) == [b"page 1"]

    assert asyncio.run(ask(front, **other))[0] == b"page 2"
    assert asyncio.run(ask(front, **other))[0] == b"page 2"
    assert asks(front, []) == [b"page 1"]


@pytest.mark.parametrize(
    "own",
    [
        {"headers": [(b"cookie", b"sessionid=abc")]},
        {"headers": [(b"cookie", LANGUAGE + b"=ko; messages=abc")]},
        {"headers": [(b"cookie", b"slip-gala=w.x")]},
        {"headers": [(b"cookie", b"visitor=abc")]},
        {"headers": [(b"if-none-match", b'"tag"')]},
        {"headers": [(b"range", b"bytes=0-1")]},
        {"headers": [(b"authorization", b"Bearer x")]},
        {"method": "HEAD"},
        {"method": "POST"},
        {"path": "/static/events/site.css"},  # nor does anybody wait for another's
        {"path": "/events/gala/seats/"},
        {"waitingroom.decision": object()},  # let in by the gate, a moment ago
    ],
)
def test_what_is_or_may_be_ones_own_is_always_djangos(own: dict[str, Any]):
    front = FrontFirst(Django())
    assert asks(front, []) == [b"page 1"]

    assert [asyncio.run(ask(front, **own))[0] for _ in range(2)] == [b"page 2", b"page 3"]
    assert asks(front, []) == [b"page 1"]


@pytest.mark.parametrize(
    "said", [{"status": 404}, {"status": 503}, {"headers": [(b"Set-Cookie", b"visitor=abc")]}, {"lasts": None}]
)
def test_an_answer_of_one_request_is_said_once(said: dict[str, Any]):
    front = FrontFirst(Django(**said))

    assert asks(front, [], []) == [b"page 1", b"page 2"]


def test_of_a_hundred_at_once_one_takes_a_thread():
    django = Django()
    front = FrontFirst(django)

    async def crowd() -> list[bytes]:
        django.before = lambda: asyncio.sleep(0.01)
        return [body for body, _ in await asyncio.gather(*(ask(front) for _ in range(100)))]

    assert asyncio.run(crowd()) == [b"page 1"] * 100
    assert django.asked == 1


def test_nobody_waits_for_the_network_of_who_asked_first():
    front = FrontFirst(Django())

    async def slow(_message: Any) -> None:
        await asyncio.Event().wait()

    async def crowd() -> list[bytes]:
        first = asyncio.create_task(front({**FRONT, "headers": []}, None, slow))  # type: ignore[arg-type]  # never received
        await asyncio.sleep(0)
        others = asyncio.gather(*(ask(front) for _ in range(3)))
        try:
            return [body for body, _ in await asyncio.wait_for(others, 20)]
        finally:
            first.cancel()

    assert asyncio.run(crowd()) == [b"page 1"] * 3


def test_who_asked_first_and_went_away_leaves_the_asking_to_the_next():
    django = Django()
    front = FrontFirst(django)

    async def both() -> list[bytes]:
        async def vanish() -> None:
            await asyncio.sleep(0.01)
            django.vanishes = django.asked == 1

        django.before = vanish
        return [body for body, _ in await asyncio.gather(*(ask(front) for _ in range(3)))]

    assert asyncio.run(both()) == [b"", b"page 2", b"page 2"]


def test_nobody_waits_for_what_somebody_elses_address_may_ask_for_by_and_by(monkeypatch):
    """Requests of one address wait for each other, in a queue of their own."""
    monkeypatch.setattr(front_first, "OVERDUE_S", 0.05)
    django, busy = Django(), asyncio.Event()
    front = FrontFirst(django)

    async def crowd() -> list[bytes]:
        async def wait_for_ones_own() -> None:
            if django.asked == 1:
                await busy.wait()

        django.before = wait_for_ones_own
        first = asyncio.create_task(ask(front))
        await asyncio.sleep(0)
        others = [body for body, _ in await asyncio.wait_for(asyncio.gather(*(ask(front) for _ in range(5))), 20)]
        busy.set()
        await first
        return others

    assert asyncio.run(crowd()) == [b"page 2"] * 5


def test_caches_in_between_are_told_what_is_left_and_not_what_was(monkeypatch):
    left = [(b"cache-control", b"public, max-age=0, s-maxage=29")]
    front = FrontFirst(Django(headers=left, lasts=10.9))
    asks(front, [])

    _, headers = asyncio.run(ask(front))

    assert headers[b"cache-control"] in (b"public, max-age=0, s-maxage=10", b"public, max-age=0, s-maxage=9")


def test_where_no_thread_had_time_for_the_first_nobody_who_waited_for_it_asks_for_another():
    django = Django(status=503)
    front = FrontFirst(django)

    async def crowd() -> set[int]:
        django.before = lambda: asyncio.sleep(0.01)
        return {
            int(headers[b"retry-after"]) for _, headers in (await asyncio.gather(*(ask(front) for _ in range(50))))[1:]
        }

    assert len(asyncio.run(crowd())) > 1  # and they do not come back together
    assert django.asked == 1


def test_a_page_outlasts_the_moment_in_which_the_edition_is_known_but_not_the_edition():
    django = Django()
    front = FrontFirst(django)
    assert asks(front, []) == [b"page 1"]

    edition.forget()
    assert asks(front, [], []) == [b"page 1", b"page 1"]  # the cache says that it is the same

    cache.set(editions.KEY, "another process's", None)
    edition.forget()
    assert asks(front, []) == [b"page 2"]


def test_addresses_that_nobody_asks_for_twice_fill_no_memory():
    front = FrontFirst(Django())

    asks(front, *([(b"x-never-heard-of", b"%d" % i)] for i in range(MAX_KEPT + 5)))

    assert len(front._kept) == MAX_KEPT


def test_a_server_that_needs_no_coroutine_says_again_just_what_may_be():
    front = FrontFirst(Django())
    scope: dict[str, Any] = {**FRONT, "headers": []}
    assert front.said_now(scope) is None  # nobody asked before

    asks(front, [])

    said = front.said_now(scope)
    assert said is not None
    assert said[1] == b"page 1"
    assert b"of-the-first" not in dict(said[0]).values()
    assert front.said_now({**scope, "headers": [(b"cookie", b"sessionid=somebodys")]}) is None
    assert front.said_now({**scope, "headers": [(b"accept-language", b"en")]}) is None
    edition.forget()
    assert front.said_now(scope) is None  # the cache is to be asked whether it is the same
    edition.now()
    assert front.said_now(scope) is not None
    edition.renew()
    assert front.said_now(scope) is None


def test_a_server_says_no_page_again_before_the_gate_has_decided():
    front = FrontFirst(Django())
    path = "/events/some-event/"
    asks(front, [], path=path)
    scope: dict[str, Any] = {**FRONT, "path": path, "headers": []}

    assert front.said_now(scope) is None
    assert front.said_now({**scope, SCOPE_KEY: None}) is not None  # it is everybody's
    assert front.said_now({**scope, SCOPE_KEY: "somebody's place"}) is None


# -- on the running web process


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web")) as web:
        yield web


def page(web: Web, address: str, **headers: str) -> tuple[str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    try:
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def test_a_crowd_at_the_front_reads_what_staff_just_saved_and_nobody_reads_anothers(
    web: Web, make_event: Callable[..., Event], buyer: User
):
    event = make_event(opens_at=timezone.now() + timedelta(days=1))
    closing.follow(event.pk)
    browser = Client()
    browser.force_login(buyer)
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    for address in ("/", event.get_absolute_url()):
        until(lambda address=address: "한밤의 연주회" in page(web, address)[0])  # type: ignore[misc]  # by now
        answers = [page(web, address) for _ in range(20)]
        assert len({body for body, _ in answers}) == 1
        assert len({headers["x-request-id"] for _, headers in answers}) == 20
        told = [{name: value for name, value in headers.items() if name not in VARYING} for _, headers in answers]
        assert all(headers == told[0] for headers in told)
        assert "content-security-policy" in told[0]
        assert "/accounts/logout/" in page(web, address, Cookie=cookie)[0]
        assert "/accounts/logout/" not in page(web, address)[0]
        assert "Midnight Recital" in page(web, address, **{"Accept-Language": "en"})[0]

    Event.objects.filter(pk=event.pk).update(title_ko="새 제목")

    for address in ("/", event.get_absolute_url()):
        until(lambda address=address: "새 제목" in page(web, address)[0], within=10)  # type: ignore[misc]  # by now
        assert all("새 제목" in page(web, address)[0] for _ in range(20))


VARYING = ("x-request-id", "date", "cache-control")
