"""Ports of the loopback interface: which are free, and which one a folder's server keeps."""

import os
import random
import socket
from contextlib import closing, suppress
from pathlib import Path

# Below Linux's range of outgoing ports: ten thousand loopback connections must not sit on our port when we restart.
PORTS = range(20_000, 32_000)


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now, of the loopback interface or another address of this machine."""
    with closing(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen()
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port nobody listens on. Raises OSError when two hundred drawn at random are all taken."""
    for port in random.SystemRandom().sample(PORTS, 200):
        if is_free(port):
            return port
    raise OSError("no free port on 127.0.0.1")


def kept_port(folder: Path) -> int:
    """The port of `folder`'s server: drawn once, by whoever asks first, and kept in the file `port`."""
    file = folder / "port"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = _draft(folder)
        with suppress(FileExistsError):  # somebody else drew in the same moment: that port it is
            file.hardlink_to(draft)
        draft.unlink()
    kept = file.read_text().strip()
    return int(kept) if kept.isdecimal() and int(kept) in PORTS else draw_anew(folder)


def draw_anew(folder: Path) -> int:
    """Another port for `folder`'s server, because a stranger listens on the kept one."""
    _draft(folder).replace(folder / "port")
    return kept_port(folder)


def _draft(folder: Path) -> Path:
    """A drawn port, written whole before anybody can read it."""
    draft = folder / f"port.{os.getpid()}"
    draft.write_text(f"{free_port()}\n")
    return draft
