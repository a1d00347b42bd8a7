"""An Auto Scaling group without a cloud: instances ordered, booting, in service, draining, gone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from scaling.fleet import FleetSnapshot, Instance, Lifecycle


@dataclass(slots=True)
class Emulated:
    """One instance's life, in seconds of whatever clock its owner keeps."""

    name: str
    launched_at: float
    ready_at: float
    leaving_at: float = inf
    gone_at: float = inf


@dataclass
class EmulatedGroup:
    """The instances and the desired capacity; an instance that goes drains first, unless it never was ready."""

    desired: int
    drain_s: float
    instances: list[Emulated] = field(default_factory=list)
    launched: int = 0

    @classmethod
    def standing(cls, desired: int, drain_s: float) -> "EmulatedGroup":
        """A group whose `desired` instances have been in service for ever."""
        group = cls(desired, drain_s)
        group._launch(desired, -inf, lambda: 0.0)
        return group

    def order(self, desired: int, now: float, boot_s: Callable[[], float]) -> None:
        """Set the desired capacity: launch what lacks, let the youngest go first."""
        self._launch(desired - self.desired, now, boot_s)
        for instance in self.staying(now)[desired:]:
            instance.leaving_at = now
            instance.gone_at = now if instance.ready_at > now else now + self.drain_s
        self.desired = desired

    def _launch(self, count: int, now: float, boot_s: Callable[[], float]) -> None:
        for _ in range(count):
            self.launched += 1
            self.instances.append(Emulated(f"local-{self.launched}", now, now + boot_s()))

    def staying(self, now: float) -> list[Emulated]:
        """Instances booting or in service, not about to go, oldest first."""
        return sorted((i for i in self.instances if i.leaving_at > now), key=lambda i: (i.launched_at, i.ready_at))

    def in_service(self, now: float) -> list[Emulated]:
        """Instances ready and not about to go."""
        return [i for i in self.staying(now) if i.ready_at <= now]

    def pending(self, now: float) -> list[Emulated]:
        """Instances still booting."""
        return [i for i in self.staying(now) if i.ready_at > now]

    def draining(self, now: float) -> list[Emulated]:
        """Instances on their way out, still serving whom they have."""
        return [i for i in self.instances if i.leaving_at <= now < i.gone_at]

    def snapshot(self, now: float, *, minimum: int, maximum: int) -> FleetSnapshot:
        """The group as a reading of a real one would tell it."""
        lifecycles = {
            Lifecycle.PENDING: self.pending(now),
            Lifecycle.IN_SERVICE: self.in_service(now),
            Lifecycle.TERMINATING: self.draining(now),
        }
        return FleetSnapshot(
            at=now,
            desired=self.desired,
            minimum=minimum,
            maximum=maximum,
            instances=tuple(
                Instance(one.name, lifecycle, one.launched_at, one.ready_at)
                for lifecycle, those in lifecycles.items()
                for one in those
            ),
        )

    def forget_gone(self, now: float) -> None:
        """Drop those who are gone."""
        self.instances = [i for i in self.instances if i.gone_at > now]
