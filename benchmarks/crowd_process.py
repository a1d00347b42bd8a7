"""The crowd of sockets, in a process of its own, told what to do line by line."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks import cores
from benchmarks.rows import Unmeasured
from benchmarks.servers import ROOT, Server

ANSWER_WITHIN = 60.0  # seconds for a command; the longest, opening fifteen thousand sockets, takes half of it


class Silent(Unmeasured):
    """The crowd does not answer."""


@dataclass(frozen=True)
class CrowdProcess:
    """A running crowd."""

    process: subprocess.Popen[str]

    def do(self, what: str, **how: Any) -> Any:
        """Have the crowd carry out a command, and return its answer. Raises Silent."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **how}) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], ANSWER_WITHIN)[0]:
            raise Silent(f"no answer to {what!r} within {ANSWER_WITHIN:.0f} s")
        answer = self.process.stdout.readline()
        if not answer:
            raise Silent(f"the crowd ended at {what!r}")
        return json.loads(answer)

    def open(self, cookies: Sequence[str]) -> dict[str, float]:
        """Open a socket for each cookie."""
        opened: dict[str, float] = self.do("open", cookies=cookies)
        return opened


@contextmanager
def crowd(server: Server, slug: str | None) -> Iterator[CrowdProcess]:
    """A crowd that speaks our way to the room `slug`, or socket.io."""
    command = [sys.executable, "-m", "benchmarks.load.sockets", "--port", str(server.port)]
    child = subprocess.Popen(
        [*command, "--slug", slug] if slug else command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=cores.pinned(cores.OTHERS),
    )
    try:
        yield CrowdProcess(child)
    finally:
        child.kill()
        child.wait()
