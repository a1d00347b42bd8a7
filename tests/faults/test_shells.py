"""manage.py where something around it is wrong (B24): one line that says what, and nothing happens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.silence import mute_server
from tests.site import ROOT
from tests.smtp import mail_server
from tests.waitingroom.line import join_call
from tiketi.local_redis import LocalRedis
from waitingroom import configure
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now

pytestmark = pytest.mark.django_db(transaction=True)

COMMANDS = [("waitingroom", "list"), ("waitingroom", "admit", "a-room", "3"), ("scaling", "status")]


def managed(*words: str, closed: tuple[int, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """A command on the tests' database, at no terminal; with these of its descriptors closed."""

    def close() -> None:
        for number in closed:
            os.close(number)

    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings"}
    env |= {"DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}", **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=close,
    )


def refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    assert done.returncode != 0
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert all(word in done.stderr for word in said), done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_b24_a_redis_that_wants_a_password_is_one_line_that_does_not_repeat_ours(tmp_path: Path, command: list[str]):
    WaitingRoom.objects.create(slug="a-room")
    with LocalRedis(tmp_path / "redis") as server:
        server.start()
        server.client().config_set("requirepass", "their-word")
        for userinfo in ("", ":our-wrong-word@"):
            url = server.url.replace("redis://", f"redis://{userinfo}")
            done = managed(*command, REDIS_URL=url)
            refused(done, "Redis")
            assert "our-wrong-word" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_b24_a_port_where_no_redis_is_is_one_line(command: list[str]):
    WaitingRoom.objects.create(slug="a-room")

    with mail_server() as mail:
        refused(managed(*command, REDIS_URL=f"redis://127.0.0.1:{mail.port}/0"), "Redis")
    refused(managed(*command, REDIS_URL="redis://127.0.0.1:1/0"), "Redis")


def test_b24_a_redis_that_says_nothing_is_one_line():
    WaitingRoom.objects.create(slug="a-room")
    with mute_server() as port:
        refused(managed("waitingroom", "list", REDIS_URL=f"redis://127.0.0.1:{port}/0"), "Redis")


@pytest.mark.parametrize("url", ["http://127.0.0.1:6379/0", "redis:/127.0.0.1", "redis://127.0.0.1:6379/first", "6379"])
def test_b24_an_address_that_is_no_rediss_is_one_line(url: str):
    refused(managed("scaling", "status", REDIS_URL=url), "REDIS_URL ")


def test_b24_a_database_file_that_cannot_be_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")

    refused(managed("waitingroom", "list", DATABASE_URL=f"sqlite:///{tmp_path}/file/site.sqlite3"), "database")


def test_b24_without_standard_input_and_without_a_terminal_nothing_waits_for_a_word():
    room = WaitingRoom.objects.create(slug="a-room")
    run_now([join_call(room.slug, "a"), join_call(room.slug, "b")])
    try:
        for closed in ((), (0,)):
            done = managed("waitingroom", "close", room.slug, "--json", closed=closed)
            assert (done.returncode, json.loads(done.stdout)["mode"]) == (0, "closed"), done.stderr
            assert managed("waitingroom", "open", room.slug, closed=closed).returncode == 0
    finally:
        configure.remove(room.slug)
