"""A database that hangs (F15): nobody waits for it for ever, and nobody gets a bare error."""

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.patience import BUSY_S
from tests.silence import Forwarder, forwarder, mute_server
from tests.site import ROOT
from tests.stack.test_alive import QUICK_S, asked, pages_asked, quickest_s
from tests.waitingroom.web import serving


@pytest.fixture
def way(postgres_url: str) -> Iterator[Forwarder]:
    """A way to PostgreSQL that can stall."""
    with forwarder(urlsplit(postgres_url).port or 5432) as way:
        yield way


@pytest.fixture
def url(postgres_url: str, way: Forwarder) -> str:
    """The database by that way."""
    return urlsplit(postgres_url)._replace(netloc=f"tiketi@127.0.0.1:{way.port}").geturl()


def shell(url: str, code: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run Python in a site whose database is at `url`."""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "DATABASE_URL": url}
    code = "import time, django; django.setup(); from django.db import connection\n" + code
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=timeout
    )


def seconds_of(url: str, statement: str) -> tuple[float, str]:
    """How long a site's connection takes to fail at the statement, and what it says."""
    code = f"""
from django.db import OperationalError
began = time.monotonic()
try:
    connection.cursor().execute({statement!r})
except OperationalError as error:
    print(time.monotonic() - began, str(error).replace(chr(10), " "))
"""
    seconds, _, words = shell(url, code).stdout.partition(" ")
    return float(seconds), words


def test_f15_a_database_that_takes_connections_and_says_nothing_is_given_up_in_seconds():
    with mute_server() as port:
        seconds, words = seconds_of(f"postgres://x@127.0.0.1:{port}/x", "SELECT 1")

    assert "timeout" in words
    assert seconds < 4.5 + BUSY_S


def test_f15_a_statement_takes_no_longer_than_a_visitor_waits(postgres_url: str):
    seconds, words = seconds_of(postgres_url, "SELECT pg_sleep(60)")

    assert "statement timeout" in words
    assert 4 < seconds < 6.5 + BUSY_S


def test_f15_a_lock_is_waited_for_no_longer_than_half_of_that(postgres_url: str):
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(77)")
        seconds, words = seconds_of(postgres_url, "SELECT pg_advisory_xact_lock(77)")

    assert "lock timeout" in words
    assert 2 < seconds < 4.5 + BUSY_S


def test_f15_a_database_that_falls_silent_amid_a_statement_is_given_up_and_asked_anew(url: str, way: Forwarder):
    code = """
from django.db import OperationalError
cursor = connection.cursor()
cursor.execute("SELECT 1")
print("asked", flush=True)
input()
began = time.monotonic()
try:
    cursor.execute("SELECT 2")
except OperationalError as error:
    print("gave up", round(time.monotonic() - began), error, flush=True)
connection.close_if_unusable_or_obsolete()
input()
with connection.cursor() as cursor:
    cursor.execute("SELECT 3")
    print("answered", cursor.fetchone()[0], flush=True)
"""
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "DATABASE_URL": url}
    code = "import time, django; django.setup(); from django.db import connection\n" + code
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as site:
        assert site.stdout is not None
        assert site.stdin is not None
        assert site.stdout.readline() == "asked\n"
        way.stall()
        print(file=site.stdin, flush=True)
        gave_up = site.stdout.readline()
        assert gave_up.startswith("gave up 7 "), gave_up
        way.resume()
        print(file=site.stdin, flush=True)
        assert site.stdout.readline() == "answered 3\n"


def test_a_connection_that_answered_a_moment_ago_is_asked_again_only_once_it_was_hung_up_on(postgres_url: str):
    code = """
import os, psycopg
from tiketi.postgresql.base import PROVED_FOR_S
from django.db import close_old_connections
asked = []
usable = connection.is_usable
connection.is_usable = lambda: asked.append(1) or usable()

def request():
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    close_old_connections()
    return pid

first = request()
assert [request(), request()] == [first, first]
print(len(asked), end=" ")
connection.answered_at -= PROVED_FOR_S
assert request() == first
print(len(asked), end=" ")
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
assert request() != first
print(len(asked), end=" ")
second = request()
try:
    connection.cursor().execute("SELECT * FROM nowhere")
except Exception as error:
    print(type(error).__name__, end=" ")
request()
print(len(asked))
"""
    done = shell(postgres_url, code)

    # After the moment once; hung up on, once; and after an error, once more.
    assert done.stdout == "0 1 2 ProgrammingError 3\n", done.stderr


def test_migrations_take_the_time_that_they_take(postgres_url: str):
    code = """
from tiketi.postgresql import lift_limits
connection.ensure_connection()
lift_limits(connection)
with connection.cursor() as cursor:
    cursor.execute("SELECT pg_sleep(8)")
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute(f"SHOW {name}")
        assert cursor.fetchone() == ("0",)
connection.close()
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    assert cursor.fetchone() == ("0",)
"""
    done = shell(postgres_url, code)

    assert done.returncode == 0, done.stderr


def test_f15_pages_say_so_while_the_database_hangs_and_come_back_with_it(url: str, way: Forwarder, tmp_path: Path):
    environment = {"DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL}
    assert (
        shell(url, "from django.core.management import call_command; call_command('migrate', verbosity=0)").returncode
        == 0
    )
    host = "Host: localhost\r\n"
    with serving(tmp_path, environment) as web:
        assert asked(web.port, "/", host)[0] == 200
        way.stall()
        with pages_asked(web.port, "/", 4):
            assert quickest_s(web.port) < QUICK_S
        began = time.monotonic()
        status, head, body = asked(web.port, "/", host + "Accept-Language: en\r\n", patience=40)
        assert time.monotonic() - began < 20  # behind the four
        told = re.search(rb"retry-after: (\d+)\r", head.lower() + b"\r")
        again = re.search(rb'http-equiv="refresh" content="(\d+)"', body)
        assert status == 503
        assert told
        assert again
        assert told[1] == again[1]
        assert 5 <= int(told[1]) <= 15
        way.resume()
        assert asked(web.port, "/", host, patience=40)[0] == 200
        assert "Traceback" not in (tmp_path / "output").read_text()


@pytest.mark.django_db(transaction=True)
def test_f15_pages_give_up_a_locked_sqlite_within_a_visitors_patience(tmp_path: Path):
    name = connection.settings_dict["NAME"]
    with serving(tmp_path) as web, closing(sqlite3.connect(name, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        form = "email=a%40example.com&password1=winter-song-42"
        took: list[float] = []
        answers: list[bytes] = []

        def sign_up() -> None:
            began = time.monotonic()
            token = "c" * 32
            answers.append(
                asked(
                    web.port,
                    "/accounts/signup/",
                    "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                    f"Cookie: csrftoken={token}\r\nX-CSRFToken: {token}\r\nContent-Length: {len(form)}\r\n",
                    "POST",
                    form,
                    patience=40,
                )[1]
            )
            took.append(time.monotonic() - began)

        threads = [threading.Thread(target=sign_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert quickest_s(web.port) < QUICK_S
        for thread in threads:
            thread.join(40)
        writer.execute("ROLLBACK")

    assert len(took) == 4
    assert max(took) < 10
    assert all(head.startswith(b"HTTP/1.1 503") for head in answers)
