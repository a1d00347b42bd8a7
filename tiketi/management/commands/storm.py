"""`manage.py storm`: real visitors against the running site, and the invariants judged by what they lived through."""

import json
import math
import os
from dataclasses import replace
from typing import IO, Any, cast

import uvloop
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.console import Console

from events.demo.rehearsal import sign_in
from tiketi.storm import sales, summary
from tiketi.storm.calibrating import calibrate, show, stay_of
from tiketi.storm.forecast import Forecast
from tiketi.storm.gathering import appoint
from tiketi.storm.ground import CannotStorm, find_room, make_room_for, patience_s
from tiketi.storm.habits import Habits
from tiketi.storm.report import Report
from tiketi.storm.site import BadAddress, Site
from tiketi.storm.storm import Aftermath, storm
from waitingroom.management.commands.waitingroom import change
from waitingroom.models import OpeningOrder
from waitingroom.operator_command import OperatorCommand
from waitingroom.redis import clock_s

INTERRUPTED = 130  # the shell's own code for Ctrl-C
LONGEST = 86_400.0
SHARES = {
    "refresh": "share of the waiting who load the page anew",
    "second-tab": "share of the waiting who open a second tab",
    "drop": "share of the waiting who lose the connection and come back within seconds",
    "vanish": "share of the waiting who leave for good without a word",
}


class Command(OperatorCommand):
    help = "Send visitors with cookies, pages and WebSockets of their own to a room; exit 1 if an invariant broke."
    examples = (
        ("storm gala --visitors 2000 --arrive-in 10 --stay 20", "against the site on this machine"),
        ("storm gala --visitors 500 --buy", "each with an account, seats and a payment"),
        ("storm gala --visitors 500 --arrive-in 20 --gather draw", "for an opening by lot"),
        ("storm gala --calibrate 240", "how many a minute the servers take in, before the sale"),
        ("storm gala --visitors 2000 --url https://rehearsal.example.com --json", "elsewhere; for a program"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The contract's options, and the shares of the visitors' habits."""
        parser.add_argument("slug", help="the waiting room, as `manage.py waitingroom list` names it")
        either = parser.add_mutually_exclusive_group(required=True)
        either.add_argument("--visitors", type=int, metavar="N", help="how many come")
        either.add_argument(
            "--calibrate",
            nargs="?",
            const=0.0,
            type=float,
            metavar="STAY",
            help="buyers come ever faster until a page in a hundred takes over a second; proposes the room's rate, "
            "and its threshold for stays of so many seconds (as the room saw, or 180); the room is wide open meanwhile",
        )
        parser.add_argument("--arrive-in", type=float, default=20.0, metavar="S", help="seconds over which they arrive")
        parser.add_argument("--stay", type=float, default=10.0, metavar="S", help="seconds each stays inside")
        parser.add_argument(
            "--stays-vary", action="store_true", help="--stay is the mean of an exponential distribution"
        )
        parser.add_argument(
            "--look", type=float, default=0.0, metavar="S", help="a page each so many seconds inside; 0: now and then"
        )
        parser.add_argument("--buy", action="store_true", help="visitors pick seats and pay")
        parser.add_argument(
            "--gather",
            nargs="?",
            const="",
            choices=("", *OpeningOrder.values),
            metavar="ORDER",
            help="visitors gather for the opening, in the event's order or this one (arrival, draw); an opening "
            "that is past is set anew, to soon after the last arrival",
        )
        parser.add_argument("--url", help="the site; http://127.0.0.1:$PORT by default")
        parser.add_argument(
            "--timeout", type=float, metavar="S", help="stop after so many seconds; generous by default"
        )
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object and nothing else")
        defaults = Habits()
        for name, meaning in SHARES.items():
            default: float = getattr(defaults, name.replace("-", "_"))
            parser.add_argument(
                f"--{name}", type=float, default=default, metavar="SHARE", help=f"{meaning} ({default})"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Storm, report, judge."""
        try:
            if options["calibrate"] is not None:
                self._calibrate(options)
                return
            report = self._storm(options)
        except (CannotStorm, BadAddress) as reason:
            raise CommandError(str(reason)) from reason
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        else:
            width = None if self.stdout.isatty() else 110  # a file has no width, and rich would take 80
            summary.show(report, Console(file=cast("IO[str]", self.stdout), width=width))
        if report.broken:
            raise CommandError(f"broken: {', '.join(report.broken)}")
        if report.cut_short == "interrupt":
            raise SystemExit(INTERRUPTED)

    def _storm(self, options: dict[str, Any]) -> Report:
        forecast = _forecast(options)
        if options["gather"] is not None:
            appointed = appoint(forecast.slug, forecast.arrive_in, options["gather"] or None)
            until_s = appointed.opens_ms / 1000 - clock_s()
            forecast = replace(forecast, appointed=appointed, timeout=forecast.timeout + until_s)
        if not options["buy"]:
            return _rage(forecast).judge(forecast)
        sales.check_sale(forecast.slug, opens_later=forecast.appointed is not None)
        return _with_buyers(forecast)

    def _calibrate(self, options: dict[str, Any]) -> None:
        stay_s = _number(options, "calibrate", most=LONGEST)
        forecast = _forecast({**options, "visitors": 1, "buy": True})
        sales.check_sale(forecast.slug)
        room, now = find_room(forecast.slug)
        found = calibrate(
            forecast,
            now,
            _with_buyers,
            lambda settings, why: change(room, settings, why),
            stay_s=stay_of(stay_s, now),
        )
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
        else:
            show(found, forecast.slug, Console(file=cast("IO[str]", self.stdout)))
        if not found.found:
            raise CommandError("not even the first step held")


def _with_buyers(forecast: Forecast) -> Report:
    """A storm of visitors with accounts, who are signed out afterwards."""
    since = timezone.now()
    buyers = sign_in(forecast.visitors)
    try:
        aftermath = _rage(replace(forecast, buyers=buyers))
        return aftermath.judge(forecast, sales.audit(forecast.slug, aftermath.diaries))
    finally:
        sales.sign_out([buyer[settings.SESSION_COOKIE_NAME] for buyer in buyers], since)


def _rage(forecast: Forecast) -> Aftermath:
    aftermath: Aftermath = uvloop.run(storm(forecast, settings.REDIS_URL))
    return aftermath


def _forecast(options: dict[str, Any]) -> Forecast:
    """The storm that is asked for; raises CannotStorm or BadAddress where it makes no sense."""
    habits = Habits(
        **{name.replace("-", "_"): _number(options, name, most=1.0) for name in SHARES},
        stay=_number(options, "stay", most=LONGEST),
        stays_vary=options["stays_vary"],
    )
    visitors, arrive_in = options["visitors"], _number(options, "arrive-in", most=LONGEST)
    if visitors < 1:
        raise CannotStorm(f"--visitors must be at least 1, not {visitors}")
    make_room_for(math.ceil(visitors * (1 + habits.second_tab)))
    site = Site.at(options["url"] or f"http://127.0.0.1:{os.environ.get('PORT') or 8000}")
    room, now = find_room(options["slug"])
    if room.account_required and not options["buy"]:
        raise CannotStorm(f"the waiting room {room.slug} takes accounts only: add --buy, whose visitors have one")
    timeout = patience_s(visitors, arrive_in, habits, now, buys=options["buy"])
    if options["timeout"] is not None:
        timeout = _number(options, "timeout", most=LONGEST)
    return Forecast(
        site,
        room.slug,
        visitors,
        arrive_in,
        habits,
        timeout,
        was_patient=options["timeout"] is None,
        idle_seconds=room.idle_seconds,
        claim_seconds=room.claim_seconds,
        longest_stay_seconds=room.longest_stay_seconds,
        look_seconds=_number(options, "look", most=LONGEST),
    )


def _number(options: dict[str, Any], name: str, most: float) -> float:
    """The option's value, if it is a sensible number; raises CannotStorm."""
    value: float = options[name.replace("-", "_")]
    if not 0 <= value <= most:  # false for NaN, too
        raise CannotStorm(f"--{name} must be a number from 0 to {most:g}, not {value:g}")
    return value
