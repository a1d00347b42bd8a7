"""The sides that are compared, each furnished once and served as often as a measurement needs: ours, peer, bare."""

from __future__ import annotations

import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import redis

from benchmarks import cores, lines
from benchmarks.servers import DEPLOYED, ROOT, Server, running, running_redis, url_of
from tiketi.loopback import free_port

PEER = ROOT / "benchmarks" / "peer"
PEER_SLUG = "concert"
OUR_APPLICATION = "tiketi.asgi:application"
SECRET = secrets.token_urlsafe(50)  # it signs cookies for some minutes, on this machine


class Site(Protocol):
    """A side that can be served."""

    name: str
    join_path: str
    poll_path: str
    page_path: str

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """The side's server, while the block lasts."""


@dataclass(frozen=True)
class Ours:
    """Our site as it is run: uvicorn before a room whose only place is taken."""

    folder: Path
    line: lines.Ours
    env: dict[str, str]
    name: str = "ours"

    @property
    def socket_slug(self) -> str | None:
        """The room in the socket's address."""
        return self.line.slug

    @property
    def join_path(self) -> str:
        return f"/api/events/{self.line.slug}/"

    @property
    def poll_path(self) -> str:
        return f"/api/events/{self.line.slug}/queue/"

    @property
    def page_path(self) -> str:
        return f"/events/{self.line.slug}/"

    @contextmanager
    def serve(self, on: Sequence[int] = (cores.SERVER,), settings: str = "tiketi.settings") -> Iterator[Server]:
        """One uvicorn worker for each core in `on`."""
        port = free_port()
        # More join here than the limit on new names lets through: the line is measured, not the limit.
        env = {**self.env, "DJANGO_SETTINGS_MODULE": settings, "NEW_NAMES_PER_PROCESS": "0"}
        command = [*uvicorn(OUR_APPLICATION, port), "--workers", str(len(on))]
        with running(command, port=port, env=env, log=self.folder / "web.log", on=on) as server:
            yield server


@dataclass(frozen=True)
class Peer:
    """The textbook's Node process before a full room."""

    folder: Path
    line: lines.Peer
    store: redis.Redis
    name: str = "peer"
    join_path: str = f"/api/events/{PEER_SLUG}"
    poll_path: str = f"/api/events/{PEER_SLUG}/queue"
    page_path: str = f"/events/{PEER_SLUG}"
    socket_slug: str | None = None  # socket.io needs none
    page: Path | None = None  # the text of its waiting page

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """One Node process."""
        port = free_port()
        env = {
            "NODE_ENV": "production",
            "PORT": str(port),
            "REDIS_URL": url_of(self.store),
            "SLUG": PEER_SLUG,
            "THRESHOLD": str(lines.PEER_THRESHOLD),
            "PAGE": str(self.page or ""),
        }
        command = ["node", str(PEER / "server.js")]
        with running(command, port=port, env=env, log=self.folder / "web.log", on=(cores.SERVER,)) as server:
            yield server


@dataclass(frozen=True)
class Bare:
    """The same server as ours, without our protocol, answering a constant page."""

    folder: Path
    name: str = "bare"
    join_path: str = "/"
    poll_path: str = "/"
    page_path: str = "/"
    body_bytes: int = 0  # of a page; 0: the JSON that a crowd asks for

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """One uvicorn process."""
        port = free_port()
        command = [*uvicorn("benchmarks.bare:application", port), "--http", "httptools"]  # the last word counts
        with running(
            command,
            port=port,
            env={"BODY_BYTES": str(self.body_bytes)},
            log=self.folder / "bare.log",
            on=(cores.SERVER,),
        ) as server:
            yield server


@contextmanager
def ours(folder: Path) -> Iterator[Ours]:
    """Our site with its own Redis and database, seeded."""
    home = folder / "ours"
    home.mkdir(parents=True)
    with running_redis(home / "redis") as store:
        env = {
            "REDIS_URL": url_of(store),
            "DATABASE_URL": f"sqlite:///{home / 'tiketi.sqlite3'}",
            "SECRET_KEY": SECRET,
            **DEPLOYED,
        }
        line = lines.Ours(store, lines.furnish(env))
        line.clear()
        yield Ours(home, line, env)


@contextmanager
def peer(folder: Path, page: Path | None = None) -> Iterator[Peer]:
    """The peer with its own Redis."""
    home = folder / "peer"
    home.mkdir(parents=True)
    with running_redis(home / "redis") as store:
        line = lines.Peer(store, PEER_SLUG)
        line.clear()
        yield Peer(home, line, store, page=page)


def uvicorn(application: str, port: int) -> list[str]:
    """The Procfile's own web server, on another port and for another application."""
    web = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web: "))
    line = web.removeprefix("web: ").replace("${PORT:-8000}", str(port)).replace(OUR_APPLICATION, application)
    words = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", line)
    return [sys.executable, "-m", *shlex.split(words)]


def install_peer() -> None:
    """Have the peer's packages, as its lock file names them."""
    installed, wanted = PEER / "node_modules" / ".package-lock.json", PEER / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        subprocess.run(["npm", "ci", "--silent"], cwd=PEER, check=True, timeout=120)
