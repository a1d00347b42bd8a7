"""The seed and the order that follows from it; nothing in here can be chosen."""

from collections.abc import Sequence
from hashlib import sha256

from waitingroom.draw.checkpoint import Checkpoint
from waitingroom.draw.errors import BadReveal
from waitingroom.draw.rule import Rule


def seed_of(rule: Rule, checkpoint: Checkpoint, reveals: Sequence[str]) -> bytes:
    """SHA-256 of the checkpoint's text and what each source gave, in the rule's order. Raises BadReveal."""
    if len(reveals) != len(rule.sources):
        raise BadReveal("Every source that the rule names must have spoken, and no other.")
    values = [source.value(reveal) for source, reveal in zip(rule.sources, reveals, strict=True)]
    lines = [f"tiketi-draw-v1\n{checkpoint.text}", *(f"{value.hex()}\n" for value in values)]
    return sha256("".join(lines).encode()).digest()


def in_order(seed: bytes, ids: Sequence[bytes]) -> list[bytes]:
    """The ids, first come first: ascending by SHA-256(seed | id), and were two of these alike, by id."""
    return sorted(ids, key=lambda one: (sha256(seed + one).digest(), one))


def ranks_of(seed: bytes, ids: Sequence[bytes]) -> list[int]:
    """Each id's rank from 1, in the order that the ids have."""
    place = {one: rank for rank, one in enumerate(in_order(seed, ids), 1)}
    return [place[one] for one in ids]


def result_text(checkpoint: Checkpoint, seed: bytes, ranks: Sequence[int]) -> str:
    """What is signed of the outcome."""
    digest = sha256(",".join(map(str, ranks)).encode()).hexdigest()
    return f"tiketi-draw-result-v1\n{checkpoint.log}\nseed {seed.hex()}\nranks {digest}\n"
