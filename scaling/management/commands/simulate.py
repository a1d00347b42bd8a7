"""The simulator's command: policies compared on the reference's, a made-up or a past sale; a prewarm planned."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import override

from scaling.in_force import configuration
from scaling.recording import NothingRecorded
from scaling.sales import AFTER, HALF_LIFE_S, NoSuchRoom, expected, past
from scaling.simulate_options import FIELDS, ROOM_HELP, given
from scaling.simulator import chart
from scaling.simulator.arrivals import BadArrivals, read_csv, rush
from scaling.simulator.confidence import over_seeds
from scaling.simulator.described import BadRoom, described
from scaling.simulator.plans import PLANS
from scaling.simulator.prewarm_plans import advise
from scaling.simulator.report import judge
from scaling.simulator.run import run
from scaling.simulator.scenario import REFERENCE, Scenario
from scaling.simulator.table import advised, report, spreads
from waitingroom.operator_command import OperatorCommand, number

MAX_SEEDS = 100


class Command(OperatorCommand):
    """manage.py simulate."""

    help = (
        "Compare scaling policies on the reference's sale, on arrivals of your own, or on a past sale; plan a prewarm."
    )
    examples = (
        ("simulate", "every policy on the reference's evening, with the reference's fleet"),
        ("simulate --policy law --policy alarm --rush 20000", "twenty thousand, most at the opening"),
        ("simulate --policy law --boot 300 --stay 120 --json", "slower boots, longer stays; for a program"),
        ("simulate --replay gala --policy law", "the recorded arrivals of a past sale"),
        ("simulate --plan gala --crowd 15000", "the cheapest prewarm that keeps the target wait"),
        ("simulate --policy law --chart evening.svg --language en", "drawn"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Policies, arrivals, the scenario's fields, and the forms of the answer."""
        parser.add_argument("--policy", action="append", choices=list(PLANS), help="one of them; repeat for more")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--plan", metavar="SLUG", help="the cheapest prewarm of this room's next sale")
        source.add_argument("--replay", metavar="SLUG", help="the recorded arrivals of this room's last sale")
        source.add_argument("--arrivals", type=Path, metavar="CSV", help="rows of second,visitors after the opening")
        source.add_argument("--rush", type=number(1, 1_000_000), metavar="N", help="N visitors, most at the opening")
        source.add_argument("--room", action="append", nargs="+", metavar=("SLUG", "NAME=VALUE"), help=ROOM_HELP)
        parser.add_argument("--crowd", type=number(1, 1_000_000), metavar="N", help="of --plan: so many are expected")
        parser.add_argument("--half-life", type=number(1, 3600), help="seconds until the rush is half (60)")
        parser.add_argument("--stays-vary", action="store_true", help="stays vary exponentially around --stay")
        parser.add_argument("--loads-vary", action="store_true", help="what a visitor asks of the servers varies")
        for name, (_field, least, most, text) in FIELDS.items():
            parser.add_argument(f"--{name}", type=number(least, most), help=text)
        parser.add_argument("--seeds", type=number(1, MAX_SEEDS), default=1, help="try so many seeds, from --seed on")
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")
        parser.add_argument("--chart", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], help="of the chart")

    def handle(self, *_args: Any, as_json: bool, **options: Any) -> None:
        """Run every policy asked for; tell and draw. Errors are one line."""
        if options["plan"]:
            self.plan(options, as_json=as_json)
            return
        if options["crowd"]:
            raise CommandError("--crowd goes with --plan SLUG; --rush N simulates a crowd.")
        scenario = self.scenario(options)
        names = options["policy"] or list(PLANS)
        runs = [run(scenario, PLANS[name](scenario)) for name in names]
        if options["chart"]:
            self.draw(runs, options["chart"], options["language"] or settings.LANGUAGE_CODE)
        told = [judge(one).as_json() for one in runs]
        sure = [over_seeds(scenario, name, options["seeds"]) for name in names] if options["seeds"] > 1 else []
        if as_json:
            for one, over in zip(told, sure, strict=False):
                one["over_seeds"] = over.as_json()
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write("\n".join(report(runs) + (["", *spreads(sure)] if sure else [])))

    def plan(self, options: dict[str, Any], *, as_json: bool) -> None:
        """The cheapest prewarm that keeps the target wait. Raises CommandError, also where none does."""
        policy, *more = options["policy"] or [configuration().policy]
        if more or policy not in ("law", "alarm"):
            raise CommandError("--plan takes one policy, law or alarm: what orders beside the prewarm.")
        try:
            sale = expected(options["plan"], crowd=options["crowd"], half_life_s=options["half_life"])
        except (NoSuchRoom, NothingRecorded) as error:
            hint = "" if isinstance(error, NoSuchRoom) else ": --crowd N"
            raise CommandError(f"{error}{hint}") from error
        scenario = _bounded(sale.scenario.but(**given(options)))
        advice = advise(scenario, policy)
        if as_json:
            self.stdout.write(json.dumps(advice.as_json()))
        else:
            self.stdout.write("\n".join(advised(advice, scenario, sale.visitors)))
        if advice.best is None:
            raise CommandError(advice.verdict)

    def scenario(self, options: dict[str, Any]) -> Scenario:
        """The reference's, or that of the options. Raises CommandError."""
        scenario = REFERENCE
        try:
            if options["replay"]:
                scenario = past(options["replay"])
            elif options["arrivals"]:
                arrivals = {REFERENCE.opens_s + at: n for at, n in read_csv(options["arrivals"]).items()}
                scenario = REFERENCE.but(arrivals=arrivals, length_s=max(arrivals, default=0) + AFTER.seconds)
            elif options["rush"]:
                arrivals = dict(rush(options["rush"], REFERENCE.opens_s, options["half_life"] or HALF_LIFE_S))
                scenario = REFERENCE.but(arrivals=arrivals)
        except (NothingRecorded, BadArrivals) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['arrivals']}: {error.strerror}") from error
        scenario = _bounded(scenario.but(**given(options)))
        return rooms_of(options["room"], scenario) if options["room"] else scenario

    def draw(self, runs: list[Any], file: Path, language: str) -> None:
        """The chart, in the language if a font of this machine has it. Raises CommandError."""
        with override(language if chart.korean_font() else "en"):
            labels = {
                "waiting": _("waiting"),
                "active": _("active"),
                "instances": _("instances in service"),
                "rate": _("admitted a minute"),
                "time": _("time"),
            }
        try:
            chart.draw(runs, file, labels)
        except (OSError, ValueError) as error:
            raise CommandError(f"the chart was not drawn: {error}") from error
        self.stderr.write(f"drawn: {file}")


def _bounded(scenario: Scenario) -> Scenario:
    if scenario.minimum > scenario.maximum:
        raise CommandError("--minimum may not exceed --maximum.")
    return scenario


def rooms_of(descriptions: list[list[str]], scenario: Scenario) -> Scenario:
    """The scenario with the rooms described. Raises CommandError."""
    try:
        sales = tuple(described(words, scenario.opens_s, scenario.sales[0]) for words in descriptions)
    except BadRoom as error:
        raise CommandError(str(error)) from error
    slugs = [sale.slug for sale in sales]
    if len(set(slugs)) < len(slugs):
        raise CommandError("Two rooms of one name: each --room needs its own.")
    last = max(max(sale.arrivals) for sale in sales)
    return scenario.but(sales=sales, length_s=max(scenario.length_s, last + AFTER.seconds))
