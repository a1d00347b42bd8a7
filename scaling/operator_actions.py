"""What an operator does to the fleet: order instances, let the local ones boot faster, publish at once."""

from collections.abc import Sequence
from dataclasses import replace

from scaling import control_loop, store
from scaling.controller import CapacityChange, DecisionReason
from scaling.fleet import FleetSnapshot
from scaling.in_force import configuration
from scaling.local_fleet import LocalFleet
from scaling.observation import Observation
from scaling.openings import windows
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client

NAMES = ("desired", "boot_seconds")
LONGEST_BOOT_S = 3600


class NotSettable(ValueError):
    """The change makes no sense; says why."""


def set_fleet(changes: Sequence[str], now: float) -> None:
    """Make the `name=value` changes, all or none. Raises NotSettable, FleetUnreadable."""
    wanted = dict(_parsed(word) for word in changes)
    c = configuration()
    if "boot_seconds" in wanted and c.fleet != "local":
        raise NotSettable("boot_seconds: only the local fleet's instances boot as one likes.")
    desired = wanted.get("desired")
    if desired is not None and not c.minimum <= desired <= c.maximum:
        raise NotSettable(f"desired: from {c.minimum} to {c.maximum}, please.")
    if "boot_seconds" in wanted:
        LocalFleet(c).set_boot_seconds(wanted["boot_seconds"])
        client().delete(store.BOOTS)  # what was learned of slower boots is true no more
    if desired is not None:
        view = control_loop.look(now)
        if view is None:
            raise NotSettable(f"the fleet cannot be read: {store.health().get('last_fault', '')}")
        if desired != view.desired:
            change = CapacityChange(DecisionReason.STAFF, view.desired, desired)
            control_loop.order([change], _observation(view))


def publish(now: float) -> bool:
    """Publish the metrics now; False when it failed. Raises NotSettable when the fleet was never read."""
    view = control_loop.look(now) or store.last_view()
    if view is None:
        raise NotSettable(f"the fleet cannot be read: {store.health().get('last_fault', '')}")
    observation = _observation(replace(view, at=now))
    statuses = admission.status([room.slug for room in observation.rooms])
    return control_loop.publish(observation, statuses, spare=observation.spare)


def _observation(view: FleetSnapshot) -> Observation:
    rooms = list(WaitingRoom.objects.all())
    statuses = admission.status([room.slug for room in rooms])
    return control_loop.observe(view, statuses, windows(configuration(), rooms))


def _parsed(word: str) -> tuple[str, int]:
    name, equals, text = word.partition("=")
    if not equals or name not in NAMES:
        raise NotSettable(f"'{word}': name=value, please, where name is one of {', '.join(NAMES)}.")
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_BOOT_S:
        raise NotSettable(f"{name}: a whole number up to {LONGEST_BOOT_S}, please, not {text!r}.")
    return name, int(text)
