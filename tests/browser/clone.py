"""The project as somebody finds it who has just cloned it, and its own `make run`."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import until
from tests.site import FOREIGN, ROOT, STARTED_S
from tiketi import loopback

STARTED = re.compile(r"TIKETI is starting:\s+(\S+)")


class Clone:
    """A folder with what git holds or would, and packages; its site has a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = loopback.free_port()
        plain = {name: value for name, value in os.environ.items() if name not in (*FOREIGN, "TIKETI_LOCAL_DIR")}
        self.env = plain | {"PORT": str(self.port)}
        names = self.output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
        for name in filter(None, names.split("\0")):
            if (source := ROOT / name).is_file():  # a file removed and not yet committed is still listed
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / name)
        self._borrow_packages()

    def _borrow_packages(self) -> None:
        """These tests' own packages: fetching them anew would take minutes, and a network."""
        venv = self.folder / ".venv"
        venv.mkdir()
        for part in Path(sys.prefix).iterdir():
            if not part.name.startswith(("site-", "dev-")):
                (venv / part.name).symlink_to(part)
        stamp = re.search(r"^SITE := (\S+)", self.output("make", "-pn", "help"), re.MULTILINE)
        assert stamp
        (self.folder / stamp[1]).touch()  # what `make` leaves when it has installed

    def output(self, *command: str, cwd: Path | None = None) -> str:
        """What a command in the folder prints; raises CalledProcessError when it fails."""
        done = subprocess.run(command, cwd=cwd or self.folder, env=self.env, check=True, capture_output=True, text=True)
        return done.stdout

    def shell(self, line: str) -> str:
        """What a line typed in a second terminal prints; raises CalledProcessError when it fails."""
        return self.output("sh", "-c", line)

    @contextmanager
    def running(self, line: str) -> Iterator[subprocess.Popen[bytes]]:
        """A line typed in a terminal of its own, until its end or Ctrl-C."""
        with (self.folder / "terminal").open("wb") as out:
            process = subprocess.Popen(
                ["sh", "-c", line], cwd=self.folder, env=self.env, stdout=out, stderr=out, start_new_session=True
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGINT)
                process.wait(30)

    @contextmanager
    def site(self, line: str) -> Iterator[str]:
        """`make run`, as the README writes it, from its first page until Ctrl-C; what it printed."""
        with self.running(line) as process:

            def printed() -> str:
                return (self.folder / "terminal").read_text(errors="replace")

            until(lambda: STARTED.search(printed()) or process.poll() is not None, within=STARTED_S)
            assert process.poll() is None, printed()
            (self.folder / "terminal").rename(self.folder / "terminal-of-the-site")
            told = (self.folder / "terminal-of-the-site").read_text(errors="replace")
            until(lambda: not loopback.is_free(self.port), within=STARTED_S)
            yield told
