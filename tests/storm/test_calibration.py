"""`storm --calibrate`: what a server takes in is found by trying, and the room is as it was afterwards."""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from tests.patience import until
from tests.site import ROOT
from tests.site import Site as RunningSite
from tiketi.storm import calibrating
from tiketi.storm.calibration import FIRST, MAX_STEPS, SPARE, Calibration, Step, climb
from tiketi.storm.forecast import Forecast
from tiketi.storm.ground import CannotStorm
from tiketi.storm.habits import Habits
from tiketi.storm.report import Spread
from tiketi.storm.site import Site
from waitingroom.models import WaitingRoom

QUICKLY = """
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
import django
django.setup()
from django.core.management import execute_from_command_line
from tiketi.storm import calibrating, calibration
calibrating.STEP_S, calibration.MAX_STEPS, calibration.HALVINGS = 3.0, 2, 0
calibration.LATEST_MS = 60_000.0  # what holds is tried elsewhere; here the machine may be slow
execute_from_command_line(["manage.py", "storm", *sys.argv[1:]])
"""


def serving(most: float) -> Callable[[float], Step]:
    """A site that takes in so many a minute in time."""

    def attempt(rate: float) -> Step:
        p99 = 100.0 if rate <= most else 4_000.0
        return Step(rate, buyers=10, bought=10, page_ms=Spread(50.0, p99), put_off=0, errors=0, late_ms=1.0)

    return attempt


@given(st.floats(1, 1e6))
def test_what_is_proposed_held_and_little_more_would_have_failed(most: float):
    found = Calibration(climb(serving(most)), instances=2, stay_s=180)

    assert len(found.steps) <= MAX_STEPS + 2
    assert found.found <= most
    if most < FIRST:
        assert found.found == 0
    elif found.is_bound:
        assert most < 1.13 * found.found  # an eighth of the last step
    assert found.users_per_minute_per_instance * found.instances <= SPARE * found.found
    assert found.threshold_per_instance * 60 >= found.users_per_minute_per_instance * found.stay_s


@pytest.mark.parametrize("wrong", [{"bought": 9}, {"put_off": 1}, {"errors": 1}, {"cut_short": "timeout"}])
def test_a_step_that_failed_somebody_did_not_hold(wrong: dict[str, object]):
    fine = {"buyers": 10, "bought": 10, "page_ms": Spread(5, 9), "put_off": 0, "errors": 0, "late_ms": 1.0}

    assert Step(60, **fine).held  # type: ignore[arg-type]  # as the next
    assert not Step(60, **fine | wrong).held  # type: ignore[arg-type]  # each by its name


def test_a_site_is_calibrated_and_the_room_is_as_it_was(site: RunningSite):
    slug = "star-of-gyeongseong"  # nobody storms it: who vanished from another test's storm is inside for a while
    site.manage("waitingroom", "set", slug, "threshold=33", "users_per_minute_per_instance=77")
    until(lambda: in_service(site))
    command = [sys.executable, "-c", QUICKLY, slug, "--url", site.url, "--calibrate", "240", "--json"]

    done = subprocess.run(command, cwd=ROOT, env=site.env, capture_output=True, text=True, timeout=120)

    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert [step["users_per_minute"] for step in found["steps"]] == [60, 90], done.stderr
    assert all(step["bought"] == step["buyers"] and step["page_ms"]["p99"] > 0 for step in found["steps"])
    assert found["threshold_per_instance"] * 60 >= 240 * found["users_per_minute_per_instance"]
    assert found["instances"] == in_service(site)
    settings = json.loads(site.manage("waitingroom", "show", slug, "--json"))["settings"]
    assert (settings["threshold"], settings["users_per_minute_per_instance"]) == (33, 77)
    assert settings["threshold_per_instance"] is None


@pytest.fixture
def trying(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[Forecast], list[dict[str, Any]]]]:
    """Calibrate a room of two servers by storms that end as told; the storms, and what was put in force."""

    def calibrated(cut_short: str, *fleet: int, fails: bool = False) -> tuple[list[Forecast], list[dict[str, Any]]]:
        room = WaitingRoom.objects.create(slug=f"try-{uuid.uuid4().hex[:8]}", threshold=33)
        sizes = iter(fleet)
        monkeypatch.setattr(calibrating, "servers", lambda: next(sizes))
        storms: list[Forecast] = []
        changes: list[dict[str, Any]] = []

        def rage(forecast: Forecast) -> Any:
            storms.append(forecast)
            forecast.site.requests.took_ms.append(5000.0)
            spread = Spread(1.0, 1.0)
            return SimpleNamespace(
                cut_short=cut_short, purchases={}, retries={}, errors=0, oversold=0, late_ms=spread
            )  # fmt: skip

        def change(settings: dict[str, Any], _why: str) -> None:
            changes.append(settings)
            if fails and len(changes) == 2:
                raise OperationalError("away")

        site = Site.at("http://127.0.0.1:9")
        forecast = Forecast(site, room.slug, 1, 1, Habits(), 10)
        now = SimpleNamespace(slug=room.slug, active=0, waiting=0)
        with pytest.raises(CannotStorm) as caught:
            calibrating.calibrate(forecast, now, rage, change, stay_s=60)  # type: ignore[arg-type]  # what it reads of it
        calibrated.said = str(caught.value)  # type: ignore[attr-defined]  # for the test
        return storms, changes

    return calibrated


@pytest.mark.django_db
def test_who_interrupts_is_proposed_nothing_and_the_room_is_put_back(trying: Any):
    storms, changes = trying("interrupt", 2, 2)

    assert trying.said == "interrupted: nothing is proposed"
    assert len(storms) == 1
    assert changes[-1]["threshold"] == 33


@pytest.mark.django_db
def test_a_fleet_that_changed_meanwhile_is_proposed_nothing(trying: Any):
    trying("", 2, 3)

    assert "pin the fleet" in trying.said


@pytest.mark.django_db
def test_a_room_that_cannot_be_put_back_is_said_to_stand_open(trying: Any):
    trying("interrupt", 2, 2, fails=True)

    assert "STANDS WIDE OPEN" in trying.said
    assert "threshold=33" in trying.said


def test_nobody_is_measured_unasked(site: RunningSite):
    slug = "old-drawer"
    site.manage("waitingroom", "set", slug, "threshold=20", "users_per_minute_per_instance=77")
    come = [sys.executable, "manage.py", "storm", slug, "--url", site.url, "--visitors", "3", "--arrive-in", "0"]
    inside = subprocess.Popen([*come, "--stay", "60"], cwd=ROOT, env=site.env, stdout=subprocess.DEVNULL)
    try:
        until_inside(site, slug)
        command = [sys.executable, "manage.py", "storm", slug, "--url", site.url, "--calibrate"]
        done = subprocess.run(command, cwd=ROOT, env=site.env, capture_output=True, text=True, timeout=60)
    finally:
        inside.terminate()
        inside.wait()

    assert done.returncode != 0
    assert "are inside old-drawer" in done.stderr
    settings = json.loads(site.manage("waitingroom", "show", slug, "--json"))["settings"]
    assert settings["users_per_minute_per_instance"] == 77


def in_service(site: RunningSite) -> int:
    """Servers, as operators are told; none before the fleet was read."""
    return int(json.loads(site.manage("scaling", "status", "--json"))["in_service"] or 0)


def until_inside(site: RunningSite, slug: str) -> None:
    """Somebody is."""

    def active() -> int:
        rooms = json.loads(site.manage("waitingroom", "list", "--json"))
        return int(next(room["active"] for room in rooms if room["slug"] == slug))

    until(lambda: active() > 0)
