"""A storm that gathers for an opening, on the whole site: by arrival, and by a draw that is checked in the run."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.site import ROOT, Site


def gather(site: Site, slug: str, order: str, visitors: int) -> dict[str, Any]:
    """The report of a storm in a room for forty."""
    site.manage("waitingroom", "set", slug, "threshold=40", "users_per_minute_per_instance=6000")
    options = ("--visitors", str(visitors), "--arrive-in", "8", "--stay", "1")
    shares = ("--refresh", "0.1", "--second-tab", "0.05", "--drop", "0.05", "--vanish", "0.03")
    command = [sys.executable, "manage.py", "storm", slug, "--url", site.url, "--json", "--gather", order]
    done = subprocess.run(
        [*command, *options, *shares],
        cwd=ROOT,
        env=site.env,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=240,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (1 if found["broken"] else 0)
    return found


@pytest.mark.parametrize(("order", "slug"), [("arrival", "trot-gala"), ("draw", "four-seasons-guitar")])
def test_those_who_gathered_are_in_line_or_inside_at_the_instant(site: Site, order: str, slug: str):
    report = gather(site, slug, order, 300)
    opening = report["opening"]

    assert report["broken"] == [], report
    assert (opening["gathered"], opening["early"], opening["missing"]) == (300, 0, 0)
    assert report["straight_in"] == 0
    assert opening["lined_up_ms"] <= 3_000
    assert opening["opening_peak"] <= 2 * opening["gathering_peak"]
    if order == "draw":
        assert opening["entrants"] == 300
        assert (opening["unentered"], opening["wrong_numbers"], opening["passed"]) == (0, 0, [])
        assert abs(opening["tau"]) <= opening["tau_limit"]
        assert opening["verified"] == "untrusted"  # this machine's own chance
        assert opening["receipts"] == 50
