"""Who changed what of a room and its event, with both values: from their histories and the acts of the staff."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

from django.db.models import Field
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from events.models import StaffAct
from events.moments import moment
from scaling.models import FleetPin
from tiketi.console.acts.rights import Rights, event_of, zone_of
from waitingroom.models import WaitingRoom

MAX_SHOWN = 20
BY_HAND = "admitted by hand"
# Counted up by every save.
BESIDES = ("version", "updated_at")
EMPTY = "—"


@dataclass(frozen=True, slots=True)
class Change:
    """One field's values."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did, when, and why if they said so."""

    at: datetime
    who: str
    about: str
    reason: str
    changes: tuple[Change, ...] = ()


def history_of(room: WaitingRoom, pins: Iterable[FleetPin], rights: Rights) -> list[Entry]:
    """The latest entries of the room, its event and those pins of the fleet, newest first, as far as rights go."""
    event, zone = event_of(room), zone_of(room)
    found = [*_changes(room, zone), *_pinned(pins, zone)]
    if rights.acts:
        found += _by_hand(room)
    if rights.event and event is not None:
        found += _changes(event, zone)
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:MAX_SHOWN]


def _changes(row: Any, zone: tzinfo) -> Iterator[Entry]:
    """From the row's own history: two neighbours each, so that one query does."""
    kept = row.history.select_related("history_user").order_by("-history_date", "-history_id")[: MAX_SHOWN + 1]
    about = str(row._meta.verbose_name)
    for after, before in pairwise(list(kept)):
        changes = tuple(_differences(before, after, zone))
        if changes or after.history_change_reason:
            yield Entry(
                after.history_date, _name(after.history_user), about, after.history_change_reason or "", changes
            )


def _differences(before: Any, after: Any, zone: tzinfo) -> Iterator[Change]:
    for field in after.tracked_fields:
        old, new = getattr(before, field.attname), getattr(after, field.attname)
        if field.name not in BESIDES and old != new:
            yield Change(str(field.verbose_name), _shown(field, old, zone), _shown(field, new, zone))


def _shown(field: "Field[Any, Any]", value: object, zone: tzinfo) -> str:
    if value in (None, ""):
        return EMPTY
    if isinstance(value, bool):
        return pgettext("console", "yes") if value else pgettext("console", "no")
    if isinstance(value, datetime):
        return moment(value, zone)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value)).split(":")[0]
    return f"{value:,}" if isinstance(value, int) else str(value)


def _by_hand(room: WaitingRoom) -> Iterator[Entry]:
    for act in StaffAct.objects.filter(event=room.slug, act=BY_HAND)[:MAX_SHOWN]:
        people = Change(pgettext("console", "people"), EMPTY, str(act.values.get("admitted", EMPTY)))
        yield Entry(act.at, act.who, _("admitted by hand"), act.reason, (people,))


def _pinned(pins: Iterable[FleetPin], zone: tzinfo) -> Iterator[Entry]:
    about = pgettext("console", "servers")
    for pin in pins:
        changes = (
            Change(pgettext("console", "at least"), EMPTY, str(pin.floor or EMPTY)),
            Change(pgettext("console", "at most"), EMPTY, str(pin.ceiling or EMPTY)),
            Change(pgettext("console", "until"), EMPTY, moment(pin.until, zone)),
        )
        yield Entry(pin.made_at, pin.by, about, pin.why, changes)
        if pin.lifted_at:
            yield Entry(pin.lifted_at, pin.lifted_by, about, _("the pin was lifted"))


def _name(user: Any) -> str:
    return user.get_username() if user else EMPTY
