"""The report as files: what the exports of events know as tables."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy, pgettext_lazy

from events.exports.table import Column, Right, Table, at
from events.models import Event
from scaling.servers_ordered import Step
from tiketi.sale_report.figures import Figure, Part, parts_of
from tiketi.sale_report.report import Stretch, report_of
from tiketi.sale_report.timeline import Entry, acts, decisions, merged


def figures(event: Event) -> Iterable[tuple[Part, Figure]]:
    """Every single figure, by part."""
    return [(part, figure) for part in parts_of(report_of(event)) for figure in part.figures]


def stretches(event: Event) -> list[Stretch]:
    """The sale by steps of time."""
    return report_of(event).stretches


def servers(event: Event) -> Iterable[Step]:
    """What was ordered when."""
    found = report_of(event).servers
    return found.steps if found else ()


def timeline(event: Event) -> list[Entry]:
    """Acts and decisions."""
    report = report_of(event)
    if report.begins is None or report.ends is None:
        return merged(acts(event))
    return merged(acts(event), decisions(report.begins, report.ends))


def _tenth(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


FIGURES = Table(
    "figures",
    gettext_lazy("Figures"),
    Right.FINANCE,
    (
        Column(gettext_lazy("part"), lambda row: str(row[0].title)),
        Column(gettext_lazy("figure"), lambda row: str(row[1].name)),
        Column(gettext_lazy("value"), lambda row: row[1].value),
        Column(gettext_lazy("as people read it"), lambda row: row[1].shown),
        Column(gettext_lazy("what it means"), lambda row: str(row[1].note)),
    ),
    figures,
)
OVER_TIME = Table(
    "over-time",
    gettext_lazy("Over time"),
    Right.FINANCE,
    (
        Column(pgettext_lazy("report", "from"), lambda row: at(row.at)),
        Column(gettext_lazy("came"), lambda row: row.came),
        Column(gettext_lazy("let in"), lambda row: row.let_in),
        Column(gettext_lazy("left the line"), lambda row: row.left),
        Column(gettext_lazy("wait p50, s"), lambda row: _tenth(row.waits.p50_s)),
        Column(gettext_lazy("wait p95, s"), lambda row: _tenth(row.waits.p95_s)),
        Column(gettext_lazy("longest wait, s"), lambda row: _tenth(row.waits.longest_s)),
        Column(gettext_lazy("seats, net"), lambda row: row.seats),
        Column(gettext_lazy("won, net"), lambda row: row.won),
    ),
    stretches,
)
SERVERS = Table(
    "servers",
    gettext_lazy("Servers"),
    Right.FINANCE,
    (
        Column(pgettext_lazy("report", "from"), lambda row: at(row.at)),
        Column(gettext_lazy("servers ordered"), lambda row: row.servers),
        Column(gettext_lazy("reason"), lambda row: row.reason, right=Right.DECISIONS),
    ),
    servers,
)
TIMELINE = Table(
    "timeline",
    gettext_lazy("Acts and decisions"),
    Right.ACTS,
    (
        Column(gettext_lazy("at"), lambda row: at(row.at)),
        Column(gettext_lazy("who"), lambda row: row.who),
        Column(gettext_lazy("what"), lambda row: row.what),
        Column(gettext_lazy("why"), lambda row: row.why),
    ),
    timeline,
)
TABLES = {table.name: table for table in (FIGURES, OVER_TIME, SERVERS, TIMELINE)}
