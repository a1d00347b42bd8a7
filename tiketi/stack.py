"""The whole site on one machine, by one command: `make run`.

    python -m tiketi.stack            prepares the data, then runs the Procfile's processes until Ctrl-C
    python -m tiketi.stack prepare    prepares the data only, for those who run the Procfile by other means

Every trouble a person can have here is told in one line, before anything was started.
"""

import fcntl
import os
import resource
import shutil
import sys
from pathlib import Path

from tiketi import environment, loopback
from tiketi.environment import Environment, Misconfigured
from tiketi.preparation import CannotPrepare, prepare
from tiketi.processes import TERMINAL, configuration, read_procfile
from tiketi.redis_binary import RedisUnavailable

ROOT = Path(__file__).resolve().parent.parent
LOCK = 3  # below the manager's `minfds`: the manager holds it, its children do not
OPEN_FILES = 20_000  # one for each socket; more makes programs slow that close every file they could have open
ROOM_NEEDED = 256 * 1024 * 1024  # bytes of free disk

WELCOME = """
  TIKETI is starting:   {site}/
{staff}
  Pick an event and enter: with nobody in line you go straight in. To see the line, make a crowd in another terminal:

    .venv/bin/python manage.py waitingroom list
    .venv/bin/python manage.py storm SLUG --visitors 2000 --arrive-in 10 --stay 20 --url {site}

  Ctrl-C ends everything; the data stays in {folder}.

"""
STAFF = "  Staff console:        {site}/admin/   ({username} / {password})\n"


class CannotRun(Exception):
    """Why the stack cannot run here, in one line."""


def main(arguments: list[str]) -> None:
    """Prepare the site and, unless only that was asked for, become its process manager."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    folder = Path(os.environ.get("TIKETI_LOCAL_DIR") or ROOT / ".local").resolve()
    os.environ["TIKETI_LOCAL_DIR"] = str(folder)
    try:
        check_disk(folder)
        if arguments == ["prepare"]:
            prepare(folder)
        elif not arguments:
            run(folder)
        else:
            raise CannotRun(f"unknown argument {arguments[0]!r}; the only one is `prepare`.")
    except (CannotRun, CannotPrepare, RedisUnavailable) as reason:
        sys.exit(f"TIKETI cannot run: {reason}")
    except KeyboardInterrupt:
        sys.exit(130)  # the shell's own code for Ctrl-C


def run(folder: Path) -> None:
    """Prepare the site and become its process manager; does not return."""
    address, port = wanted_address()
    site = address_of_site(address, port)
    hold_the_folder(folder, site)
    if not loopback.is_free(port, address):
        if not loopback.is_free(0, address):  # any port
            raise CannotRun(f"LISTEN_ADDRESS must be an address of this machine, not {address}.")
        raise CannotRun(f"port {port} is taken; choose another: make run PORT={port + 1}")
    os.environ |= {"LISTEN_ADDRESS": address, "PORT": str(port)}
    if os.geteuid() == 0:  # Celery's reproach, at every start, is for servers; this is a demo on somebody's machine
        os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
    staff = prepare(folder)
    processes = read_procfile(ROOT / "Procfile")
    if os.environ.get("REDIS_URL"):
        del processes["redis"]
    manager = folder / "supervisord.conf"
    manager.write_text(configuration(processes, folder))
    login = STAFF.format(site=site, username=staff.username, password=staff.password) if staff else ""
    sys.stdout.write(WELCOME.format(site=site, folder=folder, staff=login))
    sys.stdout.flush()
    raise_open_files()
    os.dup2(sys.stdout.fileno(), TERMINAL, inheritable=True)
    os.chdir(ROOT)
    # By path: `-m` would import the package, and keep Celery in a manager that has no use for it.
    command = [sys.executable, "-P", str(Path(__file__).with_name("manager.py")), "-c", str(manager)]
    os.execv(command[0], command)  # noqa: S606  (no shell is the point: the process itself is replaced)


def wanted_address() -> tuple[str, int]:
    """LISTEN_ADDRESS and PORT. Raises CannotRun for what is none."""
    variables = Environment(os.environ)
    address = variables.read("LISTEN_ADDRESS", environment.address, "127.0.0.1")
    port = variables.read("PORT", environment.port, 8000)
    if variables.faults:
        raise CannotRun(str(Misconfigured(variables.faults)))
    return address, port


def address_of_site(address: str, port: int) -> str:
    """Where a browser on this machine finds what listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104  (it is asked for)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def check_disk(folder: Path) -> None:
    """Raises CannotRun unless `folder` takes files, and has room for some."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / "probe"
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written: {error.strerror}.") from error
    if free < ROOM_NEEDED:
        raise CannotRun(f"the disk of {folder} is full: {free >> 20} MB left, {ROOM_NEEDED >> 20} MB needed.")


def hold_the_folder(folder: Path, site: str) -> None:
    """Keep other stacks off this folder for as long as the manager lives. Raises CannotRun when one is there."""
    file = os.open(folder / "stack", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotRun(f"it runs from this folder already, {os.pread(file, 100, 0).decode().strip()}.") from None
    os.ftruncate(file, 0)
    os.pwrite(file, f"at {site}/ (process {os.getpid()})\n".encode(), 0)
    os.dup2(os.dup(file), LOCK, inheritable=True)  # from a copy: onto itself it would stay private to this program


def raise_open_files() -> None:
    """Let this process and its children hold many sockets, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
