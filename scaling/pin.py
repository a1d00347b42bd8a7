"""An operator's floor and ceiling on the fleet, until an instant."""

from dataclasses import dataclass, replace

from scaling.configuration import Configuration
from scaling.fleet import FleetSnapshot


@dataclass(frozen=True, slots=True)
class Pin:
    """What schedule, law, alarm and scale-in keep within while it lasts; None leaves that side free."""

    floor: int | None
    ceiling: int | None

    def bounds(self, minimum: int, maximum: int) -> tuple[int, int]:
        """The bounds narrowed to the pin; the ceiling has the last word."""
        most = maximum if self.ceiling is None else min(maximum, self.ceiling)
        least = minimum if self.floor is None else max(minimum, self.floor)
        return min(least, most), most

    def on(self, snapshot: FleetSnapshot) -> FleetSnapshot:
        """The snapshot with the pin's bounds."""
        minimum, maximum = self.bounds(snapshot.minimum, snapshot.maximum)
        return replace(snapshot, minimum=minimum, maximum=maximum)

    def on_settings(self, configuration: Configuration) -> Configuration:
        """The settings with the pin's bounds: what Auto Scaling is given as MinSize and MaxSize."""
        minimum, maximum = self.bounds(configuration.minimum, configuration.maximum)
        return replace(configuration, minimum=minimum, maximum=maximum)


FREE = Pin(None, None)
