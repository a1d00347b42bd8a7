"""Measures every side in turn, prints a table, and writes the numbers and a chart: `python -m benchmarks`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from benchmarks import chart, cores, sites
from benchmarks.measures import (
    front,
    gate,
    growth,
    many_rooms,
    page,
    redis_time,
    sale,
    script,
    seats,
    sockets,
    throughput,
    workers,
)
from benchmarks.plan import QUICK, Plan
from benchmarks.rows import Row, Unmeasured, write
from benchmarks.servers import ROOT
from benchmarks.table import table

MEASURES: dict[str, Callable[[Plan, Path], Iterator[Row]]] = {
    "throughput": throughput.measure,
    "page": page.measure,
    "growth": growth.measure,
    "gate": gate.measure,
    "redis_time": redis_time.measure,
    "many_rooms": many_rooms.measure,
    "script": script.measure,
    "workers": workers.measure,
    "sockets": sockets.measure,
    "sale": sale.measure,
    "front": front.measure,
    "seats": seats.measure,
}
RESULTS = ROOT / "benchmarks" / "results"
CHART = ROOT / "docs" / "images" / "bench.png"


def main() -> None:
    """Read what to measure from the command line, and measure it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=MEASURES, action="append", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--quick", action="store_true", help="one short round, to see that everything runs")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where latest.json goes")
    parser.add_argument("--chart", type=Path, default=CHART, help="the picture to draw")
    given = parser.parse_args()
    console = Console()
    cores.stay_off_the_server()
    console.print(cores.sentence())
    sites.install_peer()
    began = time.monotonic()
    rows: list[Row] = []
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tiketi-bench-") as scratch:
        for name in given.only or MEASURES:
            with console.status(f"{name} ..."):
                try:
                    rows.extend(MEASURES[name](QUICK if given.quick else Plan(), Path(scratch) / name))
                except (Unmeasured, subprocess.SubprocessError, TimeoutError) as error:
                    failed.append(name)
                    console.print(f"{name}: {error}")
            write(rows, given.out / "latest.json")  # what was found is kept, whatever happens to the rest
            console.print(f"{name}: done at {time.monotonic() - began:.0f} s")
    console.print(table(rows))
    chart.draw(rows, given.chart)
    if failed:
        sys.exit(f"not measured to the end: {', '.join(failed)}")


if __name__ == "__main__":
    main()
