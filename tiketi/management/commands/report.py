"""`manage.py report`: how a sale went, from a terminal."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from events.exports.table import at
from events.models import Event
from tiketi.sale_report.figures import parts_of
from tiketi.sale_report.report import SaleReport, report_of
from waitingroom.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Tells how a sale went, so far or when it is over: waits, order, who left, what was sold, which servers."
    examples = (
        ("report gala", "the figures, a line each"),
        ("report gala --json", "the same for programs, and the sale by steps of time"),
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of what event."""
        parser.add_argument("slug", help="the event's name in addresses")
        parser.add_argument("--json", action="store_true", help="one object, for programs")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        """Print it."""
        event = Event.objects.select_related("room", "venue").filter(room__slug=slug).first()
        if event is None:
            raise CommandError(f"There is no event {slug!r}.")
        with timezone.override(event.zone):
            report = report_of(event)
            if options["json"]:
                self.stdout.write(json.dumps(as_json(report), ensure_ascii=False, indent=2))
                return
            for part in parts_of(report):
                self.stdout.write(f"{part.title}")
                for figure in part.figures:
                    self.stdout.write(f"  {figure.name}: {figure.shown}")


def as_json(report: SaleReport) -> dict[str, Any]:
    """Seconds, won and shares as numbers; instants by the venue's clock."""
    line = report.line
    return {
        "slug": report.event.slug,
        "made_at": at(report.made_at),
        "begins": at(report.begins),
        "ends": at(report.ends),
        "over": report.is_over,
        "came": line.came,
        "straight_in": line.straight_in,
        "drew": line.drew,
        "let_in": line.let_in,
        "turns_missed": line.turns_missed,
        "never_seen": line.never_seen,
        "waiting": line.recording.waiting,
        "inside": line.recording.inside,
        "wait_s": {
            "count": line.waits.count,
            "p50": line.waits.p50_s,
            "p95": line.waits.p95_s,
            "longest": line.waits.longest_s,
        },
        "order": {
            "tau": line.order.tau,
            "inversions": line.order.inversions,
            "overtaken": line.order.overtaken,
        },
        "estimate_error": {
            "told": line.estimate_error.told,
            "checked": line.estimate_error.checked,
            "median": line.estimate_error.median,
            "p90": line.estimate_error.p90,
            "bias": line.estimate_error.bias,
        },
        "left_line": {reason.name.lower(): count for reason, count in line.left_line.items()},
        "left_inside": {reason.name.lower(): count for reason, count in line.left_inside.items()},
        "did_not_buy": line.did_not_buy,
        "orders": report.orders,
        "seats": report.sales.seats,
        "sold": report.sales.sold,
        "won": report.sales.won,
        "refunded_won": report.sales.refunded_won,
        "servers": report.servers
        and {
            "most": report.servers.most,
            "hours": round(report.servers.hours, 3),
            "extra_hours": round(report.servers.extra_hours, 3),
            "won": report.servers.won,
            "extra_won": report.servers.extra_won,
        },
        "draw": report.draw
        and {
            "drawn": report.draw.entries,
            "verdict": report.draw.verdict,
            "tau_entry_rank": report.draw.tau,
            "tau_rank_turn": line.drawn_order.tau if line.drawn_order else None,
        },
        "losses": [[at(loss.after), at(loss.by)] for loss in line.recording.losses],
        "unrecorded_turns": line.unrecorded_turns,
        "over_time": [
            {
                "at": at(row.at),
                "came": row.came,
                "let_in": row.let_in,
                "left": row.left,
                "p50_s": row.waits.p50_s,
                "p95_s": row.waits.p95_s,
                "seats": row.seats,
                "won": row.won,
            }
            for row in report.stretches
        ],
    }
