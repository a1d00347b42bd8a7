"""What operators type: simulate and scaling, with answers for people and for machines."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from scaling import store
from scaling.controller import DecisionReason
from scaling.in_force import configuration
from scaling.local_fleet import LocalFleet
from scaling.models import ArrivalBin, ScalingDecision
from tests.scaling.conftest import Clock, crowd, told
from waitingroom.models import WaitingRoom

RESULT = {
    "policy", "first_order_at", "drained_at", "p50_wait_s", "p95_wait_s", "p99_wait_s", "peak_queue", "max_instances",
    "overload_s", "instance_hours", "cost_won", "direction_changes", "abandoned",
    "still_waiting", "waited_p50_s", "waited_p99_s", "rooms",
}  # fmt: skip


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()


def run_json(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_simulate_answers_machines_by_the_contract():
    found = run_json("simulate", "--policy", "reference", "--policy", "law")

    assert [result["policy"] for result in found] == ["reference", "law"]
    assert set(found[0]) == RESULT
    assert found[0]["drained_at"] == "20:05:42"


def test_simulate_tells_people_the_table_the_formula_and_the_timeline():
    text = run("simulate", "--policy", "reference")

    assert "85,479" in text
    assert "40,000/730" in text
    assert "desired 2 -> 7" in text


ROOMS = (
    *("--room", "rock", "visitors=3000", "arrive_in=20", "threshold_per_instance=250"),
    *("--room", "jazz", "visitors=2000", "at=30", "half_life=40", "stay=30"),
)


def test_several_rooms_are_told_one_by_one():
    [found] = run_json("simulate", "--policy", "law", *ROOMS)

    assert [room["room"] for room in found["rooms"]] == ["rock", "jazz"]
    assert all(room["drained_at"] and room["waited_p99_s"] > 0 for room in found["rooms"])
    assert "rock" in run("simulate", "--policy", "law", *ROOMS)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_simulate_draws(tmp_path: Path, language: str):
    file = tmp_path / "chart.png"
    run("simulate", "--policy", "law", "--chart", str(file), "--language", language)

    assert file.read_bytes().startswith(b"\x89PNG")


def test_another_threshold_is_another_sale():
    small, large = (run_json("simulate", "--policy", "reference", "--threshold", n)[0] for n in ("500", "2000"))

    assert small["p99_wait_s"] > large["p99_wait_s"]


@pytest.mark.parametrize(
    "words",
    [
        ("--policy", "none"),
        ("--boot", "-1"),
        ("--boot", "soon"),
        ("--seed", "99999999999"),
        ("--arrivals", "/nowhere.csv"),
        ("--minimum", "9", "--maximum", "3"),
        ("--replay", "x", "--rush", "5"),
        ("--room", "visitors=5"),
        ("--room", "rock"),
        ("--room", "rock", "visitors=0"),
        ("--room", "rock", "visitors=5", "treshold=3"),
        ("--room", "rock", "visitors=5", "stay=1e3"),
        ("--room", "rock", "visitors=5", "at=-86400"),
        ("--room", "rock", "visitors=5", "--room", "rock", "visitors=6"),
        ("--room", "rock", "visitors=5", "--rush", "7"),
        ("--chart", "/nowhere/chart.png"),
        ("--chart", "chart.what"),
    ],
)
def test_simulate_refuses_nonsense_in_one_line(words: tuple[str, ...]):
    with pytest.raises(CommandError) as refusal:
        run("simulate", "--policy", "law", *words)

    assert "\n" not in str(refusal.value)


@pytest.mark.django_db
def test_a_past_sale_is_replayed_with_the_rooms_settings(room: WaitingRoom):
    opening = datetime(2026, 5, 1, 11, 0, tzinfo=UTC)
    room.opens_at = opening
    room.save()
    begins = int(opening.timestamp())
    for i in range(30):
        ArrivalBin.objects.create(room=room.slug, begins_at=begins + 10 * i, visitors=400)
    ArrivalBin.objects.create(room=room.slug, begins_at=begins - 86_400, visitors=9_999)  # yesterday's is another sale

    found = {result["policy"]: result for result in run_json("simulate", "--replay", room.slug)}

    assert found["reference"]["peak_queue"] > 5000
    assert found["prewarm"]["first_order_at"] == "19:50:00"
    assert found["law"]["p99_wait_s"] < found["reference"]["p99_wait_s"]


@pytest.mark.django_db
def test_a_room_without_a_past_is_told_so():
    with pytest.raises(CommandError, match="no arrivals are recorded"):
        run("simulate", "--replay", "nobody-came")


@pytest.mark.django_db
def test_status_tells_the_fleet_to_machines_and_people(room: WaitingRoom, clock: Clock):
    crowd(room, 6000)
    clock.turns(31)

    found = run_json("scaling", "status")

    assert (found["desired"], found["in_service"], len(found["pending"])) == (7, 2, 5)
    assert found["boot_s"] == {"p50": 180, "p90": 180, "observed": 0}
    assert {alarm["name"]: alarm["state"] for alarm in found["alarms"]}["tiketi-web-crowd"] == "ALARM"
    assert found["metrics"]["QueueSize"] == 6000
    assert "desired" in run("scaling", "status")


@pytest.mark.django_db
def test_status_knows_nothing_before_the_first_turn():
    found = run_json("scaling", "status")

    assert (found["desired"], found["publish_age_s"], found["last_fault"]) == (None, None, "")


@pytest.mark.django_db
def test_set_orders_by_hand_and_writes_it_down(room: WaitingRoom, clock: Clock):
    run("scaling", "set", "boot_seconds=0", "desired=5")
    clock.now += 200
    clock.turns(1)

    view = store.last_view()
    assert view is not None
    assert view.in_service == 5
    decision = ScalingDecision.objects.get()
    assert (decision.reason, decision.before, decision.after) == (DecisionReason.STAFF, 2, 5)
    assert run_json("scaling", "history")[0]["reason"] == "staff"
    assert "2 -> 5" in run("scaling", "history")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "word",
    [
        "desired=11", "desired=1", "desired=-3", "desired=x", "desired", "boot_seconds=99999", "speed=9", "desired=٣",
        "boot_seconds=1 desired=11", "boot_seconds=1 desired=x", "boot_seconds=1 boot_seconds=2", "desired=3 desired=4",
    ],
)  # fmt: skip
def test_set_refuses_nonsense_and_changes_nothing(room: WaitingRoom, word: str):
    before = LocalFleet(configuration()).boot_seconds()
    store.learn_boot(33)

    with pytest.raises(CommandError) as refusal:
        run("scaling", "set", *word.split())

    assert "\n" not in str(refusal.value)
    assert ScalingDecision.objects.count() == 0
    assert (LocalFleet(configuration()).boot_seconds(), store.boots()) == (before, [33])


@pytest.mark.django_db
def test_publish_publishes_at_once(room: WaitingRoom):
    crowd(room, 12)

    assert run_json("scaling", "publish")["QueueSize"] == 12
    assert run_json("scaling", "status")["publish_age_s"] < 5
    assert told(room) == 2


@pytest.mark.django_db
def test_history_is_empty_at_first_and_limited(room: WaitingRoom):
    assert "Nothing to tell" in run("scaling", "history")
    for i in range(5):
        ScalingDecision.objects.create(reason=DecisionReason.STAFF, before=i, after=i + 1)

    assert [row["after"] for row in run_json("scaling", "history", "--limit", "2")] == [5, 4]


def test_policies_over_many_seeds_are_told_with_their_spread():
    words = ("simulate", "--policy", "law", "--boot-p90", "300", "--seeds", "3")
    [found] = run_json(*words)

    over = found["over_seeds"]
    assert over["seeds"] == 3
    assert over["p99_wait_s"]["least"] < over["p99_wait_s"]["most"]
    assert over["p99_wait_s"]["least"] <= found["p99_wait_s"] <= over["p99_wait_s"]["most"]
    assert "Over 3 seeds" in run(*words)
