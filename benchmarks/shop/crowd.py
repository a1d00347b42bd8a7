"""Buyers, so many at once, each on the whole way; a process of its own, pinned away from the server.

`python -m benchmarks.shop.crowd --shop NAME --port P --slug S --buyers FILE`, which prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.shop.ways import WAYS, Astray, Shopper
from tiketi.storm.browser import TooManyRedirects
from tiketi.storm.exchange import Unanswered
from tiketi.storm.site import Site


async def buy(given: argparse.Namespace, buyers: list[dict[str, Any]]) -> dict[str, Any]:
    """What they bought within the time, and how long each step took."""
    site = Site.at(f"http://127.0.0.1:{given.port}")
    began = time.monotonic()
    steps: defaultdict[str, list[float]] = defaultdict(list)
    went_astray: Counter[str] = Counter()
    bought = put_off = 0

    async def one_after_another(waiting: Iterator[dict[str, Any]]) -> None:
        nonlocal bought, put_off
        for buyer in waiting:
            if time.monotonic() - began > given.seconds:
                return
            shopper = Shopper(site)
            try:
                await WAYS[given.shop](shopper, buyer, given.slug)
                bought += 1
            except (Astray, TooManyRedirects, Unanswered, OSError, TimeoutError) as error:
                went_astray[f"{type(error).__name__}: {error}"] += 1
            put_off += shopper.put_off
            for step, seconds in shopper.seconds:
                steps[step].append(seconds)

    waiting = iter(buyers)
    await asyncio.gather(*(one_after_another(waiting) for _ in range(given.at_once)))
    return {
        "bought": bought,
        "seconds": time.monotonic() - began,
        "astray": dict(went_astray),
        "put_off": put_off,
        "steps_ms": {step: quantiles(sorted(taken)) for step, taken in steps.items()},
    }


def quantiles(taken: list[float]) -> dict[str, float]:
    """Median and p99 in milliseconds."""
    return {"p50": 1000 * taken[len(taken) // 2], "p99": 1000 * taken[min(len(taken) - 1, len(taken) * 99 // 100)]}


def main() -> None:
    """Read the job from the command line, do it, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shop", choices=WAYS, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slug", required=True)
    parser.add_argument("--buyers", type=Path, required=True, help="a JSON list")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    json.dump(asyncio.run(buy(given, json.loads(given.buyers.read_text()))), sys.stdout)


if __name__ == "__main__":
    main()
