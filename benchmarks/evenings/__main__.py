"""One hard evening on a whole site of its own: `python -m benchmarks.evenings NAME`; exit 1 on a finding."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.evenings import buyers, flushall, last_seats, refunds, restarts, scrape, soak, strangers, three_sales

EVENINGS = {
    "restarts": restarts,
    "flushall": flushall,
    "strangers": strangers,
    "soak": soak,
    "three-sales": three_sales,
    "refunds": refunds,
    "last-seats": last_seats,
    "buyers": buyers,
    "scrape": scrape,
}


def main() -> None:
    """Read which evening, let it pass, print what it proved."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evenings", description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep data and logs there; thrown away otherwise")
    evenings = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name, module in EVENINGS.items():
        module.arguments(evenings.add_parser(name, help=module.__doc__, description=module.__doc__))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tiketi-evening-") as scratch:
        verdict = EVENINGS[given.name].evening(given, given.folder or Path(scratch))
    verdict.show()
    sys.exit(not verdict.held)


if __name__ == "__main__":
    main()
