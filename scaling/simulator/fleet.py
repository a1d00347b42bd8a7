"""The instances of a simulated sale: ordered, booting, in service, draining, gone, and paid for all the while."""

from dataclasses import dataclass
from math import inf

from scaling.ramp import counted
from scaling.simulator.scenario import Chance, Scenario


@dataclass(slots=True)
class Instance:
    """One instance's life, in seconds."""

    launched_at: float
    ready_at: float
    leaving_at: float = inf
    gone_at: float = inf


class SimulatedFleet:
    """An Auto Scaling group with real boot delays and a drain before an instance goes."""

    def __init__(self, scenario: Scenario, chance: Chance, base: int) -> None:
        self._scenario = scenario
        self._chance = chance
        self._instances = [Instance(0, -inf) for _ in range(base)]
        self.desired = base

    def order(self, desired: int, now: int) -> None:
        """Set the desired capacity: launch what lacks, let the youngest go first."""
        for _ in range(desired - self.desired):
            self._instances.append(Instance(now, now + self._chance.boot_s()))
        staying = sorted((i for i in self._instances if i.leaving_at == inf), key=lambda i: i.launched_at)
        for instance in staying[desired:]:
            booting = instance.ready_at > now
            instance.leaving_at = now
            instance.gone_at = now if booting else now + self._scenario.drain_s
        self.desired = desired

    def _staying(self, now: int) -> list[Instance]:
        return [i for i in self._instances if i.leaving_at > now]

    def counted(self, now: int) -> float:
        """Instances that count for admission: in service, past their ramp, and not about to go."""
        return counted((i.ready_at for i in self._staying(now)), now=now, ramp_s=self._scenario.ramp_s)[0]

    def in_service(self, now: int) -> int:
        """Instances ready and not about to go."""
        return sum(i.ready_at <= now for i in self._staying(now))

    def boots_in_s(self, now: int) -> list[float]:
        """Seconds until each pending instance is expected, at the median boot: the live loop knows no better."""
        return [max(0.0, i.launched_at + self._scenario.boot_s - now) for i in self._staying(now) if i.ready_at > now]

    def draining(self, now: int) -> int:
        """Instances on their way out."""
        return sum(i.leaving_at <= now < i.gone_at for i in self._instances)

    def warming(self, now: int, warm_up_s: float) -> int:
        """Instances booting or within a policy's warm-up after it."""
        return sum(i.ready_at + warm_up_s > now for i in self._staying(now)) if warm_up_s else 0

    def hours(self, until: int) -> float:
        """Instance-hours paid, from launch to the end of the drain."""
        return sum(min(i.gone_at, until) - i.launched_at for i in self._instances) / 3600
