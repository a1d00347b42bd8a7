"""Buyers inside who look around, and visitors who come to the front meanwhile; a process pinned away from the server.

`python -m benchmarks.shop.front --port P --slug S --later L --buyers FILE --visitors N`, which prints one line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.shop.crowd import quantiles
from benchmarks.shop.ways import PASSWORD, Astray, PutOff, Shopper
from tiketi.storm.browser import TooManyRedirects
from tiketi.storm.exchange import Unanswered
from tiketi.storm.site import Site

AWRY = (Astray, TooManyRedirects, Unanswered, OSError, TimeoutError)


class Front:
    """What both saw."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.site = Site.at(f"http://127.0.0.1:{given.port}")
        self.begins = self.ends = float("inf")
        self.buyers_s: list[float] = []
        self.visitors_s: list[float] = []
        self.signed_in = 0
        self.late_s = 0.0
        self.wrong: Counter[str] = Counter()

    async def buyer(self, buyer: Mapping[str, Any], starts_in_s: float) -> None:
        """Map, section, state and the event's page in turn, each some seconds after the last."""
        shopper = Shopper(self.site)
        shopper.cookies.update(buyer["cookies"])
        base = f"/events/{self.given.slug}/"
        pages = cycle((base, f"{base}seats/", f"{base}seats/{buyer['section']}/"))
        await asyncio.sleep(starts_in_s)
        while time.monotonic() < self.ends:
            try:
                await shopper.opens("warm" if time.monotonic() < self.begins else "page", next(pages))
            except AWRY as error:
                self.wrong[f"a buyer: {error}"] += 1
            await asyncio.sleep(self.given.every)
        self.buyers_s += [seconds for step, seconds in shopper.seconds if step == "page"]

    async def visitor(self, path: str) -> None:
        """One page, of one who was not here before."""
        shopper = Shopper(self.site)
        try:
            await shopper.opens("front", path)
        except AWRY as error:
            self.wrong[f"a visitor: {error}"] += 1
        self.visitors_s += [seconds for _, seconds in shopper.seconds]

    async def visitors(self) -> None:
        """They come evenly; how late the last was asked for says whether this process kept up."""
        paths = cycle(("/", f"/events/{self.given.later}/"))
        began = time.monotonic()
        async with asyncio.TaskGroup() as crowd:
            for at in range(self.given.visitors):
                due = began + at * self.given.seconds / self.given.visitors
                if (early := due - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                self.late_s = max(self.late_s, -early)
                crowd.create_task(self.visitor(next(paths)))

    async def sign_ins(self, accounts: list[Mapping[str, Any]]) -> None:
        """One after another, who is put off once more."""
        for account in accounts:
            shopper = Shopper(self.site)
            known = {"login": account["email"], "password": PASSWORD}
            try:
                await shopper.opens("sign-in page", "/accounts/login/")
                await shopper.sends("sign-in", "/accounts/login/", known)
                self.signed_in += 1
            except PutOff:
                self.wrong["a sign-in: put off"] += 1
            except AWRY as error:
                self.wrong[f"a sign-in: {error}"] += 1
            if time.monotonic() > self.ends:
                return

    async def pass_by(self, buyers: list[Mapping[str, Any]]) -> dict[str, Any]:
        """So many seconds of it."""
        given = self.given
        inside, others = buyers[: given.inside], buyers[given.inside :]
        self.begins = time.monotonic() + given.every  # everybody is inside then
        self.ends = self.begins + given.seconds
        async with asyncio.TaskGroup() as all_of_them:
            for at, buyer in enumerate(inside):
                all_of_them.create_task(self.buyer(buyer, at * given.every / len(inside)))
            await asyncio.sleep(given.every)
            all_of_them.create_task(self.visitors())
            if given.signs_in:
                all_of_them.create_task(self.sign_ins(others))
        return {
            "buyers_ms": quantiles(sorted(self.buyers_s)),
            "visitors_ms": quantiles(sorted(self.visitors_s or [0.0])),
            "visitors": len(self.visitors_s),
            "sign_ins_a_second": self.signed_in / given.seconds,
            "late_s": self.late_s,
            "wrong": dict(self.wrong),
        }


def main() -> None:
    """Read the job from the command line, do it, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slug", required=True)
    parser.add_argument("--later", required=True, help="an event whose sale has not opened")
    parser.add_argument("--buyers", type=Path, required=True, help="a JSON list")
    parser.add_argument("--inside", type=int, default=200)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between a buyer's pages")
    parser.add_argument("--visitors", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--signs-in", action="store_true")
    given = parser.parse_args()
    json.dump(uvloop.run(Front(given).pass_by(json.loads(given.buyers.read_text()))), sys.stdout)


if __name__ == "__main__":
    main()
