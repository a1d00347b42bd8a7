"""The alarms evaluated here, where no CloudWatch does: once a period, on what was published."""

import logging

from scaling import cloudwatch, memory
from scaling.alarms import State
from scaling.cloud import CloudUnavailable
from scaling.deciding import Ringer
from scaling.policies import Group
from scaling.rules import Ring, Rule, evaluate

log = logging.getLogger(__name__)


def ringer(now: float, *, shown: bool) -> Ringer:
    """Evaluate rules at `now`; with `shown`, tell CloudWatch an alarm's new state, so that its console agrees."""
    samples = memory.samples()

    def ring(rule: Rule, group: Group) -> Ring | None:
        alarm = rule.alarm
        known, period = memory.alarm(alarm.name), int(now // alarm.period_s)
        if known.get("period") == period:
            return None
        values = [(sample["at"], sample[alarm.metric]) for sample in samples if alarm.metric in sample]
        before = State(known.get("state", State.OK))
        rung = evaluate(rule, values, now=now, current=before, group=group)
        since = now if rung.state is not before else known.get("since", now)
        memory.keep_alarm(alarm.name, {"state": rung.state, "period": period, "value": rung.value, "since": since})
        if shown and rung.state is not before:
            _show(alarm.name, rung)
        return rung

    return ring


def _show(name: str, rung: Ring) -> None:
    try:
        cloudwatch.set_state(name, rung.state, f"Evaluated by the site: the last data point was {rung.value}.")
    except CloudUnavailable as error:
        log.warning("CloudWatch shows an old state of %s: %s", name, error)
