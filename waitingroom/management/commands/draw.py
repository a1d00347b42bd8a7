"""The operator's command for a draw: announce, status, close, reveal, give-up, bundle, receipt, verify."""

import json
import sys
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from waitingroom import draw_files, draw_steps
from waitingroom.drand_relays import round_of
from waitingroom.draw.errors import BadDraw
from waitingroom.draw.instants import written
from waitingroom.draw.sources import Drand, Local, Party, Source, is_name
from waitingroom.draw.verify import EXITS, MARKS, verify
from waitingroom.draw_plan import announced
from waitingroom.draw_records import Draw, DrawClosing, DrawGivenUp, DrawnLine, DrawResult
from waitingroom.errors import DrawRefused
from waitingroom.models import WaitingRoom
from waitingroom.operator_command import Mistyped, OperatorCommand, instant
from waitingroom.stuck_draws import why_stuck

SOURCES = "drand[:MINUTES after the closing], party:NAME:COMMITMENT, or local (for demonstrations)"
# Ten of them the closed roster must be seen; the rest is for a closing that does not succeed at once.
DRAND_MINUTES, MAX_DRAND_MINUTES = 30, 7 * 24 * 60


class Command(OperatorCommand):
    """manage.py draw announce | status | close | reveal | give-up | bundle | receipt | verify SLUG."""

    help = "Draw the order of a gathering so that anybody can check it (docs/draw.md)."
    examples = (
        ("draw announce gala --closes 2026-12-01T10:00+09:00 --source drand", "sign the rule; entries begin now"),
        ("draw announce gala --closes 2026-12-01T10:00+09:00 --source local", "for a demonstration"),
        ("draw status gala", "how far it is, and whom it waits for"),
        ("draw close gala", "the roster, for good"),
        ("draw reveal gala", "fetch drand's rounds"),
        ("draw reveal gala city 0f3a", "what the party `city` told"),
        ("draw give-up gala --why 'drand was silent'", "in public and for good: those who gathered come in by arrival"),
        ("draw bundle gala", "what is published"),
        ("draw receipt gala account-7", "one entrant's file"),
        ("draw verify gala", "as anybody would"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand a verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        texts = {
            "announce": "sign the rule: who may enter until when, and where chance will come from; for good",
            "status": "how far the draw is",
            "close": "close the roster for good and publish its root",
            "reveal": "take what a source gave; drand's rounds are fetched; the last makes the draw",
            "give-up": "no ranks will follow, they come in by arrival: in public, for good, from the opening on",
            "bundle": "what is published, as JSON",
            "receipt": "the receipt of a visitor, as JSON",
            "verify": "what verify.py says of the bundle",
        }
        for name, text in texts.items():
            one = verbs.add_parser(name, help=text)
            one.add_argument("slug")
            if name == "announce":
                one.add_argument("--opens", help="when entries begin, as 2026-12-01T10:00+09:00; otherwise now")
                one.add_argument("--closes", required=True, help="when they end")
                one.add_argument("--source", action="append", required=True, help=f"{SOURCES}; may be repeated")
            if name == "reveal":
                one.add_argument("name", nargs="?", default="", help="the source; otherwise drand's rounds and local")
                one.add_argument("value", nargs="?", default="", help="what it gave, in hexadecimal digits")
            if name == "give-up":
                one.add_argument("--why", required=True, help="for everybody to read")
            if name == "receipt":
                one.add_argument("visitor", help="their name: account-7, or that of their cookie")
            if name == "verify":
                one.add_argument("--language", choices=("ko", "en"), default="en")

    def handle(self, *_args: Any, verb: str, slug: str, **options: Any) -> None:
        """Do what the verb says. Errors are one line."""
        try:
            if verb == "announce":
                self.announce(slug, options)
            else:
                getattr(self, verb.replace("-", "_"))(draw_steps.draw_of(slug), options)
        except (DrawRefused, BadDraw) as error:
            raise CommandError(str(error)) from error

    def announce(self, slug: str, options: dict[str, Any]) -> None:
        """Sign the rule."""
        room = WaitingRoom.objects.filter(slug__iexact=slug).first()
        if room is None:
            raise CommandError(f"There is no room '{slug}'; `manage.py waitingroom list` names them.")
        opens = instant_of(options["opens"]) if options["opens"] else timezone.now()
        closes = instant_of(options["closes"])
        sources = [source_of(text, closes) for text in options["source"]]
        draw = draw_steps.announce(room, opens_at=opens, closes_at=closes, sources=sources)
        self.stdout.write(draw.rule_note, ending="")

    def status(self, draw: Draw, _options: dict[str, Any]) -> None:
        """How far it is, a fact a line."""
        rule = draw.rule
        closing = DrawClosing.objects.filter(draw=draw).first()
        result = DrawResult.objects.filter(closing=draw.pk).first()
        state = "gathering" if closing is None else "closed" if result is None else "seeded"
        if DrawnLine.objects.filter(result=draw.pk).exists():
            state = "drawn"
        lines = {
            "state": state,
            "draw": rule.log,
            "key": draw.key,
            "identity": rule.identity,
            "closes": written(rule.closes_at),
            "entries": draw.entries.count(),
        }
        if closing is not None:
            lines |= {"closed": written(closing.closed_at), "root": closing.checkpoint.root.hex()}
        awaited = [source.name for _, source in draw_steps.missing(draw)]
        lines |= {"awaited": ", ".join(awaited) or "nobody"}
        room = WaitingRoom.objects.filter(slug__iexact=draw.room).first()
        if given_up := DrawGivenUp.objects.filter(draw=draw).first():
            lines |= {"state": "given up", "why": given_up.why}
        if room is not None and (stuck := why_stuck(room, timezone.now())):
            lines |= {"stuck": stuck}
        if result is not None:
            lines |= {"seed": result.seed}
        for name, value in lines.items():
            self.stdout.write(f"{name:<10}{value}")

    def close(self, draw: Draw, _options: dict[str, Any]) -> None:
        """Close the roster."""
        self.stdout.write(draw_steps.close(draw.room).checkpoint_note, ending="")

    def reveal(self, draw: Draw, options: dict[str, Any]) -> None:
        """One source by name and value; or all that need nobody's word."""
        awaited = draw_steps.missing(draw)
        if options["name"]:
            awaited = [(i, source) for i, source in enumerate(draw.rule.sources) if source.name == options["name"]]
            if not awaited:
                names = ", ".join(source.name for source in draw.rule.sources)
                raise CommandError(f"The rule names no source '{options['name']}': {names}.")
        result = DrawResult.objects.filter(closing=draw.pk).first()
        for i, source in awaited:
            if given := options["value"] or self.own_word(draw, source):
                result = draw_steps.reveal(draw.room, i, given)
                self.stdout.write(f"{source.name} has spoken.")
        if result is not None:
            self.stdout.write(f"The draw is done: seed {result.seed}")
        else:
            self.stdout.write(f"Awaited: {', '.join(source.name for _, source in draw_steps.missing(draw))}")

    def give_up(self, draw: Draw, options: dict[str, Any]) -> None:
        """No ranks will follow; the draws' worker then opens the gate."""
        room = WaitingRoom.objects.filter(slug__iexact=draw.room).first()
        if room is None or announced(room) != draw:
            raise CommandError(f"The room of the draw of '{draw.room}' is no more.")
        draw_steps.give_up(room, options["why"])
        self.stdout.write("The draw is given up: those who gathered come in by arrival, and everybody reads why.")

    def own_word(self, draw: Draw, source: Source) -> str:
        """What needs nobody's telling; "" for a party's."""
        if not DrawClosing.objects.filter(draw=draw).exists():
            raise DrawRefused("The roster is not closed: chance comes after it.")
        if isinstance(source, Local):
            return draw_steps.own_chance()
        return round_of(source) if isinstance(source, Drand) else ""

    def bundle(self, draw: Draw, _options: dict[str, Any]) -> None:
        """What is published."""
        self.stdout.write(json.dumps(draw_files.bundle_of(draw), ensure_ascii=False))

    def receipt(self, draw: Draw, options: dict[str, Any]) -> None:
        """One entrant's file."""
        self.stdout.write(json.dumps(draw_files.receipt_of(draw, options["visitor"]), ensure_ascii=False))

    def verify(self, draw: Draw, options: dict[str, Any]) -> None:
        """As anybody would; exits as verify.py does."""
        report = verify(draw_files.bundle_of(draw), [], key=draw.key, language=options["language"])
        for line in report.lines:
            self.stdout.write(f"{MARKS[line['mark']]}  {line['text']}")
        if code := EXITS[report.verdict]:
            sys.exit(code)


def instant_of(text: str) -> datetime:
    """The instant that was typed. Raises CommandError."""
    at = instant(text)
    if at is None:
        raise Mistyped(f"'{text}' is no instant like 2026-12-01T11:00+09:00.")
    return at


def source_of(text: str, closes_at: datetime) -> Source:
    """The source that the operator names. Raises CommandError."""
    kind, _, rest = text.partition(":")
    if kind == "local" and not rest:
        return Local()
    if kind == "drand" and (not rest or (rest.isascii() and rest.isdigit() and len(rest) < 9)):
        return Drand.after(closes_at + timedelta(minutes=min(int(rest or DRAND_MINUTES), MAX_DRAND_MINUTES)))
    name, _, committed = rest.rpartition(":")
    if kind == "party" and is_name(name) and len(committed) == 64 and set(committed) <= set("0123456789abcdef"):
        return Party(name, committed)
    raise Mistyped(f"'{text}': {SOURCES}, please.")
