"""The steps of a draw, each a transaction: announce, enter, close, reveal (the last reveal draws) or give up, line up.

Closing and revealing are durable: once `close` returns everybody can see the checkpoint, and nothing is revealed yet.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from waitingroom.conf import conf
from waitingroom.draw.checkpoint import checkpoint_of
from waitingroom.draw.errors import BadDraw, BadEmail
from waitingroom.draw.instants import written
from waitingroom.draw.ranks import in_order, ranks_of, result_text, seed_of
from waitingroom.draw.receipt import Entrance
from waitingroom.draw.roster import Roster, entry_id, nonce_of, plain_identity
from waitingroom.draw.rule import LEAD, Identity, Rule
from waitingroom.draw.sources import Drand, Source
from waitingroom.draw_key import signer
from waitingroom.draw_records import Draw, DrawClosing, DrawEntry, DrawGivenUp, DrawnLine, DrawResult, DrawReveal
from waitingroom.errors import AlreadyTaken, DrawRefused, EntryRefused
from waitingroom.models import WaitingRoom


def announce(room: WaitingRoom, *, opens_at: datetime, closes_at: datetime, sources: Sequence[Source]) -> Draw:
    """Sign and keep the rule; from then on nothing of it can change.

    Raises BadDraw for a rule that would not hold, DrawRefused where its closing is past, AlreadyTaken the second time.
    """
    now = timezone.now()
    identity = Identity.EMAIL if room.account_required else Identity.NAME
    rule = Rule(conf.WAITINGROOM_DRAW_ORIGIN, room.slug, identity, opens_at, closes_at, tuple(sources))
    if closes_at <= now:
        raise DrawRefused(_("Entries would have ended before the draw was announced."))
    by = signer()
    try:
        with transaction.atomic():
            draw: Draw = Draw.objects.create(
                room=room.slug,
                room_pk=room.pk,
                key=str(by.key),
                rule_note=by.sign(rule.text),
                nonce_secret=secrets.token_hex(32),
                announced_at=now,
            )
    except IntegrityError as error:
        raise AlreadyTaken(_("There is a draw of “%(room)s” already: a room has one.") % {"room": room.slug}) from error
    return draw


def draw_of(room: str) -> Draw:
    """The draw of that name. Raises DrawRefused."""
    return _named(room, Draw.objects.all())


def _locked(room: str) -> Draw:
    # Entries and the closing wait for each other: an entry that was confirmed is in the roster.
    return _named(room, Draw.objects.select_for_update())


def _named(room: str, draws: QuerySet[Draw]) -> Draw:
    found: Draw | None = draws.filter(room__iexact=room).first()
    if found is None:
        raise DrawRefused(_("There is no draw of “%(room)s”.") % {"room": room})
    return found


@transaction.atomic
def enter(room: str, people: Mapping[str, str]) -> dict[str, Entrance | EntryRefused]:
    """Enter persons (visitor's name to address or name); who is in already keeps the entry of before.

    Each gets their entrance, or why not: no address, or one that entered from another account. Raises DrawRefused
    outside the gathering. Receipts are to be handed out only once the transaction is committed.
    """
    draw, now = _locked(room), timezone.now()
    rule = draw.rule
    if now < rule.opens_at:
        raise DrawRefused(_("Entries have not begun."))
    if now >= rule.closes_at or DrawClosing.objects.filter(draw=draw).exists():
        raise DrawRefused(_("Entries have ended."))
    answers: dict[str, Entrance | EntryRefused] = {
        row.person: row.entrance for row in draw.entries.filter(person__in=people)
    }
    made = [_entry(draw, rule, person, given, now) for person, given in people.items() if person not in answers]
    ids = [row.entry for row in made if isinstance(row, DrawEntry)]
    taken = set(draw.entries.filter(entry__in=ids).values_list("entry", flat=True))
    added: dict[str, DrawEntry] = {}
    for person, row in zip([person for person in people if person not in answers], made, strict=True):
        if isinstance(row, EntryRefused):
            answers[person] = row
        elif row.entry in taken or row.entry in added:
            answers[person] = EntryRefused(_("This e-mail address has entered already, from another account."))
        else:
            added[row.entry], answers[person] = row, row.entrance
    DrawEntry.objects.bulk_create(added.values())
    return answers


def _entry(draw: Draw, rule: Rule, person: str, given: str, at: datetime) -> DrawEntry | EntryRefused:
    try:
        plain = plain_identity(rule.identity, given)
    except BadEmail:
        return EntryRefused(_("Your account has no e-mail address by which an entry could be made."))
    except BadDraw as error:
        return EntryRefused(str(error))
    nonce = nonce_of(bytes.fromhex(draw.nonce_secret), plain)
    entry = entry_id(rule, nonce, plain).hex()
    return DrawEntry(draw=draw, person=person, identity=plain, nonce=nonce.hex(), entry=entry, at=at)


@transaction.atomic(durable=True)
def close(room: str) -> DrawClosing:
    """Close the roster for good, and publish its root.

    Raises DrawRefused before the rule's instant and when chance may be known already, AlreadyTaken the second time.
    """
    draw, now = _locked(room), timezone.now()
    rule = draw.rule
    if DrawClosing.objects.filter(draw=draw).exists():
        raise AlreadyTaken(_("The roster is closed."))
    if DrawGivenUp.objects.filter(draw=draw).exists():
        raise DrawRefused(_("The draw was given up."))
    if now < rule.closes_at:
        raise DrawRefused(_("Entries are taken until %(at)s.") % {"at": written(rule.closes_at)})
    for source in rule.sources:
        if isinstance(source, Drand) and now > source.at - LEAD:
            raise DrawRefused(
                _("%(source)s is near, or has come: it may be known. This draw is void.") % {"source": source.name}
            )
    note = signer(draw.key).sign(checkpoint_of(rule, roster_of(draw), now).text)
    return DrawClosing.objects.create(draw=draw, checkpoint_note=note, closed_at=now)


@transaction.atomic(durable=True)
def reveal(room: str, number: int, given: str) -> DrawResult | None:
    """Take what source `number` (from 0) of the rule gave; the last of them makes the draw, and returns its result.

    Raises DrawRefused before the closing, BadReveal for what cannot be the source's, AlreadyTaken the second time.
    """
    draw, now = _locked(room), timezone.now()
    rule, closing = draw.rule, DrawClosing.objects.filter(draw=draw).first()
    if closing is None:
        raise DrawRefused(_("The roster is not closed: chance comes after it."))
    if not 0 <= number < len(rule.sources):
        raise DrawRefused(_("The rule names %(count)d sources.") % {"count": len(rule.sources)})
    rule.sources[number].value(given)
    if DrawGivenUp.objects.filter(draw=draw).exists():
        raise DrawRefused(_("The draw was given up."))
    if closing.reveals.filter(source=number).exists():
        raise AlreadyTaken(_("%(source)s has spoken.") % {"source": rule.sources[number].name})
    DrawReveal.objects.create(closing=closing, source=number, reveal=given, at=now)
    told = list(closing.reveals.values_list("reveal", flat=True))
    if len(told) < len(rule.sources):
        return None
    checkpoint, roster = closing.checkpoint, roster_of(draw)
    seed = seed_of(rule, checkpoint, told)
    note = signer(draw.key).sign(result_text(checkpoint, seed, ranks_of(seed, roster.ids)))
    return DrawResult.objects.create(closing=closing, seed=seed.hex(), result_note=note, at=now)


@transaction.atomic(durable=True)
def give_up(room: WaitingRoom, why: str) -> DrawGivenUp:
    """There will be no ranks: those who gathered stand by their arrival, and everybody is told why.

    Raises DrawRefused before the opening and once the draw is done, AlreadyTaken the second time.
    """
    draw, now = _locked(room.slug), timezone.now()
    if room.opens_at is None or now < room.opens_at:
        raise DrawRefused(_("Until the opening the chance may come."))
    if DrawResult.objects.filter(closing=draw.pk).exists():
        raise DrawRefused(_("The draw is done: its order stands."))
    if DrawGivenUp.objects.filter(draw=draw).exists():
        raise AlreadyTaken(_("The draw was given up."))
    return DrawGivenUp.objects.create(draw=draw, why=why[:200], at=now)


def own_chance() -> str:
    """What the rule's source `local` gives: this machine's chance, trusted by nobody."""
    return secrets.token_hex(32)


def missing(draw: Draw) -> list[tuple[int, Source]]:
    """The sources that have not spoken, by their place in the rule."""
    told = set(DrawReveal.objects.filter(closing=draw.pk).values_list("source", flat=True))
    return [(i, source) for i, source in enumerate(draw.rule.sources) if i not in told]


def roster_of(draw: Draw) -> Roster:
    """The roster as it stands. Raises DrawRefused where the rows are not those that were closed."""
    roster = Roster(bytes.fromhex(entry) for entry in draw.entries.values_list("entry", flat=True))
    closing = DrawClosing.objects.filter(draw=draw).first()
    if closing is not None and roster.tree.root != closing.checkpoint.root:
        raise DrawRefused(_("The entries in the database are not those that were closed."))
    return roster


def order_of(draw: Draw) -> list[str]:
    """The entries, first come first. Raises DrawRefused before the draw is done."""
    result = DrawResult.objects.filter(closing=draw.pk).first()
    if result is None:
        raise DrawRefused(_("The draw is not done."))
    return [one.hex() for one in in_order(bytes.fromhex(result.seed), roster_of(draw).ids)]


def people_of(draw: Draw, entries: Sequence[str]) -> list[str]:
    """The names of the visitors who hold the entries; "" for the worse of two of one visitor: its number is nobody's.

    Who signs in changes theirs.
    """
    rows = draw.entries.values_list("entry", "person", "holder")
    people = {entry: holder or person for entry, person, holder in rows}
    first: dict[str, str] = {}
    for entry in entries:
        first.setdefault(people[entry], entry)
    return [people[entry] if first[people[entry]] == entry else "" for entry in entries]


def drawn(draw: Draw) -> list[str]:
    """As `people_of`, first come first. Raises DrawRefused before the draw is done."""
    return people_of(draw, order_of(draw))


def line_of(draw: Draw, opened_us: int, last_number: int) -> DrawnLine:
    """What the drawn's numbers count down from, and the last number given out before: the first time's, ever after.

    Both of Redis's clock. Raises DrawRefused before the draw is done.
    """
    result = DrawResult.objects.filter(closing=draw.pk).first()
    if result is None:
        raise DrawRefused(_("The draw is not done."))
    first = {"opened_us": opened_us, "last_number": last_number}
    line, _new = DrawnLine.objects.get_or_create(result=result, defaults=first)
    return line
