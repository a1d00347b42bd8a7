"""The report of a sale against what its visitors saw themselves: neither knows of the other."""

import json
import secrets

import pytest

from tests.site import Site
from tests.storm.test_site import reported, storm

SALE = """
from tests.events.copies import copy_of
copy_of("resurrection", {slug!r}, threshold=20)
"""
VISITORS = 120
# Redis counts from the number to the turn, visitors from the first page to the turn's frame: pages take time.
TOLERANCE_S = 4.0


def test_the_report_of_a_sale_says_what_the_crowd_saw(site: Site):
    slug = f"reported-{secrets.token_hex(4)}"
    site.manage("shell", "-c", SALE.format(slug=slug))
    options = ("--visitors", str(VISITORS), "--arrive-in", "2", "--stay", "0.3", "--vanish", "0", "--buy")
    seen = reported(storm(site, slug, *options))

    told = json.loads(site.manage("report", slug, "--json"))

    assert seen["broken"] == [], seen
    assert (told["came"], told["drew"], told["straight_in"]) == (VISITORS, seen["joined"], seen["straight_in"])
    assert (told["let_in"], told["turns_missed"], told["unrecorded_turns"]) == (seen["admitted"], 0, 0)
    assert told["let_in"] + told["straight_in"] == seen["entered"] == VISITORS
    assert told["orders"]["paid"] == told["left_inside"]["paid"] == seen["orders"] > 0
    assert told["order"]["inversions"] == seen["inversions"] == 0
    assert (told["waiting"], told["inside"], told["losses"]) == (0, 0, [])
    waits, wait_s = seen["wait_ms"], told["wait_s"]
    assert wait_s["count"] == seen["joined"]
    assert wait_s["p50"] == pytest.approx(waits["p50"] / 1000, abs=TOLERANCE_S)
    assert wait_s["p95"] - TOLERANCE_S <= waits["p99"] / 1000 <= wait_s["longest"] + TOLERANCE_S
    assert sum(row["came"] for row in told["over_time"]) == VISITORS
    assert sum(row["seats"] for row in told["over_time"]) == told["sold"]
