"""What settings would do, as staff read it before they save them."""

from dataclasses import dataclass

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from scaling.foreseen import foreseen
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.page_cache import wait_text
from waitingroom.prediction import Prediction, Tuning, predict

UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class Effect:
    """What comes of settings; `servers` that the fleet would be asked for, None where it is not known."""

    prediction: Prediction
    servers: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that settings move, now and as it would be, in words."""

    name: str  # as in the JSON
    label: str
    now: str
    then: str


def effects(*settings: WaitingRoom) -> list[Effect]:
    """What comes of each of the settings, of one room, all from the same instant or nearly so.

    Raises LineUnavailable and SettingsMissing.
    """
    slug = settings[0].slug
    seen = admission.seen(slug)
    tunings = [
        Tuning(one.threshold, one.threshold_per_instance or 0, one.users_per_minute_per_instance) for one in settings
    ]
    fleet = foreseen(slug, tunings)
    return [Effect(predict(seen, one, of.share), of.desired) for one, of in zip(tunings, fleet, strict=True)]


def rows(now: Effect, then: Effect) -> list[Row]:
    """The two side by side."""
    before, after = _words(now), _words(then)
    labels = {
        "threshold": _("threshold in force"),
        "admittedAtOnce": _("let in at once"),
        "admissionsPerMinute": _("let in within the next minute, at most"),
        "lastWaitSeconds": _("wait of the last in line"),
        "newcomerWaitSeconds": _("wait of who comes now"),
        "aboveThreshold": _("inside above the threshold"),
        "servers": _("servers asked for"),
    }
    return [Row(name, label, before[name], after[name]) for name, label in labels.items()]


def _words(effect: Effect) -> dict[str, str]:
    one = effect.prediction
    return {
        "threshold": f"{one.threshold:,}",
        "admittedAtOnce": f"{one.admitted_at_once:,}",
        "admissionsPerMinute": f"{one.admissions_per_minute:,}",
        "lastWaitSeconds": _wait(one.last_wait_s),
        "newcomerWaitSeconds": _wait(one.newcomer_wait_s),
        "aboveThreshold": f"{one.above_threshold:,}",
        "servers": UNKNOWN if effect.servers is None else f"{effect.servers:,}",
    }


def _wait(seconds: int | None) -> str:
    if seconds is None:
        return UNKNOWN
    return wait_text(seconds, get_language() or "ko") if seconds else pgettext("console", "none")


def as_json(effect: Effect) -> dict[str, int | None]:
    """The same as numbers, seconds and people."""
    one = effect.prediction
    return {
        "threshold": one.threshold,
        "admittedAtOnce": one.admitted_at_once,
        "admissionsPerMinute": one.admissions_per_minute,
        "lastWaitSeconds": one.last_wait_s,
        "newcomerWaitSeconds": one.newcomer_wait_s,
        "aboveThreshold": one.above_threshold,
        "servers": effect.servers,
    }
