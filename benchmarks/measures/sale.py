"""The sale inside: purchases a minute through every page, one web process, beside a shop that people run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import cores, sites
from benchmarks.plan import Plan
from benchmarks.rows import Row, Unmeasured
from benchmarks.servers import DEPLOYED, ROOT, Server, running, running_redis, url_of
from benchmarks.shop import pretix
from tests import postgres
from tiketi.loopback import free_port

AT_ONCE = 16
A_SECOND = 40  # purchases, at most: so many buyers are prepared
REFERENCE = 500  # users a minute an instance, by the owner's description


@dataclass(frozen=True)
class Shop:
    """A side: who serves it, how its buyers go, and the buyers that are left."""

    name: str
    server: Server
    slug: str
    buyers: list[dict[str, Any]]
    later: str = ""  # an event whose sale has not opened

    def take(self, count: int) -> list[dict[str, Any]]:
        """So many who have not bought yet. Raises Unmeasured."""
        if len(self.buyers) < count:
            raise Unmeasured(f"{self.name}: too few buyers were prepared")
        taken = self.buyers[:count]
        del self.buyers[:count]
        return taken


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """On PostgreSQL beside pretix, on SQLite, and with the sign-in."""
    told = "HTML, every page of the way; peer: pretix, shop to order, which no card pays and no seat map leads to"
    made = Row("purchases a minute, PostgreSQL", "1/min", f"{3 * REFERENCE}, 5x pretix's orders", told)
    spent = Row("server CPU a purchase, PostgreSQL", "ms", note="peer: an order")
    slowest = Row("slowest step's p99 of a purchase", "ms", "under 1,000", f"{AT_ONCE} at once")
    sqlite = Row("purchases a minute, SQLite", "1/min")
    put_off = Row("looks put off a purchase, PostgreSQL", "1", note="of three: 503 with Retry-After, asked again later")
    steps: dict[str, Row] = {}
    signed = Row("purchases a minute with the sign-in, PostgreSQL", "1/min", f"{3 * REFERENCE}")
    with ExitStack() as stack:
        store = stack.enter_context(running_redis(folder / "redis"))
        database = postgres.start()
        stack.callback(database.stop)
        ours = stack.enter_context(serving(folder / "ours", database_of(database.url, "ours"), url_of(store), plan))
        peer_server = stack.enter_context(
            pretix.serving(folder / "pretix", database_of(database.url, "pretix"), url_of(store)[:-1] + "1")
        )
        peer = Shop("pretix", peer_server, pretix.SLUG, [{"email": "a@example.com"} for _ in range(plan.buyers)])
        other = stack.enter_context(
            serving(folder / "sqlite", f"sqlite:///{folder / 'sale.sqlite3'}", url_of(store)[:-1] + "2", plan)
        )
        for shop in (ours, peer, other):
            _crowd(shop, folder, plan.warm_up_s)
        for _ in range(plan.rounds):
            for side, shop in (("ours", ours), ("peer", peer)):
                before = shop.server.cpu_seconds()
                seen = _crowd(shop, folder, plan.sale_s)
                spent.add(side, 1000 * (shop.server.cpu_seconds() - before) / seen["bought"])
                made.add(side, 60 * seen["bought"] / seen["seconds"])
                put_off.add(side, seen["put_off"] / seen["bought"])
                slowest.add(side, max(step["p99"] for step in seen["steps_ms"].values()))
                if side == "ours":
                    for step, took in seen["steps_ms"].items():
                        steps.setdefault(step, Row(f"step of a purchase: {step}, p50", "ms")).add(side, took["p50"])
            seen = _crowd(other, folder, plan.sale_s)
            sqlite.add("ours", 60 * seen["bought"] / seen["seconds"])
            seen = _crowd(ours, folder, plan.sale_s, signs_in=True)
            signed.add("ours", 60 * seen["bought"] / seen["seconds"])
    yield from (made, spent, slowest, put_off, sqlite, signed, *steps.values())


@contextmanager
def serving(folder: Path, database_url: str, redis_url: str, plan: Plan) -> Iterator[Shop]:
    """Our sale, one web process on the server's core, and its buyers."""
    with prepared(folder, database_url, redis_url, "benchmarks.shop.sale_rows", str(plan.buyers)) as (server, made):
        yield Shop("tiketi", server, made["slug"], made["buyers"], made["later"])


@contextmanager
def prepared(folder: Path, database_url: str, redis_url: str, *rows: str) -> Iterator[tuple[Server, dict[str, Any]]]:
    """One web process on the server's core, on a new database, and what the module that makes its rows said of them."""
    folder.mkdir(parents=True)
    env = {**DEPLOYED, "SECRET_KEY": sites.SECRET, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    env |= {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "NEW_NAMES_PER_PROCESS": "0", "NEW_NAMES_PER_NETWORK": "0"}
    whole = {**os.environ, **env}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=whole, check=True, timeout=300)
    command = [sys.executable, "-m", *rows]
    said = subprocess.run(command, cwd=ROOT, env=whole, check=True, stdout=subprocess.PIPE, timeout=300).stdout
    port = free_port()
    with running(
        sites.uvicorn(sites.OUR_APPLICATION, port), port=port, env=env, log=folder / "web.log", on=(cores.SERVER,)
    ) as server:
        yield server, json.loads(said)


def _crowd(shop: Shop, folder: Path, seconds: float, **more: object) -> dict[str, Any]:
    buyers = [{**buyer, **more} for buyer in shop.take(round(seconds * A_SECOND) + AT_ONCE)]
    file = folder / "buyers.json"
    file.write_text(json.dumps(buyers))
    command = [sys.executable, "-m", "benchmarks.shop.crowd", "--shop", shop.name, "--port", str(shop.server.port)]
    command += ["--slug", shop.slug, "--buyers", str(file), "--at-once", str(AT_ONCE), "--seconds", str(seconds)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=120 + seconds)
    seen: dict[str, Any] = json.loads(done.stdout)
    if seen["astray"]:
        raise Unmeasured(f"{shop.name}: {seen['astray']}")
    return seen


def database_of(server_url: str, name: str) -> str:
    """A new database on that server."""
    with closing(psycopg.connect(server_url, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server_url.rsplit("/", 1)[0] + f"/{name}"
