"""The live loop: read the fleet, tell the rooms, publish, decide, order, write down."""

import logging
from collections.abc import Container, Sequence
from dataclasses import replace
from functools import cache

from django.db import DatabaseError

from scaling import boots, cloudwatch, metrics, overdue, pins, provisioning, recording, rooms_seen, sharing, store
from scaling.autoscaling import AutoScalingFleet
from scaling.cloud import CloudUnavailable
from scaling.controller import BY_LAW, CapacityChange, ControlDecision, DecisionReason, decide
from scaling.drift import RIVAL
from scaling.fleet import FleetProvider, FleetSnapshot, FleetUnreadable
from scaling.in_force import configuration
from scaling.last_known import LastKnown
from scaling.local_fleet import LocalFleet
from scaling.models import FleetSettings, ScalingDecision
from scaling.observation import AlarmRecord, Observation
from scaling.openings import all_rooms, rooms_around, selling, windows
from scaling.pin import FREE
from scaling.pressure import BELIEVED_S, FLOOR, TARGET_S
from scaling.schedule import Window
from waitingroom import admission
from waitingroom.alive import worth_a_look
from waitingroom.models import WaitingRoom
from waitingroom.room_registry import room_registry
from waitingroom.status import RoomStatus

log = logging.getLogger(__name__)

# A change of the multiplier that is worth a decision of its own; back to 1 always is.
NOTABLE = 0.1

_rooms: LastKnown[list[WaitingRoom]] = LastKnown([])
_pin = LastKnown(FREE)


@cache
def _on_aws(group: str) -> AutoScalingFleet:
    return AutoScalingFleet(group)  # remembers launch times


def fleet() -> FleetProvider:
    """The process's way to the fleet."""
    c = configuration()
    return _on_aws(c.group) if c.fleet == "aws" else LocalFleet(c)


def look(now: float) -> FleetSnapshot | None:
    """Read the fleet and tell the rooms; None when it cannot be read, and then never anything faster than before."""
    c, before = configuration(), store.last_view()
    try:
        fresh, ended = boots.watched(fleet().read(now), before, store.boots() or [c.boot_s])
    except FleetUnreadable as error:
        _unreadable(error, before, now)
        return None
    if store.unreadable():
        store.note_readable()
        write(CapacityChange(DecisionReason.RECOVERED, fresh.desired, fresh.desired))
    for boot_s in ended:
        store.learn_boot(boot_s)
    if before and before.desired != fresh.desired:
        write(CapacityChange(DecisionReason.OUTSIDE, before.desired, fresh.desired))
    store.keep_view(fresh)
    store.record_success("read", now)
    if late := overdue.news(fresh):
        _tell_overdue(late, fresh)
    room_registry.refresh()
    sharing.share(fresh, now)
    return fresh


def _tell_overdue(late: str, fresh: FleetSnapshot) -> None:
    if says := fleet().explain():
        late = f"{late}. Auto Scaling says: {says}"
    log.warning("%s", late)
    store.record_failure("boot", late, fresh.at)
    write(CapacityChange(DecisionReason.FAULT, fresh.desired, fresh.desired), fault=late)


def _unreadable(error: FleetUnreadable, before: FleetSnapshot | None, now: float) -> None:
    log.warning("the fleet cannot be read: %s", error)
    if not store.unreadable():
        desired = before.desired if before else configuration().minimum
        write(CapacityChange(DecisionReason.FAULT, desired, desired), fault=str(error))
    store.note_unreadable(error, now)
    if before:
        sharing.share(before, now)


def observe(view: FleetSnapshot, statuses: Sequence[RoomStatus], sales: Sequence[Window]) -> Observation:
    """The world as it is: the fleet as read, and the rooms."""
    c, samples, pin = configuration(), store.samples(), _pin.read(lambda: pins.in_force(view.at))
    return Observation(
        configuration=c,
        fleet=pin.on(view),
        pin=pin,
        # A room whose settings Redis lost a moment ago brings nothing until the clock wrote them again.
        rooms=[sharing.observe_room(room, view.at) for room in statuses if room.users_per_minute_per_instance],
        windows=sales,
        boots_s=store.boots(),
        rules=c.rules if c.evaluates_here else (),
        samples={
            metric: [(sample["at"], sample[metric]) for sample in samples if metric in sample]
            for metric in {rule.alarm.metric for rule in c.rules}
        },
        alarms={rule.alarm.name: known_ for rule in c.rules if (known_ := store.alarm(rule.alarm.name))},
    )


def turn(now: float) -> None:
    """Everything that happens every ten seconds."""
    keep_tuned()
    c, view = configuration(), look(now)
    room_registry.refresh()
    statuses = admission.status(worth_a_look(room_registry.slugs()))
    rooms_seen.keep_estimates(statuses, now)
    if last := view or store.last_view():  # else nothing is known of the fleet yet
        rooms = _rooms.read(lambda: rooms_around(c, now))
        sales = windows(c, rooms)
        before = observe(replace(last, at=now), statuses, sales)
        # On an old reading nothing goes, and nothing is ordered.
        publish(before, statuses, selling(c, rooms, now), spare=before.spare if view else 0)
        if view:
            observation = observe(before.fleet, statuses, sales)  # with what was just published
            carry_out(decide(observation), observation)
        note_pressure(last.desired, now)
    _record(statuses)


def note_pressure(desired: int, now: float) -> None:
    """Write down that admission goes slower, or faster again, with what it was reckoned from."""
    before, after = store.multiplier_told(), round(sharing.multiplier(now), 3)
    if after == before or (abs(after - before) < NOTABLE and after < 1):
        return
    reports = store.pressures(now, BELIEVED_S).values()
    terms = {
        "multiplier": after,
        "multiplier_before": before,
        "waited_s": max((report["waited_s"] for report in reports), default=0.0),
        "target_s": TARGET_S,
        "floor": FLOOR,
        "processes": len(reports),
    }
    store.keep_multiplier_told(after)
    write(CapacityChange(DecisionReason.PRESSURE, desired, desired, terms))


def keep_tuned() -> None:
    """Put in force what staff saved: Redis may have lost it. While the database is away, what Redis has stands."""
    try:
        store.keep_tuned(FleetSettings.saved().tuned)
    except DatabaseError as error:
        log.warning("the fleet's settings were not read: %s", error)


def _record(statuses: Sequence[RoomStatus]) -> None:
    """Last, and on its own: neither metrics nor orders wait for the database."""
    try:
        recording.record(statuses)
    except DatabaseError as error:
        log.warning("arrivals were not recorded: %s", error)


def follow(now: float) -> None:
    """Between the turns: share the fleet anew, and while anything boots or goes, read it first.

    A fleet that cannot be read is left to the turns, so that no worker hangs in every second.
    """
    last = store.last_view()
    if last and not store.unreadable() and not last.settled(last.at, configuration().ramp_s):
        look(now)
    elif last:
        room_registry.refresh()
        sharing.share(last, now)


def schedule(now: float) -> str:
    """Keep Auto Scaling's own schedule of openings, which raises the minimum even while this site's loop is down, and
    the bounds that are in force now; returns why it was refused, empty if it was not."""
    c = configuration()
    if c.fleet != "aws" or c.in_shadow:
        return ""
    try:
        provisioning.keep_schedule(pins.in_force(now).on_settings(c), windows(c, all_rooms()), now)
    except CloudUnavailable as error:
        log.warning("the schedule is not kept: %s", error)
        store.record_failure("order", error, now)
        return str(error)
    return ""


def publish(observation: Observation, statuses: Sequence[RoomStatus], sales: Container[str], *, spare: int) -> bool:
    """Publish to CloudWatch and to the alarms here; a failure is counted and logged, and stops nothing.

    `sales`: the rooms whose own metrics are published though nobody is there.
    """
    c, now = observation.configuration, observation.now
    if c.period_s > 10 and not store.take_turn("publish", c.period_s - 5):
        return True
    totals = metrics.of_rooms(statuses, observation.fleet, spare)
    at = _in_step(now, c.period_s)
    store.keep_sample({"at": at, **totals}, kept=c.samples_s // c.period_s + 10)
    if c.fleet == "aws":
        busy = [room for room in statuses if metrics.charted(room, sales, now)]
        data = metrics.data(busy, totals, observation.fleet, c.environment)
        try:
            cloudwatch.publish(data, at=at, period_s=c.period_s)
        except CloudUnavailable as error:
            log.warning("metrics were not published: %s", error)
            store.record_failure("publish", error, now)
            return False
    store.record_success("published", now)
    return True


def _in_step(now: float, period_s: int) -> float:
    """The start of the period a sample belongs to: the next one's after the last sample's, however the clock jitters
    around the boundary, so that no period goes without a data point."""
    newest = next(iter(store.samples()), None)
    due = newest["at"] + period_s if newest else 0.0
    return due if due - period_s / 2 < now < due + period_s else now // period_s * period_s


def carry_out(decision: ControlDecision, observation: Observation) -> None:
    """Remember the alarms' states, show them where CloudWatch evaluates none, and order what is to change."""
    c = observation.configuration
    for name, record in decision.alarms.items():
        store.keep_alarm(name, record)
        before = observation.alarms.get(name)
        if c.fleet == "aws" and c.alarms == "here" and (before is None or before.state is not record.state):
            _show(name, record)
    kept, why = len(decision.changes), ""
    if c.in_shadow:
        kept, why = 0, "shadow"
    elif c.policy == "law" and c.fleet == "aws" and any(code == RIVAL for code, _terms in store.drift()[1]):
        # One policy orders at a time: until the account lets the alarm only tell, it is the one that orders.
        by_law = (i for i, change in enumerate(decision.changes) if change.reason in BY_LAW)
        kept, why = next(by_law, kept), "rival"
    order(decision.changes[:kept], observation)
    hold_back(decision.changes[kept:], observation, why)


def hold_back(changes: Sequence[CapacityChange], observation: Observation, why: str) -> None:
    """Write down what would have been ordered, once for as long as it is wanted."""
    found = [[str(change.reason), change.before, change.after] for change in changes]
    known = store.held_back()
    for key, change in zip(found, changes, strict=True):
        if key not in known:
            write(change, inputs=observation.inputs(), held_back=why)
    if found != known:
        store.keep_held_back(found)


def _show(name: str, record: AlarmRecord) -> None:
    try:
        cloudwatch.set_state(name, record.state, f"Evaluated by the site: the last data point was {record.value}.")
    except CloudUnavailable as error:
        log.warning("CloudWatch shows an old state of %s: %s", name, error)


def order(changes: Sequence[CapacityChange], observation: Observation) -> str:
    """Order what was decided, and write every change down; returns why it was refused, empty if it was not."""
    if not changes:
        return ""
    now, after, fault = observation.now, changes[-1].after, ""
    try:
        fleet().order(after, now)
    except FleetUnreadable as error:
        log.warning("the order of %d instances failed: %s", after, error)
        store.record_failure("order", error, now)
        fault = str(error)
    for change in changes:
        write(change, inputs=observation.inputs(), fault=fault)
    if not fault:
        last = store.last_view() or observation.fleet
        store.keep_view(replace(last, desired=after))
        look(now)
    return fault


def write(
    change: CapacityChange, inputs: dict[str, object] | None = None, fault: str = "", held_back: str = ""
) -> None:
    """Write a decision down; the database away is no reason not to act."""
    log.info("desired %d -> %d: %s %s%s", change.before, change.after, change.reason, fault, held_back)
    row = {"reason": change.reason, "before": change.before, "after": change.after, "terms": change.terms}
    try:
        ScalingDecision.objects.create(**row, inputs=inputs or {}, fault=fault, held_back=held_back)
    except DatabaseError as error:
        log.warning("the decision was not written down: %s", error)
