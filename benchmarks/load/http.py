"""A keep-alive HTTP client that is lighter than any server it loads: raw sockets and one epoll.

One request is under way on each connection. Run as a process of its own, pinned away from the server:
`python -m benchmarks.load.http --port P --request FILE`, which prints one line of JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

SEPARATOR = b"\r\n\r\n"
LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclasses.dataclass(frozen=True)
class Load:
    """What one run of the client saw; latencies in milliseconds."""

    requests: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float
    client_cpu_share: float


def request(path: str, *, cookie: str = "", accept: str = "application/json", codings: str = "") -> bytes:
    """The bytes of one GET, with few headers, as a load balancer's keep-alive connection carries them."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", f"Accept: {accept}"]
    if codings:
        lines.append(f"Accept-Encoding: {codings}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", ""]).encode()


def is_whole(answer: bytes) -> bool:
    """Whether a whole response has arrived, with a Content-Length or in chunks."""
    head = answer.find(SEPARATOR)
    if head < 0:
        return False
    at = answer.find(b"ength: ", 0, head)  # Content-Length, in either case
    if at < 0:
        return answer.find(b"chunked", 0, head) > 0 and answer.endswith(LAST_CHUNK)
    length = int(answer[at + 7 : answer.find(b"\r", at)])
    return len(answer) >= head + 4 + length


def connect(port: int) -> socket.socket:
    """A blocking connection that sends small requests at once."""
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def drive(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, expect: bytes) -> Load:
    """Keep `connections` busy with `requests` in turn for `seconds`; a status other than `expect` is an error."""
    sockets = [connect(port) for _ in range(connections)]
    by_fd = {made.fileno(): made for made in sockets}
    upcoming = cycle(requests)
    poller = select.epoll()
    clock = time.perf_counter
    sent_at: dict[int, float] = {}
    partial: dict[int, bytes] = {}
    latencies: list[float] = []
    errors = 0
    cpu = time.process_time()
    started = clock()
    for fd in by_fd:
        poller.register(fd, select.EPOLLIN)
        sent_at[fd] = clock()
        os.write(fd, next(upcoming))
    deadline = started + seconds
    now = started
    while now < deadline:
        for fd, _ in poller.poll(1.0):
            answer = os.read(fd, 262144)
            if not answer:
                raise ConnectionError(f"the server closed a connection after {len(latencies)} answers")
            if fd in partial:
                answer = partial.pop(fd) + answer
            if not is_whole(answer):
                partial[fd] = answer
                continue
            now = clock()
            latencies.append(now - sent_at[fd])
            errors += answer[9:12] != expect
            sent_at[fd] = now
            os.write(fd, next(upcoming))
        now = clock()
    elapsed = now - started
    cpu = time.process_time() - cpu
    for made in sockets:
        made.close()
    latencies.sort()
    return Load(
        requests=len(latencies),
        errors=errors,
        per_second=len(latencies) / elapsed,
        p50_ms=1000 * latencies[len(latencies) // 2],
        p99_ms=1000 * latencies[len(latencies) * 99 // 100],
        client_cpu_share=cpu / elapsed,
    )


def main() -> None:
    """Read the job from the command line, drive it, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True, help="a JSON list of request texts")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--expect", default="202")
    given = parser.parse_args()
    requests = [text.encode() for text in json.loads(given.requests.read_text())]
    seen = drive(
        given.port, requests, connections=given.connections, seconds=given.seconds, expect=given.expect.encode()
    )
    json.dump(dataclasses.asdict(seen), sys.stdout)


if __name__ == "__main__":
    main()
