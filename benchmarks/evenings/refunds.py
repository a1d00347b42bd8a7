"""A show is called off, and its N refunds go to a provider that fails one in ten and hangs one in a hundred."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.evenings.ill_toss import IllToss
from benchmarks.evenings.stack import Stack, running
from benchmarks.evenings.verdict import Verdict
from benchmarks.servers import ROOT
from tests.emulators.server import serving
from tests.emulators.toss import CLIENT_KEY, SECRET_KEY

LATE_S = 15.0  # a hold's end, at most
HOLD_EVERY_S, HOLD_LASTS_S = 2.0, 3.0
LOOK_EVERY_S = 2.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many orders, and how long to wait for their end."""
    parser.add_argument("--orders", type=int, default=5_000)
    parser.add_argument("--minutes", type=float, default=60.0, help="give up after so long")
    parser.add_argument("--hangs", type=float, default=60.0, help="seconds that the provider hangs")


@dataclass
class Holds:
    """Holds that run out every two seconds all evening, and how late each was ended."""

    database: Path
    account: int
    event: int
    late_s: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """One at a time: an account has one hold of an event."""
        while not self.over.is_set():
            until = datetime.now(UTC) + timedelta(seconds=HOLD_LASTS_S)
            self._begin(until)
            while self._there() and not self.over.wait(0.2):
                pass
            if not self.over.is_set() or not self._there():
                self.late_s.append((datetime.now(UTC) - until).total_seconds())
            self.over.wait(HOLD_EVERY_S)

    def _begin(self, until: datetime) -> None:
        row = (self.event, self.account, f"{until:%Y-%m-%d %H:%M:%S.%f}", f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")
        with closing(sqlite3.connect(self.database, timeout=20)) as database, database:
            database.execute(
                "INSERT INTO events_hold (event_id, account_id, visitor, expires_at, made_at) VALUES (?, ?, '', ?, ?)",
                row,
            )

    def _there(self) -> bool:
        with closing(sqlite3.connect(self.database, timeout=20)) as database:
            found = database.execute("SELECT count(*) FROM events_hold WHERE account_id = ?", (self.account,))
            return bool(found.fetchone()[0])


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Sell, call off, let the workers pay back; judge."""
    verdict = Verdict(f"refunds: {given.orders:,} of a show that was called off, one in 10 fails, one in 100 hangs")
    toss = IllToss(hangs_s=given.hangs)
    with serving(toss):
        money = {
            "PAYMENT_PROVIDERS": "toss",
            "TOSS_CLIENT_KEY": CLIENT_KEY,
            "TOSS_SECRET_KEY": SECRET_KEY,
            "TOSS_API_URL": toss.url,
            "TOSS_SDK_URL": f"{toss.url}/v2/standard",
        }
        with running(folder, webs=1, **money) as stack:
            sold = _rows(stack.env, "sell", str(given.orders))
            toss.remember(sold["payments"], sold["won"])
            holds = Holds(folder / "tiketi.sqlite3", sold["account"], sold["event"])
            watch = threading.Thread(target=holds.watch)
            watch.start()
            try:
                began = time.monotonic()
                _rows(stack.env, "cancel")
                seen = _follow(stack, given.orders, given.minutes)
            finally:
                holds.over.set()
                watch.join()
            _judge(verdict, given.orders, toss, holds, seen, _rows(stack.env, "look"))
            verdict.note("all money back after", f"{time.monotonic() - began:.0f} s")
            verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
    return verdict


def _follow(stack: Stack, orders: int, minutes: float) -> list[int]:
    """Show how many have their money back, until all have; what was seen."""
    seen: list[int] = []
    deadline = time.monotonic() + 60 * minutes
    columns = (TextColumn("paid back"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("", total=orders)
        while (not seen or seen[-1] < orders) and time.monotonic() < deadline:
            seen.append(_paid_back(stack.folder / "tiketi.sqlite3"))
            progress.update(bar, completed=seen[-1])
            time.sleep(LOOK_EVERY_S)
    return seen


def _paid_back(path: Path) -> int:
    with closing(sqlite3.connect(path, timeout=20)) as database:
        return int(database.execute("SELECT count(*) FROM events_payment WHERE state = 'refunded'").fetchone()[0])


def _judge(
    verdict: Verdict, orders: int, toss: IllToss, holds: Holds, seen: list[int], at_last: Mapping[str, Any]
) -> None:
    states, total_won = at_last["states"], at_last["owed"]
    verdict.expect("payments", f"{orders:,} refunded", states, held=states == {"refunded": orders})
    verdict.expect(
        "orders", f"{orders:,} cancelled", at_last["orders"], held=at_last["orders"] == {"cancelled": orders}
    )
    verdict.expect("valid tickets", "none", at_last["valid"], held=at_last["valid"] == 0)
    verdict.expect("kept by the provider's own books", "0 won", f"{toss.kept_won:,} won", held=toss.kept_won == 0)
    once = set(toss.given_back) == {1} and at_last["back"] == total_won
    verdict.expect("paid back", "each once", f"{min(toss.given_back)} to {max(toss.given_back)} times", held=once)
    late = max(holds.late_s, default=float("inf"))
    ended = f"{late:.1f} s at most, of {len(holds.late_s)}"
    verdict.expect("holds ended late", f"by {LATE_S:g} s at most", ended, held=late <= LATE_S)
    shown = len(set(seen))
    verdict.expect("progress", "shown, and never backwards", f"{shown} steps", held=seen == sorted(seen) and shown > 1)
    verdict.note("the provider", dict(toss.asked))


def _rows(env: Mapping[str, str], *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.evenings.refund_rows", *words]
    whole = {**os.environ, **env, "DJANGO_SETTINGS_MODULE": "tiketi.settings"}
    found = subprocess.run(command, cwd=ROOT, env=whole, check=True, stdout=subprocess.PIPE, text=True)
    said: dict[str, Any] = json.loads(found.stdout)
    return said
