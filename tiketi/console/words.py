"""The console's figures as people read them, in the language that is spoken now."""

from datetime import UTC, datetime, tzinfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events import moments
from scaling.models import HELD_BACK, REASONS
from scaling.term_words import in_words
from tiketi.console.view import Alert, Decided, FleetFigures, PinStands, Trouble
from waitingroom.models import Mode
from waitingroom.opening import Stage
from waitingroom.page_cache import exact_text
from waitingroom.status import RoomStatus

NOTHING = "–"


def number(value: float | None) -> str:
    """1234.5 -> "1,234.5"."""
    if value is None:
        return NOTHING
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def rate(per_second: float | None) -> str:
    """A rate, with what it is of."""
    return NOTHING if per_second is None else _("%(rate)s / s") % {"rate": f"{per_second:,.1f}"}


def duration(seconds: float | None) -> str:
    """90 -> "1 min 30 s"; none of nothing."""
    return exact_text(round(seconds), get_language() or "ko") or NOTHING if seconds else NOTHING


def instant(at: float | None, zone: tzinfo) -> str:
    """The time of day to the second."""
    return NOTHING if at is None else moments.second(datetime.fromtimestamp(at, tz=UTC), zone)


def error_text(error: float | None) -> str:
    """How far promises were from the truth."""
    if error is None:
        return NOTHING
    if abs(error) < 0.005:
        return _("as promised")
    share = f"{abs(error):.0%}"
    return _("%(share)s too short") % {"share": share} if error < 0 else _("%(share)s too long") % {"share": share}


def state_text(room: RoomStatus) -> str:
    """What the line does, in a word or two."""
    if room.stage == Stage.EARLY:
        return _("not open yet")
    if room.stage == Stage.GATHERING:
        return _("gathering")
    if room.stage == Stage.DRAWING:
        return _("the draw is awaited")
    return str(Mode(room.mode).label).split(":")[0] if room.mode in Mode.values else NOTHING


def ready_text(fleet: FleetFigures | None) -> str:
    """When those that boot will be ready."""
    if fleet is None or not fleet.ready_in_s:
        return NOTHING
    known = [one for one in fleet.ready_in_s if one is not None]
    overdue = len(fleet.ready_in_s) - len(known)
    parts = [_("the last in %(seconds)d s") % {"seconds": round(max(known))}] if known else []
    return ", ".join([*parts, *([_("%(count)d overdue") % {"count": overdue}] if overdue else [])])


def pin_text(pin: PinStands, zone: tzinfo) -> str:
    """From how many to how many, and until when."""
    bounds = f"{pin.floor or ''}–{pin.ceiling or ''}"
    until = moments.day(datetime.fromtimestamp(pin.until, tz=UTC), zone)
    return _("%(bounds)s until %(until)s") % {"bounds": bounds, "until": until}


def order_text(pin: PinStands, zone: tzinfo) -> str:
    """The same, by whom and why."""
    return f"{pin_text(pin, zone)} ({pin.by}): {pin.why}"


def alert_text(alert: Alert) -> str:
    """One sentence."""
    sentences = {
        Trouble.REDIS_AWAY: _("Redis does not answer: the line's figures are those of before."),
        Trouble.DATABASE_AWAY: _("The database does not answer: seats, money and decisions are those of before."),
        Trouble.CLOCK_LATE: _("Nobody is admitted: the clock has not ticked for %(about)s s."),
        Trouble.RECOVERING: _("Redis lost the line; those who return get their places back for %(about)s s more."),
        Trouble.SLOWED: _("Admission goes at %(about)s of its rate: those inside wait too long for their pages."),
        Trouble.FLEET_FAULT: _("The fleet cannot be read: %(about)s"),
        Trouble.WORK_LATE: _("Late: %(about)s"),
    }
    never = alert.trouble is Trouble.CLOCK_LATE and not alert.about
    said = _("Nobody is admitted: the clock has never ticked.") if never else sentences[alert.trouble]
    return said % {"about": alert.about}


def decision_row(one: Decided, zone: tzinfo) -> list[str]:
    """When, from how many to how many, why, and from what."""
    reasons = {reason.value: text for reason, text in REASONS.items()}
    why = str(reasons.get(one.reason, one.reason))
    held_back = dict(HELD_BACK).get(one.held_back)
    extra = [text for text in (str(held_back or ""), one.fault, in_words(one.terms)) if text]
    return [instant(one.at, zone), f"{one.before} → {one.after}", why, "; ".join(extra) or NOTHING]
