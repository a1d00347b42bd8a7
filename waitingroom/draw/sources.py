"""The sources of chance: a drand round, parties who committed beforehand, and for demonstrations this machine."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from py_arkworks_bls12381 import GT, G1Point, G2Point

from waitingroom.draw.errors import BadDraw, BadReveal

SECRET_BYTES = 32
DRAND_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # of the scheme bls-unchained-g1-rfc9380
MAX_NAME = 80


def is_name(name: str) -> bool:
    """Whether a party can be called so: printable, without white space around it."""
    return 0 < len(name) <= MAX_NAME and name.isprintable() and name == name.strip()


def _bytes(text: str, count: int, what: str) -> bytes:
    if not re.fullmatch(r"[0-9a-f]*", text) or len(text) != 2 * count:
        raise BadReveal(f"{what}: {2 * count} hexadecimal digits, please, in small letters.")
    return bytes.fromhex(text)


@dataclass(frozen=True)
class Chain:
    """A drand network: its hash is its name, the key signs its rounds."""

    hash: str
    public_key: str  # on G2, 96 bytes in hexadecimal digits
    genesis: int  # Unix seconds of round 1
    period: int  # seconds


QUICKNET = Chain(
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    1_692_803_367,
    3,
)


@dataclass(frozen=True)
class Drand:
    """One round of a drand network: signed by most of its operators together, at a known instant, by none alone."""

    chain: Chain
    round: int

    @classmethod
    def after(cls, at: datetime, chain: Chain = QUICKNET) -> "Drand":
        """The first round at `at` or later."""
        return cls(chain, max(1, -int(-(at.timestamp() - chain.genesis) // chain.period) + 1))

    @property
    def line(self) -> str:
        """As the rule names it."""
        c = self.chain
        return f"drand {c.hash} {c.public_key} {c.genesis} {c.period} {self.round}"

    @property
    def at(self) -> datetime:
        """When the round comes: nobody knows it before."""
        return datetime.fromtimestamp(self.chain.genesis, UTC) + timedelta(seconds=(self.round - 1) * self.chain.period)

    @property
    def name(self) -> str:
        """For people."""
        return f"drand {self.round}"

    def value(self, reveal: str) -> bytes:
        """The 32 bytes of chance in the round's signature. Raises BadReveal for another than the network's."""
        signature = _bytes(reveal, 48, self.name)
        message = sha256(self.round.to_bytes(8, "big")).digest()
        try:
            point = G1Point.from_compressed_bytes(signature)
            key = G2Point.from_compressed_bytes(bytes.fromhex(self.chain.public_key))
        except ValueError as error:
            raise BadReveal(f"{self.name}: that is no signature.") from error
        hashed = G1Point.hash_to_curve(message, DRAND_DOMAIN)
        if point == G1Point.identity() or not GT.pairing_check([hashed, -point], [key, G2Point()]):
            raise BadReveal(f"{self.name}: the network did not sign that.")
        return sha256(signature).digest()


@dataclass(frozen=True)
class Party:
    """Somebody who committed to a secret before the gathering, and tells it after the roster was closed."""

    name: str
    commitment: str

    @property
    def line(self) -> str:
        """As the rule names it."""
        return f"party {self.commitment} {self.name}"

    def value(self, reveal: str) -> bytes:
        """The secret. Raises BadReveal where it is not the one committed to."""
        secret = _bytes(reveal, SECRET_BYTES, self.name)
        if commitment(self.name, secret) != self.commitment:
            raise BadReveal(f"{self.name}: that is not what they committed to.")
        return secret


def commitment(name: str, secret: bytes) -> str:
    """What a party publishes beforehand; with the name in it, nobody can repeat another's."""
    return sha256(f"tiketi-commit-v1\n{name}\n{secret.hex()}\n".encode()).hexdigest()


@dataclass(frozen=True)
class Local:
    """This machine's own chance: for demonstrations, since whoever runs it may have tried many."""

    name: str = "local"
    line: str = "local"

    def value(self, reveal: str) -> bytes:
        """The 32 bytes it drew. Raises BadReveal."""
        return _bytes(reveal, SECRET_BYTES, self.name)


Source = Drand | Party | Local


def read_source(line: str) -> Source:
    """The source that the rule names so. Raises BadDraw."""
    kind, _, rest = line.partition(" ")
    source: Source | None = None
    if kind == "local":
        source = Local()
    elif kind == "party":
        committed, _, name = rest.partition(" ")
        if re.fullmatch(r"[0-9a-f]{64}", committed) and is_name(name):
            source = Party(name, committed)
    elif kind == "drand" and (
        words := re.fullmatch(r"([0-9a-f]{64}) ([0-9a-f]{192}) ([1-9]\d{0,10}) ([1-9]\d{0,4}) ([1-9]\d{0,10})", rest)
    ):
        source = Drand(Chain(words[1], words[2], int(words[3]), int(words[4])), int(words[5]))
    if source is None or source.line != line:
        raise BadDraw(f"'{line[:80]}' names no source of chance.")
    return source
