"""The cheapest prewarm that keeps the target wait: what is advised does keep it, by the command and in the admin."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from scaling import control_loop, store
from scaling.models import ArrivalBin, Prewarm
from scaling.simulator import prewarm_plans
from scaling.simulator.arrivals import resized, rush
from scaling.simulator.plans import PLANS, windows
from scaling.simulator.prewarm_plans import MAX_SIMULATED, SEEDS, Advice, advise, in_parties
from scaling.simulator.report import judge
from scaling.simulator.run import run
from scaling.simulator.scenario import REFERENCE, Scenario
from waitingroom.models import WaitingRoom

OPENS_S = 600


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, the search is not cut short."""
    monkeypatch.setattr(prewarm_plans, "MAX_SEARCH_S", 600.0)


def rushing(visitors: int, **changes: Any) -> Scenario:
    return REFERENCE.but(
        arrivals=rush(visitors, OPENS_S, 60), opens_s=OPENS_S, boot_s=180, boot_p90_s=300, ramp_s=30, **changes
    )


def timeless(scenario: Scenario, policy: str = "law") -> Advice:
    return advise(scenario, policy, clock=lambda: 0.0)


@pytest.mark.parametrize("visitors", [15_000, 30_000])
@pytest.mark.parametrize("policy", ["law", "alarm"])
def test_what_is_advised_keeps_the_target_and_one_server_fewer_does_not(visitors: int, policy: str):
    scenario = rushing(visitors, target_wait_s=200)
    advice = timeless(scenario, policy)
    best = advice.best
    assert best is not None
    assert best.lead_s
    assert best.won == min(one.won for one in advice.candidates if one.keeps(200))

    for seed in SEEDS:
        whole = scenario.but(
            prewarmed=best.instances, prewarm_lead_s=best.lead_s, opens_s=OPENS_S + 600, length_s=7200, seed=seed
        ).but(arrivals=rush(visitors, OPENS_S + 600, 60))
        done = run(whole, replace(PLANS[policy](whole), windows=windows(whole)))
        assert judge(done).waited_p99_s <= 200 * 1.03  # every visitor, not in parties
    tried = {(one.instances, one.lead_s): one for one in advice.candidates}
    fewer = tried.get((best.instances - 1, best.lead_s)) or tried[2, 0]
    assert not fewer.keeps(200)


def test_a_small_crowd_needs_no_prewarm():
    advice = timeless(rushing(1_500))

    assert advice.best is not None
    assert (advice.best.lead_s, advice.best.instances) == (0, 2)
    assert "No prewarm" in advice.verdict


def test_where_no_plan_reaches_the_target_it_is_said():
    advice = timeless(rushing(200_000))

    assert advice.best is None
    assert advice.complete
    assert "No plan reaches 300 s: with 10 servers" in advice.verdict


def test_the_search_ends_when_its_time_is_over():
    instants = iter([0.0, *[0.1] * 7, *[601.0] * 99])
    advice = advise(rushing(30_000, target_wait_s=200), clock=lambda: next(instants))

    assert not advice.complete
    assert len(advice.candidates) <= 3


def test_a_party_of_visitors_waits_as_long_as_its_visitors():
    scenario = rushing(12_000)
    grouped = in_parties(scenario)
    assert sum(grouped.sales[0].arrivals.values()) <= MAX_SIMULATED

    single, party = (judge(run(one, PLANS["law"](one))) for one in (scenario, grouped))

    assert party.p99_wait_s == pytest.approx(single.p99_wait_s, rel=0.03)
    assert party.instance_hours == pytest.approx(single.instance_hours, rel=0.03)


def test_a_crowd_is_resized_in_its_shape():
    shape = {0: 10, 5: 30, 9: 60}

    assert resized(shape, 1000) == {0: 100, 5: 300, 9: 600}
    assert sum(resized(shape, 7).values()) == 7
    assert resized({}, 7) == {}


def plan(*words: str) -> str:
    out = StringIO()
    call_command("simulate", "--plan", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def recorded(room: WaitingRoom, visitors: int) -> None:
    opening = datetime(2026, 5, 1, 11, 0, tzinfo=UTC)
    begins = int(opening.timestamp())
    bins = [ArrivalBin(room=room.slug, begins_at=begins + 10 * i, visitors=visitors // 30) for i in range(30)]
    ArrivalBin.objects.bulk_create(bins)


@pytest.mark.django_db
def test_a_past_sale_is_planned_for_and_a_larger_crowd_in_its_shape(room: WaitingRoom):
    recorded(room, 12_000)

    past = json.loads(plan(room.slug, "--json", "--policy", "law", "--target-wait", "150"))
    larger = json.loads(plan(room.slug, "--crowd", "20000", "--json", "--policy", "law", "--target-wait", "150"))

    assert past["best"]["worst_p99_s"] <= 150
    assert larger["best"]["instances"] > past["best"]["instances"]
    assert "<- cheapest" in plan(room.slug, "--target-wait", "150")


@pytest.mark.django_db
def test_boots_and_bounds_are_those_of_the_site(room: WaitingRoom, configured):
    configured(maximum=4)
    for _ in range(10):
        store.learn_boot(40.0)

    found = json.loads(plan(room.slug, "--crowd", "9000", "--json", "--stay", "30", "--target-wait", "240"))

    assert {one["lead_s"] for one in found["candidates"]} <= {0, 120, 180, 240}
    assert max(one["instances"] for one in found["candidates"]) <= 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no waiting room 'nowhere'"),
        (["{room}"], "no arrivals are recorded"),
        (["{room}", "--crowd", "0"], "whole number"),
        (["{room}", "--crowd", "9000", "--policy", "cpu"], "law or alarm"),
        (["{room}", "--crowd", "9000", "--minimum", "9", "--maximum", "3"], "--minimum"),
        (["{room}", "--crowd", "500000"], "No plan reaches"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_line(room: WaitingRoom, words: list[str], said: str):
    with pytest.raises(CommandError, match=said) as refusal:
        plan(*(word.format(room=room.slug) for word in words))

    assert "\n" not in str(refusal.value)


def test_a_crowd_without_a_plan_is_refused():
    with pytest.raises(CommandError, match="--plan"):
        call_command("simulate", "--crowd", "5")


@pytest.fixture
def staff(client: Client, db) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def test_staff_are_offered_the_plan(staff: Client, room: WaitingRoom, configured):
    configured(target_wait_s=150.0)
    address = reverse("prewarm-plan", args=[room.slug])

    assert "Simulate" in staff.get(address, headers={"accept-language": "en"}).content.decode()
    page = staff.get(address, {"crowd": "12000"}, headers={"accept-language": "en"})

    best = page.context["advice"].best
    assert best.lead_s
    assert f"{best.instances} servers, {best.lead_s} seconds before the opening" in page.content.decode()
    korean = staff.get(address, {"crowd": "12000"}, headers={"accept-language": "ko"}).content.decode()
    assert f"판매 시작 {best.lead_s}초 전 서버 {best.instances}대" in korean


def test_staff_take_the_plan_with_one_button_and_it_is_on_the_schedule(
    staff: Client, room: WaitingRoom, configured, monkeypatch
):
    scheduled: list[float] = []

    def schedule(now: float) -> str:
        scheduled.append(now)
        return ""

    monkeypatch.setattr(control_loop, "schedule", schedule)
    configured(target_wait_s=150.0)
    address = reverse("prewarm-plan", args=[room.slug])
    page = staff.get(address, {"crowd": "12000"})
    best = page.context["advice"].best
    button = re.search(r'<form method="post">.*?</form>', page.content.decode(), re.DOTALL)
    assert button is not None
    sent = dict(re.findall(r'name="(\w+)" value="(\w+)"', button[0]))

    for _ in range(2):  # a second time it is the same prewarm that changes
        answer = staff.post(address, sent)
        taken = Prewarm.objects.get(room=room)
        assert answer["Location"] == reverse("admin:scaling_prewarm_change", args=[taken.pk])
        assert (taken.instances, taken.lead_s, taken.expected_visitors) == (best.instances, best.lead_s, 12_000)
    assert len(scheduled) == 2
    assert taken.history.first().history_user.username == "staff"


def test_a_plan_that_is_none_is_not_taken(staff: Client, room: WaitingRoom):
    address = reverse("prewarm-plan", args=[room.slug])

    for sent in ({}, {"instances": "4"}, {"instances": "99", "lead_s": "600"}, {"instances": "4", "lead_s": "1"}):
        answer = staff.post(address, sent, follow=True)
        assert list(answer.context["messages"])
    assert not Prewarm.objects.exists()


def test_staff_are_told_what_is_missing(staff: Client, room: WaitingRoom):
    address = reverse("prewarm-plan", args=[room.slug])

    nothing = staff.get(address, {"crowd": ""}, headers={"accept-language": "en"}).content.decode()
    assert "No sale of this room is recorded" in nothing
    assert "errorlist" in staff.get(address, {"crowd": "-5"}).content.decode()
    beyond = staff.get(address, {"crowd": "900000"}, headers={"accept-language": "en"}).content.decode()
    assert "No plan keeps the target wait" in beyond
    assert staff.get(reverse("prewarm-plan", args=["nowhere"])).status_code == 404


def test_only_who_may_see_the_fleet_may_plan(client: Client, room: WaitingRoom):
    address = reverse("prewarm-plan", args=[room.slug])
    assert client.get(address).status_code == 302

    somebody = User.objects.create_user("somebody", is_staff=True)
    client.force_login(somebody)
    assert client.get(address, {"crowd": "5"}).status_code == 403

    somebody.user_permissions.add(Permission.objects.get(codename="view_scalingdecision"))
    assert client.get(address).status_code == 200
    assert client.post(address, {"instances": "4", "lead_s": "600"}).status_code == 403
    assert not Prewarm.objects.exists()
