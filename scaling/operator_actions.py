"""What an operator does to the fleet: order instances, let the local ones boot faster, publish at once."""

from collections.abc import Sequence

from scaling import control_loop, store
from scaling.controller import CapacityChange, Observation
from scaling.local_fleet import LocalFleet
from scaling.models import DecisionReason
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
    c = control_loop.configuration()
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
            control_loop.order([CapacityChange(DecisionReason.STAFF, view.desired, desired)], observe(now), now)


def publish(now: float) -> bool:
    """Publish the metrics now; False when it failed. Raises NotSettable when the fleet was never read."""
    control_loop.look(now)
    what = observe(now)
    return control_loop.publish(what, now, spare=what.spare)


def observe(now: float) -> Observation:
    """The rooms and the fleet as they are. Raises NotSettable."""
    view = store.last_view()
    if view is None:
        raise NotSettable(f"the fleet cannot be read: {store.health().get('last_fault', '')}")
    rooms = {room.slug: room for room in WaitingRoom.objects.all()}
    return Observation(control_loop.configuration(), view, admission.status(list(rooms)), rooms, store.boots())


def _parsed(word: str) -> tuple[str, int]:
    name, equals, text = word.partition("=")
    if not equals or name not in NAMES:
        raise NotSettable(f"'{word}': name=value, please, where name is one of {', '.join(NAMES)}.")
    if not text.isascii() or not text.isdigit() or int(text) > LONGEST_BOOT_S:
        raise NotSettable(f"{name}: a whole number up to {LONGEST_BOOT_S}, please, not {text!r}.")
    return name, int(text)
