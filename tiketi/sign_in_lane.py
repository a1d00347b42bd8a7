"""Sign-ins one at a time, in half of a core's time: nobody's page waits behind them.

To hash a password is meant to be slow; a sale that opens brings hundreds of sign-ins at once, and anybody sends them.
"""

import time
from collections.abc import Callable
from typing import Any

# What makes or tries a password: the site's pages of accounts, and the console's.
PATHS = ("/accounts/", "/admin/login/", "/admin/password_change/", "/admin/auth/user/")
SHARE = 0.5
MAX_WAITING = 100


class SignInLane:
    """One process's, as its threads' queue asks it: whether the next one may begin."""

    def __init__(self) -> None:
        self.open = True
        self._busy = 0.0

    def begin(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Nobody else's turn from now on; returns the work, which is timed."""
        self.open = False

        def timed() -> Any:
            began = time.thread_time()
            try:
                return work()
            finally:
                self._busy = time.thread_time() - began

        return timed

    @property
    def rest_seconds(self) -> float:
        """How long after the work's end the lane is to open again.

        As long as the thread was busy: a share of the time, and not of the threads.
        """
        return self._busy * (1 / SHARE - 1)


def hashes(scope: dict[str, Any]) -> bool:
    """Whether the request may have a password made or tried."""
    return scope["method"] == "POST" and str(scope["path"]).startswith(PATHS)
