"""The report for people."""

from typing import Any

from rich.console import Console
from rich.table import Table

from tiketi.storm.report import Report, Spread


def show(report: Report, console: Console) -> None:
    """Print the report as tables, the verdict last."""
    table = Table(title="Storm", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for what, value, remark in _rows(report):
        table.add_row(what, value, remark)
    console.print(table)
    for title, counts in (
        ("Purchases", report.purchases),
        ("Errors", report.errors_by_kind),
        ("Asked to come again", report.retries),
        ("Sockets ended by the site, by close code", report.reconnects),
    ):
        if counts:
            console.print(f"[bold]{title}[/bold]")
            for kind, times in counts.items():
                console.print(f"  {times:>7,}  {kind}", markup=False, highlight=False)
    for told in report.overtaken:
        console.print(
            "[bold]Overtaken:[/bold] {visitor} admitted at {admitted} s, {by} at {and_was_admitted} s".format(**told)
        )
    if report.cut_short:
        console.print(f"[yellow]Cut short by {report.cut_short}: what follows holds for what was seen.")
    if report.broken:
        console.print(f"[bold red]Broken: {', '.join(report.broken)}")
    else:
        console.print("[bold green]Every invariant held.")


def _rows(report: Report) -> list[tuple[str, str, str]]:
    return [
        *_opening(report.opening or {}),
        ("visitors", f"{report.visitors:,}", f"{report.arrivals_per_second:,.0f} arrivals a second"),
        ("went straight in", f"{report.straight_in:,}", ""),
        ("drew a number", f"{report.joined:,}", f"{report.admitted:,} admitted, {report.gone:,} gone"),
        ("still waiting", f"{report.waiting:,}", f"after {report.seconds:,.0f} s; {report.turned_away:,} turned away"),
        (
            "peak active",
            f"{report.peak_active:,}",
            f"threshold {report.threshold:,}; looks <= {report.longest_gap_ms:,.0f} ms apart",
        ),
        ("arriving", _spread(report.join_ms), "p50 / p99, to the first page"),
        ("waited", _spread(report.wait_ms), "p50 / p99, of those whose turn came"),
        ("called in", _spread(report.enter_ms), "p50 / p99, admission to queue-enter"),
        (
            "estimated wait",
            f"{_share(report.estimate_error_median)} / {_share(report.estimate_error_p90)}",
            f"median / p90 error ({_share(report.settled_error_median)} / {_share(report.settled_error_p90)} "
            f"from the tenth departure on); bias {_share(report.estimate_bias)}; "
            f"grew by {report.estimate_rise_without_cause:.0%} at most without a cause",
        ),
        (
            "longest stall",
            f"{report.longest_stall_ms:,.0f} ms",
            f"vacancy, token and somebody present; {report.stalls:,} over 2 s",
        ),
        ("grown positions", f"{report.grown_positions:,}", f"of who stayed; {report.cut_off:,} lost the socket"),
        ("thrown out", f"{report.thrown_out:,}", "before their time"),
        ("inversions", f"{report.inversions:,}", "overtaken while present"),
        ("changed numbers", f"{report.changed_numbers:,}", ""),
        ("lost", f"{report.lost:,}", ""),
        ("wasted places", f"{report.wasted_places:,}", f"of the {report.vanished:,} who vanished"),
        ("inside", _spread(report.inside_ms), "p50 / p99, first page to leaving"),
        ("answers over HTTP", _spread(report.answer_ms), "p50 / p99"),
        ("places refilled", f"{report.refilled:,}", f"{report.idle_share:.1%} of the room empty meanwhile"),
        ("orders", f"{report.orders:,}", f"{report.oversold:,} seats sold twice"),
        ("errors", f"{report.errors:,}", ""),
        ("the storm itself", _spread(report.late_ms), f"p50 / p99 late; {report.cpu_seconds:,.0f} s of CPU"),
    ]


def _opening(told: dict[str, Any]) -> list[tuple[str, str, str]]:
    if not told:
        return []
    rows = [
        ("gathered", f"{told['gathered']:,}", f"{told['early']:,} let in before the instant"),
        (
            "in line or inside",
            f"{told['lined_up_ms']:,.0f} ms" if "lined_up_ms" in told else "never",
            f"after the instant, {told['missing']:,} missing; told {_spread(Spread(**told['told_ms']))} after it",
        ),
        (
            "busiest second",
            f"{told['opening_peak']:,}",
            f"requests at the opening, {told['gathering_peak']:,} in the gathering: {_asked(told['opening_asked'])}",
        ),
    ]
    if "tau" in told:
        rows += [
            ("entrants", f"{told['entrants']:,}", f"{told['unentered']:,} had shown, and have no entry"),
            ("tau", f"{told['tau']:+.4f}", f"of arrival and rank; within {told['tau_limit']:.4f} by chance"),
            ("verify.py", told["verified"], f"the bundle and {told['receipts']:,} receipts"),
            ("wrong numbers", f"{told['wrong_numbers']:,}", "not those of the ranks"),
            ("tampered", ", ".join(told["passed"]) or "all refused", "copies of the bundle, each in its own words"),
        ]
    return rows


def _spread(spread: Spread) -> str:
    return "-" if spread.p50 is None else f"{spread.p50:,.0f} / {spread.p99:,.0f} ms"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _asked(addresses: dict[str, int]) -> str:
    return ", ".join(f"{times:,} {path}" for path, times in addresses.items()) or "none"
