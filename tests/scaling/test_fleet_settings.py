"""Staff tune the fleet in the console: in force at once, within the deployment's frame, with its history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from scaling import autoscaling, cloudwatch, drift, in_force, store
from scaling.cloud import CloudUnavailable
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.in_force import configuration
from scaling.models import FleetSettings, Prewarm, ScalingDecision
from scaling.openings import all_rooms, windows
from tests.scaling.conftest import Clock, crowd
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as redis

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("moto")]
ADD = reverse("admin:scaling_fleetsettings_add")
CHANGE = reverse("admin:scaling_fleetsettings_change", args=[1])
EMPTY: dict[str, Any] = dict.fromkeys(
    ("policy", "shadow", "minimum", "maximum", "target_wait_s", "crowd", "crowd_instances", "prewarm_instances",
     "prewarm_lead_s", "prewarm_keep_s", "seen"), "",
)  # fmt: skip


@pytest.fixture
def staff(client: Client) -> Client:
    """Somebody who may do everything, with the pages in English."""
    client.force_login(User.objects.create_superuser("staff"))
    client.cookies["django_language"] = "en"
    return client


def tune(staff: Client, **fields: Any) -> str:
    """Save the form as a browser does; the page that follows."""
    row = FleetSettings.objects.first()
    form = EMPTY | fields | {"seen": row.version if row else 0}
    return staff.post(CHANGE if row else ADD, form, follow=True).content.decode()


def desired() -> int:
    view = store.last_view()
    assert view is not None
    return view.desired


def test_what_staff_save_is_in_force_at_once_and_what_is_empty_is_the_deployments(staff: Client, configured):
    before = configured(target_wait_s=400)

    tune(staff, policy="law", maximum="8", crowd_instances="6", prewarm_instances="5")

    c = configuration()
    assert (c.policy, c.maximum, c.crowd_instances, c.prewarm_instances) == ("law", 8, 6, 5)
    assert (c.target_wait_s, c.minimum) == (400, before.minimum)
    tune(staff)
    assert configuration() == before


def test_the_history_tells_who_when_old_and_new(staff: Client):
    tune(staff, target_wait_s="240")
    tune(staff, target_wait_s="120")

    page = staff.get(reverse("admin:scaling_fleetsettings_history", args=[1])).content.decode()

    assert "staff" in page
    assert "240" in page
    assert "120" in page
    new, old = FleetSettings.history.all()
    assert (old.target_wait_s, new.target_wait_s, new.history_user.get_username()) == (240, 120, "staff")
    assert str(new.history_date.year) in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"maximum": "11"}, "the deployment allows no more"),
        ({"minimum": "1"}, "the deployment allows no more"),
        ({"minimum": "8", "maximum": "7"}, "At most the fleet&#x27;s maximum, 7"),
        ({"maximum": "5"}, "At most the fleet&#x27;s maximum, 5"),  # the crowd's 7 would never come
        ({"crowd_instances": "11"}, "At most the fleet&#x27;s maximum, 10"),
        ({"prewarm_instances": "11"}, "At most the fleet&#x27;s maximum, 10"),
        ({"prewarm_lead_s": "60"}, "At least the seconds that a boot takes, 180"),
        ({"target_wait_s": "5"}, "60"),
        ({"target_wait_s": "-5"}, "greater than or equal to"),
        ({"crowd": "many"}, "whole number"),
        ({"policy": "both"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(staff: Client, fields: dict[str, str], told: str):
    before = configuration()

    assert told in tune(staff, **fields)

    assert not FleetSettings.objects.exists()
    assert configuration() == before


def test_who_saves_over_another_is_warned(staff: Client):
    tune(staff, target_wait_s="240")

    stale = staff.post(CHANGE, EMPTY | {"target_wait_s": "90", "seen": "0"}).content.decode()

    assert "Somebody saved while you were editing" in stale
    assert FleetSettings.saved().target_wait_s == 240


def test_who_may_not_change_it_does_not(client: Client):
    client.force_login(User.objects.create_user("clerk", is_staff=True))

    assert client.post(ADD, EMPTY | {"maximum": "8"}).status_code == 403
    assert not FleetSettings.objects.exists()


def test_a_smaller_deployment_keeps_what_was_saved_within_its_frame_and_says_so(staff: Client, configured):
    tune(staff, maximum="9", minimum="6")

    configured(maximum=5, minimum=2, crowd_instances=5, prewarm_instances=5)

    assert (configuration().minimum, configuration().maximum) == (5, 5)
    assert ("frame", {"name": "maximum", "is": 9, "wanted": 5}) in drift.compare(store.now())


def test_redis_may_lose_it(staff: Client, room: WaitingRoom, clock: Clock):
    tune(staff, target_wait_s="240")
    redis().delete(store.TUNED)
    in_force._known.clear()

    clock.turns(1)

    assert configuration().target_wait_s == 240


def test_while_the_database_is_away_what_redis_has_stands(staff: Client, room: WaitingRoom, clock: Clock, monkeypatch):
    tune(staff, shadow="on")

    def away() -> FleetSettings:
        raise DatabaseError("gone")

    monkeypatch.setattr(FleetSettings, "saved", away)
    clock.turns(1)

    assert configuration().in_shadow


def test_the_bounds_are_ordered(staff: Client, room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)
    tune(staff, minimum="4")
    clock.turns(1)
    assert desired() == 4
    tune(staff, minimum="", maximum="3", crowd_instances="3", prewarm_instances="3")
    clock.turns(11)

    assert desired() == 3
    assert {row.reason for row in ScalingDecision.objects.all()} == {DecisionReason.BOUNDS}


def test_on_aws_bounds_and_policy_follow_at_once(staff: Client, aws: Configuration, room: WaitingRoom, clock: Clock):
    tune(staff, minimum="3", maximum="8")
    group = autoscaling.describe(aws.group)
    assert (group["MinSize"], group["MaxSize"]) == (3, 8)
    assert not drift.compare(store.now())

    tune(staff, policy="law")

    alarm = cloudwatch.alarms(["tiketi-web-crowd"])["tiketi-web-crowd"]
    assert alarm["AlarmActions"] == []  # it tells, the law orders
    assert not drift.compare(store.now())


def test_what_aws_refuses_is_told_and_stays_a_drift(staff: Client, aws: Configuration, monkeypatch):
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise CloudUnavailable("update_auto_scaling_group: AccessDenied")

    monkeypatch.setattr(autoscaling, "set_bounds", refuse)

    page = tune(staff, maximum="8")

    assert "AccessDenied" in page
    assert configuration().maximum == 8
    assert any("MaxSize" in one for one in drift.told(drift.compare(store.now())))


def test_one_sale_asks_for_its_own_prewarm(staff: Client, room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)
    room.opens_at = datetime.fromtimestamp(clock.now, UTC) + timedelta(minutes=20)
    room.save()
    form = {"room": room.pk, "instances": "9", "lead_s": "1200", "keep_s": "", "expected_visitors": "30000"}

    staff.post(reverse("admin:scaling_prewarm_add"), form)

    assert Prewarm.history.get().history_user.get_username() == "staff"
    (window,) = (w for w in windows(configuration(), all_rooms()) if w.instances == 9)
    assert (window.begins, window.ends) == (clock.now, clock.now + 1200 + 1800)
    clock.turns(1)
    assert desired() == 9


@pytest.mark.parametrize(
    ("fields", "told"), [({"instances": "11"}, "At most the fleet"), ({"lead_s": "30"}, "At least the seconds")]
)
def test_a_prewarm_beyond_the_fleet_or_too_late_is_refused(
    staff: Client, room: WaitingRoom, fields: dict[str, str], told: str
):
    form = {"room": room.pk, "instances": "", "lead_s": "", "keep_s": "", "expected_visitors": ""} | fields

    assert told in staff.post(reverse("admin:scaling_prewarm_add"), form).content.decode()
    assert not Prewarm.objects.exists()


def test_a_prewarm_reaches_auto_scalings_schedule(staff: Client, aws: Configuration, room: WaitingRoom):
    room.opens_at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    room.save()

    form = {"room": room.pk, "instances": "9", "lead_s": "1200", "keep_s": "600", "expected_visitors": ""}
    staff.post(reverse("admin:scaling_prewarm_add"), form)

    found = sorted((a["StartTime"], a["MinSize"]) for a in autoscaling.scheduled(aws.group).values())
    assert found == [(room.opens_at - timedelta(minutes=20), 9), (room.opens_at + timedelta(minutes=10), 2)]


def test_the_crowds_size_is_what_staff_say(staff: Client, room: WaitingRoom, clock: Clock, configured):
    configured(ramp_s=0, boot_s=0)
    tune(staff, crowd="1000", crowd_instances="5")
    crowd(room, 1500)

    clock.turns(31)

    assert desired() == 5
