"""The alarms evaluated here, where no CloudWatch does: once a period, on what was published."""

import logging

from scaling import cloudwatch, store
from scaling.alarms import State
from scaling.cloud import CloudUnavailable
from scaling.controller import Evaluator
from scaling.policies import Group
from scaling.rules import AlarmEvaluation, Rule, evaluate

log = logging.getLogger(__name__)


def evaluator(now: float, *, shown: bool) -> Evaluator:
    """Evaluate rules at `now`; with `shown`, tell CloudWatch an alarm's new state, so that its console agrees."""
    samples = store.samples()

    def ring(rule: Rule, group: Group) -> AlarmEvaluation | None:
        alarm = rule.alarm
        known, period = store.alarm(alarm.name), int(now // alarm.period_s)
        if known.get("period") == period:
            return None
        values = [(sample["at"], sample[alarm.metric]) for sample in samples if alarm.metric in sample]
        before = State(known.get("state", State.OK))
        evaluation = evaluate(rule, values, now=now, current=before, group=group)
        since = now if evaluation.state is not before else known.get("since", now)
        store.keep_alarm(
            alarm.name, {"state": evaluation.state, "period": period, "value": evaluation.value, "since": since}
        )
        if shown and evaluation.state is not before:
            _show(alarm.name, evaluation)
        return evaluation

    return ring


def _show(name: str, evaluation: AlarmEvaluation) -> None:
    try:
        cloudwatch.set_state(
            name, evaluation.state, f"Evaluated by the site: the last data point was {evaluation.value}."
        )
    except CloudUnavailable as error:
        log.warning("CloudWatch shows an old state of %s: %s", name, error)
