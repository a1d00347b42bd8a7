"""WebSocket frames, as a server may cut them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.storm import frames


def from_server(opcode: int, payload: bytes, *, final: bool = True) -> bytes:
    """A server's frame: not masked."""
    length = len(payload)
    if length < 126:
        size = bytes([length])
    elif length < 65_536:
        size = bytes([126]) + length.to_bytes(2, "big")
    else:
        size = bytes([127]) + length.to_bytes(8, "big")
    return bytes([(0x80 if final else 0) | opcode]) + size + payload


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_messages_come_whole_however_the_network_cuts_them(payloads: list[bytes], cuts: list[int]):
    stream = b"".join(from_server(frames.TEXT, payload) for payload in payloads)
    reader, read = frames.Reader(), []
    while stream:
        cut = cuts[len(stream) % len(cuts)]
        read += reader.feed(stream[:cut])
        stream = stream[cut:]

    assert read == [(frames.TEXT, payload) for payload in payloads]


def test_a_long_message_is_read():
    assert frames.Reader().feed(from_server(frames.TEXT, b"x" * 65_536)) == [(frames.TEXT, b"x" * 65_536)]


def test_a_message_in_pieces_is_put_together_around_a_ping():
    stream = (
        from_server(frames.TEXT, b"ent", final=False)
        + from_server(frames.PING, b"?")
        + from_server(frames.CONTINUATION, b"er")
    )

    assert frames.Reader().feed(stream) == [(frames.PING, b"?"), (frames.TEXT, b"enter")]


@pytest.mark.parametrize(
    "stream",
    [
        b"\xc1\x00",  # a reserved bit
        b"\x81\x80\x00\x00\x00\x00",  # a masked frame from the server
        from_server(frames.CONTINUATION, b"of nothing"),
        from_server(frames.TEXT, b"a", final=False) + from_server(frames.TEXT, b"b"),
        b"\x81\x7f" + (10**9).to_bytes(8, "big"),
    ],
)
def test_what_no_server_may_send_is_refused(stream: bytes):
    with pytest.raises(frames.BadFrame):
        frames.Reader().feed(stream)


def test_what_a_visitor_says_is_masked_and_short():
    frame = frames.write(frames.TEXT, b"leave")
    mask, masked = frame[2:6], frame[6:]

    assert frame[:2] == bytes([0x81, 0x80 | 5])
    assert bytes(byte ^ mask[i % 4] for i, byte in enumerate(masked)) == b"leave"
    with pytest.raises(ValueError, match="short"):
        frames.write(frames.TEXT, b"x" * 126)


@pytest.mark.parametrize(("payload", "code"), [(b"\x03\xe8", 1000), (b"\x11\x3abye", 4410), (b"", 1005)])
def test_the_close_code_is_read(payload: bytes, code: int):
    assert frames.close_code(payload) == code
