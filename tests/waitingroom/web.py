"""One web process as the Procfile starts it, without Celery: on the tests' Redis and database."""

import os
import resource
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection
from websockets.sync.client import ClientConnection, connect

from tests.patience import until
from tests.site import ROOT
from tiketi import loopback
from waitingroom import slips


@dataclass(frozen=True)
class Web:
    """The process's address, and the ways to its sockets."""

    port: int
    process: "subprocess.Popen[bytes]"

    def knows(self, slug: str) -> bool:
        """Whether the room is there; it takes up to a second after it was made."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/events/{slug}/queue/", timeout=5) as answer:
                return "X-Waiting-Room" in answer.headers
        except OSError:
            return False

    def open(
        self, slug: str, visitor: str | None, *, origin: str | None = "", cookie: str = "", query: str = ""
    ) -> ClientConnection:
        """A socket as the visitor's page would open it; other origins and cookies by name."""
        if visitor is not None:
            cookie = f"visitor={slips.sign_visitor(visitor)}"
        return connect(
            f"ws://127.0.0.1:{self.port}/ws/events/{slug}/queue/{query}",
            additional_headers={"Cookie": cookie} if cookie else {},
            origin=f"http://127.0.0.1:{self.port}" if origin == "" else origin,  # type: ignore[arg-type]  # a NewType
            proxy=None,
            max_size=65_536,
        )


@contextmanager
def serving(
    folder: Path, environment: Mapping[str, str] | None = None, *, files: int = 20_000, options: str = ""
) -> Iterator[Web]:
    """The web process, until it is no longer needed; with so many file descriptors, `environment` and `options`."""
    port = loopback.free_port()
    (web,) = (line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web:"))
    command = ["sh", "-c", f"exec {shlex.quote(sys.executable)} -m {web.partition(':')[2]} {options}"]
    env = os.environ | {
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        **(environment or {}),
    }
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (min(files, hard), hard))
    with (folder / "output").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=limit
        )
    try:
        until(lambda: process.poll() is not None or _listens(port), within=30)
        assert process.poll() is None, (folder / "output").read_text()
        yield Web(port, process)
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
