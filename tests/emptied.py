"""Emptying the database after a test that commits: what Django makes anew then is put back as rows.

Content types, permissions and groups are asked for app by app and made one by one: it took a third of the suite's time.
"""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]

_made: dict[str, Rows] = {}  # by the database's name


def put_back(verbosity: int, interactive: bool, db: str, **more: Any) -> None:
    """In place of `emit_post_migrate_signal` after a flush."""
    connection = connections[db]
    ContentType.objects.clear_cache()  # whose numbers may be those of what was there before
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and name in _made:
        with transaction.atomic(using=db), connection.cursor() as cursor:
            for table, (columns, rows) in _made[name].items():
                named = ", ".join(map(connection.ops.quote_name, columns))
                values = ", ".join(["%s"] * len(columns))
                cursor.executemany(
                    f"INSERT INTO {connection.ops.quote_name(table)} ({named}) VALUES ({values})",  # noqa: S608  (the database's own names)
                    rows,
                )
    else:
        emit_post_migrate_signal(verbosity, interactive, db, **more)
        _made[name] = _rows(connection)


def _rows(connection: BaseDatabaseWrapper) -> Rows:
    """All there are, of tables that have some."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (the same)
            rows = cursor.fetchall()
            if rows:
                found[table] = [column[0] for column in cursor.description], rows
    return found
