"""The operator's command: list, show and tune rooms, admit and drop visitors."""

import dataclasses
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import transaction

from waitingroom import admission
from waitingroom.errors import LineUnavailable, NotAsked
from waitingroom.models import Mode, WaitingRoom
from waitingroom.modes import MODES, mode_to_open
from waitingroom.operator_command import Mistyped, OperatorCommand, number
from waitingroom.rates import MAX_ADMITTED
from waitingroom.reasons import Reason
from waitingroom.status import RoomStatus

SETTINGS = (
    "mode",
    "threshold",
    "threshold_per_instance",
    "users_per_minute_per_instance",
    "fleet_weight",
    "fleet_floor",
    "presence_seconds",
    "grace_seconds",
    "claim_seconds",
    "idle_seconds",
    "longest_stay_seconds",
    "recovery_seconds",
    "account_required",
    "work_tries",
    "fail_open",
    "closed_reason_ko",
    "closed_reason_en",
    "announcement_ko",
    "announcement_en",
)
REASONS = ("closed_reason_ko", "closed_reason_en")
COLUMNS = ("slug", "mode", "threshold", "active", "waiting", "present", "admission_per_minute", "estimated_wait_s")


class Command(OperatorCommand):
    """manage.py waitingroom list | show | set | announce | open | pause | close | drain | admit | drop | recovered."""

    help = "List, show and tune waiting rooms; say something to all who wait; admit and drop visitors."
    examples = (
        ("waitingroom list", "every room with its line"),
        ("waitingroom show gala", "one room, in words"),
        ("waitingroom show gala --json", "the same for a program"),
        ("waitingroom set gala threshold=50 users_per_minute_per_instance=600", "in force at once"),
        ("waitingroom set gala threshold_per_instance=400", "the threshold follows the fleet"),
        ("waitingroom announce gala --en 'Doors open late.' --ko '입장이 늦어집니다.'", "on every waiting page"),
        ("waitingroom pause gala", "the line stands; `open gala` goes on"),
        (
            "waitingroom close gala --yes --reason-en 'Back at nine.' --reason-ko '9시에 다시 엽니다.'",
            "everybody is told",
        ),
        ("waitingroom drain gala", "nobody new, those waiting still enter"),
        ("waitingroom admit gala 20", "twenty from the head, beside the rate"),
        ("waitingroom drop gala account-7", "out of the line or the room"),
        ("waitingroom recovered gala", "the line goes on before the recovery period ends"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand a verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str) -> ArgumentParser:
            one = verbs.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")
            return one

        verb("list", "every room with its line")
        texts = {
            "show": "one room, in full",
            "set": "change settings: threshold=50 users_per_minute_per_instance=600 ...",
            "announce": "say something to everybody who waits or gathers, until it is taken back",
            "open": "the mode before it was paused, closed or drained; else a line only when the room is full",
            "pause": "the line stands",
            "close": "nobody new and nobody in",
            "drain": "nobody new, those waiting still enter",
            "admit": "admit from the head at once, besides the rate, never above the threshold",
            "drop": "send a visitor out of the line or the room",
            "recovered": "end the recovery period: the line goes on with those who are back",
        }
        for name, text in texts.items():
            one = verb(name, text)
            one.add_argument("slug")
            if name == "set":
                one.add_argument("changes", nargs="+", metavar="name=value", help=", ".join(SETTINGS))
            if name == "announce":
                one.add_argument("--ko", default="", help="in Korean; one language does for both")
                one.add_argument("--en", default="", help="in English")
                one.add_argument("--clear", action="store_true", help="take back what was said")
            if name == "admit":
                one.add_argument("count", type=number(1, MAX_ADMITTED), help=f"up to {MAX_ADMITTED:,} at once")
            if name == "drop":
                one.add_argument("visitor")
            if name == "close":
                one.add_argument("--reason-ko", default="", help="what the pages of the closed line say, in Korean")
                one.add_argument("--reason-en", default="", help="the same in English; one language does for both")
            if name in ("close", "set"):
                one.add_argument("--yes", action="store_true", help="close without asking at a terminal")

    def handle(self, *_args: Any, verb: str, as_json: bool, slug: str = "", **options: Any) -> None:
        """Do what the verb says. Errors are one line."""
        if verb == "list":
            statuses = admission.status([room.slug for room in WaitingRoom.objects.all()])
            self.answer([describe(status) for status in statuses], as_json)
            return
        room = WaitingRoom.objects.filter(slug=slug).first()
        if room is None:
            raise CommandError(f"There is no room '{slug}'; `manage.py waitingroom list` names them.")
        self.answer(self.do(verb, room, options), as_json)

    def do(self, verb: str, room: WaitingRoom, options: dict[str, Any]) -> dict[str, Any]:
        """One verb on one room; what to answer."""
        if verb == "admit":
            with confirmed(f"anybody was admitted; `show {room.slug}` counts them. Only then admit more"):
                return {"slug": room.slug, "admitted": admission.admit(room.slug, options["count"])}
        if verb == "drop":
            with confirmed("the visitor was sent out; it is safe to send them out again"):
                gave_up = admission.leave(room.slug, options["visitor"], Reason.DROPPED)
            if gave_up == "none":
                raise CommandError(f"'{options['visitor']}' has no place in '{room.slug}'.")
            return {"slug": room.slug, "visitor": options["visitor"], "dropped": gave_up}
        if verb == "recovered":
            if not admission.end_recovery(room.slug):
                raise CommandError(f"'{room.slug}' is in no recovery period.")
            change(room, {}, "manage.py waitingroom recovered")
        if changes := changes_of(verb, room, options):
            if changes.get("mode") == Mode.CLOSED != room.mode:
                self.agree_to_close(room, sure=options["yes"])
            change(room, changes, f"manage.py waitingroom {verb}")
        try:
            described = describe(admission.status([room.slug])[0])
        except LineUnavailable as error:
            if not changes:
                raise
            text = f"It is saved. Redis does not answer ({error.cause}): it is in force a second after Redis is back."
            raise CommandError(text) from error
        stored = WaitingRoom.objects.get(pk=room.pk)
        settings = {name: getattr(stored, name) for name in SETTINGS}
        return described | {"closed_because": stored.closed_because, "hidden": stored.hidden, "settings": settings}

    def agree_to_close(self, room: WaitingRoom, *, sure: bool) -> None:
        """Say how many people the closing sends away; at a terminal, ask. Raises CommandError at a no."""
        try:
            waiting = str(admission.status([room.slug])[0].waiting)
        except LineUnavailable:
            waiting = "an unknown number"
        if waiting == "0" or sure:
            return
        self.stderr.write(f"Closing '{room.slug}' sends {waiting} waiting away; they keep their numbers.")
        if sys.stdin and sys.stdin.isatty():  # a script goes ahead, as it always did
            self.stderr.write("Close it? [y/N] ", ending="")
            self.stderr.flush()
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CommandError("Nothing was changed.")

    def answer(self, content: Any, as_json: bool) -> None:  # noqa: FBT001 (the parser's own option)
        """JSON for machines; a table or plain lines for people."""
        if as_json:
            self.stdout.write(json.dumps(content, ensure_ascii=False))
        elif isinstance(content, list):
            self.stdout.write("\n".join(table(content)))
        else:
            self.stdout.write("\n".join(told(content)))


@contextmanager
def confirmed(unknown: str) -> Iterator[None]:
    """What is not confirmed may have been done: say so, and what then. Raises CommandError, and NotAsked."""
    try:
        yield
    except NotAsked:
        raise
    except LineUnavailable as error:
        raise CommandError(f"Redis did not confirm it ({error.cause}). It is not known whether {unknown}.") from error


def changes_of(verb: str, room: WaitingRoom, options: dict[str, Any]) -> dict[str, Any]:
    """The settings that the verb changes; none for one that only shows. Raises CommandError."""
    if verb == "set":
        changes = parse(options["changes"])
        # Who names a threshold wants that one in force, not one that follows the fleet.
        following = {"threshold_per_instance": None} if "threshold" in changes else {}
        return following | changes
    if verb == "open":
        return {"mode": mode_to_open(room)}
    if verb == "announce":
        return words_of(options)
    changes = {"mode": MODES[verb]} if verb in MODES else {}
    if verb == "close":
        changes |= {f"closed_reason_{language}": options[f"reason_{language}"] for language in ("ko", "en")}
    return changes


def words_of(options: dict[str, Any]) -> dict[str, str]:
    """What `announce` says; nothing where it takes back. Raises CommandError."""
    said = {f"announcement_{language}": options[language].strip() for language in ("ko", "en")}
    if options["clear"] == any(said.values()):
        raise Mistyped("Say something with --ko and --en, or take it back with --clear.")
    return said


def describe(status: RoomStatus) -> dict[str, Any]:
    """A room's status as JSON would have it."""
    return dataclasses.asdict(status)


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The rows' main columns as aligned text, heads first."""
    texts = [list(COLUMNS)] + [[str(row[name]) for name in COLUMNS] for row in rows]
    widths = [max(len(line[i]) for line in texts) for i in range(len(COLUMNS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in texts]


def told(content: dict[str, Any], width: int = 24) -> list[str]:
    """What was found, a fact a line, in words."""
    lines = []
    for name, value in content.items():
        if isinstance(value, dict):
            lines += ["", f"{name}:", *(f"  {line}" for line in told(value, width=30))]
        else:
            lines.append(f"{name:<{width}}{_words(name, value)}")
    return lines


def _words(name: str, value: Any) -> str:
    """A fact as people say it."""
    if name == "arrivals":
        return f"{sum(count for _, count in value[-6:])} in the last minute or so"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "nobody"
    return "-" if value in (None, "") else str(value)


def parse(changes: Sequence[str]) -> dict[str, Any]:
    """`name=value` words as settings. Raises CommandError, naming the word."""
    parsed: dict[str, Any] = {}
    fields = {field.name: field for field in WaitingRoom._meta.fields}
    for word in changes:
        name, equals, text = word.partition("=")
        if not equals or name not in SETTINGS:
            raise Mistyped(f"'{word}': name=value, please, where name is one of {', '.join(SETTINGS)}.")
        if name in parsed:
            raise Mistyped(f"{name}: once, please.")
        try:
            parsed[name] = fields[name].clean(text or (None if fields[name].null else ""), None)
        except ValidationError as error:
            raise Mistyped(f"{name}: {' '.join(error.messages)}") from error
    return parsed


def change(room: WaitingRoom, settings: dict[str, Any], why: str) -> None:
    """Save the settings, all or none, with a line in the room's history. Raises CommandError."""
    with transaction.atomic():
        locked = WaitingRoom.objects.select_for_update().get(pk=room.pk)
        for name, value in settings.items():
            setattr(locked, name, value)
        if locked.mode != Mode.CLOSED and (lost := [name for name in REASONS if settings.get(name)]):
            raise Mistyped(f"{lost[0]}: only a closed room has one; `close` takes --reason-ko and --reason-en.")
        try:
            locked.full_clean()
        except ValidationError as error:
            raise Mistyped(
                " ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
            ) from error
        setattr(locked, "_change_reason", why)  # noqa: B010 (simple_history reads it; the model does not declare it)
        locked.save()
