"""A small storm on the whole running site, as `make run` starts it."""

import json
import signal
import subprocess
import sys
from typing import Any

from tests.patience import until
from tests.site import ROOT, Site

STORM_S = 600.0


def storm(site: Site, slug: str, *options: str) -> "subprocess.Popen[str]":
    """The command, under way in a room for twenty."""
    site.manage("waitingroom", "set", slug, "threshold=20", "users_per_minute_per_instance=6000")
    command = [sys.executable, "manage.py", "storm", slug, "--url", site.url, "--json", *options]
    return subprocess.Popen(command, cwd=ROOT, env=site.env, stdout=subprocess.PIPE, text=True)


def reported(command: "subprocess.Popen[str]") -> Any:
    """What a storm reports at its end: it gives up by itself, on a busy machine after minutes."""
    try:
        return json.loads(command.communicate(timeout=STORM_S)[0])
    except subprocess.TimeoutExpired:
        command.kill()
        command.communicate()
        raise


def test_the_site_stands_a_storm_of_restless_visitors(site: Site):
    options = ("--visitors", "150", "--arrive-in", "3", "--stay", "1")
    shares = ("--refresh", "0.3", "--second-tab", "0.2", "--drop", "0.1", "--vanish", "0.05")
    command = storm(site, "hangang-jazz-night", *options, *shares)
    report = reported(command)

    assert report["broken"] == []
    assert command.returncode == 0
    assert report["entered"] + report["vanished"] == report["visitors"] == 150
    assert 0 <= report["straight_in"] + report["joined"] - 150 <= report["wasted_places"]  # missed, and joined again
    assert report["peak_active"] <= report["threshold"] == 20
    assert report["enter_ms"]["p99"] < 5_000


def test_its_visitors_do_the_work_that_the_room_asks_for(site: Site):
    slug = "hangang-jazz-night"
    site.manage("waitingroom", "set", slug, "work_tries=20")
    try:
        command = storm(site, slug, "--visitors", "60", "--arrive-in", "2", "--stay", "1")
        report = reported(command)
    finally:
        site.manage("waitingroom", "set", slug, "work_tries=0")

    assert report["broken"] == []
    assert 0 <= report["straight_in"] + report["joined"] - 60 <= report["wasted_places"]
    assert report["entered"] + report["vanished"] == 60


def test_ctrl_c_ends_it_with_a_report_of_what_was_seen_and_clears_the_room(site: Site):
    slug = "old-drawer"

    def counts() -> tuple[int, int]:
        room = next(room for room in json.loads(site.manage("waitingroom", "list", "--json")) if room["slug"] == slug)
        return room["active"], room["waiting"]

    command = storm(site, slug, "--visitors", "60", "--arrive-in", "1", "--stay", "600", "--vanish", "0")
    until(lambda: counts() == (20, 40), within=60)
    command.send_signal(signal.SIGINT)
    report = json.loads(command.communicate(timeout=60)[0])

    assert command.returncode == 130
    assert report["cut_short"] == "interrupt"
    assert report["broken"] == []
    assert (report["straight_in"], report["waiting"]) == (20, 40)
    assert counts() == (0, 0)
