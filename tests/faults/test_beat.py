"""Beat, and a Redis that hangs or is full: beat lives, says so in few lines, and rings again afterwards."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings

from tests.patience import until
from tests.site import ROOT
from tiketi.local_redis import LocalRedis
from waitingroom.redis import client

QUEUES = ("clock", "work", "mail", "fleet", "money")


@contextmanager
def beat(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Beat as the Procfile starts it, nobody reading what it rings."""
    command = [
        sys.executable,
        "-m",
        "celery",
        "-q",
        "-A",
        "tiketi",
        "beat",
        "-s",
        str(folder / "beat"),
        "-l",
        "warning",
    ]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "REDIS_URL": settings.REDIS_URL}
    with (folder / "output").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def rung() -> Iterator[None]:
    """Nothing rung before, and nothing left behind."""
    client().delete(*QUEUES)
    yield
    client().config_set("maxmemory", "0")
    client().delete(*QUEUES)


def ticks() -> int:
    return int(client().llen("clock"))  # type: ignore[arg-type]  # redis-py has one type for both its clients


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize("trouble", ["hangs", "is full"])
def test_beat_outlives_a_redis_that(trouble: str, tmp_path: Path, redis_server: LocalRedis):
    with beat(tmp_path) as process:
        until(lambda: ticks() > 1, within=40)
        if trouble == "hangs":
            os.kill(redis_server.pid, signal.SIGSTOP)
        else:
            client().config_set("maxmemory", "1mb")
        time.sleep(15)  # the trouble lasts
        if trouble == "hangs":
            os.kill(redis_server.pid, signal.SIGCONT)
        else:
            client().config_set("maxmemory", "0")
        assert process.poll() is None
        before = ticks()
        until(lambda: ticks() > before + 2, within=20)

    lines = (tmp_path / "output").read_text().splitlines()
    assert len(lines) < 15, "\n".join(lines)
    assert not [line for line in lines if line.startswith("Traceback")]
