"""Where the account is not as the site has it: found, remembered, and told in words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from scaling import autoscaling, cloudwatch, pins, provisioning, store
from scaling.configuration import Configuration
from scaling.controller import DecisionReason
from scaling.in_force import configuration, tuned
from scaling.models import ScalingDecision
from scaling.openings import all_rooms, windows
from scaling.schedule import Window, scheduled_minimum

# (code, terms): told in the reader's language, whoever found it.
Difference = tuple[str, dict[str, Any]]

# The one by which law and alarm would both order: what the law wants is then written, not ordered.
RIVAL = "alarm_orders"
KINDS = {"group": _("group"), "policy": _("policy"), "alarm": _("alarm"), "schedule": _("scheduled action")}
TEXTS = {
    "missing": _("The %(kind)s %(name)s is not there."),
    "extra": _("The %(kind)s %(name)s is there, and no sale asks for it."),
    "differs": _("The %(kind)s %(name)s has %(field)s %(is)s, not %(wanted)s."),
    RIVAL: _("The alarm %(name)s still orders servers, though the settings let it only tell."),
    "foreign_policy": _("The policy %(name)s (%(kind)s) orders servers beside this site."),
    "foreign_alarm": _("The alarm %(name)s orders servers beside this site."),
    "suspended": _("Auto Scaling's process %(name)s is suspended."),
    "desired": _("DesiredCapacity is %(is)s, outside of %(minimum)s to %(maximum)s."),
    "desired_outside": _("DesiredCapacity is %(is)s, set by somebody else; this site knew %(wanted)s."),
    "frame": _("%(name)s is %(is)s by the settings saved here, and the deployment allows only %(wanted)s."),
}


def told(found: Iterable[Difference]) -> list[str]:
    """A sentence each, in the language that is active."""
    return [_told(code, terms) for code, terms in found]


def _told(code: str, terms: dict[str, Any]) -> str:
    words = {**terms, "kind": KINDS.get(terms.get("kind", ""), terms.get("kind", ""))}
    return str(TEXTS[code]) % words


def compare(now: float) -> list[Difference]:
    """Look, and remember for those who may not ask AWS. Raises CloudUnavailable, DatabaseError, RedisError."""
    c = configuration()
    found = [*_beyond_the_frame()]
    if c.fleet == "aws":
        found += differences(pins.in_force(now).on_settings(c), windows(c, all_rooms()), now)
    store.keep_drift(found, now)
    return found


def _beyond_the_frame() -> Iterator[Difference]:
    """What staff saved under a deployment that allowed more."""
    c = configuration()
    for name, value in tuned().items():
        if getattr(c, name) != value:
            yield "frame", {"name": name, "is": value, "wanted": getattr(c, name)}


def differences(c: Configuration, sales: Sequence[Window], now: float) -> list[Difference]:
    """Everything that differs. Raises CloudUnavailable."""
    changes = provisioning.plan(c, sales, now)
    group, policies = autoscaling.describe(c.group), autoscaling.policies_of_any_kind(c.group)
    return [
        *(one for change in changes for one in _of(change, {policy["PolicyARN"] for policy in policies.values()})),
        *_foreign(c, policies),
        *(("suspended", {"name": one["ProcessName"]}) for one in group.get("SuspendedProcesses", ())),
        *_desired(c, group["DesiredCapacity"], scheduled_minimum(sales, now)),
    ]


def _of(change: provisioning.Change, arns: set[str]) -> Iterator[Difference]:
    named = {"kind": change.kind, "name": change.name}
    if change.action != "update":
        yield {"create": "missing", "delete": "extra"}[change.action], named
        return
    for name, (is_, wanted) in change.differences.items():
        if name == "AlarmActions" and arns & {*(is_ or ())} and not arns & {*wanted} and provisioning.NEW not in wanted:
            yield RIVAL, named
        else:
            yield "differs", {**named, "field": name, "is": _short(is_), "wanted": _short(wanted)}


def _short(value: Any) -> str:
    """As people read it."""
    return ", ".join(map(str, value)) or "–" if isinstance(value, list) else f"{value}"


def _foreign(c: Configuration, policies: dict[str, dict[str, Any]]) -> Iterator[Difference]:
    """Who else orders: policies of other kinds, and alarms that are not the site's."""
    for name, policy in policies.items():
        if policy["PolicyType"] != "StepScaling" and policy.get("Enabled", True):
            yield "foreign_policy", {"name": name, "kind": policy["PolicyType"]}
    ours = {rule.alarm.name for rule in c.rules}
    arns = {policy["PolicyARN"] for policy in policies.values() if policy["PolicyType"] == "StepScaling"}
    for alarm in cloudwatch.alarms_with_action("arn:aws"):
        if alarm["AlarmName"] not in ours and arns & {*alarm["AlarmActions"]}:
            yield "foreign_alarm", {"name": alarm["AlarmName"]}


def _desired(c: Configuration, desired: int, scheduled: int) -> Iterator[Difference]:
    least, most = max(c.minimum, min(scheduled, c.maximum)), c.maximum
    if not least <= desired <= most:
        yield "desired", {"is": desired, "minimum": least, "maximum": most}
    elif c.evaluates_here and not c.in_shadow and (known := _ordered_here(desired)) != desired and desired != least:
        yield "desired_outside", {"is": desired, "wanted": known}


def _ordered_here(desired: int) -> int:
    """What the site believes it ordered; the same as `desired` where it does not know."""
    view = store.last_view()
    try:
        last = ScalingDecision.carried_out().first()
    except DatabaseError:
        last = None
    if last and last.reason == DecisionReason.OUTSIDE and last.after == desired:
        return last.before
    return view.desired if view else desired
