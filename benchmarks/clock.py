"""What lets people in while sockets are held: our clock's tick each second, or the peer's visitors who leave."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks import cores, lines
from benchmarks.servers import ROOT

PER_SECOND = 100
TICKER = """
import time, django
django.setup()
from waitingroom.tasks import tick
while True:
    tick()
    time.sleep(1 - time.time() % 1)
"""


@contextmanager
def our_clock(line: lines.Ours, env: Mapping[str, str]) -> Iterator[None]:
    """The clock's task every second, as Celery runs it, at a rate of PER_SECOND and with room for everybody."""
    in_force = {"threshold": 1_000_000, "users_per_minute_per_instance": 30 * PER_SECOND}  # by two instances
    line.redis.hset(line.keys.config, mapping=in_force)
    child = subprocess.Popen(
        [sys.executable, "-c", TICKER],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tiketi.settings", **env},
        preexec_fn=cores.pinned(cores.OTHERS),
    )
    try:
        yield
    finally:
        child.kill()
        child.wait()
        line.redis.hset(line.keys.config, "threshold", 1)


@contextmanager
def peers_leave(line: lines.Peer) -> Iterator[None]:
    """Every second PER_SECOND active visitors leave, so that the peer's own loop admits as many."""
    over = threading.Event()

    def leave() -> None:
        while not over.wait(1):
            line.let_out(PER_SECOND)

    thread = threading.Thread(target=leave)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def admissions(line: lines.Line, seconds: float) -> list[float]:
    """Watch for `seconds`: the instant (Unix seconds) at which each visitor was admitted, first in line first."""
    instants: list[float] = []
    before = line.admitted()
    until = time.time() + seconds
    while (now := time.time()) < until:
        instants += [now] * (line.admitted() - before - len(instants))
        time.sleep(0.004)
    return instants
