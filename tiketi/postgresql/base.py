"""Django's backend, whose connections give up a server that says nothing.

`statement_timeout` and `lock_timeout` are the server's to keep; one that hangs, or whose packets get lost behind a
proxy that still takes ours, keeps nothing. TCP's own limits see only packets that nobody takes.
"""

import time
from math import inf
from select import POLLIN, poll
from typing import Any

import psycopg
from django.db.backends.postgresql import base

# The server's own limits come first, so that a slow statement fails with its name.
BEYOND_SERVER_S = 2.0
# A connection that answered so lately, and was not hung up on since, is not asked again whether it works.
PROVED_FOR_S = 5.0


class ImpatientConnection(psycopg.Connection[Any]):
    """Waits for an answer no longer than `patience_s`; None waits for ever."""

    patience_s: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg's, but a connection that was not answered in time is closed: nobody knows what it did."""
        given = self.patience_s if timeout is None else timeout
        try:
            return super().wait(gen, interval, given)
        except psycopg.OperationalError as error:
            if type(error) in _TOO_LATE:
                self.close()
                raise psycopg.OperationalError(f"the database did not answer within {given} s") from error
            raise


_TOO_LATE = (psycopg.errors._WaitTimeout,)  # as psycopg 3.3 says it; a test would notice another name


class DatabaseWrapper(base.DatabaseWrapper):
    """OPTIONS["seconds"]: the longest statement; a lock is waited for half as long. 0: no limit at all."""

    limited = True
    answered_at = -inf  # monotonic: when a request last found it working, to its end

    def get_connection_params(self) -> dict[str, Any]:
        """With the server's limits among the connection's settings, so that they cost no round trip."""
        params: dict[str, Any] = super().get_connection_params()
        self.seconds = float(params.pop("seconds", 0))
        if self.seconds and self.limited:
            limits = {
                "statement_timeout": self.seconds,
                "lock_timeout": self.seconds / 2,
                # A process that was stopped amid a transaction must not hold its locks for ever.
                "idle_in_transaction_session_timeout": 6 * self.seconds,
            }
            words = [f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items()]
            params["options"] = " ".join([*words, params.get("options", "")]).strip()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that waits no longer than its limits."""
        connection = super().get_new_connection(conn_params)
        connection.__class__ = ImpatientConnection  # Django asks the module `psycopg` for it, and nobody else
        if self.seconds and self.limited:
            connection.patience_s = self.seconds + BEYOND_SERVER_S
        return connection

    def close_if_unusable_or_obsolete(self) -> None:
        """As Django's, at a request's end: one that used the connection, or had it tried after an error, proved it."""
        tried: bool = self.health_check_done  # type: ignore[has-type]  # Django's
        used = (tried or self.errors_occurred) and not self.in_atomic_block
        super().close_if_unusable_or_obsolete()
        if used and self.connection is not None:  # it worked to the end, or was asked after the error
            self.answered_at = time.monotonic()
            self.health_check_done = False  # else the next request's start would take it for its own use

    def close_if_health_check_failed(self) -> None:
        """As Django's, before a request's first question, but without a question of its own a moment after another."""
        if self.connection is not None and time.monotonic() < self.answered_at + PROVED_FOR_S and self._is_silent():
            self.health_check_done = True
        super().close_if_health_check_failed()

    def _is_silent(self) -> bool:
        """Whether the server has said nothing unasked: as it ends, and as whoever is between hangs up, it does."""
        if self.connection.closed:
            return False
        waiting = poll()
        waiting.register(self.connection.fileno(), POLLIN)
        return not waiting.poll(0)

    def lift_limits(self) -> None:
        """No limits from now on: migrations take the time that they take."""
        self.limited = False
        if self.connection is not None:
            self.connection.patience_s = None
            with self.cursor() as cursor:
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                    cursor.execute(f"SET {name} = 0")
