"""A worker's host whose clock is five minutes ahead: what beat rings is done all the same (libfaketime shifts it)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.conftest import missing
from tests.patience import until
from tests.site import ROOT
from tiketi.celery import app
from waitingroom.redis import client

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
QUEUES = ("clock", "work", "mail", "fleet", "money")
# Holds, refunds and payments, mails, admission: as beat rings them.
RUNG = ("expire-holds", "settle", "confirm", "mail", "tick")

# The log keeps quiet of every task that a worker has done.
TELLING = """
from celery.signals import task_success
from celery.__main__ import main
@task_success.connect(weak=False)
def tell(sender, **_):
    print(f"Task {sender.name}[ succeeded", flush=True)
main()
"""


@contextmanager
def worker(ahead: str, tmp_path: Path) -> Iterator[None]:
    """A worker for all queues, its host's clock ahead by so much, on a database of its own."""
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "REDIS_URL": settings.REDIS_URL,
        "DATABASE_URL": f"sqlite:///{tmp_path}/skewed.sqlite3",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    env |= {"LD_PRELOAD": str(FAKETIME), "FAKETIME": ahead, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    command = [sys.executable, "-c", TELLING, "-A", "tiketi", "worker", "-P", "solo"]
    with (tmp_path / "output").open("wb") as out:
        process = subprocess.Popen([*command, "-Q", ",".join(QUEUES)], cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("ahead", ["+300", "-300"])
def test_f21_a_worker_whose_clock_is_five_minutes_off_expires_holds_settles_mails_and_ticks(
    ahead: str, tmp_path: Path, redis_server: object
):
    if FAKETIME is None:
        missing("Debian's package `faketime` is needed")
    client().delete(*QUEUES)
    rung = [app.conf.beat_schedule[name] for name in RUNG]
    for entry in rung:
        app.send_task(entry["task"], **entry["options"])
    try:
        with worker(ahead, tmp_path):
            until(lambda: all(f"Task {entry['task']}[" in succeeded(tmp_path) for entry in rung), within=60)
    finally:
        client().delete(*QUEUES)


def succeeded(folder: Path) -> str:
    """What the worker says it has done."""
    lines = (folder / "output").read_text().splitlines()
    return "\n".join(line for line in lines if "succeeded" in line)
