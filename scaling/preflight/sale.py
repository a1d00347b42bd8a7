"""Whether the sale itself is ready: its opening, its line, its prewarm, its crowd."""

from collections.abc import Iterator, Mapping
from math import ceil

from django.utils.translation import gettext as _

from scaling import store
from scaling.boots import remaining_s
from scaling.law import Bounds, Line, law
from scaling.observation import SLOW, TURN_S
from scaling.percentile import percentile
from scaling.preflight.findings import Check, Finding, Sale, fault, ok, unknown, warning
from scaling.schedule import scheduled_minimum
from waitingroom.models import Mode


def opening(sale: Sale) -> Iterator[Finding]:
    """It lies ahead."""
    if sale.room.opens_at is None:
        yield fault(_("no opening is set, so nothing is prewarmed"), _("Set when the sale opens on the event's page."))
    elif (ahead_s := sale.room.opens_at.timestamp() - sale.now) <= 0:
        text = _("the opening was %(minutes)d minutes ago") % {"minutes": -ahead_s // 60}
        yield fault(text, _("Set when the sale opens on the event's page."))
    else:
        yield ok(
            _("opens in %(hours)d h %(minutes)d min") % {"hours": ahead_s // 3600, "minutes": ahead_s % 3600 // 60}
        )


def line(sale: Sale) -> Iterator[Finding]:
    """Its mode, its threshold and its rate let people in."""
    room = sale.room
    mode = Mode(room.mode) if room.hidden else room.mode_in_force  # a draft's line is closed until it is published
    if mode in (Mode.PAUSED, Mode.CLOSED, Mode.DRAINING):
        todo = _("Open it in time: manage.py waitingroom open %(slug)s") % {"slug": room.slug}
        yield warning(_("the line is %(mode)s") % {"mode": mode.value}, todo)
    elif mode is Mode.OFF:
        yield fault(_("the line is off: everybody goes straight in"), _("Set the mode to automatic."))
    if room.threshold_per_instance is None:
        text = _("the threshold is fixed at %(count)d: more servers let nobody in sooner") % {"count": room.threshold}
        yield warning(text, _("Set a threshold per instance, unless it is meant."))
    else:
        stay_s = room.threshold_per_instance * 60 / room.users_per_minute_per_instance
        text = _("%(rate)d a minute and %(inside)d inside for each server: the rate holds for stays up to %(stay)d s")
        yield ok(
            text % {"rate": room.users_per_minute_per_instance, "inside": room.threshold_per_instance, "stay": stay_s}
        )


def prewarm(sale: Sale) -> Iterator[Finding]:
    """Servers are ordered ahead of the opening, and nothing holds them down."""
    c, window = sale.configuration, sale.window
    if window is None:
        yield fault(_("nothing is prewarmed, since no opening is set"), _("Set when the sale opens."))
        return
    told = {"count": window.instances, "minutes": (sale.room.opens_at.timestamp() - window.begins) / 60}  # type: ignore[union-attr]  # a window has one
    _least, most = sale.pin.bounds(c.minimum, c.maximum)
    wanted = scheduled_minimum(sale.windows, (window.begins + window.ends) / 2)
    if window.instances > most:
        text = _("%(count)d servers are asked for, and a pin or the maximum allows %(most)d") % {**told, "most": most}
        yield fault(text, _("Lift the pin, or raise the maximum."))
    elif wanted > most:
        text = _("sales at the same time ask for %(wanted)d servers together, of at most %(most)d")
        yield warning(text % {"wanted": wanted, "most": most}, _("Move one of them, or raise the maximum."))
    if window.instances <= c.minimum:
        yield warning(
            _("the prewarm asks for %(count)d servers, which are there anyway") % told,
            _("Ask for more, on the sale's page of prewarms."),
        )
    yield ok(_("%(count)d servers from %(minutes)d minutes before the opening") % told)


def boot(sale: Sale) -> Iterator[Finding]:
    """What is ordered ahead serves by the opening."""
    c, observed = sale.configuration, store.boots()
    boot_s = percentile(observed or (c.boot_s,), SLOW) + c.ramp_s + TURN_S
    lead_s = c.prewarm_lead_s
    if sale.window and sale.room.opens_at:
        lead_s = round(sale.room.opens_at.timestamp() - sale.window.begins)
    told = {"boot": ceil(boot_s), "lead": lead_s, "count": len(observed)}
    if lead_s < boot_s:
        text = _("a boot with its ramp takes %(boot)d s (nine of ten), and the lead is %(lead)d s")
        yield fault(text % told, _("Give the prewarm a longer lead."))
    elif remaining_s(lead_s / 2, observed, SLOW) is not None:
        yield warning(
            _("a boot took more than half of the lead of %(lead)d s") % told, _("Give the prewarm a longer lead.")
        )
    else:
        yield ok(_("a boot with its ramp takes %(boot)d s, the lead is %(lead)d s") % told)
    if not observed:
        yield warning(
            _("no boot was ever measured here: the setting is believed"),
            _("Order one server more for a quarter of an hour: manage.py scaling set desired=..."),
        )


def capacity(sale: Sale) -> Iterator[Finding]:
    """The prewarmed servers let the expected crowd in within the target wait."""
    c, room, crowd = sale.configuration, sale.room, sale.expected_visitors
    if crowd is None:
        yield unknown(
            _("nobody said how many visitors are expected, and no sale of this room is recorded"),
            _("Say it on the sale's page of prewarms."),
        )
        return
    _least, most = sale.pin.bounds(c.minimum, c.maximum)
    there = min(sale.window.instances, most) if sale.window else c.minimum
    line_ = Line(crowd, 0.0, room.users_per_minute_per_instance)
    bounds = Bounds(c.minimum, 100_000)
    needed = law([line_], in_service=0, pending_in_s=(), horizon_s=0, target_wait_s=c.target_wait_s, bounds=bounds)
    told = {"crowd": crowd, "there": there, "needed": needed.desired, "most": most, "target": c.target_wait_s}
    told["last"] = crowd / (there * room.users_per_minute_per_instance) * 60
    if needed.desired <= there:
        text = _("%(crowd)d visitors at once: the last waits %(last)d s of at most %(target)d s")
        yield ok(text % told)
    elif needed.desired <= most:
        text = _("%(crowd)d visitors at once: with %(there)d servers the last waits %(last)d s, not %(target)d s")
        yield warning(text % told, _("Prewarm %(needed)d servers.") % told)
    else:
        text = _("%(crowd)d visitors at once need %(needed)d servers for %(target)d s, and %(most)d are allowed")
        yield fault(text % told, _("Raise the maximum, or say that the wait will be longer."))


CHECKS: Mapping[str, Check] = {
    "opening": opening, "line": line, "prewarm": prewarm, "boot": boot, "capacity": capacity,
}  # fmt: skip
