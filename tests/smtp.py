"""A mail server of our own: takes mails, refuses recipients that begin with `refused`, and can fall silent."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import cast


class MailServer(socketserver.ThreadingTCPServer):
    """What it took, and whether it answers what comes after a mail's text."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.taken: list[tuple[list[str], Message]] = []
        self.reading = threading.Event()  # a mail's text was heard
        self.answers = threading.Event()  # cleared: it is never said that the mail was taken
        self.answers.set()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast("MailServer", self.server)
        recipients: list[str] = []
        self._say("220 here")
        for line in self.rfile:
            word = line.strip().decode().upper()
            if word.startswith("RCPT"):
                recipients.append(line.decode().partition("<")[2].partition(">")[0])
                self._say("550 nobody of this name" if recipients[-1].startswith("refused") else "250 well")
            elif word == "DATA":
                self._say("354 go on")
                text = b"".join(iter(self.rfile.readline, b".\r\n"))
                server.reading.set()
                server.answers.wait()
                server.taken.append((recipients, message_from_bytes(text)))
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                recipients = [] if word.startswith(("MAIL", "RSET")) else recipients
                self._say("250 well")

    def _say(self, what: str) -> None:
        self.wfile.write(f"{what}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """The server, until it is no longer needed."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.answers.set()
            server.shutdown()
            thread.join(5)
