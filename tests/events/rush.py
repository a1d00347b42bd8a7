"""A rush on a real site: a sale prepared and audited in its own process, and buyers that come all at once over HTTP.

`python -m tests.events.rush ...` runs against the database that DATABASE_URL names, which the test's own process
does not speak to.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.patience import until
from tiketi import loopback

ROOT = Path(__file__).resolve().parents[2]
CSRF = "c" * 32
COMES_AGAIN = 10  # a slow machine puts off who waits for a thread too long
PROCESSES = 2  # of the web server, with a few threads each: enough to race on two cores


@dataclass(frozen=True)
class Sale:
    """An event prepared for a rush."""

    slug: str
    seats: list[int]


@dataclass(frozen=True)
class Rush:
    """A site on a database of its own."""

    port: int
    env: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run this module's command against the site's database."""
        command = [sys.executable, "-m", "tests.events.rush", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def open_sales(self, count: int, *, seats: int, accounts: int) -> tuple[list[Sale], list[str]]:
        """New events with so many seats each, and the session cookies of so many signed-in accounts."""
        made = json.loads(self.run("open", str(count), str(seats), str(accounts)))
        return [Sale(**sale) for sale in made["sales"]], list(made["sessions"])

    def audit(self, *sales: Sale) -> list[dict[str, Any]]:
        """What the database says afterwards of each sale."""
        return list(json.loads(self.run("audit", *(sale.slug for sale in sales))))


@contextmanager
def site(folder: Path, database_url: str, redis_url: str) -> Iterator[Rush]:
    """A web server with several processes on the database, migrated."""
    env = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"}
    env |= {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(folder),
    }
    port = loopback.free_port()
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True)
    serve = ["-m", "uvicorn", "tiketi.asgi:application", "--port", str(port), "--workers", str(PROCESSES)]
    with (folder / "web.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "tiketi/tether.py", sys.executable, *serve, "--log-level", "warning"],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: _answers(port) or server.poll() is not None, within=60)
        assert server.poll() is None, (folder / "web.log").read_text()
        yield Rush(port, env)
    finally:
        server.terminate()
        server.wait(20)


def _answers(port: int) -> bool:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
    except OSError:
        return False


class Buyer:
    """One buyer's browser, bare: its cookies, its connection."""

    def __init__(self, rush: Rush, session: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", rush.port, timeout=120)
        self.cookies = {"sessionid": session, "csrftoken": CSRF}

    def ask(self, path: str, form: dict[str, object] | None = None) -> tuple[int, dict[str, object]]:
        """A GET, or a POST of a form, as a program that wants JSON; who is put off comes again when told."""
        for _ in range(COMES_AGAIN):
            status, answer, retry_after_s = self._ask(path, form)
            if status != 503:
                break
            self.connection.close()  # the server closes it meanwhile
            time.sleep(retry_after_s)
        return status, answer

    def _ask(self, path: str, form: dict[str, object] | None) -> tuple[int, dict[str, object], float]:
        headers = {
            "accept": "application/json",
            "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "x-csrftoken": CSRF,
            "content-type": "application/x-www-form-urlencoded",
        }
        body = None if form is None else urlencode(form, doseq=True)
        self.connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for header in answer.headers.get_all("set-cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        said = json.loads(content) if content.startswith(b"{") else {"status": content[:200].decode()}
        return answer.status, said, float(answer.headers.get("retry-after", 0))

    def enters(self, sale: Sale) -> bool:
        """Ask to be let in; a gate takes a second to hear of a new room, and guards nothing until then."""
        status, _ = self.ask(f"/api/events/{sale.slug}/")
        return status == 200 and "visitor" in self.cookies

    def buy(self, sale: Sale, picks: Sequence[int], start: threading.Barrier) -> str:
        """Enter, wait for the others, then hold, order and pay; what became of it."""
        with closing(self.connection):
            until(lambda: self.enters(sale))
            start.wait()
            status, held = self.ask(f"/events/{sale.slug}/hold/", {"seat": list(picks)})
            if status != 201:
                return f"{status} {held['status']}"
            _, paying = self.ask(f"/events/{sale.slug}/checkout/", {})
            _, paid = self.ask(str(paying["pay"]), {"outcome": "succeed"})
            return str(paid["status"])


def storm(rush: Rush, sale: Sale, sessions: Sequence[str], picks: Sequence[Sequence[int]]) -> list[str]:
    """Everybody buys at once; how each fared."""
    start = threading.Barrier(len(sessions))
    with ThreadPoolExecutor(len(sessions)) as crowd:
        buyers = [Buyer(rush, session) for session in sessions]
        fates = [crowd.submit(buyer.buy, sale, pick, start) for buyer, pick in zip(buyers, picks, strict=True)]
        return [fate.result() for fate in fates]


def random_picks(sale: Sale, count: int, seed: int) -> list[list[int]]:
    """Overlapping picks of one to four seats."""
    chance = random.Random(seed)
    return [chance.sample(sale.seats, chance.randint(1, 4)) for _ in range(count)]


if __name__ == "__main__":
    import django

    django.setup()
    from tests.events import rush_data

    rush_data.main(sys.argv[1:])
