"""What a flood of bad requests leaves in the log: a few lines and a count (B3, B26)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.test_bad_sockets import handshake, rest, shaken
from tests.stack.test_alive import asked, said
from tests.waitingroom.web import Web, serving

pytestmark = pytest.mark.django_db


def lines(folder: Path) -> list[str]:
    """What the process wrote."""
    return (folder / "output").read_text().splitlines()


def refused(web: Web, request: bytes) -> None:
    """A handshake that ends in a refusal."""
    with shaken(web.port, request) as connection:
        assert rest(connection).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("bad", "most"),
    [
        (lambda web: asked(web.port, "/no-such-page", "Host: localhost\r\n"), 5),
        (lambda web: asked(web.port, "/", "Host: evil.example\r\n"), 5),
        (lambda web: asked(web.port, "/accounts/login/", "Host: localhost\r\nContent-Length: 0\r\n", "POST"), 5),
        (lambda web: said(web.port, "nonsense\r\n\r\n"), 5),
        (lambda web: said(web.port, f"GET /{'x' * 9_000} HTTP/1.1\r\n\r\n"), 5),
        (lambda web: refused(web, handshake("/ws/foo")), 0),
        (lambda web: refused(web, handshake("/ws/foo", origin="http://evil.example")), 0),
        (lambda web: refused(web, handshake("/ws/foo", "Sec-WebSocket-Key: @")), 0),
    ],
    ids=["404", "host", "form", "nonsense", "address", "socket", "origin", "handshake"],
)
def test_b26_bad_requests_are_written_a_few_times(tmp_path: Path, bad: Callable[[Web], object], most: int):
    with serving(tmp_path) as web:
        before = len(lines(tmp_path))
        bad(web)
        assert len(lines(tmp_path)) - before <= 1
        for _ in range(40):
            bad(web)
        written = lines(tmp_path)[before:]
    assert "Traceback" not in "\n".join(written)
    assert len(written) <= most
