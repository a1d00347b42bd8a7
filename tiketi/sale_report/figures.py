"""The report's single figures: each with its name, its value for people and for programs, and what it means."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from events.exports.table import at
from events.moments import moment, second
from tiketi.sale_report.report import SaleReport
from waitingroom.line_figures import Order, Waits
from waitingroom.reasons import Reason

LEFT_LINE: dict[Reason, str | Promise] = {
    Reason.LEFT: gettext_lazy("gave up the line"),
    Reason.ABSENT: gettext_lazy("vanished from the line"),
    Reason.DROPPED: gettext_lazy("sent out of the line by staff"),
    Reason.CLOSED: gettext_lazy("in line when it closed for good"),
    Reason.MERGED: gettext_lazy("had another place as well"),
}
LEFT_INSIDE: dict[Reason, str | Promise] = {
    Reason.PAID: gettext_lazy("inside, and bought"),
    Reason.LEFT: gettext_lazy("inside, and left without buying"),
    Reason.IDLE: gettext_lazy("inside, and fell asleep without buying"),
    Reason.ABANDONED: gettext_lazy("inside, and gave an order up"),
    Reason.STAYED: gettext_lazy("inside to the end of the longest stay"),
    Reason.UNCLAIMED: gettext_lazy("let in, and never came"),
    Reason.DROPPED: gettext_lazy("sent out from inside by staff"),
    Reason.MERGED: gettext_lazy("had another place as well"),
}
OTHER = pgettext_lazy("how a place ended", "otherwise")


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str | Promise
    shown: str
    value: int | float | str | None  # seconds, shares or won as numbers; None where nothing is known
    note: str | Promise = ""


@dataclass(frozen=True)
class Part:
    """What belongs together."""

    code: str
    title: str | Promise
    figures: tuple[Figure, ...]


def lasting(seconds: float | None) -> str:
    """A time as people read it: "1 min 12 s"; a dash where none is known."""
    if seconds is None:
        return "–"
    left = round(seconds)
    if left < 1:
        return _("under 1 s")
    parts = []
    for text, size in ((_("{count} h"), 3600), (_("{count} min"), 60), (_("{count} s"), 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(text.format(count=count))
    return " ".join(parts)


def share(of: float | None) -> str:
    """A part as people read it: "12 %"."""
    return "–" if of is None else f"{100 * of:.0f} %"


def _count(name: str | Promise, value: int, note: str | Promise = "") -> Figure:
    return Figure(name, f"{value:,}", value, note)


def _seconds(name: str | Promise, value: float | None, note: str | Promise = "") -> Figure:
    return Figure(name, lasting(value), None if value is None else round(value, 1), note)


def _share(name: str | Promise, value: float | None, note: str | Promise = "") -> Figure:
    return Figure(name, share(value), None if value is None else round(value, 6), note)


def _tau(name: str | Promise, value: float | None, note: str | Promise = "") -> Figure:
    return Figure(name, "–" if value is None else f"{value:.4f}", None if value is None else round(value, 6), note)


def _won(name: str | Promise, value: int, note: str | Promise = "") -> Figure:
    return Figure(name, _("₩{won}").format(won=f"{value:,}"), value, note)


def parts_of(report: SaleReport) -> tuple[Part, ...]:
    """The whole report, in its order."""
    found = [Part("line", gettext_lazy("Who came"), tuple(_line(report)))]
    if report.waited:
        found += [
            Part("waits", gettext_lazy("Waits"), tuple(_waits(report.line.waits))),
            Part("order", gettext_lazy("Order of admission"), tuple(_order(report.line.order))),
        ]
    if report.draw:
        found.append(Part("draw", gettext_lazy("Draw"), tuple(_draw(report))))
    if report.waited:
        found.append(Part("estimate", gettext_lazy("Estimated waits"), tuple(_estimate(report))))
    found.append(Part("gone", gettext_lazy("Who left, and how"), tuple(_gone(report))))
    found.append(Part("money", gettext_lazy("Seats and money"), tuple(_money(report))))
    if report.servers:
        found.append(Part("servers", gettext_lazy("Servers"), tuple(_servers(report))))
    missing = tuple(_missing(report))
    return (*found, Part("missing", gettext_lazy("What is missing"), missing)) if missing else tuple(found)


def _line(report: SaleReport) -> Iterator[Figure]:
    line = report.line
    if report.begins and report.ends:
        yield Figure(gettext_lazy("first recorded"), moment(report.begins), at(report.begins))
        yield Figure(gettext_lazy("last recorded"), moment(report.ends), at(report.ends))
    yield _count(
        gettext_lazy("came"),
        line.came,
        gettext_lazy("Drew a number or went straight in; whoever came twice counts twice."),
    )
    yield _count(gettext_lazy("went straight in"), line.straight_in)
    yield _count(gettext_lazy("drew a number"), line.drew)
    yield _count(gettext_lazy("let in from the line"), line.let_in)
    yield _count(gettext_lazy("missed their turn and waited again"), line.turns_missed)
    if line.recording.waiting is not None and line.recording.inside is not None:
        yield _count(gettext_lazy("in line now"), line.recording.waiting)
        yield _count(gettext_lazy("inside now"), line.recording.inside)


def _waits(waits: Waits) -> Iterator[Figure]:
    note = gettext_lazy("From drawing the number, or from the opening for who gathered before it, until the turn came.")
    yield _count(gettext_lazy("turns whose wait is known"), waits.count)
    yield _seconds(gettext_lazy("half waited no longer than (p50)"), waits.p50_s, note)
    yield _seconds(gettext_lazy("95 of 100 waited no longer than (p95)"), waits.p95_s)
    yield _seconds(gettext_lazy("longest wait"), waits.longest_s)


def _order(order: Order) -> Iterator[Figure]:
    tau = gettext_lazy(
        "Kendall's tau-b of the queue numbers and the order of the turns: 1 is strictly one after the other."
    )
    yield _tau(gettext_lazy("tau of number and turn"), order.tau, tau)
    yield _count(
        gettext_lazy("inversions"), order.inversions, gettext_lazy("Pairs in which the later number came in first.")
    )
    yield _count(
        gettext_lazy("overtaken visitors"),
        order.overtaken,
        gettext_lazy("Let in after a later number. The line passes over who is away, and goes on without them."),
    )


def _draw(report: SaleReport) -> Iterator[Figure]:
    draw, drawn = report.draw, report.line.drawn_order
    if draw is None:
        return
    yield _count(gettext_lazy("drawn"), draw.entries)
    yield _tau(
        gettext_lazy("tau of entry and rank"),
        draw.tau,
        gettext_lazy("By chance about 0: who entered earlier has no better rank."),
    )
    if drawn:
        yield _tau(
            gettext_lazy("tau of rank and turn"),
            drawn.tau,
            gettext_lazy("1: the drawn came in in the order of their ranks."),
        )
        yield _count(gettext_lazy("inversions among the drawn"), drawn.inversions)
    yield Figure(gettext_lazy("the verifier says"), draw.sentence, draw.verdict)


def _estimate(report: SaleReport) -> Iterator[Figure]:
    error = report.line.estimate_error
    yield _count(
        gettext_lazy("turns of whom it is known what they were told"),
        error.told,
        gettext_lazy("The wait on the first page after the number was drawn; before the opening none is told."),
    )
    yield _count(gettext_lazy("of these waited five seconds or more"), error.checked)
    yield _share(
        gettext_lazy("error, median"),
        error.median,
        gettext_lazy("How far the told wait was from the true one, as a part of the true one."),
    )
    yield _share(gettext_lazy("error, 90 of 100 no more than"), error.p90)
    yield _share(gettext_lazy("told too much (below zero: too little), median"), error.bias)


def _gone(report: SaleReport) -> Iterator[Figure]:
    line = report.line
    for reason, count in line.left_line.items():
        yield _count(LEFT_LINE.get(reason, OTHER), count)
    if line.never_seen:
        yield _count(
            gettext_lazy("drew a number and were never seen again"),
            line.never_seen,
            gettext_lazy("No cookies, or a program."),
        )
    for reason, count in line.left_inside.items():
        yield _count(LEFT_INSIDE.get(reason, OTHER), count)
    yield _count(gettext_lazy("came in"), line.came_in)
    ended = line.bought + line.did_not_buy
    yield _count(
        gettext_lazy("came in, are out again, and did not buy"),
        line.did_not_buy,
        share(line.did_not_buy / ended) if ended else "",
    )


def _money(report: SaleReport) -> Iterator[Figure]:
    sales = report.sales
    yield _count(gettext_lazy("seats on sale"), sales.seats)
    yield _count(gettext_lazy("seats sold"), sales.sold)
    yield _won(gettext_lazy("for valid tickets"), sales.won)
    yield _won(gettext_lazy("cancellation fees"), sales.fees_won)
    yield _won(gettext_lazy("paid back, or due back"), sales.refunded_won)
    yield _count(gettext_lazy("orders paid"), report.orders["paid"])
    yield _count(gettext_lazy("orders cancelled"), report.orders["cancelled"])
    yield _count(gettext_lazy("orders never paid"), report.orders["expired"] + report.orders["abandoned"])


def _servers(report: SaleReport) -> Iterator[Figure]:
    servers = report.servers
    if servers is None:
        return
    all_sales = gettext_lazy("Of the whole fleet, which all sales share, as it was ordered; no invoice.")
    yield _count(gettext_lazy("most servers ordered"), servers.most)
    yield Figure(gettext_lazy("server-hours"), f"{servers.hours:,.1f}", round(servers.hours, 2), all_sales)
    yield Figure(
        gettext_lazy("of these beyond the minimum"), f"{servers.extra_hours:,.1f}", round(servers.extra_hours, 2)
    )
    prices = {"won": f"{servers.prices.instance_month_won:,}", "hours": servers.prices.month_hours}
    by = _("These hours, at {won} won a month of {hours} hours.").format(**prices)
    yield _won(gettext_lazy("cost of the servers"), servers.won, by)
    yield _won(gettext_lazy("of this beyond the minimum"), servers.extra_won)


def _missing(report: SaleReport) -> Iterator[Figure]:
    line = report.line
    for loss in line.recording.losses:
        by = loss.by or report.made_at
        yield Figure(
            gettext_lazy("Redis lost its memory"),
            f"{moment(loss.after)} – {second(by)}",
            f"{at(loss.after)}/{at(by)}",
            gettext_lazy("Who came, came in or left between these instants is recorded in part, or not at all."),
        )
    if line.recording.waiting is None:
        yield Figure(
            gettext_lazy("Redis does not answer"),
            "",
            "",
            gettext_lazy("The last half minute, and who is in line now, are missing."),
        )
    if line.unrecorded_turns:
        yield _count(gettext_lazy("turns whose numbers were not kept"), line.unrecorded_turns)
    if line.unbalanced:
        yield _count(
            gettext_lazy("numbers that do not add up"),
            line.unbalanced,
            gettext_lazy("Above zero: gone without a trace. Below: never recorded as drawn."),
        )
