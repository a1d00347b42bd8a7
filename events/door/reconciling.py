"""Taking in what devices decided without a network: nothing lost, nothing counted twice, what clashes in words."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from events.door.checkin import Scan, admit, entrance_of, let_out
from events.door.codes import MAX_CODE_LETTERS, WINDOW_S
from events.door.not_admitted import NoEntrance, NotAdmitted, StandsStill
from events.door.recognised import ticket_of
from events.door.typed_codes import ticket_typed
from events.models import DoorAct, Event, Ticket, TicketChange
from events.models.door import MAX_ENTRANCE_LETTERS, door_of

log = logging.getLogger(__name__)

MAX_SCANS = 200
# A device's clock is corrected by the site's when the list is loaded; what claims more is taken for now.
MAX_AGE = timedelta(days=3)


class Became(StrEnum):
    """What became of a scan that was decided offline."""

    TAKEN = "taken"  # counted, as the device had decided
    KNOWN = "known"  # it had come before
    CLASHED = "clashed"  # the record says otherwise; recorded beside it, and counted as no entry


@dataclass(frozen=True)
class OfflineScan:
    """A scan as a device decided it: let in, or `out`."""

    number: UUID
    code: str
    at: datetime
    entrance: str
    out: bool
    keeper: str


class BadScan(ValueError):
    """Not what a device sends."""


def read_scan(sent: Any) -> OfflineScan:
    """Parse what a device sends. Raises BadScan."""
    try:
        number, code, at = UUID(sent["scan"]), sent["code"], datetime.fromtimestamp(int(sent["at"]) / 1000, tz=UTC)
        entrance, out, keeper = sent.get("entrance", ""), sent.get("way") == "out", sent.get("keeper", "")
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, OSError) as error:
        raise BadScan from error
    if not all(isinstance(text, str) for text in (code, entrance, keeper)) or len(code) > MAX_CODE_LETTERS:
        raise BadScan
    # JSON can say what no database takes: a device would come with it again and again, and never be rid of the rest.
    entrance, keeper = (_printable(text) for text in (entrance, keeper))
    return OfflineScan(number, code, at, entrance[:MAX_ENTRANCE_LETTERS], out, keeper[:80])


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def take_in(scan: OfflineScan, event: Event, *, by: User) -> tuple[Became, str]:
    """What became of the scan, and why in words if it clashed."""
    now = timezone.now()
    at = scan.at if now - MAX_AGE <= scan.at <= now else now
    if _known(scan):
        return Became.KNOWN, ""
    note = _("Without a network.") if scan.keeper in ("", by.get_username()) else _("By %(keeper)s, without a network.")
    made = Scan(by, _entrance(scan, event), note % {"keeper": scan.keeper}, scan.number, at)
    try:
        ticket = _typed(scan.code, event) or ticket_of(scan.code, event, window=int(at.timestamp()) // WINDOW_S)
        with transaction.atomic():
            (let_out if scan.out else admit)(ticket, made)
    except NotAdmitted as refusal:
        try:
            return _clash(scan, event, made, refusal)
        except IntegrityError:  # the same device handed it in twice at once
            return Became.KNOWN, ""
    except IntegrityError:
        return Became.KNOWN, ""
    return Became.TAKEN, ""


def _known(scan: OfflineScan) -> bool:
    return TicketChange.objects.filter(scan=scan.number).exists()


@transaction.atomic
def _clash(scan: OfflineScan, event: Event, made: Scan, refusal: NotAdmitted) -> tuple[Became, str]:
    """Somebody went by whom the record would have refused: that stands in the ticket's history, where there is one."""
    try:
        ticket: Ticket | None = ticket_typed(scan.code, event) or ticket_of(scan.code, event, whenever=True)
    except NotAdmitted:
        ticket = None
    at = made.at or timezone.now()
    when = timezone.localtime(at, event.zone).strftime("%H:%M:%S")
    seat = ticket.line.label if ticket else "?"
    words = _("%(seat)s, let by at %(when)s without a network: %(refusal)s") % {
        "seat": seat,
        "when": when,
        "refusal": refusal,
    }
    log.warning("handed in for %s, against the record: %s", event.slug, refusal.__class__.__name__)
    if ticket is not None:
        ticket.changes.create(
            act=DoorAct.AGAINST,
            by=made.by,
            at=at,
            reason=f"{made.note} {refusal}"[:200],
            entrance=made.entrance,
            scan=made.number,
        )
    return Became.CLASHED, words


def _entrance(scan: OfflineScan, event: Event) -> str:
    try:
        return entrance_of(door_of(event), scan.entrance)
    except NoEntrance:  # renamed meanwhile; who came in came in
        return ""


def _typed(code: str, event: Event) -> Ticket | None:
    """The ticket of a code that was typed; where codes move none was printed. Raises StandsStill or Foreign."""
    ticket = ticket_typed(code, event)
    if ticket is not None and door_of(event).moving_codes:
        raise StandsStill
    return ticket
