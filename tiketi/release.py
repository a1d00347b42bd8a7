"""What one instance does for all at a release, while the others wait: the tables, and the static files if need be."""

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection

from tiketi.postgresql import lift_limits

WAIT = timedelta(minutes=5)  # longer than any migration of ours; a boot waits for it
LOCK = 0x54494B455449  # "TIKETI": PostgreSQL's advisory locks are numbers, one space for each database
LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's word for a wait that reached lock_timeout


class ReleaseBusy(Exception):
    """Another process has been at the release for longer than the wait."""


def bring_up_to_date(within: timedelta = WAIT) -> None:
    """Migrate the tables and, where no release brought the static files, collect them. Twice is harmless.

    One process at a time on one database; the others wait `within`, and find nothing left to do. Raises ReleaseBusy,
    OperationalError.
    """
    with LOCKS[connection.vendor](within):
        call_command("migrate", interactive=False, verbosity=0)
    # A release brings them (deploy/release.py), and its folder is not the site's to write.
    if not settings.DEBUG and not (settings.BASE_DIR / "MANIFEST").exists():
        call_command("collectstatic", interactive=False, verbosity=0)


@contextmanager
def _postgresql(within: timedelta) -> Iterator[None]:
    """An advisory lock on a connection of its own: gone with the process that held it, however that ended."""
    guard = connection.copy()
    lift_limits(guard)  # they are not meant for whoever waits for a migration, which lifts its own (apps.py)
    try:
        with guard.cursor() as cursor:
            limit_ms = max(within // timedelta(milliseconds=1), 1)  # 0 would be no limit
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{limit_ms}ms"])
            try:
                cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                    raise _busy(within) from error
                raise
        yield
    finally:
        guard.close()


@contextmanager
def _sqlite(within: timedelta) -> Iterator[None]:
    """A lock on a file beside the database: SQLite alters no table within a transaction that somebody else opened."""
    deadline = time.monotonic() + within.total_seconds()
    with Path(f"{connection.settings_dict['NAME']}.release").open("w") as file:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() >= deadline:
                raise _busy(within)
            time.sleep(0.05)
        yield


def _busy(within: timedelta) -> ReleaseBusy:
    return ReleaseBusy(f"another process has been at this release for {within.total_seconds():.0f} s")


LOCKS: dict[str, Callable[[timedelta], AbstractContextManager[None]]] = {"postgresql": _postgresql, "sqlite": _sqlite}
