"""The files that a draw gives out: the bundle for everybody, a receipt for each who entered."""

from functools import lru_cache
from typing import Any

from waitingroom.draw.bundle import bundle, closed_bundle
from waitingroom.draw.receipt import Entrance, receipt, with_proof
from waitingroom.draw.roster import Roster
from waitingroom.draw_key import signer
from waitingroom.draw_records import Draw, DrawClosing, DrawResult, DrawReveal
from waitingroom.draw_state import entry_of
from waitingroom.draw_steps import roster_of
from waitingroom.errors import DrawRefused


def bundle_of(draw: Draw) -> dict[str, Any]:
    """What is published: without a seed until every source has spoken. Raises DrawRefused before the closing."""
    closing = DrawClosing.objects.filter(draw=draw).first()
    if closing is None:
        raise DrawRefused("The roster is not closed: there is nothing to publish yet.")
    told = dict(DrawReveal.objects.filter(closing=closing).values_list("source", "reveal"))
    rule, by = draw.rule, signer(draw.key)
    reveals = [told.get(i) for i in range(len(rule.sources))]
    known = [one for one in reveals if one is not None]
    if DrawResult.objects.filter(closing=closing).exists():
        return bundle(rule, roster_of(draw), closing.checkpoint, known, by)
    return closed_bundle(rule, roster_of(draw), closing.checkpoint, by) | {"reveals": reveals}


def receipt_of(draw: Draw, person: str) -> dict[str, Any]:
    """The receipt of the visitor: with its proof from the closing on. Raises DrawRefused."""
    result = DrawResult.objects.filter(closing=draw.pk).first()
    entry = entry_of(draw, person, result.seed if result else "")
    if entry is None or not entry.identity:  # it was forgotten
        raise DrawRefused(f"'{person}' has not entered.")
    return receipts_of(draw, [entry.entrance])[0]


def receipts_of(draw: Draw, entrances: list[Entrance]) -> list[dict[str, Any]]:
    """The receipts of several. Raises DrawRefused where the rows are not those that were closed."""
    rule, by = draw.rule, signer(draw.key)
    made = [receipt(rule, entrance, by) for entrance in entrances]
    closing = DrawClosing.objects.filter(draw=draw).first()
    if closing is None:
        return made
    roster = _closed_roster(draw.pk, closing.checkpoint_note)
    return [
        with_proof(one, entrance.id, roster, closing.checkpoint_note)
        for one, entrance in zip(made, entrances, strict=True)
    ]


@lru_cache(maxsize=4)
def _closed_roster(draw: int, _checkpoint: str) -> Roster:
    # Of 10,000 the tree takes 60 ms: once in each process, not once for each who fetches a receipt.
    return roster_of(Draw.objects.get(pk=draw))
