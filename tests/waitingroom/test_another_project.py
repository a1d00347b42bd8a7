"""waitingroom/README.md: a bare Django project, made of its very lines, queues real visitors on a Redis of its own."""

import ast
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.patience import until
from tests.redis_servers import server
from tests.site import ROOT
from tiketi import loopback
from waitingroom.conf import DEFAULTS

README = (ROOT / "waitingroom" / "README.md").read_text()
FILES = dict(re.findall(r"`(shop/\w+\.py)`:\n\n```python\n(.*?)```", README, re.DOTALL))
(INSTALL, START, RUN, LATER) = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
*PREPARE, SERVE = RUN.splitlines()
# What is imported by another name than it is installed by.
NAMES = {
    "crawleruseragents": "crawler-user-agents",
    "hiredis": "redis",
    "jwt": "pyjwt",
    "py_arkworks_bls12381": "py-arkworks-bls12381",
    "simple_history": "django-simple-history",
}
CHANNEL_LAYER = "channels-redis"  # named in settings alone


class Project:
    """The folder, and what is typed in it."""

    def __init__(self, folder: Path, redis_url: str) -> None:
        self.folder = folder
        self.redis_url = redis_url
        self.port = loopback.free_port()
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR")}
        self.env = kept | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        shutil.copytree(ROOT / "waitingroom", folder / "waitingroom", ignore=shutil.ignore_patterns("__pycache__"))
        self.shell(START)
        for name, text in FILES.items():
            there = folder / name
            before = there.read_text() if name == "shop/settings.py" else ""
            there.write_text(before + text.replace("redis://127.0.0.1:6379/0", redis_url))

    def shell(self, line: str) -> str:
        """What a line prints; it fails as the line does."""
        done = subprocess.run(
            ["sh", "-c", line], cwd=self.folder, env=self.env, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self, line: str) -> Iterator[None]:
        """The line that starts the server, until it is no longer needed."""
        log = self.folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["sh", "-c", f"exec {line.replace('8000', str(self.port))}"],
                cwd=self.folder, env=self.env, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            until(lambda: process.poll() is not None or not loopback.is_free(self.port), within=30)
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
        assert "Traceback" not in log.read_text(), log.read_text()


@dataclass
class Visitor:
    """A browser: its cookies, and what it is shown."""

    port: int
    jar: CookieJar = field(default_factory=CookieJar)

    def sees(self, path: str) -> tuple[str, str]:
        """Where the visitor stands, as the answer's header says it, and the answer."""
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.headers.get("X-Waiting-Room", ""), answer.read().decode()

    @property
    def cookies(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self.jar)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "project").mkdir()
    with server(tmp_path / "redis") as redis:
        yield Project(tmp_path / "project", redis.url)


def test_a_bare_project_made_of_these_lines_queues_visitors(project: Project):
    assert set(FILES) == {"shop/settings.py", "shop/concerts.py", "shop/urls.py", "shop/asgi.py"}
    (page, port) = re.findall(r"^<http://127\.0\.0\.1:8000(/\S+)>", README, re.MULTILINE)[0], project.port
    for line in PREPARE:
        project.shell(line)

    with project.serving(SERVE):
        first, second, third = Visitor(port), Visitor(port), Visitor(port)
        for _ in ("straight in", "and back, so that the place is taken up"):
            assert first.sees(page)[0] == "active"
        assert first.sees(page)[1].startswith("Come in, ")
        standing, html = second.sees(page)
        assert standing == "waiting"
        assert "The concert" in html
        assert json.loads(second.sees("/api/events/concert/")[1])["position"] == 1
        assert '"queued"' in second.sees("/api/events/concert/queue/")[1]
        show, tune = LATER.splitlines()
        assert re.search(r"^waiting +1$", project.shell(show), re.MULTILINE)

        project.shell(tune.replace("=50", "=2"))
        # No socket is open, and nobody rings but the process's own hub.
        until(lambda: second.sees(page)[0] == "active", within=10)
        assert second.sees(page)[1].startswith("Come in, ")
        assert third.sees(page)[0] == "waiting"
        enters_as_soon_as_there_is_a_place(first, third)
        assert third.sees(page)[1].startswith("Come in, ")


def enters_as_soon_as_there_is_a_place(leaver: Visitor, waiter: Visitor) -> None:
    """The one says over the socket that the place is free, the other hears it there."""
    address = f"ws://127.0.0.1:{leaver.port}/ws/events/concert/queue/"
    origin = Origin(f"http://127.0.0.1:{leaver.port}")

    def socket(visitor: Visitor) -> ClientConnection:
        return connect(address, origin=origin, additional_headers={"Cookie": visitor.cookies}, proxy=None)

    with socket(waiter) as waits, socket(leaver) as leaves:
        assert json.loads(waits.recv(timeout=10))["position"] == 1
        leaves.send('{"type":"leave"}')
        until(lambda: json.loads(waits.recv(timeout=10))["type"] == "queue-enter")


def test_what_is_installed_is_what_is_imported():
    imported = set()
    for file in (ROOT / "waitingroom").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    own = {file.stem for file in (ROOT / "waitingroom" / "draw").glob("*.py")}  # verify.py runs by itself as well
    foreign = {NAMES.get(name, name) for name in imported - set(sys.stdlib_module_names) - {"waitingroom"} - own}
    needed = INSTALL.replace("\\\n", " ").splitlines()[0]

    installed = set(re.findall(r"[a-z][a-z0-9-]+", re.sub(r"\[\w+\]|[<>=][^'\s]*", "", needed))) - {"pip", "install"}
    assert installed == foreign - {"asgiref"} | {CHANNEL_LAYER}  # Django brings asgiref


def test_the_versions_are_those_that_the_site_runs_on():
    ours = (ROOT / "requirements.in").read_text().split()
    for bounded in re.findall(r"'([^']+)'", INSTALL):
        assert bounded in ours


def test_every_setting_is_told_and_none_besides():
    read = set(DEFAULTS)
    for file in (ROOT / "waitingroom").rglob("*.py"):
        read |= set(
            re.findall(r"\b(?:conf|settings)(?:\.|, \")(WAITINGROOM_\w+|REDIS_URL|BROKER_URL)", file.read_text())
        )
    table = README.partition("\n## Settings\n")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == read


def test_every_call_is_there_with_these_arguments():
    table = README.partition("\n## What a site calls\n")[2]
    calls = re.findall(r"^\| `([\w.]+)\(([\w, ]*)\)` \|", table, re.MULTILINE)

    assert len(calls) > 8
    for path, told in calls:
        module, _, name = path.partition(".")
        called = attrgetter(name)(import_module(f"waitingroom.{module}"))
        assert list(inspect.signature(called).parameters) == told.split(", "), path
