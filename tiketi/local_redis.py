"""A real Redis for a machine that has none: found, started, adopted.

    python -m tiketi.local_redis

runs it in the foreground. One server a data folder: a lock that the server inherits says whether it lives.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tiketi import loopback, tether
from tiketi.redis_binary import RedisUnavailable, find_server

START_WITHIN = 60.0  # seconds; a million waiting are read back in about two
STOP_WITHIN = 8.0
ROOM_NEEDED = 64 * 1024 * 1024  # bytes of free disk, below which an append-only file has no future


def recorded_url(folder: Path) -> str:
    """The address of the Redis that serves `folder`, whether it runs yet or not; Redis's usual one for no folder."""
    try:
        return f"redis://127.0.0.1:{loopback.kept_port(folder)}/0"
    except OSError:  # cannot be written: no server of ours will ever run there
        return "redis://127.0.0.1:6379/0"


class LocalRedis:
    """The Redis of one data folder, on the loopback interface; as a context manager, ended at the end.

    Adopted, not doubled, when it already runs; `stop` leaves an adopted server running.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return recorded_url(self.folder)

    @property
    def adopted(self) -> bool:
        return self.process is None

    @property
    def pid(self) -> int:
        """The running server's process, ours or adopted."""
        return int((self.folder / "redis.pid").read_text())

    def client(self) -> redis.Redis:
        """A plain client of this server: answers are text, and a failure is told at once, not after three tries."""
        at_once = Retry(NoBackoff(), 0)
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=2, retry=at_once)

    def start(self) -> Self:
        """Have the folder's Redis answer, started or adopted. Raises RedisUnavailable, saying in one line why not."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise RedisUnavailable(f"Redis cannot keep its data in {self.folder}: {error.strerror}.") from error
        try:
            _until(lambda: self._is_adopted_or_launched(lock), self._silent)
        finally:
            os.close(lock)
        return self

    def _is_adopted_or_launched(self, lock: int) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # a server lives here; perhaps started this very moment
            return self.answers()
        self._launch(lock)
        return True

    def _launch(self, lock: int) -> None:
        if shutil.disk_usage(self.folder).free < ROOM_NEEDED:
            raise RedisUnavailable(
                f"No disk left for Redis in {self.folder}: it needs {ROOM_NEEDED >> 20} MB at least."
            )
        # Nobody holds the lock, so whoever left these is dead.
        (self.folder / "redis.pid").unlink(missing_ok=True)
        (self.folder / "redis.log").unlink(missing_ok=True)
        if not loopback.is_free(loopback.kept_port(self.folder)):
            loopback.draw_anew(self.folder)
        self.process = subprocess.Popen(
            [find_server(), *self._options()],
            stdin=subprocess.DEVNULL,
            pass_fds=[lock],  # so the lock lives exactly as long as the server
            preexec_fn=tether.die_with_parent,
        )
        _until(self._is_up, self._silent)

    def _options(self) -> list[str]:
        options = {
            "port": str(loopback.kept_port(self.folder)),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            "pidfile": str(self.folder / "redis.pid"),
            "logfile": str(self.folder / "redis.log"),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",  # a torn last write costs that write, not the line
            "maxmemory-policy": "noeviction",  # a full memory refuses newcomers; it must not forget those waiting
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _is_up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise RedisUnavailable(f"Redis did not start: {self._last_words()}")
        return self.answers()

    def answers(self) -> bool:
        """Whether a Redis answers on the kept port and really keeps its data in this folder."""
        with closing(self.client()) as client:
            try:
                folder = cast(dict[str, str], client.config_get("dir"))["dir"]
            except redis.RedisError:
                return False
        return Path(folder).resolve() == self.folder

    def _silent(self) -> str:
        return f"The Redis of {self.folder} runs, but does not answer; see its redis.pid and redis.log."

    def _last_words(self) -> str:
        log = self.folder / "redis.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        if any("Bad file format" in line for line in lines):
            return (
                f"the append-only file in {self.folder} is damaged before its end. "
                "Repair it with `redis-check-aof --fix`, or move the folder away to begin with an empty line."
            )
        return lines[-1] if lines else "it said nothing."

    def wait(self) -> int:
        """Wait for the server's end, ours or adopted; its exit code, or 0 where it was not ours to know."""
        if self.process is not None:
            return self.process.wait()
        while self.answers():
            time.sleep(1)
        return 0

    def stop(self) -> None:
        """End the server in order, if it is ours."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self.kill()
            self.process = None

    def kill(self) -> None:
        """End the server as a power cut would, if it is ours; `start` brings it back, on the same port and data."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _until(done: Callable[[], bool], complaint: Callable[[], str]) -> None:
    deadline = time.monotonic() + START_WITHIN
    while not done():
        if time.monotonic() > deadline:
            raise RedisUnavailable(complaint())
        time.sleep(0.02)


def main() -> None:
    """Keep the local Redis in the foreground until it ends or we are told to end it."""
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda number, frame: sys.exit(0))
    if os.environ.get("REDIS_URL"):
        sys.stderr.write("REDIS_URL is set: no local Redis is needed.\n")
        signal.pause()
    # Asked for by name: Django is not needed to run a Redis.
    folder = Path(os.environ.get("TIKETI_LOCAL_DIR") or Path(__file__).resolve().parent.parent / ".local")
    try:
        with LocalRedis(folder / "redis") as server:
            sys.stderr.write(f"Redis {'adopted' if server.adopted else 'started'}: {server.url} (pid {server.pid})\n")
            sys.exit(server.wait())
    except (RedisUnavailable, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
