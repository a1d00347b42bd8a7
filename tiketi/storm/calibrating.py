"""A calibration of the running site: the room stands wide open meanwhile; it is put back, or that it is not is said."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from rich.console import Console

from scaling import store
from tiketi.storm.buyer import Outcome
from tiketi.storm.calibration import LATEST_MS, SPARE, STEP_S, Calibration, Step, climb
from tiketi.storm.forecast import Forecast
from tiketi.storm.ground import CannotStorm
from tiketi.storm.habits import Habits
from tiketi.storm.report import Report, Spread
from tiketi.storm.site import Site
from waitingroom.models import WaitingRoom
from waitingroom.status import RoomStatus

# Nobody is held up by the room: what is measured is what stands behind it.
WIDE_OPEN = {"threshold": 1_000_000, "threshold_per_instance": None, "users_per_minute_per_instance": 1_000_000}
USUAL_STAY_S = 180.0  # where the room has seen nobody leave
STRAIGHT_THROUGH = Habits(refresh=0, second_tab=0, drop=0, vanish=0, stay=0)
INTERRUPTED = "interrupt"  # as a report says why it was cut short
PATIENCE_S = 60.0  # after the last arrival; who has not bought then never will in time


def stay_of(given: float, now: RoomStatus) -> float:
    """Seconds that visitors stay: as given, or as the room has seen, or as is usual."""
    return given or now.mean_stay_s or USUAL_STAY_S


def calibrate(
    forecast: Forecast,
    now: RoomStatus,
    rage: Callable[[Forecast], Report],
    change: Callable[[dict[str, Any], str], None],
    *,
    stay_s: float,
) -> Calibration:
    """Step by step. `rage` is one storm of buyers, `change` puts settings of the room in force. Raises CannotStorm."""
    if now.active or now.waiting:
        raise CannotStorm(
            f"{now.active} are inside {now.slug} and {now.waiting} wait: they would be measured, and let in all at once"
        )
    instances = servers()

    def attempt(users_per_minute: float) -> Step:
        buyers = max(1, round(users_per_minute * STEP_S / 60))
        site = Site.at(forecast.site.origin)
        step = replace(
            forecast,
            site=site,
            visitors=buyers,
            arrive_in=STEP_S,
            habits=STRAIGHT_THROUGH,
            timeout=STEP_S + PATIENCE_S,
            was_patient=False,
        )
        report = rage(step)
        if report.cut_short == INTERRUPTED:
            raise CannotStorm("interrupted: nothing is proposed")
        bought = report.purchases.get(Outcome.BOUGHT, 0)
        if report.purchases.get(Outcome.SOLD_OUT):
            raise CannotStorm(f"the seats ran out at {users_per_minute:,.0f} users a minute: take an event with more")
        return Step(
            users_per_minute,
            buyers,
            bought,
            Spread.of(site.requests.took_ms),
            sum(report.retries.values()),
            report.errors + report.oversold,
            report.late_ms.p99 or 0.0,
            report.cut_short,
        )

    with wide_open(now.slug, change):
        steps = climb(attempt)
    if (there := servers()) != instances:
        raise CannotStorm(f"there were {instances} servers and are {there}: pin the fleet, and calibrate again")
    return Calibration(steps, instances, stay_s)


def servers() -> int:
    """Instances of the whole fleet: an empty room's share says nothing of who takes its visitors in."""
    view = store.last_view()
    if view is None or not view.in_service:
        raise CannotStorm("no server is in service, as far as is known: is a worker running?")
    return view.in_service


@contextmanager
def wide_open(slug: str, change: Callable[[dict[str, Any], str], None]) -> Iterator[None]:
    """The room without a limit, and then with its own again."""
    room = WaitingRoom.objects.get(slug=slug)
    before = {name: getattr(room, name) for name in WIDE_OPEN}
    try:
        change(dict(WIDE_OPEN), "calibration begins")
        yield
    finally:
        try:
            change(before, "calibration ended")
        except DatabaseError as error:
            words = " ".join(f"{name}={'' if value is None else value}" for name, value in before.items())
            raise CannotStorm(
                f"THE ROOM STANDS WIDE OPEN ({error}): manage.py waitingroom set {slug} {words}"
            ) from error


def show(found: Calibration, slug: str, console: Console) -> None:
    """The steps as they were, and the proposal last."""
    for step in found.steps:
        page = step.page_ms
        p50, p99 = ("-" if value is None else f"{value:,.0f}" for value in (page.p50, page.p99))
        wrong = [
            f"{step.buyers - step.bought} did not buy" if step.bought < step.buyers else "",
            f"{step.put_off} put off" if step.put_off else "",
            f"{step.errors} errors" if step.errors else "",
            f"cut short by {step.cut_short}" if step.cut_short else "",
        ]
        console.print(
            f"{step.users_per_minute:>7,.0f} a minute  {step.bought:>5,} bought  pages {p50:>6} / {p99:>6} ms  "
            + ("held" if step.held else "failed") + "".join(f", {what}" for what in wrong if what),
            highlight=False,
        )  # fmt: skip
    if not found.found:
        console.print("[bold red]Not even the first step held: nothing can be proposed.")
        return
    console.print(
        f"{'' if found.is_bound else 'At least '}{found.found:,.0f} users a minute by {found.instances} "
        f"server{'s' if found.instances > 1 else ''}, with 99 of 100 pages within {LATEST_MS / 1000:g} s.",
        highlight=False,
    )
    if found.measured_itself:
        console.print("[yellow]The storm itself was late: more may be in it. Storm from another machine.")
    console.print(
        f"Proposed, with {1 - SPARE:.0%} to spare and stays of {found.stay_s:,.0f} s:\n"
        f"  manage.py waitingroom set {slug} users_per_minute_per_instance={found.users_per_minute_per_instance} "
        f"threshold_per_instance={found.threshold_per_instance}",
        highlight=False,
        soft_wrap=True,
    )
