"""Supervisor, with one habit changed: it ends with its terminal instead of reloading.

A closed window sends SIGHUP, which supervisor takes for "read the configuration again": the site would go on, unseen.
"""

import signal
import sys
from pathlib import Path

from supervisor.options import ServerOptions
from supervisor.supervisord import go


class Options(ServerOptions):  # type: ignore[misc]  # supervisor ships no types
    """Supervisor's options and signals, SIGHUP among those that end it."""

    def get_signal(self) -> int | None:
        """The next signal to act upon, if any came."""
        received: int | None = super().get_signal()
        return signal.SIGTERM if received == signal.SIGHUP else received


def main(arguments: list[str]) -> None:
    """Run the processes of the configuration that the arguments name, until told to end."""
    options = Options()
    options.realize(arguments)
    options.first = True
    options.test = False
    go(options)
    folder = Path(options.configfile).resolve().parent
    sys.stdout.write(f"TIKETI has stopped; the data is kept in {folder}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
