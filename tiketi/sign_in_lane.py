"""Sign-ins one at a time, in half of a core's time: nobody's page waits behind them.

To hash a password is meant to be slow; a sale that opens brings hundreds of sign-ins at once, and anybody sends them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

# What makes or tries a password: the site's pages of accounts, and the console's.
PATHS = ("/accounts/", "/admin/login/", "/admin/password_change/", "/admin/auth/user/")
SHARE = 0.5
MAX_WAITING = 100
PATIENCE_SECONDS = 5.0


class LaneFull(Exception):
    """So many sign in that this one should come back."""


class SignInLane:
    """One process's."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def run(self, in_thread: Callable[..., Awaitable[Any]], work: Callable[..., Any], *args: object) -> Any:
        """The work's answer, once it is its turn. Raises LaneFull, at once or after PATIENCE_SECONDS.

        The next turn comes after a rest as long as the thread was busy: a share of the time, and not of the threads.
        """
        if self._waiting >= MAX_WAITING:
            raise LaneFull
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._turn.acquire()
        except TimeoutError as error:
            raise LaneFull from error
        finally:
            self._waiting -= 1
        busy = 0.0

        def timed() -> Any:
            nonlocal busy
            began = time.thread_time()
            try:
                return work(*args)
            finally:
                busy = time.thread_time() - began

        try:
            return await in_thread(timed)
        finally:
            rest = busy * (1 / SHARE - 1)
            asyncio.get_running_loop().call_later(rest, self._turn.release)


def hashes(scope: dict[str, Any]) -> bool:
    """Whether the request may have a password made or tried."""
    return scope["method"] == "POST" and str(scope["path"]).startswith(PATHS)
