"""Real Redis servers as sites run them: a primary with its replica, behind Sentinels or in a Cluster."""

import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.patience import until
from tiketi import loopback, tether
from tiketi.redis_binary import find_server


@dataclass
class Server:
    """One process, at its port on this machine."""

    port: int
    process: "subprocess.Popen[bytes]"
    client: redis.Redis
    folder: Path

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def is_primary(self) -> bool:
        with suppress(redis.RedisError):
            return bool(self.client.info("replication")["role"] == "master")  # type: ignore[index]
        return False

    def errors(self, word: str) -> int:
        """How often it refused with that word."""
        told = self.client.info("errorstats").get(f"errorstat_{word}", {})  # type: ignore[union-attr]
        return int(told.get("count", 0))

    def fill_disk(self) -> None:
        """From now on its append-only file takes not one byte more."""
        (file,) = self.folder.glob("appendonlydir/*.incr.aof")
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (file.stat().st_size, resource.RLIM_INFINITY))

    def clear_disk(self) -> None:
        """There is room again."""
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def becomes_replica_of(self, other: "Server") -> None:
        """Demote it, connections left open, until it has caught up with the other."""
        self.client.replicaof("127.0.0.1", str(other.port))
        until(lambda: self.client.info("replication").get("master_link_status") == "up", within=30)  # type: ignore[union-attr]


def _tethered() -> None:
    tether.die_with_parent()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that may grow no longer is a full disk, not the end


@contextmanager
def server(folder: Path, *options: str, password: str | None = None) -> Iterator[Server]:
    """A server with its data in `folder`; a configuration file may come first among the options."""
    port = loopback.free_port()
    folder.mkdir(parents=True, exist_ok=True)
    command = [find_server(), *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=_tethered)
    client = redis.Redis(
        port=port, password=password, decode_responses=True, socket_timeout=5, retry=Retry(NoBackoff(), 0)
    )
    one = Server(port, process, client, folder)
    try:
        until(lambda: one.answers() or process.poll() is not None, within=20)
        assert process.poll() is None, (folder / "log").read_text()
        yield one
    finally:
        client.close()
        process.kill()
        process.wait()


@contextmanager
def primary_and_replica(folder: Path, *options: str, password: str | None = None) -> Iterator[tuple[Server, Server]]:
    """Two servers, the second a replica of the first, in step."""
    quick = ("--repl-diskless-sync-delay", "0")
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(server(folder / name, *quick, *options, password=password)) for name in ("one", "other")
        )
        second.becomes_replica_of(first)
        yield first, second


def fail_over(old: Server, new: Server) -> None:
    """The other becomes the primary, and the old one its replica, without a connection cut."""
    new.client.replicaof("NO", "ONE")
    old.becomes_replica_of(new)
