"""Starts the load's client beside the server and reads what it saw."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress

from benchmarks.load.http import Load
from benchmarks.rows import Unmeasured
from benchmarks.servers import ROOT, Server

CONNECTIONS = 64
SETTLING = 5  # warm-ups at most; then the measurement itself says what is wrong
BOUND = 0.95  # of a core: above this the client itself may be what was measured


class Refused(Unmeasured):
    """The server answered something other than what the measurement is about."""


def load(
    server: Server,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int = CONNECTIONS,
    expect: int = 202,
) -> Load:
    """Drive `requests` at the server. Raises Refused on any other status than `expect`."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([request.decode() for request in requests], file)
        file.flush()
        command = [
            sys.executable, "-m", "benchmarks.load.http", "--port", str(server.port), "--requests", file.name,
            "--connections", str(connections), "--seconds", str(seconds), "--expect", str(expect),
        ]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=60 + seconds)
    seen = Load(**json.loads(done.stdout))
    if seen.errors:
        raise Refused(f"{seen.errors} of {seen.requests} answers on port {server.port} were not {expect}")
    return seen


def settle(server: Server, requests: Sequence[bytes], *, seconds: float) -> None:
    """Warm up until nothing is refused: after a long line was laid, Redis may be busy with its log for a while."""
    for _ in range(SETTLING):
        with suppress(Refused):
            load(server, requests, seconds=seconds)
            return
