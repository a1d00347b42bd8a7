"""The waiting page as a browser gets it, compressed: pages a second, bytes on the wire, processor time."""

from __future__ import annotations

import re
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import client, sites
from benchmarks.load.http import request
from benchmarks.load.joining import join
from benchmarks.plan import Plan
from benchmarks.rows import Row
from benchmarks.servers import Server

FIRST_IN_LINE = 1_000
PAGE, CODINGS = "text/html", "gzip, br"  # Brotli, where the side speaks it
SETTLES_S = 6.0
POSITION = re.compile(rb'(id="position">)[^<]*(<)')


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """New visitors' pages, and reloads."""
    told = "HTML; peer: the same page from Express, by its compression middleware; bare: a constant of ours' bytes"
    rows = {
        "join": Row("waiting pages a second, new visitors", "1/s", "4x the peer, 60 % of bare", told),
        "reload": Row("waiting pages a second, reloads", "1/s", "4x the peer, 60 % of bare", told),
    }
    spent = {
        kind: Row(f"server CPU a page, {words}", "us")
        for kind, words in (("join", "new visitors"), ("reload", "reloads"))
    }
    size = Row("bytes of a waiting page's body", "bytes", "at most 9,000")
    with ExitStack() as stack:
        ours = stack.enter_context(sites.ours(folder))
        servers = {"ours": stack.enter_context(ours.serve())}
        ours.line.lengthen(FIRST_IN_LINE)
        body = settled(servers["ours"], ours.page_path)
        (folder / "page.html").write_bytes(POSITION.sub(rb"\1@@position@@\2", fetched(servers["ours"], ours.page_path)))
        peer = stack.enter_context(sites.peer(folder, page=folder / "page.html"))
        bare = sites.Bare(folder, body_bytes=len(body))
        servers |= {site.name: stack.enter_context(site.serve()) for site in (peer, bare)}
        peer.line.lengthen(FIRST_IN_LINE)
        for site in (ours, peer, bare):
            size.add(site.name, len(fetched(servers[site.name], site.page_path, CODINGS)))
        asked = {
            "join": {site.name: [request(site.page_path, accept=PAGE, codings=CODINGS)] for site in (ours, peer, bare)},
            "reload": {
                site.name: [
                    request(site.page_path, cookie=cookie, accept=PAGE, codings=CODINGS)
                    for cookie in join(servers[site.name].port, site.join_path, plan.pollers)
                ]
                for site in (ours, peer)
            }
            | {bare.name: [request(bare.page_path, accept=PAGE, codings=CODINGS)]},
        }
        for kind, requests in asked.items():
            for name, server in servers.items():
                client.load(server, requests[name], seconds=plan.warm_up_s, expect=200)
            for _ in range(plan.rounds):
                for name, server in servers.items():
                    cpu = server.cpu_seconds()
                    seen = client.load(server, requests[name], seconds=plan.load_s, expect=200)
                    spent[kind].add(name, 1e6 * (server.cpu_seconds() - cpu) / seen.requests)
                    rows[kind].add(name, seen.per_second)
    yield from (rows["join"], spent["join"], rows["reload"], spent["reload"], size)


def settled(server: Server, path: str) -> bytes:
    """The page as it stays: what is rendered for the first time is packed quickly, and as well as can be beside."""
    until = time.monotonic() + SETTLES_S
    body = fetched(server, path, CODINGS)
    while time.monotonic() < until:
        time.sleep(0.5)
        body = fetched(server, path, CODINGS)
    return body


def fetched(server: Server, path: str, codings: str = "identity") -> bytes:
    """The page's body as it comes."""
    asked = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{path}", headers={"Accept": PAGE, "Accept-Encoding": codings}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        body: bytes = answer.read()
        return body
