"""`/healthz`, and how machines ask: by any host, over plain HTTP, whatever hangs and however full the process is."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client

from tests.patience import BUSY_S, until
from tests.silence import mute_server
from tests.waitingroom.web import Web, serving
from tiketi.readiness import ANSWER_SECONDS

# As a deployed site has it: its own name alone, and nothing over plain HTTP.
DEPLOYED = {"ALLOWED_HOSTS": "tickets.example.com", "HTTPS": "1"}
HOSTS = [
    "Host: tickets.example.com\r\n",
    "Host: 10.0.0.7:8000\r\n",
    "Host: 127.0.0.1\r\n",
    "Host: [fd00::7]:8000\r\n",
    "",  # none at all
    "Host:\r\n",
    "Host: evil.example\r\n",
    "Host: a b,c/../@[\r\n",
    "Host: \xec\xe9.example\r\n",
    "Host: one.example\r\nHost: two.example\r\n",
    f"Host: {'x' * 8000}\r\n",
]
QUICK_S = 0.25  # on a slow machine; whoever waits for what hangs waits longer


def said(port: int, request: str, patience: float = 10) -> bytes:
    """Everything the server answers to a request that ends its connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(request.encode("latin-1"))
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def asked(
    port: int,
    path: str,
    headers: str = "Host: 10.0.0.7:8000\r\n",
    method: str = "GET",
    body: str = "",
    *,
    patience: float = 10,
) -> tuple[int, bytes, bytes]:
    """Status, head and body of an answer."""
    answer = said(port, f"{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n{body}", patience)
    head, _, rest = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, rest


def quickest_s(port: int, tries: int = 5) -> float:
    """The shortest of some tries of `/healthz`: a busy machine is slow now and then, a process that waits always."""
    took = []
    for _ in range(tries):
        began = time.monotonic()
        assert asked(port, "/healthz")[0] == 200
        took.append(time.monotonic() - began)
    return min(took)


@pytest.fixture(scope="module")
def deployed(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), DEPLOYED) as web:
        yield web


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_process_that_lives_says_so_to_any_host(deployed: Web, host: str, method: str):
    status, head, body = asked(deployed.port, "/healthz", host, method)

    assert status == 200
    assert b"location:" not in head.lower()
    assert body == (b"" if method == "HEAD" else b'{"status": "alive"}')


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_other_machines_questions_are_not_redirected_or_refused_for_their_host(deployed: Web, path: str):
    for host in HOSTS:
        status, head, _ = asked(deployed.port, path, host)
        assert status in ({200, 503} if path == "/readyz" else {200})
        assert b"location:" not in head.lower()


def test_a_question_is_no_place_to_write(deployed: Web):
    for path in ("/healthz", "/readyz", "/metrics"):
        status, head, _ = asked(deployed.port, path, method="POST")
        assert (status, b"allow: GET, HEAD" in head) == (405, True)


def test_a_connection_goes_on_after_the_answer(deployed: Web):
    connection = HTTPConnection("127.0.0.1", deployed.port, timeout=10)
    for method in ("GET", "HEAD", "GET"):
        connection.request(method, "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"" if method == "HEAD" else b'{"status": "alive"}')
    connection.close()


@contextmanager
def pages_asked(port: int, path: str, count: int) -> Iterator[None]:
    """So many requests of a page under way, nobody waiting for their answers."""
    with ExitStack() as stack:
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield


def test_it_lives_with_a_database_and_a_redis_that_hang_and_every_thread_busy(tmp_path: Path):
    with (
        mute_server() as database,
        mute_server() as redis,
        serving(
            tmp_path,
            {"DATABASE_URL": f"postgres://x@127.0.0.1:{database}/x", "REDIS_URL": f"redis://127.0.0.1:{redis}/0"},
        ) as web,
        pages_asked(web.port, "/", 12),
        pages_asked(web.port, "/events/somewhere/", 12),
    ):
        assert quickest_s(web.port) < QUICK_S

        began = time.monotonic()
        status, _, body = asked(web.port, "/readyz")
        assert time.monotonic() - began < 2 * ANSWER_SECONDS + BUSY_S
        assert (status, json.loads(body)["database"], json.loads(body)["redis"]) == (
            503,
            "does not answer",
            "does not answer",
        )
        began = time.monotonic()
        assert b"tiketi_redis_up 0.0" in asked(web.port, "/metrics")[2]
        assert time.monotonic() - began < 2 * ANSWER_SECONDS + BUSY_S
        assert quickest_s(web.port) < QUICK_S


def test_f31_a_full_process_refuses_new_pages_kindly_and_still_lives(tmp_path: Path):
    with serving(tmp_path, DEPLOYED, files=400) as web, ExitStack() as stack:
        before = HTTPConnection("127.0.0.1", web.port, timeout=10)
        before.request("GET", "/healthz")
        before.getresponse().read()
        for _ in range(275):  # nine tenths of three hundred, and some; each has spoken, and means to go on
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=10))
            connection.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234")

        status, head, body = asked(web.port, "/")
        assert status == 503
        assert b"retry-after: " in head
        assert b'http-equiv="refresh"' in body
        assert json.loads(asked(web.port, "/api/events/x/")[2]) == {"status": "unavailable"}
        assert quickest_s(web.port) < QUICK_S
        before.request("GET", "/metrics")
        assert before.getresponse().status == 200
        before.close()


def test_f14_those_who_connect_and_say_nothing_make_room_for_those_who_ask(tmp_path: Path):
    with serving(tmp_path, DEPLOYED, files=400) as web, ExitStack() as stack:
        for _ in range(600):
            with suppress(OSError):
                stack.enter_context(socket.create_connection(("127.0.0.1", web.port), timeout=10))
        until(lambda: quickest_s(web.port) < QUICK_S)


def test_a_crowd_of_questions_asks_the_site_once_and_hinders_no_page(deployed: Web):
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(asked(deployed.port, "/readyz")[0])) for _ in range(40)]
    for thread in threads:
        thread.start()

    assert asked(deployed.port, "/", "Host: tickets.example.com\r\nX-Forwarded-Proto: https\r\n")[0] == 200
    for thread in threads:
        thread.join(10)
    assert len(answers) == 40


def test_details_are_for_this_machine_and_for_the_operators_token(tmp_path: Path):
    with serving(tmp_path, {"OPERATOR_TOKEN": "a-long-word-of-operators", **DEPLOYED}) as web:
        token = "Authorization: Bearer a-long-word-of-operators\r\n"
        for path, detail in (("/readyz", b'"ticker"'), ("/metrics", b"tiketi_redis_up")):
            assert detail in asked(web.port, path)[2]
            for proxied in (
                "X-Forwarded-For: 127.0.0.1\r\n",
                "Forwarded: for=1.2.3.4\r\n",
                "X-Forwarded-Proto: https\r\n",
            ):
                assert detail not in asked(web.port, path, proxied)[2]
                assert detail not in asked(web.port, path, proxied + "Authorization: Bearer x\r\n")[2]
                assert detail not in asked(web.port, path, proxied + "Authorization: Bearer \xe9\r\n")[2]
                assert detail in asked(web.port, path, proxied + token)[2]
        told = asked(web.port, "/readyz", "X-Forwarded-For: 1.2.3.4\r\n")[2]
        assert set(json.loads(told)) == {"status"}


@pytest.mark.django_db(transaction=True)
def test_where_no_asgi_server_runs_the_first_middleware_answers(settings):
    settings.ALLOWED_HOSTS = ["tickets.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    client = Client(headers={"host": "10.0.0.7:8000"})

    for path in ("/healthz", "/metrics"):
        assert client.get(path).status_code == 200
        assert client.head(path).content == b""
        assert client.post(path).status_code == 405
    assert client.get("/readyz").status_code in (200, 503)
    assert client.get("/").status_code in (301, 400)

    begun: list[str] = []

    def start(status: str, *_: object) -> Callable[[bytes], object]:
        begun.append(status)
        return begun.__contains__

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "SERVER_NAME": "x", "SERVER_PORT": "80"}
    body = b"".join(get_wsgi_application()(environ | {"wsgi.input": BytesIO()}, start))
    assert (begun, body) == (["200 OK"], b'{"status": "alive"}')
