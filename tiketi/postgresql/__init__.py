"""PostgreSQL as Django knows it, but for a server that hangs."""

from django.db.backends.base.base import BaseDatabaseWrapper


def lift_limits(connection: BaseDatabaseWrapper) -> None:
    """No limits on the connection's statements any more, if its database has any: for who means to wait."""
    lift = getattr(connection, "lift_limits", None)
    if lift is not None:
        lift()
