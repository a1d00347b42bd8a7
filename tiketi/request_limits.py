"""What of a request is taken: how large its parts may be, how long each may take, and the answer to what is beyond.

Measured without limits: one header of 60 MB occupied the process for 8.5 s, as the parser copies what it has at each
piece; a body of 300 MB went to the disk in 1.9 s, whoever sent it.
"""

from http import HTTPStatus

from django.conf import settings

MAX_HEAD_BYTES = 65_536  # as AWS's balancer; the gate itself tells who sends more than 16 kB of cookies
MAX_HEADERS = 100
MAX_TARGET_BYTES = 8_192  # path and query
MAX_PIPELINED = 100  # requests sent before the one in front of them is answered
# Of each byte of a body so many on the wire: sent byte by byte in chunks it takes six.
MAX_FRAMING = 8
# Only here somebody may send more than MAX_BODY_BYTES, and only staff (threads.py).
UPLOADS = "/admin/"

# Seconds from connecting, or from the first byte of a later request, to a head's end; from there to the body's.
HEAD_SECONDS, BODY_SECONDS, UPLOAD_SECONDS = 10.0, 30.0, 120.0
# A reader who takes nothing is given up after so long; one who does not take the rest before a close, after so long at
# most (deadlines.py).
READER_SECONDS = 30.0
# After a refusal the rest is read and dropped for so long, or the reset would overtake the answer.
LINGER_SECONDS, MAX_LINGER_BYTES = 2.0, 1_048_576

_WORDS = {
    400: "요청을 이해할 수 없습니다. / This request makes no sense.",
    408: "요청이 제때 도착하지 않았습니다. / The request did not arrive in time.",
    413: "보낸 내용이 너무 큽니다. / What was sent is too large.",
    414: "주소가 너무 깁니다. / The address is too long.",
    431: "쿠키나 헤더가 너무 많습니다. 이 사이트의 쿠키를 지우고 다시 와 주세요. / "
    "Too many cookies or headers. Please delete this site's cookies and come back.",
    500: "문제가 생겼습니다. 잠시 후 다시 시도해 주세요. / Something went wrong. Please try again in a moment.",
}


class Refused(Exception):
    """The request is beyond a limit, or none."""

    def __init__(self, status: int) -> None:
        super().__init__(HTTPStatus(status).phrase)
        self.status = status


def refusal(status: int) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of the answer with that status."""
    body = (_WORDS[status] + "\n").encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    return headers, body


def max_body(path: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """How many bytes of body this request may bring. Raises Refused if it declares more."""
    declared = declared_bytes(headers)
    limit: int = settings.MAX_BODY_BYTES
    if declared is not None and path.startswith(UPLOADS.encode()):
        limit = max(limit, settings.MAX_UPLOAD_BYTES)
    if declared is not None and declared > limit:
        raise Refused(413)
    return limit


def declared_bytes(headers: list[tuple[bytes, bytes]]) -> int | None:
    """What a request says that its body has."""
    text = next((value for name, value in headers if name == b"content-length"), None)
    if text is None:
        return None
    return int(text) if text.isdigit() and len(text) < 16 else 1 << 60
