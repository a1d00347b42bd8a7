"""What the charts are drawn from: a point each second, and the columns of the last half hour; pure."""

from collections.abc import Sequence

from tiketi.console.curve import Rates, rates
from tiketi.console.view import ConsoleView
from waitingroom.samples import Sample

POINT = ("at", "waiting", "active", "threshold", "promised", "waited", "arrivals", "admissions", "refills")
# How many samples before a point its rates may go back to.
RECENT = 20
# Charts leave a gap where so long nothing was counted.
GAP_SECONDS = 30.0


def point_of(view: ConsoleView) -> dict[str, float | None] | None:
    """What the charts get each second; None while nothing new is known."""
    return _point(view.curve[-1], view.rates) if view.curve and view.room_seen_at == view.at else None


def columns(curve: Sequence[Sample]) -> dict[str, list[float | None]]:
    """The same of the last half hour, a list for each name; None in all but `at` where a gap is."""
    found: dict[str, list[float | None]] = {name: [] for name in POINT}
    before: Sample | None = None
    for index, one in enumerate(curve):
        points = [_point(one, rates(curve[max(0, index - RECENT) : index], one))]
        if before is not None and one.at_s - before.at_s > GAP_SECONDS:
            points.insert(0, dict.fromkeys(POINT) | {"at": round(before.at_s + 1, 3)})
        for name in POINT:
            found[name] += [point[name] for point in points]
        before = one
    return found


def _point(one: Sample, of_late: Rates | None) -> dict[str, float | None]:
    return {
        "at": round(one.at_s, 3),
        "waiting": one.waiting,
        "active": one.active,
        "threshold": one.threshold,
        "promised": one.estimated_wait_s or None,
        "waited": round(one.oldest_wait_s) if one.present else None,
        "arrivals": round(of_late.arrivals, 2) if of_late else None,
        "admissions": round(of_late.admissions, 2) if of_late else None,
        "refills": round(of_late.refills, 2) if of_late else None,
    }
