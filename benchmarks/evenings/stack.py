"""The site as a server runs it: web processes on one socket, Celery's clock, workers and beat, Redis with its log.

Everything listens on loopback, belongs to this process, and ends with it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psutil
import redis

from benchmarks.lines import manage
from benchmarks.servers import DEPLOYED, ROOT, NotStarted, wait_for
from tiketi import stack as local_stack
from tiketi.local_redis import LocalRedis
from tiketi.processes import read_procfile
from tiketi.tether import die_with_parent

CELERY = tuple(name for name in read_procfile(ROOT / "Procfile") if name not in ("web", "redis"))
ENDS_WITHIN = 20.0  # seconds for a process that was told to end


@dataclass
class Stack:
    """The running processes; `name` is the Procfile's, web processes are web1, web2, ..."""

    folder: Path
    port: int
    listener: socket.socket
    redis: LocalRedis
    env: dict[str, str]
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *words: str) -> str:
        """What one of the site's commands prints."""
        return manage(*words, env=self.env)

    def slugs(self) -> list[str]:
        """The seeded rooms."""
        return [room["slug"] for room in json.loads(self.manage("waitingroom", "list", "--json"))]

    def client(self) -> redis.Redis:
        """A client of the site's Redis; answers are text."""
        return self.redis.client()

    def start(self, name: str) -> None:
        """Have a process; its output goes into the folder."""
        listens = name.startswith("web")
        command = f"exec {shlex.quote(sys.executable)} -m {_line('web' if listens else name)}"
        if listens:
            command += f" --fd {self.listener.fileno()}"
        with (self.folder / f"{name}.log").open("ab") as out:
            self.children[name] = subprocess.Popen(
                ["sh", "-c", command],
                cwd=ROOT,
                env={**os.environ, **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[self.listener.fileno()] if listens else [],
                preexec_fn=_as_a_server,
            )

    def kill(self, name: str, number: int = signal.SIGTERM) -> float:
        """End a process by a signal; the seconds it took. Raises TimeoutExpired."""
        began, child = time.monotonic(), self.children.pop(name)
        child.send_signal(number)
        child.wait(ENDS_WITHIN)
        return time.monotonic() - began

    def dead(self) -> list[str]:
        """Processes that ended though nobody told them to."""
        return [name for name, child in self.children.items() if child.poll() is not None]

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time that each process spent so far, with its children; Redis's among them."""
        server = self.client().info("server")
        pids = {name: child.pid for name, child in self.children.items()} | {"redis": int(server["process_id"])}
        spent = {}
        for name, pid in pids.items():
            process = psutil.Process(pid)
            spent[name] = sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))
        return spent

    def tracebacks(self) -> int:
        """How many the processes wrote."""
        return sum(log.read_text(errors="replace").count("Traceback") for log in self.folder.glob("*.log"))

    def stop(self) -> None:
        """End them all."""
        for child in self.children.values():
            child.terminate()
        for child in self.children.values():
            try:
                child.wait(ENDS_WITHIN)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@contextmanager
def running(folder: Path, webs: int = 2, **environment: str) -> Iterator[Stack]:
    """The seeded site, from its first answer on; `environment` besides. Raises NotStarted."""
    folder.mkdir(parents=True, exist_ok=True)
    with LocalRedis(folder / "redis") as store, socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        port = listener.getsockname()[1]
        env = {
            "REDIS_URL": store.url,
            "DATABASE_URL": f"sqlite:///{folder / 'tiketi.sqlite3'}",
            "TIKETI_LOCAL_DIR": str(folder),
            "PORT": str(port),
            "SECRET_KEY": secrets.token_urlsafe(50),
            **DEPLOYED,
            **environment,
        }
        manage("migrate", env=env)
        manage("seed_demo", env=env)
        stack = Stack(folder, port, listener, store, env)
        try:
            for name in [f"web{i + 1}" for i in range(webs)]:
                stack.start(name)
            for name in list(stack.children):
                wait_for(port, stack.children[name], folder / f"{name}.log")
            for name in CELERY:  # later: all at once would take longer than anybody waits for an answer
                stack.start(name)
            if dead := stack.dead():
                raise NotStarted(f"{', '.join(dead)}: see {folder}")
            yield stack
        finally:
            stack.stop()


@dataclass
class Storm:
    """A `manage.py storm` under way."""

    process: subprocess.Popen[str]
    began: float

    def passed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def report(self, within: float) -> dict[str, Any]:
        """Its report, once it is over, with its exit code as `exit`. Raises TimeoutExpired."""
        out, _ = self.process.communicate(timeout=within)
        if not out.strip():
            raise NotStarted("the storm said nothing; what it complained of stands above")
        return {**cast("dict[str, Any]", json.loads(out)), "exit": self.process.returncode}


@contextmanager
def storm(stack: Stack, slug: str, *options: str, **numbers: float) -> Iterator[Storm]:
    """A storm on the room; `visitors=300, arrive_in=20` become its options."""
    words = [word for name, value in numbers.items() for word in (f"--{name.replace('_', '-')}", f"{value:g}")]
    command = [sys.executable, "manage.py", "storm", slug, "--url", stack.url, "--json", *words, *options]
    env = {**os.environ, **stack.env}
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, preexec_fn=_as_a_server)
    try:
        yield Storm(child, time.monotonic())
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def until(holds: Callable[[], object], within: float, every: float = 0.05) -> bool:
    """Whether it came to hold in time."""
    deadline = time.monotonic() + within
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def order(client: redis.Redis, slug: str, among: Sequence[str] | None = None) -> list[str]:
    """Who waits, first in line first; of `among` only."""
    line = cast("list[str]", client.zrange(f"queue:{{{slug}}}", 0, -1))
    wanted = None if among is None else set(among)
    return line if wanted is None else [visitor for visitor in line if visitor in wanted]


def _line(name: str) -> str:
    return re.sub(r" --host \S+ --port \S+", "", read_procfile(ROOT / "Procfile")[name])


def _as_a_server() -> None:
    local_stack.raise_open_files()
    die_with_parent()
