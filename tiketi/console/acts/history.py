"""Who changed what of a room and its event, with both values: from their histories and the acts of the staff."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial

from django.db.models import DateTimeField
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from events.models import Event, StaffAct
from events.moments import moment
from events.staff.act_words import reason_told
from scaling.models import FleetPin
from tiketi.console.acts.rights import Rights, event_of, zone_of
from waitingroom.histories import MADE, Difference, Kept, Line, changes_of
from waitingroom.history_admin import COUNTED
from waitingroom.models import SITES_WORD, WaitingRoom
from waitingroom.values_shown import NOTHING

MAX_SHOWN = 20
BY_HAND = "admitted by hand"


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody did, when, and why if they said so."""

    at: datetime
    who: str
    about: str
    reason: str
    changes: tuple[Difference, ...] = ()


def history_of(room: WaitingRoom, pins: Iterable[FleetPin], rights: Rights) -> list[Entry]:
    """The latest entries of the room, its event and those pins of the fleet, newest first, as far as rights go."""
    event, zone = event_of(room), zone_of(room)
    of_event = event if rights.event else None
    kinds = [_kept(room, zone, frozenset() if of_event is None else frozenset({"opens_at"}))]
    if of_event is not None:
        kinds.append(_kept(of_event, zone))
    found = [*_changes(kinds), *_pinned(pins, zone)]
    if rights.acts:
        found += _by_hand(room)
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:MAX_SHOWN]


def _kept(row: WaitingRoom | Event, zone: tzinfo, told_elsewhere: frozenset[str] = frozenset()) -> Kept:
    """The row's own history, its instants by that clock and with its name."""
    instants = (field.name for field in row._meta.fields if isinstance(field, DateTimeField))
    words = dict.fromkeys(instants, partial(moment, zone=zone))
    leaving_out = COUNTED
    if isinstance(row, WaitingRoom) and event_of(row) is not None:  # the site's word, and what the event itself says
        leaving_out = COUNTED.union(SITES_WORD, told_elsewhere)
    return Kept(type(row).history.filter(id=row.pk), leaving_out=leaving_out, words=words)


def _changes(kinds: Sequence[Kept]) -> Iterator[Entry]:
    for entry in changes_of(kinds, per_page=MAX_SHOWN):
        kinds_named = ", ".join(dict.fromkeys(map(_about, entry.lines)))
        changes = tuple(change for line in entry.lines for change in line.differences)
        yield Entry(entry.at, entry.who, kinds_named, reason_told(entry.why), changes)


def _about(line: Line) -> str:
    return _("%(kind)s, made") % {"kind": line.kind} if line.act == MADE else line.kind


def _by_hand(room: WaitingRoom) -> Iterator[Entry]:
    for act in StaffAct.objects.filter(event=room.slug, act=BY_HAND)[:MAX_SHOWN]:
        people = Difference(pgettext("console", "people"), NOTHING, str(act.values.get("admitted", NOTHING)))
        yield Entry(act.at, act.who, _("admitted by hand"), act.reason, (people,))


def _pinned(pins: Iterable[FleetPin], zone: tzinfo) -> Iterator[Entry]:
    about = pgettext("console", "servers")
    for pin in pins:
        changes = (
            Difference(pgettext("console", "at least"), NOTHING, str(pin.floor or NOTHING)),
            Difference(pgettext("console", "at most"), NOTHING, str(pin.ceiling or NOTHING)),
            Difference(pgettext("console", "until"), NOTHING, moment(pin.until, zone)),
        )
        yield Entry(pin.made_at, pin.by, about, pin.why, changes)
        if pin.lifted_at:
            yield Entry(pin.lifted_at, pin.lifted_by, about, _("the pin was lifted"))
