"""What an operator does to the fleet: order instances, let the local ones boot faster, publish at once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError

from scaling import control_loop, drift, pins, provisioning, store
from scaling.cloud import CloudUnavailable
from scaling.configuration import Configuration
from scaling.controller import CapacityChange, DecisionReason, decide
from scaling.fleet import FleetSnapshot
from scaling.in_force import configuration
from scaling.local_fleet import LocalFleet
from scaling.models import FleetPin
from scaling.observation import Observation
from scaling.openings import all_rooms, selling, windows
from waitingroom import admission
from waitingroom.operator_command import instant
from waitingroom.redis import client

V = TypeVar("V")

NAMES = ("desired", "boot_seconds")
PIN_NAMES = ("floor", "ceiling", "until", "why")
LONGEST_BOOT_S = 3600


class NotSettable(ValueError):
    """The change is refused; says why."""


class Mistyped(NotSettable):
    """The change makes no sense."""


def set_fleet(changes: Sequence[str], now: float) -> None:
    """Make the `name=value` changes, all or none. Raises NotSettable, FleetUnreadable."""
    wanted = _each_once(_parsed(word) for word in changes)
    c = configuration()
    if "boot_seconds" in wanted and c.fleet != "local":
        raise NotSettable("boot_seconds: only the local fleet's instances boot as one likes.")
    desired = wanted.get("desired")
    if desired is not None and not c.minimum <= desired <= c.maximum:
        raise Mistyped(f"desired: from {c.minimum} to {c.maximum}, please.")
    view = None if desired is None else _allowed(desired, c, now)
    if "boot_seconds" in wanted:
        LocalFleet(c).set_boot_seconds(wanted["boot_seconds"])
        client().delete(store.BOOTS)  # what was learned of slower boots is true no more
    if view and desired is not None and desired != view.desired:
        change = CapacityChange(DecisionReason.STAFF, view.desired, desired)
        if fault := control_loop.order([change], _observation(view)):
            raise NotSettable(f"the order of {desired} was refused: {fault}")


def _allowed(desired: int, c: Configuration, now: float) -> FleetSnapshot:
    """The fleet as it is, where so many may be ordered. Raises NotSettable."""
    view = control_loop.look(now)
    if view is None:
        raise NotSettable(f"the fleet cannot be read: {store.health().get('last_fault', '')}")
    if desired != pins.in_force(now).on(replace(view, minimum=c.minimum, maximum=c.maximum)).clamp(desired):
        raise NotSettable(f"desired={desired}: the pin in force does not allow it; `scaling pin off` lifts it.")
    return view


def make_pin(words: Sequence[str], by: str, now: float) -> None:
    """Put a pin in force at once, from `name=value` words. Raises NotSettable, and changes nothing then; where AWS
    does not take it, the pin stands and is tried again."""
    given = _each_once(_pin_word(word, now) for word in words)
    pin = FleetPin(by=by, **given)
    try:
        pin.full_clean()
    except ValidationError as error:
        texts = (f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
        raise Mistyped("; ".join(texts)) from error
    pin.save()
    hold(now)


def lift_pin(by: str, now: float) -> None:
    """End the pin in force. Raises NotSettable where there is none."""
    row = pins.row_in_force(now)
    if row is None:
        raise NotSettable("There is no pin in force.")
    pins.lift(row, by)
    hold(now)


def hold(now: float) -> None:
    """Bring the group's bounds and the desired capacity within the pin. Raises NotSettable where that is refused.

    In shadow mode the next turn writes what it would come to.
    """
    if configuration().in_shadow:
        return
    if fault := control_loop.schedule(now):
        raise NotSettable(f"the pin is kept, but Auto Scaling refused its bounds: {fault}")
    view = control_loop.look(now)
    if view is None:
        raise NotSettable(f"the pin is kept, but the fleet cannot be read: {store.health().get('last_fault', '')}")
    observation = _observation(view)
    changes = [change for change in decide(observation).changes if change.reason is DecisionReason.PIN]
    if fault := control_loop.order(changes, observation):
        raise NotSettable(f"the pin is kept, but the order was refused: {fault}")


def put_in_force(now: float) -> None:
    """Let the fleet follow what staff saved: at once here, and on AWS as far as it takes it. Raises NotSettable."""
    control_loop.keep_tuned()
    c = configuration()
    try:
        if c.fleet == "aws":
            provisioning.apply(pins.in_force(now).on_settings(c), windows(c, all_rooms()), now)
        drift.compare(now)
    except CloudUnavailable as error:
        store.record_failure("order", error, now)
        raise NotSettable(f"the settings are kept, but AWS did not take them: {error}") from error


def put_on_schedule(now: float) -> None:
    """Let Auto Scaling know of what sales ask for ahead. Raises NotSettable."""
    if fault := control_loop.schedule(now):
        raise NotSettable(f"it is kept, but Auto Scaling refused its schedule: {fault}")


def note_admission(room: str, asked: int, admitted: int, *, by: str, why: str) -> None:
    """Write down that visitors were admitted by hand, beside the rate. Raises RedisError."""
    view = store.last_view()
    desired = view.desired if view else configuration().minimum
    terms = {"room": room, "asked": asked, "admitted": admitted, "by": by, "why": why}
    control_loop.write(CapacityChange(DecisionReason.BY_HAND, desired, desired, terms))


def publish(now: float) -> bool:
    """Publish the metrics now; False when it failed. Raises NotSettable when the fleet was never read."""
    view = control_loop.look(now) or store.last_view()
    if view is None:
        raise NotSettable(f"the fleet cannot be read: {store.health().get('last_fault', '')}")
    observation = _observation(replace(view, at=now))
    statuses = admission.status([room.slug for room in observation.rooms])
    sales = selling(observation.configuration, all_rooms(), now)
    return control_loop.publish(observation, statuses, sales, spare=observation.spare)


def _observation(view: FleetSnapshot) -> Observation:
    rooms = all_rooms()
    statuses = admission.status([room.slug for room in rooms])
    return control_loop.observe(view, statuses, windows(configuration(), rooms))


def _each_once(words: Iterable[tuple[str, V]]) -> dict[str, V]:
    """The words by their names. Raises Mistyped for a name that comes twice: nobody knows which was meant."""
    found: dict[str, V] = {}
    for name, value in words:
        if name in found:
            raise Mistyped(f"{name}: once, please.")
        found[name] = value
    return found


def _pin_word(word: str, now: float) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not equals or name not in PIN_NAMES:
        raise Mistyped(f"'{word}': name=value, please, where name is one of {', '.join(PIN_NAMES)}; or off.")
    if name == "why":
        return name, text
    if name == "until":
        return name, _instant(text, now)
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise Mistyped(f"{name}: a whole number, please, not {text!r}.")
    return name, int(text)


def _instant(text: str, now: float) -> datetime:
    """Minutes or hours from now (90m, 2h), or an instant of the site's time zone."""
    if found := re.fullmatch(r"([0-9]{1,4})([mh])", text):
        seconds = int(found[1]) * (60 if found[2] == "m" else 3600)
        return datetime.fromtimestamp(now + seconds, UTC)
    at = instant(text)
    if at is None:
        raise Mistyped(f"until: 90m, 2h, or an instant such as 2026-05-01T21:00, please, not {text!r}.")
    return at


def _parsed(word: str) -> tuple[str, int]:
    name, equals, text = word.partition("=")
    if not equals or name not in NAMES:
        raise Mistyped(f"'{word}': name=value, please, where name is one of {', '.join(NAMES)}.")
    if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) > LONGEST_BOOT_S:
        raise Mistyped(f"{name}: a whole number up to {LONGEST_BOOT_S}, please, not {text!r}.")
    return name, int(text)
