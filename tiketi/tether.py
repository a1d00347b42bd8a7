"""A tether: whoever wears it dies with the parent.

    python -m tiketi.tether COMMAND [ARGUMENT ...]

A server whose parent was killed lives on, holding its port and its data; Linux ends it for us.
Elsewhere only an orderly end of the parent ends the children.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
# Looked up before any fork: the child between fork and exec may not wait for the loader's lock.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have the kernel kill this process, without appeal, when the thread that started it ends; survives exec."""
    if _prctl is not None and _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")


def main(command: list[str]) -> None:
    """Become `command`, tethered to whoever started this process."""
    parent = os.getppid()
    die_with_parent()
    if os.getppid() != parent:  # it died before the tether held
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606  (no shell is the point: the process itself is replaced)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
