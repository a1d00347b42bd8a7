"""The bundle: all of a draw in one published file, from which anybody computes it again."""

from collections.abc import Sequence
from typing import Any

from waitingroom.draw.checkpoint import Checkpoint
from waitingroom.draw.note import Signer
from waitingroom.draw.ranks import ranks_of, result_text, seed_of
from waitingroom.draw.roster import Roster
from waitingroom.draw.rule import Rule

FORMAT = "tiketi-draw-bundle-v1"


def closed_bundle(rule: Rule, roster: Roster, checkpoint: Checkpoint, signer: Signer) -> dict[str, Any]:
    """What is published when the roster is closed: there is no seed yet."""
    return {
        "format": FORMAT,
        "key": str(signer.key),
        "rule": signer.sign(rule.text),
        "checkpoint": signer.sign(checkpoint.text),
        "roster": [one.hex() for one in roster.ids],
        "reveals": [None] * len(rule.sources),
    }


def bundle(
    rule: Rule, roster: Roster, checkpoint: Checkpoint, reveals: Sequence[str], signer: Signer
) -> dict[str, Any]:
    """What is published when the draw is done. Raises BadReveal."""
    seed = seed_of(rule, checkpoint, reveals)
    ranks = ranks_of(seed, roster.ids)
    return closed_bundle(rule, roster, checkpoint, signer) | {
        "reveals": list(reveals),
        "seed": seed.hex(),
        "ranks": ranks,
        "result": signer.sign(result_text(checkpoint, seed, ranks)),
    }
