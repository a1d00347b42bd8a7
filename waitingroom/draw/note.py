"""Signed notes (c2sp.org/signed-note): a text, an empty line, and the Ed25519 signature of a named key."""

from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from waitingroom.draw.errors import BadNote

ED25519 = b"\x01"
ID_BYTES = 4
MAX_SIGNATURES = 16
MAX_CHARACTERS = 100_000
DASH = "— "


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:ID_BYTES]


@dataclass(frozen=True)
class Key:
    """A public key by which notes are checked, with the name that it signs as."""

    name: str
    public: bytes

    @classmethod
    def read(cls, text: str) -> "Key":
        """The key written `name+id+base64`, as sumdb and C2SP's tools write it. Raises BadNote."""
        name, _, rest = text.partition("+")
        identity, _, encoded = rest.partition("+")
        decoded = _decoded(encoded)
        key = cls(name, decoded[1:])
        if decoded[:1] != ED25519 or len(key.public) != 32 or key.id.hex() != identity or not _is_name(name):
            raise BadNote("That is no Ed25519 key written as name+id+base64.")
        return key

    @property
    def id(self) -> bytes:
        """The four bytes that name the key in a signature."""
        return _key_id(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"


def _decoded(text: str) -> bytes:
    try:
        decoded = b64decode(text, validate=True)
    except (Error, ValueError):
        return b""
    # The last letter may have bits that mean nothing: a note has one spelling.
    return decoded if b64encode(decoded).decode() == text else b""


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(letter.isspace() or ord(letter) < 32 for letter in name)


def _is_text(text: str) -> bool:
    return text.endswith("\n") and all(letter == "\n" or ord(letter) >= 32 for letter in text)


class Signer:
    """The private key: 32 secret bytes, and the name it signs as."""

    def __init__(self, name: str, secret: bytes) -> None:
        if not _is_name(name):
            raise BadNote("A key's name has neither spaces nor plus signs.")
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.key = Key(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note. Raises BadNote for a text that does not end with its last line, or has control characters."""
        if not _is_text(text):
            raise BadNote("A note's text ends with a line break, and has no other control characters.")
        signature = self.key.id + self._private.sign(text.encode())
        return f"{text}\n{DASH}{self.key.name} {b64encode(signature).decode()}\n"


def opened(note: str, key: Key) -> str:
    """The text of a note that `key` signed. Raises BadNote."""
    text, gap, lines = note.rpartition("\n\n")
    text += "\n"
    signatures = lines.removesuffix("\n").split("\n")
    if (
        len(note) > MAX_CHARACTERS
        or not gap
        or not lines.endswith("\n")
        or not _is_text(text)
        or not 0 < len(signatures) <= MAX_SIGNATURES
    ):
        raise BadNote("That is no signed note.")
    for line in signatures:
        name, _, encoded = line.removeprefix(DASH).partition(" ")
        signature = _decoded(encoded)
        if not signature:
            raise BadNote("That is no signed note.")
        if not line.startswith(DASH) or (name, signature[:ID_BYTES]) != (key.name, key.id):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise BadNote(f"The signature is not that of {key.name}.") from error
        return text
    raise BadNote(f"{key.name} did not sign this.")
