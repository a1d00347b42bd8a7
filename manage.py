#!/usr/bin/env python
"""Django's command line, for this project."""

import os
import sys

from django.core.management import execute_from_command_line

from tiketi.environment import Misconfigured

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
    try:
        execute_from_command_line(sys.argv)
    except Misconfigured as faults:
        sys.stderr.write(f"TIKETI cannot run: {faults}\n")
        sys.exit(2)
