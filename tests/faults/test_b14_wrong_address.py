"""Requests that come to the wrong address: refused or sent to the right one before a place is drawn (B13, B14)."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.patience import until
from tests.stack.test_alive import asked
from tests.waitingroom.web import Web, serving
from waitingroom import admission
from waitingroom.models import WaitingRoom

DEPLOYED = {"ALLOWED_HOSTS": "tickets.example.com,.fans.example", "HTTPS": "1"}
HOST = "Host: tickets.example.com\r\n"
HTTPS = "X-Forwarded-Proto: https\r\n"
HSTS = b"strict-transport-security: max-age=31536000; includesubdomains"

Rooms = Callable[..., WaitingRoom]


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), DEPLOYED) as web:
        yield web


@pytest.fixture
def room(make_room: Rooms, web: Web) -> WaitingRoom:
    """A room that the process knows, on the fast way and on the slow one."""
    room = make_room(threshold=1)
    path = f"/api/events/{room.slug}/queue/"
    until(lambda: b"x-waiting-room" in asked(web.port, path, HOST + HTTPS)[1].lower(), within=10)
    asked(web.port, f"/api/events/{room.slug}/", HOST + HTTPS)
    return room


def drawn(room: WaitingRoom) -> int:
    """How many came in or into line."""
    (status,) = admission.status([room.slug])
    return status.joined + status.straight_in


STRANGE = [
    "Host: evil.example\r\n", "Host: tickets.example.com.evil.example\r\n", "Host:\r\n",
    "Host: tickets.example.com\r\nHost: evil.example\r\n", "Host: evil.example\r\nHost: tickets.example.com\r\n",
    "Host: a b\r\n", "Host: \xec\r\n", "Host: 127.0.0.1\r\n", "Host: tickets.example.com@evil.example\r\n",
    f"Host: {'x' * 8000}.fans.example\r\n", "Host: evil.example\r\nX-Forwarded-Host: tickets.example.com\r\n",
]  # fmt: skip


def test_b14_a_foreign_host_is_refused_before_a_place_is_drawn(web: Web, room: WaitingRoom):
    before = drawn(room)
    for path in (f"/events/{room.slug}/", f"/api/events/{room.slug}/", f"/api/events/{room.slug}/queue/"):
        for host in STRANGE:
            for method in ("GET", "HEAD", "POST"):
                for proto in ("", HTTPS):
                    status, head, _ = asked(web.port, path, host + proto, method)
                    assert status == 400, (path, host, method)
                    assert b"set-cookie" not in head.lower()
    assert drawn(room) == before


def test_b14_plain_http_is_sent_to_https_before_a_place_is_drawn(web: Web, room: WaitingRoom):
    before = drawn(room)
    for path in (f"/events/{room.slug}/", f"/api/events/{room.slug}/?a=b&c=%ec", "/events/no-such-room/"):
        for method in ("GET", "HEAD", "POST"):
            for proto in ("", "X-Forwarded-Proto: http\r\n"):
                status, head, _ = asked(web.port, path, HOST + proto, method)
                location = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"location: "))
                assert (status, location[10:]) == (301, f"https://tickets.example.com{path}".encode())
                assert b"strict-transport-security" not in head.lower()
    assert drawn(room) == before


def test_b14_the_gates_own_answers_have_what_djangos_have(web: Web, room: WaitingRoom):
    asked(web.port, f"/api/events/{room.slug}/", HOST + HTTPS)  # the only place is taken
    for host in (HOST, "Host: TICKETS.example.com:443\r\n", "Host: www.fans.example\r\n"):
        for path, status in (
            (f"/events/{room.slug}/", 200),
            (f"/api/events/{room.slug}/", 202),
            ("/no-such-page", 404),
        ):
            answered, head, _ = asked(web.port, path, host + HTTPS)
            lines = head.lower().split(b"\r\n")
            assert answered == status
            for line in (HSTS, b"x-content-type-options: nosniff", b"referrer-policy: same-origin"):
                assert lines.count(line) == 1, (path, line)


def test_b14_machines_ask_by_any_host_over_plain_http(web: Web, room: WaitingRoom):
    for path in ("/healthz", "/metrics"):
        assert asked(web.port, path, "Host: 10.0.0.7\r\n")[0] == 200
    assert json.loads(asked(web.port, "/readyz", "Host: 10.0.0.7\r\n")[2])["status"] in ("ready", "not ready")


@pytest.mark.parametrize(
    "spelt", ["/{0}", "//events/{0}/", "/EVENTS/{0}/", "/events/./{0}/", "/x/../events/{0}/", "/events/{0}/x%2f..%2fy"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_b13_no_method_or_spelling_changes_anything_without_a_place(
    web: Web, room: WaitingRoom, spelt: str, method: str
):
    path = spelt.format(room.slug)
    before = drawn(room)
    for host in (HOST, "Host: tickets.example.com.\r\n"):  # the trailing dot is the same host
        for more in ("", "X-HTTP-Method-Override: GET\r\n"):
            status, head, _ = asked(web.port, path, host + HTTPS + more + "Accept: application/json\r\n", method)
            assert status in (303, 403, 404, 405)
            assert (status in (404, 405)) <= (b"x-waiting-room: active" not in head.lower())
    assert drawn(room) == before
