"""The simulator's command: policies compared on the reference's sale, a made-up one, or a past one."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from scaling.recording import NothingRecorded, last_sale
from scaling.simulator import chart
from scaling.simulator.arrivals import BadArrivals, of_bins, read_csv, rush
from scaling.simulator.described import BadRoom, described
from scaling.simulator.plans import PLANS
from scaling.simulator.report import judge
from scaling.simulator.run import run
from scaling.simulator.scenario import REFERENCE, Scenario
from scaling.simulator.table import report
from waitingroom.models import WaitingRoom

# Time for a prewarmed fleet before the first visitor, and for the last line and scale-in after the last.
BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=75)
RECORDED_BIN_S = 10


def number(least: float, most: float) -> Callable[[str], int]:
    """A whole number within bounds, for the parser."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ArgumentTypeError(f"a whole number from {least:,} to {most:,}, please, not {text!r}")
        return int(text)

    return parse


# Options that set a field of the scenario: name -> (field, least, most, help).
FIELDS = {
    "threshold": ("threshold", 1, 1_000_000, "most visitors inside, whatever the fleet"),
    "threshold-per-instance": (
        "threshold_per_instance",
        0,
        1_000_000,
        "visitors inside for each instance",
    ),
    "users-per-minute": ("users_per_minute_per_instance", 1, 1_000_000, "admissions a minute for each instance"),
    "capacity-per-instance": (
        "capacity_per_instance",
        1,
        1_000_000,
        "visitors inside that fill an instance's processor",
    ),
    "boot": ("boot_s", 0, 3600, "seconds an instance boots, the median"),
    "boot-p90": ("boot_p90_s", 0, 7200, "the 90th percentile of the boot; boots then vary"),
    "failing": ("boots_that_fail", 0, 1000, "instances ordered first that never come"),
    "ramp": ("ramp_s", 0, 600, "seconds until a new instance counts whole"),
    "stay": ("stay_s", 1, 86_400, "seconds a visitor stays inside"),
    "patience": ("patience_s", 1, 86_400, "mean seconds until a waiting visitor gives up"),
    "minimum": ("minimum", 1, 1000, "fewest instances"),
    "maximum": ("maximum", 1, 1000, "most instances"),
    "target-wait": ("target_wait_s", 60, 86_400, "seconds the law keeps the last in line to"),
    "prewarmed": ("prewarmed", 1, 1000, "instances kept around the opening"),
    "lead": ("prewarm_lead_s", 0, 86_400, "seconds ahead of the opening they are ordered"),
    "seed": ("seed", 0, 2**31, "of everything that varies"),
}


class Command(BaseCommand):
    """manage.py simulate."""

    help = "Compare scaling policies on the reference's sale, on arrivals of your own, or on a past sale."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Policies, arrivals, the scenario's fields, and the forms of the answer."""
        parser.add_argument("--policy", action="append", choices=list(PLANS), help="one of them; repeat for more")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--replay", metavar="SLUG", help="the recorded arrivals of this room's last sale")
        source.add_argument("--arrivals", type=Path, metavar="CSV", help="rows of second,visitors after the opening")
        source.add_argument("--rush", type=number(1, 1_000_000), metavar="N", help="N visitors, most at the opening")
        source.add_argument(
            "--room",
            action="append",
            nargs="+",
            metavar=("SLUG", "NAME=VALUE"),
            help="one room of several that share the fleet, repeat for each: --room rock visitors=1000 arrive_in=20 "
            "at=0 stay=60 threshold_per_instance=250 (also half_life, patience, threshold, fleet_weight, fleet_floor, "
            "users_per_minute_per_instance, capacity_per_instance); what is not said is as the other options say",
        )
        parser.add_argument("--half-life", type=number(1, 3600), default=60, help="seconds until the rush is half")
        parser.add_argument("--stays-vary", action="store_true", help="stays vary exponentially around --stay")
        parser.add_argument("--loads-vary", action="store_true", help="what a visitor asks of the servers varies")
        for name, (_field, least, most, text) in FIELDS.items():
            parser.add_argument(f"--{name}", type=number(least, most), help=text)
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer in JSON")
        parser.add_argument("--chart", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES], help="of the chart")

    def handle(self, *_args: Any, as_json: bool, **options: Any) -> None:
        """Run every policy asked for; tell and draw. Errors are one line."""
        scenario = self.scenario(options)
        runs = [run(scenario, PLANS[name](scenario)) for name in options["policy"] or PLANS]
        if options["chart"]:
            self.draw(runs, options["chart"], options["language"] or settings.LANGUAGE_CODE)
        if as_json:
            self.stdout.write(json.dumps([judge(one).as_json() for one in runs]))
        else:
            self.stdout.write("\n".join(report(runs)))

    def scenario(self, options: dict[str, Any]) -> Scenario:
        """The reference's, or that of the options. Raises CommandError."""
        given = {
            field: value
            for name, (field, *_) in FIELDS.items()
            if (value := options[name.replace("-", "_")]) is not None
        }
        scenario = REFERENCE
        try:
            if options["replay"]:
                scenario = replay(options["replay"])
            elif options["arrivals"]:
                arrivals = {REFERENCE.opens_s + at: n for at, n in read_csv(options["arrivals"]).items()}
                scenario = REFERENCE.but(arrivals=arrivals, length_s=max(arrivals, default=0) + AFTER.seconds)
            elif options["rush"]:
                arrivals = dict(rush(options["rush"], REFERENCE.opens_s, options["half_life"]))
                scenario = REFERENCE.but(arrivals=arrivals)
        except (NothingRecorded, BadArrivals) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{options['arrivals']}: {error.strerror}") from error
        except DatabaseError as error:
            raise CommandError(f"The database does not answer ({error}).") from error
        if "threshold" in given:
            given.setdefault("threshold_per_instance", 0)
        scenario = scenario.but(**given, stays_vary=options["stays_vary"], loads_vary=options["loads_vary"])
        if options["room"]:
            scenario = rooms_of(options["room"], scenario)
        if scenario.minimum > scenario.maximum:
            raise CommandError("--minimum may not exceed --maximum.")
        return scenario

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


def replay(slug: str) -> Scenario:
    """The room's last sale with its settings of today. Raises NothingRecorded."""
    bins = last_sale(slug)
    first = datetime.fromtimestamp(bins[0][0], timezone.get_current_timezone())
    room = WaitingRoom.objects.filter(slug=slug).first()
    opens = first
    if room and room.opens_at and abs(room.opens_at - first) < timedelta(hours=6):
        opens = room.opens_at.astimezone(first.tzinfo)
    starts = (min(first, opens) - BEFORE).replace(second=0, microsecond=0)
    begins = int(starts.timestamp())
    scenario = REFERENCE.but(
        starts=starts,
        opens_s=int(opens.timestamp()) - begins,
        length_s=bins[-1][0] - begins + AFTER.seconds,
        arrivals=of_bins(bins, RECORDED_BIN_S, begins),
    )
    if room is None:
        return scenario
    return scenario.but(
        threshold=room.threshold,
        threshold_per_instance=room.threshold_per_instance or 0,
        users_per_minute_per_instance=room.users_per_minute_per_instance,
    )
