"""The Procfile's lines as a supervisor configuration: every process respawned, none orphaned."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

# Where the terminal waits for the processes. Supervisor closes what lies below its `minfds` and hands on the rest,
# so they write to it themselves: no copying, and it may be a file, a pipe or a socket.
TERMINAL = 9

_MANAGER = """\
[supervisord]
nodaemon = true
logfile = /dev/null
logfile_maxbytes = 0
loglevel = warn
pidfile = {folder}/manager.pid
minfds = 5
{user}

[group:site]
programs = {site}
priority = 20
"""
_PROCESS = """
[program:{name}]
command = {command}
priority = 10
autorestart = true
startsecs = 2
startretries = 1000
stopwaitsecs = 9
killasgroup = true
stdout_logfile = NONE
stderr_logfile = NONE
"""


def read_procfile(path: Path) -> dict[str, str]:
    """The processes by name, each a line for the shell."""
    lines = (line.split(":", 1) for line in path.read_text().splitlines() if line.strip() and line[0] != "#")
    return {name.strip(): command.strip() for name, command in lines}


def configuration(processes: Mapping[str, str], folder: Path) -> str:
    """Supervisor's configuration for `processes`, its own files in `folder`.

    Redis starts first and ends last; the others end together, each asked once by SIGTERM (a whole group asked at once
    would take Celery's children out of the middle of their tasks) and killed with all its children if it does not.
    """
    manager = _MANAGER.format(
        folder=folder,
        user="user = root" if os.geteuid() == 0 else "",  # said, or supervisor warns about it at every start
        site=",".join(name for name in processes if name != "redis"),
    )
    return manager + "".join(_PROCESS.format(name=name, command=_tethered(line)) for name, line in processes.items())


def _tethered(line: str) -> str:
    """One of supervisor's commands: dies with the manager, writes to the terminal, expands the line's variables."""
    tether = Path(__file__).with_name("tether.py")
    # Isolated and by path: `-m` would import the package, and Celery with it, only to be replaced.
    command = [sys.executable, "-I", str(tether), "sh", "-c", f"exec {line} >&{TERMINAL} 2>&1 {TERMINAL}>&-"]
    return shlex.join(command).replace("%", "%%")
