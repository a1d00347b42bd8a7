"""A receipt: the file by which an entrant checks, offline, that they are in and where they come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from waitingroom.draw.instants import written
from waitingroom.draw.note import Signer
from waitingroom.draw.roster import Roster
from waitingroom.draw.rule import Rule

FORMAT = "tiketi-draw-receipt-v1"


def entry_text(rule: Rule, entry: bytes, at: datetime) -> str:
    """What is signed at once when somebody enters: who is then left out has proof of it."""
    return f"tiketi-draw-entry-v1\n{rule.log}\nrule {rule.hash}\nentry {entry.hex()}\nat {written(at)}\n"


@dataclass(frozen=True)
class Entrance:
    """One entry as its entrant knows it."""

    id: bytes
    nonce: bytes
    plain: str  # address or name, as the id is made of it
    at: datetime


def receipt(rule: Rule, entrance: Entrance, signer: Signer) -> dict[str, Any]:
    """The receipt of an entry while the gathering goes on: signed word that the entrant is in."""
    return {
        "format": FORMAT,
        "key": str(signer.key),
        "identity": entrance.plain,
        "nonce": entrance.nonce.hex(),
        "rule": signer.sign(rule.text),
        "entry": signer.sign(entry_text(rule, entrance.id, entrance.at)),
    }


def with_proof(receipt: Mapping[str, Any], entry: bytes, roster: Roster, checkpoint: str) -> dict[str, Any]:
    """The receipt with the signed checkpoint and the proof that the entry is under its root. Raises KeyError."""
    index = roster.index(entry)
    path = [one.hex() for one in roster.tree.proof(index)]
    return {**receipt, "checkpoint": checkpoint, "index": index, "proof": path}
