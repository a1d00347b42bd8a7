"""What Prometheus reads: the numbers, the alert rules, and every panel of the dashboard, by Debian's own programs."""

import re
import shutil
import subprocess
import urllib.error
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.evenings.prometheus import RULES, panels, prometheus, rules, variables
from scaling.fleet import FleetSnapshot, Instance, Lifecycle
from scaling.pressure import FLOOR, Pressure
from tests.conftest import missing
from tests.patience import until
from tests.site import Site
from tiketi.numbers import ROOM_COUNTERS, ROOM_GAUGES, numbers
from tiketi.readiness import OK, Keys, Rows, Sight, Work
from waitingroom.status import RoomStatus

ALERTS = Path(__file__).with_name("alerts.yml")
ROOM = RoomStatus(
    slug="gala", mode="automatic", threshold=10, waiting=4, present=3, active=9, joined=7, admitted=2, gone=1,
    straight_in=9, in_service=2.0, admission_per_minute=1000.0, admitted_last_minute=2, departed_last_minute=1,
    arrivals=(), oldest_wait_s=5.0, estimated_wait_s=9, last_tick_age_s=0.5, ticker="clock@here", epoch="1",
)  # fmt: skip
INSTANCES = (Instance("i-1", Lifecycle.IN_SERVICE, 0.0), Instance("i-2", Lifecycle.PENDING, 0.0))
FLEET = FleetSnapshot(0.0, 3, 2, 10, INSTANCES)
SEEN = Sight(
    Rows(OK, {"waiting": 1, "given_up": 0}),
    Keys(OK, (ROOM,), {"tick": Work(0.5, 5.0), "mail": Work(None, 60.0)}, fleet=FLEET),
)


def program(name: str) -> str:
    """One of the programs of Debian's package."""
    return shutil.which(name) or missing("Debian's package `prometheus` is needed")


def promtool(*words: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([program("promtool"), *words], input=given, capture_output=True, check=False)


def test_the_numbers_are_as_prometheus_wants_them_named_and_told():
    told = numbers(SEEN, whole=True)

    done = promtool("check", "metrics", given=told)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    assert b'tiketi_room_joined_total{environment="local",room="gala"} 7.0' in told
    assert b'tiketi_fleet_pending{environment="local"} 1.0' in told
    assert b'tiketi_work_age_seconds{work="mail"}' not in told  # it never happened
    assert len(re.findall(rb"tiketi_room_\w+{", told)) == len(ROOM_GAUGES) + len(ROOM_COUNTERS) + 1


@pytest.mark.parametrize(
    ("changed", "lets_in"),
    [
        ({}, b"1.0"),
        ({"mode": "always"}, b"1.0"),
        ({"mode": "draining"}, b"1.0"),
        ({"mode": "paused"}, b"0.0"),
        ({"mode": "closed"}, b"0.0"),
        ({"stage": "gathering"}, b"0.0"),
        ({"stage": "drawing"}, b"0.0"),
        ({"recovering_s": 5}, b"0.0"),
    ],
)
def test_a_room_says_whether_anybody_is_let_in(changed: dict[str, Any], lets_in: bytes):
    seen = replace(SEEN, keys=replace(SEEN.keys, rooms=(replace(ROOM, **changed),)))

    assert b'tiketi_room_lets_in{environment="local",room="gala"} ' + lets_in in numbers(seen, whole=True)


def test_who_is_not_meant_to_know_more_reads_one_number():
    told = numbers(SEEN, whole=False)

    assert [line.split()[0] for line in told.splitlines() if line[:1] != b"#"] == [b"tiketi_ready"]


def test_rules_and_configuration_are_what_prometheus_takes(tmp_path: Path):
    token = tmp_path / "token"
    token.write_text("word")
    configuration = (RULES.with_name("prometheus.yml")).read_text().replace("/etc/prometheus/tiketi-token", str(token))
    (tmp_path / "prometheus.yml").write_text(configuration)
    shutil.copy(RULES, tmp_path)

    done = promtool("check", "config", str(tmp_path / "prometheus.yml"))

    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_a_sale_that_goes_well_is_quiet(tmp_path: Path):
    tests = ALERTS.read_text().replace("RULES", str(RULES))
    (tmp_path / "alerts.yml").write_text(tests)
    done = promtool("test", "rules", str(tmp_path / "alerts.yml"))

    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert set(re.findall(r'{alertname="(\w+)"}', tests)) == set(rules())


def test_admission_is_at_its_floor_where_half_a_minute_of_quiet_would_lift_it_from_there():
    edge = float(rules()["TiketiAdmissionAtFloor"].rpartition("<= ")[2])

    assert FLOOR < edge < Pressure(FLOOR).after(0.0, 30.0).multiplier


def test_alerts_and_panels_ask_for_numbers_that_there_are():
    there = set(re.findall(r"^(tiketi_\w+)", numbers(SEEN, whole=True).decode(), re.MULTILINE))
    there |= {"tiketi_work_age_seconds", "tiketi_work_late"}

    asked = [*rules().values(), *(expression for _, expression in panels())]

    assert {name for one in asked for name in re.findall(r"\btiketi_\w+", one)} <= there


def test_a_prometheus_that_asks_the_running_site_answers_every_panel_and_every_alert(site: Site, tmp_path: Path):
    program("prometheus")
    with prometheus(tmp_path, site.port, "no token: it asks on this machine", every_s=1) as asked:
        until(lambda: asked.ask("tiketi_ready == 1") and asked.ask("tiketi_fleet_desired"), within=60)
        until(lambda: all(asked.ask(expression) for _, expression in panels()), within=30)
        until(lambda: {rule["health"] for rule in asked.alerts().values()} == {"ok"}, within=30)

        assert [title for title, expression in panels() if not asked.ask(expression)] == []
        assert [name for name, series in variables().items() if not asked.values_of(name, series)] == []
        assert set(asked.alerts()) == set(rules())
        assert all(isinstance(asked.ask(expression), list) for expression in rules().values())
        with pytest.raises(urllib.error.HTTPError):  # as a rule that cannot be evaluated would
            asked.ask("tiketi_ready ==")
        assert all(float(one["value"][1]) == 0 for _, expression in conserved() for one in asked.ask(expression))
        assert asked.ask('ALERTS{alertstate="firing",severity="page"}') == []


def conserved() -> list[tuple[str, str]]:
    """The panel that is always zero."""
    return [(title, expression) for title, expression in panels() if title == "Conservation"]
