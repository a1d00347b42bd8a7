"""The front: what buyers inside notice of ten thousand who come to the list and to an event before its opening."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measures import sale
from benchmarks.plan import Plan
from benchmarks.rows import Row, Unmeasured
from benchmarks.servers import ROOT, running_redis, url_of
from tests import postgres

INSIDE = 200
SIGN_INS = 60  # tries, at most, in a round


def measure(plan: Plan, folder: Path) -> Iterator[Row]:
    """One web process on PostgreSQL, with the visitors and without (bare), in turns; then with sign-ins besides."""
    crowd = f"{plan.front_visitors:,} visitors in {plan.front_s:g} s"
    told = f"HTML; {INSIDE} buyers, a page each 5 s; {crowd}; bare: the same buyers without them"
    buyers = Row("a buyer's page beside the front, p99", "ms", "below twice bare", told)
    median = Row("a buyer's page beside the front, p50", "ms")
    front = Row("a visitor's page at the front, p99", "ms", note="the list or an event before its opening, in turn")
    signed = Row("a buyer's page beside the front and sign-ins, p99", "ms", note="bare: without either")
    rate = Row("sign-ins beside the front", "1/s", note="one after another; the lane puts off whom it has no time for")
    with ExitStack() as stack:
        store = stack.enter_context(running_redis(folder / "redis"))
        database = postgres.start()
        stack.callback(database.stop)
        url = sale.database_of(database.url, "front")
        shop = stack.enter_context(sale.serving(folder / "ours", url, url_of(store), plan))
        inside = shop.take(INSIDE)
        _pass_by(shop, folder, plan, inside, visitors=100)
        for _ in range(plan.rounds):
            for side, visitors in (("bare", 0), ("ours", plan.front_visitors)):
                seen = _pass_by(shop, folder, plan, inside, visitors=visitors)
                buyers.add(side, seen["buyers_ms"]["p99"])
                median.add(side, seen["buyers_ms"]["p50"])
                if visitors:
                    front.add("ours", seen["visitors_ms"]["p99"])
                else:
                    signed.add("bare", seen["buyers_ms"]["p99"])
            more = inside + shop.take(SIGN_INS)
            seen = _pass_by(shop, folder, plan, more, visitors=plan.front_visitors, signs_in=True)
            signed.add("ours", seen["buyers_ms"]["p99"])
            rate.add("ours", seen["sign_ins_a_second"])
    yield from (buyers, median, front, signed, rate)


def _pass_by(
    shop: sale.Shop,
    folder: Path,
    plan: Plan,
    buyers: list[dict[str, Any]],
    *,
    visitors: int,
    signs_in: bool = False,
) -> dict[str, Any]:
    file = folder / "buyers.json"
    file.write_text(json.dumps(buyers))
    command = [sys.executable, "-m", "benchmarks.shop.front", "--port", str(shop.server.port), "--slug", shop.slug]
    command += ["--later", shop.later, "--buyers", str(file), "--inside", str(INSIDE), "--visitors", str(visitors)]
    command += ["--seconds", str(plan.front_s), *(["--signs-in"] if signs_in else [])]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=120 + plan.front_s)
    seen: dict[str, Any] = json.loads(done.stdout)
    seen["wrong"].pop("a sign-in: put off", None)  # by its lane, which is what it is for
    if seen["wrong"]:
        raise Unmeasured(f"the front: {seen['wrong']}")
    if seen["late_s"] > 1:
        raise Unmeasured(f"the visitors' client was {seen['late_s']:.1f} s late: it was measured itself")
    return seen
