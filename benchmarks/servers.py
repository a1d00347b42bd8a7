"""The servers under test and their Redis, each a pinned child process that ends with its `with` block."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import redis

from benchmarks import cores
from benchmarks.rows import Unmeasured
from tiketi.local_redis import LocalRedis

ROOT = Path(__file__).parent.parent
START_WITHIN = 30.0
# A site as it is run, over plain HTTP.
DEPLOYED = {
    "DEBUG": "0",
    "HTTPS": "0",
    "ALLOWED_HOSTS": "127.0.0.1,tiketi.example",
    # What a real site must name; nothing is bought here, and nobody gets a mail.
    "SITE_ADDRESS": "http://tiketi.example",
    "EMAIL_URL": "smtp://mail.tiketi.example",
    "PAYMENT_PROVIDERS": "sandbox",
    "LOG_LEVEL": "WARNING",
}


class NotStarted(Unmeasured):
    """A server did not come up; the message holds its last words."""


@dataclass(frozen=True)
class Server:
    """A running child and the port it listens on."""

    port: int
    process: psutil.Process

    def family(self) -> list[psutil.Process]:
        """The process and its children."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu_seconds(self) -> float:
        """Processor time spent so far, kernel included."""
        return sum(sum(member.cpu_times()[:2]) for member in self.family())

    def resident_bytes(self) -> int:
        """Memory in use."""
        return sum(member.memory_info().rss for member in self.family())


@contextmanager
def running(
    command: Sequence[str], *, port: int, env: Mapping[str, str], log: Path, on: Sequence[int]
) -> Iterator[Server]:
    """A child that answers on `port`. Raises NotStarted."""
    with log.open("wb") as sink:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=sink,
            stderr=sink,
            preexec_fn=cores.pinned(*on),
        )
    try:
        wait_for(port, child, log)
        yield Server(port, psutil.Process(child.pid))
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the child answers HTTP, whatever the status."""
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and child.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise NotStarted(f"{child.args}: " + " ".join(log.read_text(errors="replace").splitlines()[-3:]))


@contextmanager
def running_redis(folder: Path) -> Iterator[redis.Redis]:
    """A Redis of its own, as the local stack's, save that its log is never rewritten amid a measurement.

    It stays on this process's core, as every child does that is not told otherwise.
    """
    with LocalRedis(folder) as server:
        client = redis.Redis.from_url(server.url, socket_timeout=60)
        client.config_set("auto-aof-rewrite-percentage", 0)
        yield client
        client.close()


def url_of(client: redis.Redis) -> str:
    """The address of the Redis behind `client`."""
    return f"redis://127.0.0.1:{client.get_connection_kwargs()['port']}/0"
