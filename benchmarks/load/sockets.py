"""Holds a crowd of sockets in a process of its own; takes commands as JSON lines, and answers each with one.

`open` (cookies: a JSON list), `mark` (keep the places heard), `forget` (count afresh), `report`, `entries`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from benchmarks.load import dialects
from benchmarks.load.crowd import Crowd

LONGEST_COMMAND = 1 << 24  # fifteen thousand visitors' cookies


def report(crowd: Crowd) -> dict[str, Any]:
    """What the crowd heard since it last forgot."""
    waiting = [visitor for visitor in crowd.visitors if not visitor.entered_at]
    return {
        "dropped": sum(not visitor.alive for visitor in waiting),
        "silent": sum(visitor.alive and not visitor.updates for visitor in waiting),
        "updates": sum(visitor.updates for visitor in waiting),
        "near_gaps_s": crowd.near_gaps,
        "client_cpu_s": time.process_time(),
    }


async def obey(crowd: Crowd, command: dict[str, Any]) -> Any:
    """Carry out one command."""
    match command["do"]:
        case "open":
            started = time.perf_counter()
            opened = await crowd.open(command["cookies"])
            return {"opened": opened, "seconds": time.perf_counter() - started}
        case "mark":
            crowd.mark()
            return {}
        case "forget":
            crowd.forget()
            return {}
        case "report":
            return report(crowd)
        case "entries":
            return [[visitor.place, visitor.entered_at] for visitor in crowd.visitors if visitor.entered_at]
    raise ValueError(f"unknown command {command}")


async def serve(crowd: Crowd) -> None:
    """Obey the commands on standard input until it ends."""
    reader = asyncio.StreamReader(limit=LONGEST_COMMAND)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        sys.stdout.write(json.dumps(await obey(crowd, json.loads(line))) + "\n")
        sys.stdout.flush()


def main() -> None:
    """Read where to connect from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--slug", help="our room; without it the peer's socket.io is spoken")
    given = parser.parse_args()
    dialect = dialects.ours(given.slug) if given.slug else dialects.socket_io()
    uvloop.run(serve(Crowd(given.port, dialect)))


if __name__ == "__main__":
    main()
