"""Policies do Auto Scaling's arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling.alarms import State
from scaling.policies import Adjustment, Group, SimplePolicy, StepAdjustment, StepPolicy, TargetTracking
from scaling.rules import evaluate, provisioned, scale_in, scale_out, to_exactly

EXACT_7 = to_exactly("site", 7, warm_up_s=180)
BY_5 = StepPolicy("by-5", Adjustment.CHANGE, (StepAdjustment(5),))
BY_5_WARMING = StepPolicy("by-5", Adjustment.CHANGE, (StepAdjustment(5),), warm_up_s=600)

groups = st.builds(
    lambda least, more, up, warming: Group(least + up % (more + 1), least, least + more, min(warming, up % (more + 1))),
    st.integers(0, 20),
    st.integers(0, 50),
    st.integers(0, 50),
    st.integers(0, 50),
)


def test_exactly_seven_stays_at_seven_however_often_the_alarm_fires():
    group = Group(2, 2, 10)
    for _ in range(5):
        group = Group(EXACT_7.desired(group, 4000), 2, 10, warming=5)

    assert group.desired == 7


def test_plus_five_without_warm_up_winds_up_to_the_maximum():
    first = BY_5.desired(Group(2, 2, 10), 4000)
    second = BY_5.desired(Group(first, 2, 10, warming=5), 4000)

    assert (first, second) == (7, 10)


def test_plus_five_asks_for_no_more_while_its_instances_warm_up():
    assert BY_5_WARMING.desired(Group(7, 2, 10, warming=5), 4000) == 7
    assert BY_5_WARMING.desired(Group(7, 2, 10), 4000) == 10


def test_a_larger_step_while_warming_adds_only_the_difference():
    # The guide's example: 10 instances, 1 added and warming; a step of 3 then adds two more.
    policy = StepPolicy(
        "steps", Adjustment.CHANGE, (StepAdjustment(1, 0, 10), StepAdjustment(3, 10, None)), warm_up_s=120
    )

    assert policy.desired(Group(11, 1, 20, warming=1), 15) == 13


@pytest.mark.parametrize(("breach", "expected"), [(-0.1, 7), (0, 6), (0.9, 6), (1, 5), (3.5, 3), (4, 2), (100, 2)])
def test_as_many_go_as_are_spare(breach: float, expected: int):
    rule = scale_in("site", period_s=10)
    assert rule.policy is not None

    assert rule.policy.desired(Group(7, 2, 10), breach) == expected


def test_nothing_goes_while_anything_warms_up():
    rule = scale_in("site", period_s=10)
    assert rule.policy is not None
    going = StepPolicy("in", Adjustment.CHANGE, rule.policy.steps, warm_up_s=60)

    assert going.desired(Group(7, 2, 10, warming=1), 4) == 7


def test_below_the_threshold_the_upper_bound_belongs_to_the_step():
    step = StepAdjustment(-1, lower=-10, upper=0)

    assert step.holds(-0.1)
    assert not step.holds(-10)
    assert StepAdjustment(-2, lower=None, upper=-10).holds(-10)


def test_a_simple_policy_is_deaf_while_instances_boot_and_in_its_cooldown():
    policy = SimplePolicy("simple", Adjustment.CHANGE, 5, cooldown_s=300)

    assert policy.desired(Group(2, 2, 10), quiet_s=1e9) == 7
    assert policy.desired(Group(7, 2, 10, warming=5), quiet_s=1e9) == 7
    assert policy.desired(Group(7, 2, 10), quiet_s=299) == 7
    assert policy.desired(Group(7, 2, 10), quiet_s=300) == 10


def test_target_tracking_keeps_the_ratio_and_never_shrinks_while_warming():
    policy = TargetTracking("cpu", 60)

    assert policy.desired(Group(2, 2, 10), 80) == 3
    assert policy.desired(Group(4, 2, 10), 30) == 2
    assert policy.desired(Group(4, 2, 10, warming=2), 30) == 4


@given(groups, st.floats(-1e6, 1e6), st.sampled_from([EXACT_7, BY_5, BY_5_WARMING]))
def test_every_policy_stays_within_the_group(group: Group, breach: float, policy: StepPolicy):
    assert group.minimum <= policy.desired(group, breach) <= group.maximum


def test_an_alarm_fires_its_policy_at_every_evaluation_in_alarm():
    rule = scale_out("site", waiting=5000, period_s=60, policy=BY_5)
    samples = [(minute * 60.0, 9000.0) for minute in range(4)]
    group, state, seen = Group(2, 2, 10), State.OK, []
    for minute in (1, 2, 3, 4):
        ring = evaluate(rule, samples, now=minute * 60, current=state, group=group)
        group, state = Group(ring.desired, 2, 10), ring.state
        seen.append((ring.state, ring.desired))

    assert seen == [(State.OK, 2), (State.ALARM, 7), (State.ALARM, 10), (State.ALARM, 10)]


def site_rules(policy: str):
    return provisioned("site", policy=policy, waiting=5000, instances=7, period_s=10, warm_up_s=180)


def test_silence_scales_nothing_and_is_heard():
    crowd_rule, quiet_rule, heartbeat_rule = site_rules("alarm")
    group = Group(7, 2, 10)
    rings = [
        evaluate(rule, [], now=10_000, current=State.OK, group=group)
        for rule in (crowd_rule, quiet_rule, heartbeat_rule)
    ]

    assert [(ring.state, ring.desired) for ring in rings] == [(State.OK, 7), (State.OK, 7), (State.ALARM, 7)]


def test_under_the_law_the_crowd_alarm_orders_nothing():
    crowd_rule = site_rules("law")[0]

    assert crowd_rule.policy is None
