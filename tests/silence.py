"""What hangs, for real: a server that accepts and says nothing, and a way to a server that can stall."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@contextmanager
def mute_server() -> Iterator[int]:
    """The port of a server that accepts every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        held: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    held.append(listening.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in held:
                connection.close()


@dataclass
class Forwarder:
    """A way to the server at `to` on this machine. Stalled, it accepts and holds on, and passes nothing; lost, the
    connections there are never hear anything again, and new ones are served."""

    to: int  # for connections to come
    port: int = 0
    late_s: float = 0  # how long what the server says takes
    _flows: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _lost: int = 0

    def lose(self) -> None:
        """From now on the connections there are lie half open: no packet passes, and no end is told."""
        self._lost += 1

    def stall(self) -> None:
        """From now on nothing passes, neither way."""
        self._flows.clear()

    def resume(self) -> None:
        """Everything passes again, what was held back first."""
        self._flows.set()

    def serve(self, listening: socket.socket) -> None:
        """Accept until the listening socket is closed."""
        with suppress(OSError):
            while True:
                here, _ = listening.accept()
                threading.Thread(target=self._pass_on, args=(here,), daemon=True).start()

    def close(self) -> None:
        """Hang up on everybody."""
        self._over.set()
        self._flows.set()

    def _pass_on(self, here: socket.socket) -> None:
        lost = self._lost
        self._flows.wait()
        with suppress(OSError), here, socket.create_connection(("127.0.0.1", self.to)) as there:
            other = {here: there, there: here}
            while not self._over.is_set():
                for ready in select.select([here, there], [], [], 0.2)[0]:
                    if self._lost > lost:
                        self._over.wait()
                        return
                    said = ready.recv(65_536)
                    self._flows.wait()
                    if not said:
                        return
                    if ready is there:
                        self._over.wait(self.late_s)
                    other[ready].sendall(said)


@contextmanager
def forwarder(to: int) -> Iterator[Forwarder]:
    """A way to the server at the port `to`, open at first."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listening:
        way = Forwarder(to, int(listening.getsockname()[1]))
        way.resume()
        thread = threading.Thread(target=way.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield way
        finally:
            way.close()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
