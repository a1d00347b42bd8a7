"""Three storms at once share a fleet that grows from 2 to 7; and the same three in the simulator."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.evenings.restarts import judge_storm
from benchmarks.evenings.stack import Stack, running, storm
from benchmarks.evenings.verdict import Verdict
from scaling.ramp import counted
from scaling.simulator import storms as simulated

FROM, TO, RAMP_S = 2, 7, 30
PER_INSTANCE = (60, 120, 240)  # each room's threshold for each instance
PER_MINUTE = 250  # visitors a minute for each instance, everywhere
ARRIVE_IN, STAY = 20, 20.0
BURST_S = 1.25  # of tokens may gather
ERROR_MEDIAN, ERROR_P90, RISE = 0.1, 0.3, 0.1
AGREES, LEAST_S = 0.1, 20.0  # of shorter waits two seconds: both count whole ones


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many come to each room, and how long servers boot."""
    parser.add_argument("--visitors", type=int, default=1_000, help="for each of the three rooms")
    parser.add_argument("--boot", type=float, default=60.0, help="seconds an instance boots")


@dataclass
class Looks:
    """The rooms and the fleet once a second."""

    at: list[float] = field(default_factory=list)
    admitted: list[tuple[int, ...]] = field(default_factory=list)
    waiting: list[tuple[int, ...]] = field(default_factory=list)
    in_service: list[float] = field(default_factory=list)  # by the emulated group, new ones by the ramp
    shared: list[float] = field(default_factory=list)  # what the rooms together count on
    desired: list[int] = field(default_factory=list)


def evening(given: argparse.Namespace, folder: Path) -> Verdict:
    """Three storms, one order; judge every minute of it, and hold the simulator beside it."""
    verdict = Verdict(f"three-sales: 3 x {given.visitors:,} visitors, fleet {FROM} -> {TO}, boot {given.boot:g} s")
    fleet = {"SCALING_MINIMUM": str(FROM), "SCALING_MAXIMUM": str(TO), "SCALING_BOOT_S": f"{given.boot:g}"}
    with running(folder, **fleet, SCALING_RAMP_S=str(RAMP_S), SCALING_CROWD="1000000") as stack:
        slugs = stack.slugs()[:3]
        for slug, per_instance in zip(slugs, PER_INSTANCE, strict=True):
            settings = (f"threshold_per_instance={per_instance}", f"users_per_minute_per_instance={PER_MINUTE}")
            stack.manage("waitingroom", "set", slug, *settings)
        looks, over = Looks(), threading.Event()
        watch = threading.Thread(target=_watch, args=(stack, slugs, looks, over))
        watch.start()
        with ExitStack() as storms:
            options = {"visitors": given.visitors, "arrive_in": ARRIVE_IN, "stay": STAY}
            raging = [storms.enter_context(storm(stack, slug, "--vanish", "0", **options)) for slug in slugs]
            stack.manage("scaling", "set", f"desired={TO}")
            reports = [one.report(within=1_800) for one in raging]
        over.set()
        watch.join()
        _judge_fleet(verdict, looks)
        for slug, report in zip(slugs, reports, strict=True):
            judge_storm(verdict, report, f"{slug}: the storm")
            _judge_estimate(verdict, slug, report)
        _judge_agreement(verdict, given, slugs, reports, looks)
        verdict.expect("processes that ended by themselves", "none", stack.dead() or "none", held=not stack.dead())
        verdict.note("tracebacks in the logs", stack.tracebacks())
    return verdict


def _watch(stack: Stack, slugs: Sequence[str], looks: Looks, over: threading.Event) -> None:
    client = stack.client()
    while not over.wait(1.0):
        pipeline = client.pipeline()
        pipeline.time()
        pipeline.get("group:{scaling}")
        for slug in slugs:
            pipeline.hget(f"state:{{{slug}}}", "admitted")
            pipeline.zcard(f"queue:{{{slug}}}")
            pipeline.hget(f"fleet:{{{slug}}}", "in_service")
        (seconds, micros), text, *rest = pipeline.execute()
        now = int(seconds) + int(micros) / 1e6
        group = json.loads(text) if text else {"desired": FROM, "instances": []}
        staying = [one["ready_at"] for one in group["instances"] if one["leaving_at"] > now]
        looks.at.append(now)
        looks.admitted.append(tuple(int(value or 0) for value in rest[0::3]))
        looks.waiting.append(tuple(int(value) for value in rest[1::3]))
        looks.shared.append(sum(float(value or 0) for value in rest[2::3]))
        looks.in_service.append(counted(staying, now=now, ramp_s=RAMP_S)[0] if staying else float(FROM))
        looks.desired.append(int(group["desired"]))


def _judge_fleet(verdict: Verdict, looks: Looks) -> None:
    """Over every minute (a step each second) the rooms let in what is in service then, and one burst."""
    worst, at_worst, minutes = 0.0, "", 0
    for end in range(len(looks.at)):
        start = next(i for i in range(end + 1) if looks.at[end] - looks.at[i] <= 60)
        if start == end:
            continue
        let_in = sum(looks.admitted[end]) - sum(looks.admitted[start])
        steps = range(start, end)
        # What a second's look saw may have changed by the next: the more of both counts.
        capacity = sum(
            max(looks.in_service[i : i + 2]) * (looks.at[i + 1] - looks.at[i]) / 60 * PER_MINUTE for i in steps
        )
        allowed = capacity + max(looks.in_service[start : end + 1]) * PER_MINUTE / 60 * BURST_S + len(PER_INSTANCE)
        minutes += 1
        if let_in / allowed > worst:
            worst, at_worst = let_in / allowed, f"{let_in:,} of {allowed:,.0f} allowed"
    verdict.expect(
        "let in, in the worst minute", "within what is in service", f"{at_worst} ({minutes} minutes)", held=worst <= 1
    )
    over = max((shared - at for shared, at in zip(looks.shared, _highest(looks.in_service), strict=True)), default=0.0)
    verdict.expect(
        "what the rooms together count on", "never more than is in service", f"{over:+.2f}", held=over <= 0.01
    )
    verdict.note(
        "fleet in service", f"{min(looks.in_service):.1f} to {max(looks.in_service):.1f}, desired {max(looks.desired)}"
    )


def _highest(values: Sequence[float]) -> list[float]:
    """Each beside its neighbours: a look may fall between the word and the instant."""
    return [max(values[max(0, i - 1) : i + 2]) for i in range(len(values))]


def _judge_estimate(verdict: Verdict, slug: str, report: dict[str, Any]) -> None:
    median, p90, rise = (
        report[name] for name in ("settled_error_median", "settled_error_p90", "estimate_rise_without_cause")
    )
    seen = f"median {median}, p90 {p90}, bias {report['estimate_bias']}, rise without a cause {rise}"
    if rise > RISE:
        seen += "; " + ", ".join(
            "{from_s:g} -> {to_s:g} s at {since} -> {at} s".format(**one) for one in report["rises"][:5]
        )
    held = median is not None and median <= ERROR_MEDIAN and p90 <= ERROR_P90 and rise <= RISE
    verdict.expect(
        f"{slug}: the estimate", f"median <= {ERROR_MEDIAN}, p90 <= {ERROR_P90}, rise <= {RISE}", seen, held=held
    )


def _judge_agreement(
    verdict: Verdict, given: argparse.Namespace, slugs: Sequence[str], reports: Sequence[dict[str, Any]], looks: Looks
) -> None:
    """The same three in the simulator, the order at the same second."""
    began = min(report["began_at"] for report in reports)
    ordered = next((at for at, desired in zip(looks.at, looks.desired, strict=True) if desired == TO), looks.at[-1])
    sales = [
        simulated.storm(
            slug,
            report["visitors"],
            ARRIVE_IN,
            at_s=round(report["began_at"] - began),
            stay_s=STAY,
            threshold_per_instance=per_instance,
            users_per_minute_per_instance=PER_MINUTE,
        )
        for slug, report, per_instance in zip(slugs, reports, PER_INSTANCE, strict=True)
    ]
    outcomes = simulated.storms(
        sales, orders=[(max(0, round(ordered - began)), TO)], boot_s=given.boot, ramp_s=RAMP_S, minimum=FROM, maximum=TO
    )
    for i, (slug, report, outcome) in enumerate(zip(slugs, reports, outcomes, strict=True)):
        waits = [at for at, waiting in zip(looks.at, looks.waiting, strict=True) if waiting[i]]
        pairs = {
            "p50 wait": ((report["wait_ms"]["p50"] or 0) / 1000, outcome.p50_wait_s),
            "p99 wait": ((report["wait_ms"]["p99"] or 0) / 1000, outcome.p99_wait_s),
            "drained after": (waits[-1] - began if waits else 0.0, float(outcome.drained_after_s or 0)),
        }
        for what, (measured, said) in pairs.items():
            off = abs(measured - said) / max(said, LEAST_S)
            seen = f"{measured:.1f} s measured, {said:.1f} s simulated: {1 - off:.0%} agreement"
            verdict.expect(f"{slug}: {what}", f"within {AGREES:.0%} of the simulator", seen, held=off <= AGREES)
    verdict.note("simulated, let in each minute", simulated.total_per_minute(outcomes))
    verdict.note("measured, let in each minute", _by_minute(looks, began))


def _by_minute(looks: Looks, began: float) -> tuple[int, ...]:
    totals: list[int] = []
    for at, admitted in zip(looks.at, looks.admitted, strict=True):
        minute = int(max(0.0, at - began) // 60)
        totals += [0] * (minute + 1 - len(totals))
        totals[minute] = sum(admitted)
    return tuple(after - before for before, after in zip([0, *totals], totals, strict=False))
