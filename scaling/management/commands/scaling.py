"""The operator's command for the fleet: status, preflight, provision, publish, history, set, pin."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from scaling import drift, operator_actions, pins, provisioning, store
from scaling.cloud import CloudUnavailable
from scaling.fleet import FleetUnreadable
from scaling.in_force import configuration
from scaling.models import ScalingDecision
from scaling.openings import all_rooms, windows
from scaling.preflight.findings import Level
from scaling.preflight.run import NoSuchRoom, preflight
from scaling.status import status
from waitingroom.operator_command import Mistyped, OperatorCommand, number

MAX_ROWS = 100_000


class Command(OperatorCommand):
    """manage.py scaling status | preflight SLUG | provision | publish | history | set | pin."""

    help = "Show the fleet, check a sale beforehand, provision what orders servers, publish metrics, set it by hand."
    examples = (
        ("scaling status", "instances, boots, alarms, web processes, faults"),
        ("scaling preflight gala", "what would spoil the sale, and what to do"),
        ("scaling history --limit 5", "the last decisions"),
        ("scaling set desired=5", "order five instances"),
        ("scaling set boot_seconds=60", "of the local fleet"),
        ("scaling pin floor=7 until=3h why='the evening'", "never fewer than seven for three hours"),
        ("scaling pin off", "the pin is lifted"),
        ("scaling provision --plan", "what AWS has otherwise than the site"),
        ("scaling publish", "the metrics once, now"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One subcommand a verb."""
        verbs = parser.add_subparsers(dest="verb", required=True)

        def verb(name: str, text: str) -> ArgumentParser:
            one = verbs.add_parser(name, help=text)
            one.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")
            return one

        verb("preflight", "everything that would spoil a sale, a line each; exit 1 on a fault").add_argument("slug")
        verb("status", "instances, boots, alarms, web processes, faults")
        how = verb("provision", "alarms, policies and schedule on AWS").add_mutually_exclusive_group(required=True)
        texts = {"plan": "tell what differs", "apply": "make it so", "check": "tell what differs; exit 1 if anything"}
        for name, text in texts.items():
            how.add_argument(f"--{name}", action="store_const", const=name, dest="how", help=text)
        verb("publish", "publish the metrics once, now")
        verb("history", "past decisions, newest first").add_argument("--limit", type=number(0, MAX_ROWS), default=20)
        words = verb("set", "desired=5, or boot_seconds=60 for the local fleet")
        words.add_argument("changes", nargs="+", metavar="name=value", help=", ".join(operator_actions.NAMES))

        pin = verb("pin", "hold the fleet: floor=7 ceiling=9 until=2h why='the big sale'; or off")
        pin.add_argument(
            "words", nargs="+", metavar="name=value", help="floor, ceiling, until (90m, 2h, or an instant), why"
        )

    def handle(self, *_args: Any, verb: str, as_json: bool, **options: Any) -> None:
        """Do what the verb says. Errors are one line."""
        try:
            content = getattr(self, verb)(options)
        except operator_actions.Mistyped as error:
            raise Mistyped(str(error)) from error
        except (CloudUnavailable, FleetUnreadable, NoSuchRoom, operator_actions.NotSettable) as error:
            raise CommandError(str(error)) from error
        if as_json:
            self.stdout.write(json.dumps(content, ensure_ascii=False, default=str))
        else:
            self.tell(content)
        if verb == "preflight" and any(row["level"] == Level.FAULT for row in content):
            raise CommandError("there are faults: this sale would be spoilt.")
        if verb == "provision" and options["how"] == "check" and content:
            raise CommandError("AWS is not as it should be; `manage.py scaling provision --apply` mends it.")

    def status(self, _options: dict[str, Any]) -> dict[str, Any]:
        """The fleet now, compared with the account."""
        try:
            drift.compare(store.now())
        except CloudUnavailable as error:
            store.record_failure("read", error, store.now())
        return status()

    def preflight(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """What was found before the sale."""
        return [line.as_json() for line in preflight(options["slug"])]

    def provision(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """What was changed, or what would be."""
        c, now = configuration(), store.now()
        act = provisioning.apply if options["how"] == "apply" else provisioning.plan
        found = act(pins.in_force(now).on_settings(c), windows(c, all_rooms()), now)
        return [change.as_json() for change in found]

    def publish(self, _options: dict[str, Any]) -> dict[str, Any]:
        """The environment's metrics as published."""
        published = operator_actions.publish(store.now())
        if not published:
            raise CommandError(f"not published: {store.health().get('last_fault', '')}")
        return store.samples()[0]

    def history(self, options: dict[str, Any]) -> list[dict[str, Any]]:
        """Past decisions, newest first."""
        fields = ("at", "reason", "before", "after", "inputs", "terms", "fault", "held_back")
        return list(ScalingDecision.objects.values(*fields)[: options["limit"]])

    def set(self, options: dict[str, Any]) -> dict[str, Any]:
        """The fleet after the change."""
        operator_actions.set_fleet(options["changes"], store.now())
        return status()

    def pin(self, options: dict[str, Any]) -> dict[str, Any]:
        """The fleet after the pin was made or lifted."""
        by = f"manage.py scaling pin ({getpass.getuser()})"
        if options["words"] == ["off"]:
            operator_actions.lift_pin(by, store.now())
        else:
            operator_actions.make_pin(options["words"], by, store.now())
        return status()

    def tell(self, content: Any) -> None:
        """Plain lines for people."""
        if not content:
            self.stdout.write("Nothing to tell: all is as it should be.")
        for row in content if isinstance(content, list) else [content]:
            if "todo" in row:
                todo = f"  -> {row['todo']}" if row["todo"] else ""
                self.stdout.write(f"{row['level']:<9}{row['check']:<11}{row['text']}{todo}")
            elif "action" in row:
                self.stdout.write(f"{row['action']:<7}{row['kind']} {row['name']}")
                for name, found in row["differences"].items():
                    self.stdout.write(f"         {name}: {found['is']} -> {found['wanted']}")
            elif "reason" in row:
                held_back = row["held_back"] and f"not ordered: {row['held_back']}"
                self.stdout.write(
                    f"{row['at']:%Y-%m-%d %H:%M:%S}  {row['before']:>3} -> {row['after']:<3} {row['reason']:<10}"
                    f" {row['terms'] or ''} {row['fault']}{held_back}".rstrip()
                )
            else:
                for name, value in row.items():
                    shown = f"\n{'':<22}".join(value) if name == "drift" else value
                    self.stdout.write(f"{name:<22}{shown}")
