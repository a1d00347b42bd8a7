"""Redis forgets everything while a storm rages: who waits or is inside comes back by the slip, no forger does."""

from __future__ import annotations

import argparse
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path

from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import Stack, order, running, storm, until
from benchmarks.evenings.verdict import Verdict

ARRIVE_IN, LATE_FOR = 20.0, 60.0
SPARE_S = 3.0  # of the recovery period, for looking: afterwards people are let in
FORGERS = 20
NUMBER = re.compile(r"\b\d{16}\b")  # a queue number, microseconds


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many wait, are inside, and come meanwhile."""
    parser.add_argument("--waiting", type=int, default=2_000)
    parser.add_argument("--inside", type=int, default=200)
    parser.add_argument("--late", type=int, default=300, help="visitors of the storm that goes on meanwhile")
    parser.add_argument("--recovery", type=int, default=45, help="seconds of the recovery period")
    parser.add_argument("--stay", type=float, default=110.0, help="seconds inside; nobody leaves before it is over")


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Fill the room and the line, forget all, let them come back; judge."""
    verdict = Verdict(f"flushall: {given.waiting:,} waiting, {given.inside:,} inside, {given.late:,} coming")
    with running(folder) as stack:
        slug = stack.slugs()[0]
        settings = (
            f"threshold={given.inside}",
            "users_per_minute_per_instance=6000",
            f"recovery_seconds={given.recovery}",
        )
        stack.manage("waitingroom", "set", slug, *settings)
        client = stack.client()
        everybody = given.waiting + given.inside
        # As a seat map does it, people inside ask for something now and then: so they come back.
        quiet = ("--vanish", "0", "--look", "8")
        with storm(stack, slug, *quiet, visitors=everybody, arrive_in=ARRIVE_IN, stay=given.stay) as first:
            until(lambda: client.zcard(f"queue:{{{slug}}}") >= given.waiting, within=120)
            time.sleep(5)  # the last sockets open
            with storm(stack, slug, *quiet, visitors=given.late, arrive_in=LATE_FOR, stay=1) as second:
                time.sleep(8)
                forgers = [_joined(stack, slug) for _ in range(2 * FORGERS)]
                forged = [visitor for visitor, _ in forgers]
                before = [one for one in _present(stack, slug) if one not in forged]
                inside = set(client.zrange(f"active:{{{slug}}}", 0, -1))
                lost_us = _clock_us(stack)
                client.flushall()
                # The forgers come as soon as there is a line to push into.
                until(lambda: client.exists(f"queue:{{{slug}}}"), within=10)
                for i, (_, cookies) in enumerate(forgers):
                    _ask(stack, slug, _forge(cookies, _earlier if i % 2 else _admitted))
                came_back = until(
                    lambda: len(order(client, slug, before)) == len(before), within=given.recovery - SPARE_S
                )
                took_s = (_clock_us(stack) - lost_us) / 1e6
                after = order(client, slug, before)
                moved = sum(one != other for one, other in zip(before, after, strict=False))
                # Who is inside comes back with the next page or look, within the recovery period.
                left_s = max(SPARE_S, given.recovery - SPARE_S - took_s)
                back = until(lambda: inside <= set(client.zrange(f"active:{{{slug}}}", 0, -1)), within=left_s)
                missing = inside - set(client.zrange(f"active:{{{slug}}}", 0, -1))
                numbers = client.zmscore(f"queue:{{{slug}}}", forged)
                got_in = sum(client.zscore(f"active:{{{slug}}}", one) is not None for one in forged)
                early = sum(number is not None and number < lost_us for number in numbers)
                stack.manage("waitingroom", "set", slug, f"threshold={2 * everybody}")
                reports = [first.report(within=900), second.report(within=900)]
        verdict.note("present before", f"{len(before):,} waiting, {len(inside):,} inside")
        seen = f"{len(after):,} of {len(before):,} after {took_s:.1f} s, {moved} moved"
        verdict.expect("who waited", "all back, in the same order", seen, held=came_back and not moved)
        verdict.expect("who was inside", "all inside", f"{len(missing)} missing", held=back and not missing)
        verdict.expect("forged slips with an earlier number", "a new number or none", f"{early} early", held=not early)
        verdict.expect("forged admissions", "nobody inside", f"{got_in} inside", held=not got_in)
        judge_storm(verdict, reports[0], "the storm that was there")
        judge_storm(verdict, reports[1], "the storm that came meanwhile")
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


def _present(stack: Stack, slug: str) -> list[str]:
    return list(stack.client().zrange(f"present:{{{slug}}}", 0, -1))


def _clock_us(stack: Stack) -> int:
    seconds, micros = stack.client().time()
    return int(seconds) * 1_000_000 + int(micros)


def _joined(stack: Stack, slug: str) -> tuple[str, dict[str, str]]:
    """A newcomer: the name that the line knows, and the cookies."""
    before = set(order(stack.client(), slug))
    cookies = _ask(stack, slug, {})
    cookies |= _ask(stack, slug, cookies)
    (visitor,) = [one for one in set(order(stack.client(), slug)) - before if any(one in c for c in cookies.values())]
    return visitor, cookies


def _ask(stack: Stack, slug: str, cookies: dict[str, str]) -> dict[str, str]:
    """Load the event as a browser with these cookies does; the cookies that are set."""
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    request = urllib.request.Request(f"{stack.url}/events/{slug}/", headers={"Cookie": header, "Accept": "text/html"})
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        jar: SimpleCookie = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie", []):
            jar.load(line)
    return {name: morsel.value for name, morsel in jar.items()}


def _forge(cookies: dict[str, str], how: Callable[[str], str]) -> dict[str, str]:
    return {name: how(value) if NUMBER.search(value) else value for name, value in cookies.items()}


def _earlier(slip: str) -> str:
    """The same slip, a queue number an hour earlier, the old signature."""
    return NUMBER.sub(lambda found: str(int(found[0]) - 3_600_000_000), slip)


def _admitted(slip: str) -> str:
    """The same slip as an admission."""
    return re.sub(r"(^|[^A-Za-z0-9_-])w\.", r"\1a.", slip)
