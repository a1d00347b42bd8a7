#!/usr/bin/env python
"""Django's command line, for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from tiketi.environment import Misconfigured

# The shell's own codes: for Ctrl-C, and for a reader such as `head` that has read enough.
INTERRUPTED, NOBODY_READS = 130, 141


def main() -> int:
    """Run the command; its exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
    try:
        try:
            execute_from_command_line(sys.argv)
        finally:
            sys.stdout.flush()
    except Misconfigured as faults:
        sys.stderr.write(f"TIKETI cannot run: {faults}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
    return 0


if __name__ == "__main__":
    sys.exit(main())
