"""The default fleet: an Auto Scaling group emulated in Redis, whose instances take as long to boot as real ones."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from scaling import store
from scaling.configuration import Configuration
from scaling.emulated import Emulated, EmulatedGroup
from scaling.fleet import FleetSnapshot


class LocalFleet:
    """As many instances as are ordered, in service after the boot delay. Raises nothing but Redis's own errors."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def read(self, now: float) -> FleetSnapshot:
        """The fleet as it is; those who are gone are forgotten."""
        c = self._configuration
        group = self._change(lambda group, _boot_s: group.forget_gone(now))
        return group.snapshot(now, minimum=c.minimum, maximum=c.maximum)

    def order(self, desired: int, now: float) -> None:
        """Set the desired capacity, within the bounds."""
        within = min(max(desired, self._configuration.minimum), self._configuration.maximum)
        self._change(lambda group, boot_s: group.order(within, now, lambda: boot_s))

    def explain(self) -> str:
        """Nothing: here every instance comes."""
        return ""

    def boot_seconds(self) -> float:
        """How long the next instance boots."""
        found: dict[str, Any] = store.change(store.GROUP, lambda known: known or self._first())
        return float(found["boot_s"])

    def set_boot_seconds(self, seconds: float) -> None:
        """Let later instances boot so long; shorter for a demonstration."""
        store.change(store.GROUP, lambda known: {**(known or self._first()), "boot_s": seconds})

    def _first(self) -> dict[str, Any]:
        group = EmulatedGroup.standing(self._configuration.minimum, self._configuration.drain_s)
        return _to_json(group) | {"boot_s": self._configuration.boot_s}

    def _change(self, alter: Callable[[EmulatedGroup, float], None]) -> EmulatedGroup:
        def step(known: dict[str, Any] | None) -> dict[str, Any]:
            known = known or self._first()
            group = _from_json(known, self._configuration.drain_s)
            alter(group, known["boot_s"])
            return _to_json(group) | {"boot_s": known["boot_s"]}

        return _from_json(store.change(store.GROUP, step), self._configuration.drain_s)


def _to_json(group: EmulatedGroup) -> dict[str, Any]:
    return {
        "desired": group.desired,
        "launched": group.launched,
        "instances": [asdict(one) for one in group.instances],
    }


def _from_json(known: dict[str, Any], drain_s: float) -> EmulatedGroup:
    instances = [Emulated(**one) for one in known["instances"]]
    return EmulatedGroup(known["desired"], drain_s, instances, known["launched"])
