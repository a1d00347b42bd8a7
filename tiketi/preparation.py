"""What must be there before the processes start: tables, static files, a demo season, a staff login."""

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import django
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError

from tiketi.environment import Misconfigured
from tiketi.local_redis import LocalRedis
from tiketi.redis_fitness import fitness
from tiketi.release import ReleaseBusy, bring_up_to_date
from waitingroom.redis_address import parsed
from waitingroom.redis_blocking import blocking_client

PATIENCE_SECONDS = 5.0  # with Redis


class CannotPrepare(Exception):
    """Why the site's data cannot be prepared, in one line."""


@dataclass(frozen=True)
class StaffLogin:
    """The demo's staff account."""

    username: str
    password: str


DEMO_STAFF = StaffLogin("staff", "tiketi-demo")


def prepare(folder: Path) -> StaffLogin | None:
    """Bring the data up to date; twice is harmless. The staff login, if this is a demo whose password still stands.

    Raises RedisUnavailable or CannotPrepare.
    """
    with _redis(folder):
        _read_settings()
        try:
            bring_up_to_date()
            if not settings.DEBUG:
                return None
            call_command("seed_demo", verbosity=0)
            return demo_staff()
        except ReleaseBusy as error:
            raise CannotPrepare(f"{error}.") from error
        except OperationalError as error:
            reason = str(error).strip().splitlines()[0]
            raise CannotPrepare(f"the database does not answer or cannot be written: {reason}") from error


def _read_settings() -> None:
    try:
        django.setup()
    except Misconfigured as faults:
        raise CannotPrepare(str(faults)) from faults


def _redis(folder: Path) -> AbstractContextManager[object]:
    """A Redis for the time of the preparation: the one given, else the folder's own."""
    if url := os.environ.get("REDIS_URL"):
        _read_settings()
        try:
            blocking_client(parsed(url), PATIENCE_SECONDS, PATIENCE_SECONDS).ping()
        except (redis.RedisError, ValueError) as error:
            raise CannotPrepare(f"no Redis answers at REDIS_URL: {error}") from error
        if too_old := fitness().too_old:
            raise CannotPrepare(f"REDIS_URL: {too_old}")
        return nullcontext()
    return LocalRedis(folder / "redis")


def demo_staff() -> StaffLogin | None:
    """Make the demo's staff account; None if somebody has changed its password since."""
    from django.contrib.auth import get_user_model  # needs the apps, which `prepare` has loaded by now

    users = get_user_model()._default_manager
    account, made = users.get_or_create(
        username=DEMO_STAFF.username, defaults={"is_staff": True, "is_superuser": True, "email": "staff@tiketi.example"}
    )
    if made:
        account.set_password(DEMO_STAFF.password)
        account.save()
    return DEMO_STAFF if account.check_password(DEMO_STAFF.password) else None
