"""A whole draw as an honest organiser makes it, and with their key in hand, so that tests may be dishonest with it."""

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from waitingroom.draw.bundle import bundle
from waitingroom.draw.checkpoint import Checkpoint, checkpoint_of
from waitingroom.draw.note import Signer
from waitingroom.draw.receipt import Entrance, receipt, with_proof
from waitingroom.draw.roster import Roster, entry_id, nonce_of, plain_identity
from waitingroom.draw.rule import Identity, Rule
from waitingroom.draw.sources import QUICKNET, Drand, Party, Source, commitment

# A round that drand's quicknet really signed, of 2023-09-15, 11:00:03 UTC.
ROUND = Drand(QUICKNET, 657413)
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
RANDOMNESS = "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587"
CLOSES = datetime(2023, 9, 15, 10, 30, tzinfo=UTC)
SIGNER = Signer("tiketi.example/draw", sha256(b"the organiser's").digest())
FAN_CLUB, PRESS = sha256(b"fan club").digest(), sha256(b"press").digest()


def secret_party(name: str, secret: bytes) -> Party:
    """A party who has committed to the secret."""
    return Party(name, commitment(name, secret))


SOURCES: dict[Source, str] = {
    secret_party("팬클럽 하늘", FAN_CLUB): FAN_CLUB.hex(),
    secret_party("The Daily", PRESS): PRESS.hex(),
    ROUND: SIGNATURE,
}


@dataclass
class Evening:
    """The draw of an event, closed and drawn."""

    event: str = "rock"
    people: list[str] = field(default_factory=lambda: [f"fan{i}@example.com" for i in range(23)])
    sources: dict[Source, str] = field(default_factory=lambda: dict(SOURCES))
    identity: Identity = Identity.EMAIL
    closes_at: datetime = CLOSES
    signer: Signer = SIGNER

    def __post_init__(self) -> None:
        opens_at = self.closes_at - timedelta(hours=1)
        self.rule = Rule("tiketi.example", self.event, self.identity, opens_at, self.closes_at, tuple(self.sources))
        self.entrances = [self.entrance(person) for person in self.people]
        self.close(Roster(one.id for one in self.entrances))

    def entrance(self, person: str) -> Entrance:
        """Somebody enters."""
        plain = plain_identity(self.identity, person)
        nonce = nonce_of(b"k" * 32, plain)
        return Entrance(entry_id(self.rule, nonce, plain), nonce, plain, self.closes_at - timedelta(minutes=30))

    def close(self, roster: Roster) -> None:
        """The roster is closed."""
        self.roster = roster
        self.checkpoint: Checkpoint = checkpoint_of(self.rule, roster, self.closes_at)

    @property
    def bundle(self) -> dict[str, Any]:
        """What is published."""
        return bundle(self.rule, self.roster, self.checkpoint, list(self.sources.values()), self.signer)

    def early_receipt(self, number: int) -> dict[str, Any]:
        """What the entrant got at once."""
        return receipt(self.rule, self.entrances[number], self.signer)

    def receipt(self, number: int) -> dict[str, Any]:
        """What the entrant got after the closing."""
        signed = self.signer.sign(self.checkpoint.text)
        return with_proof(self.early_receipt(number), self.entrances[number].id, self.roster, signed)

    def rank(self, number: int) -> int:
        """The entrant's rank."""
        found: int = self.bundle["ranks"][self.roster.index(self.entrances[number].id)]
        return found

    def ranks(self) -> list[int]:
        """The ranks of all, in the order of their coming."""
        ranks = self.bundle["ranks"]
        return [ranks[self.roster.index(one.id)] for one in self.entrances]


def changed(content: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A copy of a file's content with these members."""
    return copy.deepcopy(content) | members
