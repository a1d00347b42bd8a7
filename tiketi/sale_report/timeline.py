"""Who decided what about a sale, staff and scaling alike, in the order of time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from events.models import Event, StaffAct
from events.staff.act_words import act_told, reason_told
from scaling.models import ScalingDecision

MAX_ENTRIES = 500  # of each kind: the latest
# What was ordered ahead of the first visitor belongs to the sale.
AHEAD = timedelta(hours=1)


@dataclass(frozen=True)
class Entry:
    """One act or decision."""

    at: datetime
    who: str  # "" where scaling decided by itself
    what: str
    why: str = ""


def acts(event: Event) -> list[Entry]:
    """What staff did at the event."""
    found = StaffAct.objects.filter(event=event.slug)[:MAX_ENTRIES]
    return [Entry(act.at, act.who, f"{act_told(act.act)}: {act.about}", _why(act)) for act in found]


def _why(act: StaffAct) -> str:
    """The reason that was given, and what it did."""
    return "; ".join(filter(None, [reason_told(act.reason), _values(act)]))


def _values(act: StaffAct) -> str:
    """Which settings, from what to what."""
    pairs = [
        f"{name}: {both[0]} → {both[1]}"
        for name, both in act.values.items()
        if isinstance(both, list) and len(both) == 2 and name != "said"
    ]
    return ", ".join(pairs)


def decisions(begins: datetime, ends: datetime) -> list[Entry]:
    """How the fleet was changed in that time, and an hour ahead of it."""
    changed = ScalingDecision.objects.filter(at__gte=begins - AHEAD, at__lte=ends).exclude(before=F("after"))
    return [
        Entry(one.at, "", f"{one.before} → {one.after}", _reason(one)) for one in changed.order_by("-at")[:MAX_ENTRIES]
    ]


def _reason(decision: ScalingDecision) -> str:
    reason = decision.get_reason_display()
    undone = decision.get_held_back_display() if decision.held_back else decision.fault
    return f"{reason} ({undone})" if undone else reason


def merged(*kinds: Iterable[Entry]) -> list[Entry]:
    """All of them, the first one first."""
    return sorted((entry for kind in kinds for entry in kind), key=lambda entry: entry.at)
