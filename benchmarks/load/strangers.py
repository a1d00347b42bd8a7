"""Strangers who draw a number and forget it: no cookie is ever kept, at a steady rate, each from another network.

Raw keep-alive sockets and one epoll, in a process of its own: `python -m benchmarks.load.strangers --port P --path /x`,
which prints one line of JSON. One request is under way on each connection, so a slow site is asked less often: what was
reached is told. A balancer's `X-Forwarded-For` names a network of its own for each stranger, in turn.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time
from collections import Counter, deque

from benchmarks.load.http import is_whole

SOURCES = 100  # of our own loopback addresses


def main() -> None:
    """Read the job from the command line, drive it, print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--rate", type=float, default=5_000.0, help="a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--networks", type=int, default=2_000)
    parser.add_argument("--connections", type=int, default=128)
    given = parser.parse_args()
    json.dump(drive(given), sys.stdout)


def drive(given: argparse.Namespace) -> dict[str, object]:
    """Ask until the time is over; statuses, rate reached, processor used."""
    made = [_connected(given.port, i) for i in range(given.connections)]
    by_fd = {one.fileno(): one for one in made}
    head = f"GET {given.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nX-Forwarded-For: "
    poller = select.epoll()
    for fd in by_fd:
        poller.register(fd, select.EPOLLIN)
    idle, partial = deque(by_fd), dict[int, bytes]()  # in turn: none is idle for long enough to be closed
    statuses: Counter[str] = Counter()
    sent, lost, cpu, began = 0, 0, time.process_time(), time.perf_counter()
    while (passed := time.perf_counter() - began) < given.seconds:
        due = min(int(given.rate * passed) - sent, len(idle))
        for _ in range(due):
            sent += 1
            n = sent % given.networks
            stranger = f"{20 + n // 65_536}.{n // 256 % 256}.{n % 256}.{sent % 250 + 1}"
            by_fd[idle.popleft()].send(f"{head}{stranger}\r\n\r\n".encode())
        for fd, _ in poller.poll(0.001):
            answer = partial.pop(fd, b"") + by_fd[fd].recv(262_144)
            if not answer:  # a process that ends, or a refusal
                lost += 1
                poller.unregister(fd)
                by_fd.pop(fd).close()
                another = _connected(given.port, lost)
                by_fd[another.fileno()] = another
                poller.register(another.fileno(), select.EPOLLIN)
                idle.append(another.fileno())
            elif is_whole(answer):
                statuses[answer[9:12].decode()] += 1
                idle.append(fd)
            else:
                partial[fd] = answer
    answered = sum(statuses.values())
    return {
        "asked_per_second": given.rate,
        "reached_per_second": round(answered / passed, 1),
        "statuses": dict(statuses),
        "connections_lost": lost,
        "client_cpu_share": round((time.process_time() - cpu) / passed, 3),
    }


def _connected(port: int, turn: int) -> socket.socket:
    source = (f"127.1.0.{1 + turn % SOURCES}", 0)
    made = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=source)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


if __name__ == "__main__":
    main()
