"""The whole site as a visitor meets it: `make run`'s stack on a free port, in a folder of its own."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import until
from tiketi import loopback

ROOT = Path(__file__).resolve().parent.parent
STARTED_S = 180.0  # within which a busy machine has the site
FOREIGN = ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE", "TIKETI_TEST_DIR")  # the tests' own, not the site's


@dataclass
class Site:
    """A running stack; `env` and `manage` reach its database and its Redis."""

    port: int
    folder: Path
    env: Mapping[str, str]
    manager: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *arguments: str) -> str:
        """What a manage.py command prints; raises CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True).stdout

    def answers(self, path: str = "/") -> bool:
        """Whether the page comes, as it should; `/readyz` tells of the whole site."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def processes(self) -> dict[str, int]:
        """The Procfile's processes that live now, name to pid."""
        return {name: pid for pid in children(self.manager.pid) if (name := _name(pid))}

    def family(self) -> set[int]:
        """Every process under the manager, however deep."""
        return descendants(self.manager.pid)

    def output(self) -> str:
        """What the terminal would show."""
        return (self.folder / "output").read_text(errors="replace")

    def stop(self) -> None:
        """Ctrl-C."""
        if self.manager.poll() is None:
            self.manager.send_signal(signal.SIGINT)
            self.manager.wait(60)


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Site]:
    """The stack of `folder`, from its first front page until Ctrl-C."""
    port = loopback.free_port()
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= {"TIKETI_LOCAL_DIR": str(folder), "PORT": str(port), **environment}
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-I", "tiketi/tether.py", sys.executable, "-m", "tiketi.stack"]
    with (folder / "output").open("wb") as out:
        manager = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    site = Site(port, folder, env, manager)
    try:
        until(lambda: site.answers() or manager.poll() is not None, within=STARTED_S)
        assert manager.poll() is None, site.output()
        yield site
    finally:
        site.stop()


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that live."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def descendants(pid: int) -> set[int]:
    """The processes under `pid`, however deep."""
    return {found for child in children(pid) for found in (child, *descendants(child))}


def lives(pid: int) -> bool:
    """Whether the process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _name(pid: int) -> str | None:
    """The Procfile's name of a process, as its manager left it in the environment."""
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    names = [entry.partition(b"=")[2].decode() for entry in entries if entry.startswith(b"SUPERVISOR_PROCESS_NAME=")]
    return names[0] if names else None
