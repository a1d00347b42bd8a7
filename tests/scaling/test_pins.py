"""The operator's hand: a pin holds against every other hand, is written down, and a refused order says so."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from scaling import autoscaling, control_loop, store
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.fleet import FleetUnreadable
from scaling.in_force import configuration
from scaling.local_fleet import LocalFleet
from scaling.models import FleetPin, ScalingDecision
from scaling.pin import Pin
from tests.scaling.conftest import Clock, crowd
from waitingroom.models import WaitingRoom

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]


def scaling(*words: str) -> Any:
    out = StringIO()
    call_command("scaling", *words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def desired() -> int:
    view = store.last_view()
    assert view is not None
    return view.desired


@given(
    st.one_of(st.none(), st.integers(1, 50)),
    st.one_of(st.none(), st.integers(1, 50)),
    st.integers(1, 50),
    st.integers(0, 50),
)
def test_bounds_keep_within_the_pin(floor: int | None, ceiling: int | None, minimum: int, more: int):
    least, most = Pin(floor, ceiling).bounds(minimum, minimum + more)

    assert least <= most <= minimum + more
    assert ceiling is None or most <= ceiling
    assert floor is None or least >= min(floor, most)


def test_a_floor_is_ordered_at_once_and_no_quiet_hour_lowers_it(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)

    found = scaling("pin", "floor=6", "until=2h", "why=the big sale")

    assert found["desired"] == 6
    assert (found["pin"]["floor"], found["pin"]["why"]) == (6, "the big sale")
    clock.turns(400)
    assert desired() == 6
    decision = ScalingDecision.objects.get()
    assert (decision.reason, decision.before, decision.after) == (DecisionReason.PIN, 2, 6)
    clock.now += 7200
    clock.turns(400)
    assert desired() == 2


@pytest.mark.parametrize("policy", ["alarm", "law"])
def test_a_ceiling_holds_against_alarm_and_law(room: WaitingRoom, clock: Clock, configured, policy: str):
    configured(ramp_s=0, boot_s=0, policy=policy)
    scaling("pin", "ceiling=4", "until=2h", "why=the database is small tonight")
    crowd(room, 9000)

    clock.turns(60)

    assert desired() == 4


def test_a_lifted_pin_lets_go_and_its_row_stays(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)
    scaling("pin", "floor=6", "until=2h", "why=the big sale")

    assert scaling("pin", "off")["pin"] is None
    clock.turns(400)

    assert desired() == 2
    row = FleetPin.objects.get()
    assert row.lifted_at is not None
    assert "manage.py scaling pin" in row.by
    with pytest.raises(CommandError, match="no pin"):
        scaling("pin", "off")


@pytest.mark.parametrize(
    "words",
    [
        ("floor=11", "until=2h", "why=x"),
        ("ceiling=1", "until=2h", "why=x"),
        ("floor=8", "ceiling=7", "until=2h", "why=x"),
        ("floor=0", "until=2h", "why=x"),
        ("floor=-1", "until=2h", "why=x"),
        ("floor=٣", "until=2h", "why=x"),
        ("until=2h", "why=x"),
        ("floor=5", "until=2h"),
        ("floor=5", "until=2h", "why="),
        ("floor=5", "why=x"),
        ("floor=5", "until=soon", "why=x"),
        ("floor=5", "until=2020-01-01T00:00", "why=x"),
        ("floor=5", "until=2026-13-01T00:00", "why=x"),
        ("floor=5", "until=0m", "why=x"),
        ("speed=5",),
        ("floor",),
        ("floor=5", "floor=6", "until=2h", "why=x"),
        ("off", "off"),
        ("off", "floor=5"),
    ],
)
def test_nonsense_is_refused_in_one_line_and_changes_nothing(words: tuple[str, ...]):
    with pytest.raises(CommandError) as refusal:
        scaling("pin", *words)

    assert "\n" not in str(refusal.value)
    assert not FleetPin.objects.exists()
    assert not ScalingDecision.objects.exists()


def test_the_alarm_never_lowers_what_is_higher(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)
    clock.turns(1)
    scaling("set", "desired=10")
    crowd(room, 9000)

    clock.turns(120)

    assert desired() == 10


def test_a_refused_order_exits_with_its_reason(room: WaitingRoom, clock: Clock, configured, monkeypatch):
    def refuse(*_args: object) -> None:
        raise FleetUnreadable("set_desired_capacity: AccessDenied")

    monkeypatch.setattr(LocalFleet, "order", refuse)

    with pytest.raises(CommandError, match="AccessDenied"):
        scaling("set", "desired=9")
    with pytest.raises(CommandError, match="AccessDenied"):
        scaling("pin", "floor=9", "until=2h", "why=x")
    assert ScalingDecision.objects.filter(fault__contains="AccessDenied").count() == 2


def test_set_does_not_reach_beyond_the_pin(room: WaitingRoom, configured):
    configured(ramp_s=0, boot_s=0)
    scaling("pin", "ceiling=4", "until=2h", "why=x")

    with pytest.raises(CommandError, match="pin"):
        scaling("set", "boot_seconds=44", "desired=9")
    assert desired() == 2
    assert LocalFleet(configuration()).boot_seconds() == 0  # all or none


def test_on_aws_the_groups_own_bounds_hold_the_pin(aws: Configuration, room: WaitingRoom, clock: Clock):
    scaling("pin", "floor=6", "ceiling=8", "until=2h", "why=the big sale")

    found = autoscaling.describe(aws.group)
    assert (found["MinSize"], found["MaxSize"], found["DesiredCapacity"]) == (6, 8, 6)
    scaling("pin", "off")
    found = autoscaling.describe(aws.group)
    assert (found["MinSize"], found["MaxSize"]) == (2, 10)


def test_staff_make_and_lift_pins_in_the_console(room: WaitingRoom, clock: Clock, configured, admin_client, admin_user):
    configured(ramp_s=0, boot_s=0)
    form = {"floor": "5", "ceiling": "", "until_0": "2099-01-01", "until_1": "00:00", "why": "한밤 예매"}

    admin_client.post("/admin/scaling/fleetpin/add/", form)

    row = FleetPin.objects.get()
    assert (row.floor, row.by) == (5, admin_user.get_username())
    assert desired() == 5
    page = admin_client.get("/admin/scaling/scalingdecision/").content.decode()
    assert "한밤 예매" in page
    admin_client.post("/admin/scaling/fleetpin/", {"action": "lift", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.lifted_by == admin_user.get_username()
    assert admin_client.post(f"/admin/scaling/fleetpin/{row.pk}/change/", form).status_code == 403


def test_two_looks_at_one_pin_order_once(room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=60)
    scaling("pin", "floor=6", "until=2h", "why=x")

    clock.turns(30)
    control_loop.turn(clock.now)

    assert ScalingDecision.objects.count() == 1
