"""Which changes of the database make a new edition: every one of the tables that public pages and maps are made of.

Noticed where the statements pass, so that no way of saving is forgotten: forms, bulk changes, `update()`, commands.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from events.front.edition import edition

MODELS = (
    "events.Event",
    "events.Venue",
    "events.Plan",
    "events.Section",
    "events.Seat",
    "events.PriceTier",
    "events.SectionPrice",
    "events.Document",
    "waitingroom.WaitingRoom",
)
_CHANGES = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE)\b\W*(?:(?:INTO|FROM|OR|IGNORE|TABLE|ONLY)\b\W*)*(\w+)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _tables() -> frozenset[str]:
    return frozenset(apps.get_model(name)._meta.db_table for name in MODELS)


def is_change(sql: str) -> bool:
    """Whether the statement changes what public pages tell of."""
    if sql[:6] in ("SELECT", "SAVEPO", "RELEAS", "PRAGMA"):
        return False
    found = _CHANGES.match(sql)
    return found is not None and found[1] in _tables()


def noticed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: FBT001 (Django's own signature)
    """Carry the statement out; once its change is committed there is a new edition, one for all of a transaction."""
    result = execute(sql, params, many, context)
    connection = context["connection"]
    if is_change(sql) and not any(run[1] == edition.renew for run in connection.run_on_commit):
        transaction.on_commit(edition.renew, using=connection.alias)
    return result


def watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Notice what passes over a new connection."""
    if noticed not in connection.execute_wrappers:
        connection.execute_wrappers.append(noticed)


def connect() -> None:
    """Notice from now on, in this process."""
    connection_created.connect(watch, dispatch_uid="events.front.changes")
