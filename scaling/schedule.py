"""When the fleet's minimum is raised ahead of a sale's opening."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """From one instant to another, Unix seconds, the fleet keeps at least so many instances."""

    begins: float
    ends: float
    instances: int


def prewarm(opens_at: float, *, lead_s: float, keep_s: float, instances: int) -> Window:
    """The window around an opening: ordered `lead_s` before it (boot and margin), kept for `keep_s` after it."""
    return Window(opens_at - lead_s, opens_at + keep_s, instances)


def scheduled_minimum(windows: Iterable[Window], now: float) -> int:
    """The sum of the windows in force, since each sale brings its own crowd; 0 without any. Cap it by the maximum."""
    return sum(window.instances for window in windows if window.begins <= now < window.ends)


def changes(windows: Sequence[Window], minimum: int, maximum: int) -> list[tuple[float, int]]:
    """Every instant at which the minimum in force changes, with the new one; sales that overlap add up."""
    instants = sorted({instant for window in windows for instant in (window.begins, window.ends)})
    found: list[tuple[float, int]] = []
    before = minimum
    for instant in instants:
        after = min(max(minimum, scheduled_minimum(windows, instant)), maximum)
        if after != before:
            found.append((instant, after))
        before = after
    return found
