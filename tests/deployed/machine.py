"""A server's stand-in, for what would run on a machine that nobody has here.

Real: the release, its virtual environment, the scripts, the units' command lines, the servers they speak to.
Stood in for, here: systemd (this module reads the units and does what they say, but restarts nothing by itself, makes
no sandbox and no users), the cloud's commands (`stand_in`), and the file system's root (`moved`: a folder).
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from fnmatch import fnmatch
from pathlib import Path

from tests.deployed.conftest import PLAIN_PATH, PYTHON
from tiketi import tether

Unit = dict[str, list[str]]  # directive -> its values, of all sections
# Not where they are the end of a longer path.
PLACES = re.compile(r"(?<![\w.-])/(srv/tiketi|etc/|run/tiketi|var/lib/tiketi|opt/aws)")


def read_unit(text: str) -> Unit:
    """A unit file's directives; no name of ours stands in two sections with two meanings."""
    found: Unit = defaultdict(list)
    for line in text.splitlines():
        if re.match(r"\w+=", line):
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


class Machine:
    """A folder that stands for the root, and the programs that would be on PATH."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.bin = root / "stand-ins"
        self.calls = root / "calls"
        for folder in (self.bin, self.units, root / "etc/tiketi", root / "run/tiketi", root / "var/lib/tiketi"):
            folder.mkdir(parents=True, exist_ok=True)
        self.calls.write_text("")
        for name in ("useradd", "dnf"):
            self.stand_in(name, "exit 0")
        self.stand_in("nproc", "echo 2")
        self.stand_in("id", "exit 1")  # the user is not there yet
        for name in ("python3", f"python{sys.version_info.major}.{sys.version_info.minor}"):
            (self.bin / name).symlink_to(PYTHON)
        self.own: dict[str, str] = {}

    @property
    def units(self) -> Path:
        """Where systemd looks."""
        return self.root / "etc/systemd/system"

    @property
    def srv(self) -> Path:
        """Where the release lies."""
        return self.root / "srv/tiketi"

    @property
    def env(self) -> dict[str, str]:
        """What a boot script's shell has: the stand-ins come first; `own` is this machine's."""
        return {"PATH": f"{self.bin}:{PLAIN_PATH}", "HOME": str(self.root), "LANG": "C.UTF-8", **self.own}

    def moved(self, text: str) -> str:
        """`text` with this root for the machine's, and our port on loopback for the site's on every address."""
        text = PLACES.sub(lambda place: f"{self.root}{place[0]}", text)
        return text.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}").replace(":8000/", f":{self.port}/")

    def stand_in(self, name: str, script: str) -> None:
        """Put a program on PATH that notes how it was called, and then does as `script` (of the shell) says."""
        program = self.bin / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {shlex.quote(str(self.calls))}\n{script}\n')
        program.chmod(0o755)

    def move_in(self, release: Path) -> None:
        """Let the scripts and units of the release that was unpacked here mean this root."""
        for file in [*(release / "deploy/systemd").iterdir(), *(release / "deploy/aws").iterdir()]:
            file.write_text(self.moved(file.read_text()))

    def called(self, name: str) -> list[str]:
        """How the stand-in `name` was called, oldest first."""
        lines = self.calls.read_text().splitlines()
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command on this machine, to its end."""
        return subprocess.run(
            command, env=self.env | environment, cwd=self.root, capture_output=True, text=True, check=False, timeout=240
        )


class Systemd:
    """Does what the units of a machine say, as far as the module's head tells; `systemctl` reaches it by a socket."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._sockets: dict[str, socket.socket] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.log = machine.root / "journal"
        door = machine.root / "systemctl.sock"
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(door))
        self._door.listen()
        # Children die with the thread that made them: one makes them all, and lives as long as this.
        self._maker = ThreadPoolExecutor(1)
        threading.Thread(target=self._serve, name="systemd", daemon=True).start()
        ask = (
            "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
            "s.sendall('\\0'.join(sys.argv[2:]).encode()); s.shutdown(socket.SHUT_WR); "
            "code, _, words = s.makefile().read().partition('\\n'); print(words, end=''); sys.exit(int(code))"
        )
        machine.stand_in("systemctl", f'exec python3 -c {shlex.quote(ask)} {shlex.quote(str(door))} "$@"')

    def said(self) -> str:
        """All that the units' processes wrote."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def close(self) -> None:
        """Stop everything."""
        if (self._machine.units / "tiketi.target").exists():
            self._stop("tiketi.target")
        for process in self.processes.values():
            process.kill()
            process.wait()
        self._door.close()
        self._maker.shutdown()

    def _serve(self) -> None:
        while True:
            try:
                asker, _ = self._door.accept()
            except OSError:
                return
            # Side by side: what `systemctl start` runs may call systemctl.
            threading.Thread(target=self._answer, args=(asker,), daemon=True).start()

    def _answer(self, asker: socket.socket) -> None:
        with closing(asker), suppress(OSError):
            question = asker.makefile().read().split("\0")
            code, words = self.do(*[word for word in question if not word.startswith("-")])
            asker.sendall(f"{code}\n{words}".encode())

    def do(self, *words: str) -> tuple[int, str]:
        """What systemctl does with these words: its exit code, and what it prints."""
        match words:
            case ["start", *units]:
                return max(self._start(unit) for unit in units), ""
            case ["stop", *units]:
                for unit in units:
                    self._stop(unit)
            case ["try-restart" | "restart", *units]:
                for unit in units:
                    self._stop(unit)
                    self._start(unit)
            case ["add-wants", target, unit]:
                wants = self._machine.units / f"{target}.wants"
                wants.mkdir(exist_ok=True)
                (wants / unit).touch()
            case ["list-units", *patterns]:
                running = [unit for unit in self.processes if any(fnmatch(unit, pattern) for pattern in patterns)]
                return 0, "".join(f"{unit} loaded active running\n" for unit in sorted(running))
            case ["move-in"]:  # ours: the release was unpacked and checked, and is to mean this root from here on
                self._machine.move_in(self._machine.srv)
            case ["daemon-reload"] | ["enable", *_]:
                pass
            case _:
                return 1, ""
        return 0, ""

    def unit(self, name: str) -> Unit:
        """A unit as systemd would read it, its own instance's name filled in."""
        template, at, instance = name.partition("@")
        text = (self._machine.units / (f"{template}@.service" if at else name)).read_text()
        return read_unit(text.replace("%i", instance.removesuffix(".service")))

    def wanted(self, target: str) -> list[str]:
        """What starts with the target."""
        wants = self._machine.units / f"{target}.wants"
        linked = sorted(file.name for file in wants.iterdir()) if wants.exists() else []
        return [*(" ".join(self.unit(target)["Wants"])).split(), *linked]

    def _start(self, name: str) -> int:
        if name.endswith(".target"):
            return max(self._start(unit) for unit in self.wanted(name))
        if name.endswith(".timer") or name in self.processes or name in self._sockets:
            return 0
        unit = self.unit(name)
        if name.endswith(".socket"):
            self._sockets[name] = socket.create_server(_address(unit["ListenStream"][0]), backlog=64)
            return 0
        with self.log.open("ab") as out:
            if unit["Type"] == ["oneshot"]:
                return subprocess.run(
                    self._command(unit), env=self._environment(unit), cwd=self._machine.root, stdout=out, stderr=out
                ).returncode
            given = self._given(unit)

            def make() -> subprocess.Popen[bytes]:
                return subprocess.Popen(
                    self._command(unit),
                    env=self._environment(unit),
                    cwd=unit["WorkingDirectory"][0],
                    pass_fds=given,
                    preexec_fn=tether.die_with_parent,
                    stdout=out,
                    stderr=out,
                )

            self.processes[name] = self._maker.submit(make).result()
        return 0

    def _stop(self, name: str) -> None:
        if name.endswith(".target"):
            going = [unit for unit in self.wanted(name) if unit in self.processes]
            for unit in going:
                self.processes[unit].send_signal(signal.SIGTERM)
            for unit in going:
                self._stop(unit)
            for unit in self.wanted(name):
                if listening := self._sockets.pop(unit, None):
                    listening.close()
        elif process := self.processes.get(name):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(float(self.unit(name)["TimeoutStopSec"][0]))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            del self.processes[name]

    def _given(self, unit: Unit) -> tuple[int, ...]:
        for name in unit["Sockets"]:
            self._start(name)
        return tuple(self._sockets[name].fileno() for name in unit["Sockets"])

    def _command(self, unit: Unit) -> list[str]:
        command = shlex.split(unit["ExecStart"][0])
        if given := self._given(unit):
            # Number 3 is where systemd puts the first.
            become = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.execvp(sys.argv[2], sys.argv[2:])"
            return [sys.executable, "-c", become, str(given[0]), *command]
        return command

    def _environment(self, unit: Unit) -> dict[str, str]:
        found = dict(self._machine.env)
        found |= dict(setting.split("=", 1) for setting in unit["Environment"])
        for name in unit["EnvironmentFile"]:
            found |= dict(environment_file(Path(name).read_text()))
        return found


def environment_file(text: str) -> Iterator[tuple[str, str]]:
    """The settings in a file of systemd's EnvironmentFile format, as far as ours use it: no quotes, no continuation."""
    for line in text.splitlines():
        if line and line[0] not in "#;":
            name, _, value = line.partition("=")
            assert not set(value) & set("\"'\\"), line
            yield name, value.strip()


def _address(stream: str) -> tuple[str, int]:
    host, _, port = stream.rpartition(":")
    return host, int(port)


def cmdline(pid: int) -> list[str]:
    """A process's own command line."""
    return [os.fsdecode(word) for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]]
