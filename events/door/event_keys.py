"""What an event's key signs: a ticket's serial, and the half minute for which a moving code is good.

Whoever has the public half can check codes without this site; only the private half, in the database, makes them.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.door.keyboards import spelled, unspelled
from events.models import EventDoor

PURPOSE = b"tiketi-ticket-1:"
WINDOW_BYTES = 4
SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class SignedCode:
    """`window` counts half minutes since 1970; 0 is a code that stands still."""

    serial: str
    window: int
    signature: bytes

    @property
    def said(self) -> bytes:
        """What is signed."""
        return _said(self.serial, self.window)


def public_key(door: EventDoor) -> bytes:
    """The half that devices at the door carry: 32 bytes."""
    return _private(door).public_key().public_bytes_raw()


def signed_code(door: EventDoor, serial: str, window: int = 0) -> str:
    """The code of a ticket, in capital letters."""
    said = _said(serial, window)
    return spelled(said + _private(door).sign(PURPOSE + said))


def signed_by(door: EventDoor, code: SignedCode) -> bool:
    """Whether the event's key made the code."""
    try:
        _private(door).public_key().verify(code.signature, PURPOSE + code.said)
    except InvalidSignature:
        return False
    return True


def parsed(letters: str) -> SignedCode | None:
    """What the letters of a code say, whoever signed them; None where they are no such code."""
    try:
        data = unspelled(letters)
        serial = data[: -WINDOW_BYTES - SIGNATURE_BYTES].decode("ascii")
    except ValueError:
        return None
    if not serial or "\0" in serial:
        return None
    window = int.from_bytes(data[-WINDOW_BYTES - SIGNATURE_BYTES : -SIGNATURE_BYTES], "big")
    return SignedCode(serial, window, data[-SIGNATURE_BYTES:])


def _said(serial: str, window: int) -> bytes:
    return serial.encode("ascii") + window.to_bytes(WINDOW_BYTES, "big")


def _private(door: EventDoor) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(door.seed))
