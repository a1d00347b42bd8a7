"""Every way we know to cheat in a draw: what is published, what the visitor has, and the words that must answer it.

The organiser is the attacker where nothing else is said: they have the key, and sign what they like.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

from tests.waitingroom.draw.evening import CLOSES, FAN_CLUB, ROUND, SIGNATURE, SIGNER, SOURCES, Evening, changed
from waitingroom.draw.note import Signer
from waitingroom.draw.ranks import ranks_of, result_text
from waitingroom.draw.receipt import Entrance, receipt, with_proof
from waitingroom.draw.roster import Roster
from waitingroom.draw.sources import Drand, Local


@dataclass
class Case:
    """What the verifiers are given."""

    bundle: Any
    receipts: list[Any]
    email: str | None = None
    key: str | None = None


Attack = Callable[[], Case]
ATTACKS: dict[str, tuple[Attack, str, str]] = {}


def refused(code: str, words: str) -> Callable[[Attack], Attack]:
    """The attack is answered by that line, in these words."""

    def note(attack: Attack) -> Attack:
        ATTACKS[attack.__name__] = (attack, code, words)
        return attack

    return note


def redrawn(evening: Evening, ranks_from: bytes, **members: Any) -> dict[str, Any]:
    """The bundle with another seed and all that follows from it, signed."""
    ranks = ranks_of(ranks_from, evening.roster.ids)
    result = SIGNER.sign(result_text(evening.checkpoint, ranks_from, ranks))
    return changed(evening.bundle, seed=ranks_from.hex(), ranks=ranks, result=result, **members)


@refused("dropped", "you were dropped")
def an_entrant_is_dropped_before_the_closing() -> Case:
    evening = Evening()
    early = evening.early_receipt(3)
    evening.close(Roster(one.id for one in evening.entrances if one is not evening.entrances[3]))
    return Case(evening.bundle, [early])


@refused("roster-short", "somebody was dropped")
def an_entrant_is_dropped_after_the_closing() -> Case:
    evening = Evening()
    return Case(changed(evening.bundle, roster=evening.bundle["roster"][1:]), [evening.receipt(3)])


@refused("two-checkpoints", "a second draw")
def an_entrant_is_dropped_and_the_roster_closed_again() -> Case:
    evening = Evening()
    shown = evening.receipt(3)
    evening.close(Roster(one.id for one in evening.entrances if one is not evening.entrances[3]))
    return Case(evening.bundle, [shown])


@refused("roster-long", "somebody was added afterwards")
def a_friend_is_added_after_the_closing() -> Case:
    evening = Evening()
    friend = evening.entrance("friend@example.com").id.hex()
    return Case(changed(evening.bundle, roster=sorted([*evening.bundle["roster"], friend])), [evening.receipt(0)])


@refused("roster-changed", "an entry was exchanged")
def an_entrant_is_exchanged_for_a_friend() -> Case:
    evening = Evening()
    friend = evening.entrance("friend@example.com").id.hex()
    return Case(changed(evening.bundle, roster=sorted([*evening.bundle["roster"][1:], friend])), [])


@refused("roster-unsorted", "holds an id twice")
def an_entry_counts_twice() -> Case:
    evening = Evening()
    roster = evening.bundle["roster"]
    return Case(changed(evening.bundle, roster=sorted([*roster[:-1], roster[0]])), [])


@refused("two-checkpoints", "a second draw")
def ids_are_ground_once_chance_is_known() -> Case:
    """The last entrant is tried until a friend comes first, and the roster closed anew under the same rule."""
    evening = Evening(people=[f"fan{i}@example.com" for i in range(6)])
    shown, friend = evening.receipt(0), evening.entrances[1].id
    for i in range(1000):
        evening.close(Roster([*(one.id for one in evening.entrances), evening.entrance(f"ground{i}@example.com").id]))
        if evening.bundle["ranks"][evening.roster.index(friend)] == 1:
            break
    return Case(evening.bundle, [shown])


@refused("seed-wrong", "It was chosen")
def a_seed_is_ground() -> Case:
    evening = Evening()
    friend, tries = evening.entrances[1].id, (sha256(b"%d" % i).digest() for i in range(10_000))
    seed = next(one for one in tries if ranks_of(one, evening.roster.ids)[evening.roster.index(friend)] == 1)
    return Case(redrawn(evening, seed), [evening.receipt(0)])


@refused("receipt-rule", "another rule was in force")
def a_second_draw_from_another_round_of_drand() -> Case:
    entered = Evening(sources={**SOURCES, Drand(ROUND.chain, ROUND.round - 100): ""}).early_receipt(0)
    return Case(Evening().bundle, [entered])


@refused("receipt-rule", "another rule was in force")
def a_second_draw_from_the_organisers_own_machine() -> Case:
    return Case(Evening(sources={Local(): "00" * 32}).bundle, [Evening().receipt(0)])


@refused("rule-changed", "the rule was changed")
def the_rule_is_changed_after_the_closing() -> Case:
    other = Evening(sources={Local(): "00" * 32})
    return Case(changed(Evening().bundle, rule=other.bundle["rule"]), [])


@refused("source-too-early", "may have been known before")
def the_roster_is_closed_when_chance_is_known() -> Case:
    evening = Evening()
    evening.checkpoint = replace(evening.checkpoint, closed_at=ROUND.at + timedelta(seconds=1))
    return Case(evening.bundle, [])


@refused("closed-early", "before entries were to end")
def the_roster_is_closed_before_the_time() -> Case:
    evening = Evening()
    evening.checkpoint = replace(evening.checkpoint, closed_at=CLOSES - timedelta(minutes=5))
    return Case(evening.bundle, [])


@refused("receipt-forged", "The receipt is forged")
def a_visitor_forges_a_receipt() -> Case:
    """With a key of their own under the organiser's name and the organiser's key written above it."""
    evening = Evening()
    forger = Signer(SIGNER.key.name, bytes(32))
    forged = receipt(evening.rule, evening.entrance("nobody@example.com"), forger)
    return Case(evening.bundle, [changed(forged, key=str(SIGNER.key))])


@refused("receipt-key", "signed with another key")
def a_visitor_makes_a_receipt_with_a_key_of_their_own() -> Case:
    evening = Evening()
    return Case(
        evening.bundle, [receipt(evening.rule, evening.entrance("nobody@example.com"), Signer("me", bytes(32)))]
    )


@refused("receipt-forged", "The receipt is forged")
def a_visitor_puts_another_id_into_their_receipt() -> Case:
    evening = Evening()
    real = evening.receipt(0)
    other = real["entry"].replace(evening.entrances[0].id.hex(), evening.entrances[1].id.hex())
    return Case(evening.bundle, [changed(real, entry=other)])


@refused("id-wrong", "it is another person's, told to two")
def two_people_are_told_one_id() -> Case:
    evening = Evening()
    one, other = evening.entrances[0], evening.entrances[1]
    told = Entrance(one.id, other.nonce, other.plain, one.at)
    signed = SIGNER.sign(evening.checkpoint.text)
    return Case(evening.bundle, [with_proof(receipt(evening.rule, told, SIGNER), one.id, evening.roster, signed)])


@refused("email-other", "you were told another person's id")
def somebody_is_given_another_persons_receipt() -> Case:
    evening = Evening()
    return Case(evening.bundle, [evening.receipt(0)], email="fan1@example.com")


@refused("same-id", "it was told to two people")
def two_browsers_without_accounts_are_told_one_id() -> Case:
    evening = Evening(identity=Evening().rule.identity.NAME, people=["AAAAbbbbCCCCdddd", "EEEEffffGGGGhhhh"])
    return Case(evening.bundle, [evening.receipt(0), evening.receipt(0)])


@refused("reveal-withheld", "팬클럽 하늘 has not told their part")
def a_party_withholds_what_they_committed_to() -> Case:
    evening = Evening()
    return Case(changed(evening.bundle, reveals=[None, *evening.bundle["reveals"][1:]]), [evening.receipt(0)])


@refused("reveals-count", "names 3 sources of chance, the bundle has 2")
def a_party_who_withholds_is_left_out() -> Case:
    evening = Evening()
    return Case(changed(evening.bundle, reveals=evening.bundle["reveals"][1:]), [])


@refused("reveal-wrong", "is not what they had committed to")
def a_party_tells_another_secret() -> Case:
    evening = Evening()
    return Case(changed(evening.bundle, reveals=["ab" * 32, *evening.bundle["reveals"][1:]]), [])


@refused("reveal-wrong", "is not what they had committed to")
def a_party_repeats_what_another_committed_to() -> Case:
    evening = Evening()
    told = evening.bundle["reveals"]
    return Case(changed(evening.bundle, reveals=[told[0], FAN_CLUB.hex(), told[2]]), [])


@refused("drand-wrong", "the chance is made up")
def a_round_of_drand_is_made_up() -> Case:
    evening = Evening()
    made_up = SIGNATURE[:-1] + "c"
    return Case(changed(evening.bundle, reveals=[*evening.bundle["reveals"][:2], made_up]), [])


@refused("drand-wrong", "the chance is made up")
def another_round_of_drand_is_given() -> Case:
    other = Drand(ROUND.chain, ROUND.round + 1)
    evening = Evening(sources={other: SIGNATURE})
    seed = sha256(b"any").digest()
    ranks = ranks_of(seed, evening.roster.ids)
    signed = {"rule": evening.rule.text, "checkpoint": evening.checkpoint.text}
    signed["result"] = result_text(evening.checkpoint, seed, ranks)
    content = {"format": "tiketi-draw-bundle-v1", "key": str(SIGNER.key), "ranks": ranks, "seed": seed.hex()}
    content |= {name: SIGNER.sign(text) for name, text in signed.items()}
    return Case(content | {"roster": [one.hex() for one in evening.roster.ids], "reveals": [SIGNATURE]}, [])


@refused("ranks-wrong", "Ranks were exchanged")
def two_ranks_are_swapped() -> Case:
    evening = Evening()
    ranks = evening.bundle["ranks"]
    ranks[4], ranks[9] = ranks[9], ranks[4]
    seed = bytes.fromhex(evening.bundle["seed"])
    result = SIGNER.sign(result_text(evening.checkpoint, seed, ranks))
    return Case(changed(evening.bundle, ranks=ranks, result=result), [evening.receipt(4)])


@refused("result-wrong", "is not this outcome")
def the_outcome_that_is_signed_is_another() -> Case:
    evening = Evening()
    other = Evening(people=["only@example.com"]).bundle["result"]
    return Case(changed(evening.bundle, result=other), [])


@refused("checkpoint-other", "that of another draw (tiketi.example/draw/jazz)")
def the_checkpoint_is_another_events() -> Case:
    return Case(changed(Evening().bundle, checkpoint=Evening("jazz").bundle["checkpoint"]), [Evening().receipt(0)])


@refused("receipt-other", "one of another draw (tiketi.example/draw/jazz)")
def a_bundle_of_another_event_is_shown() -> Case:
    return Case(Evening().bundle, [Evening("jazz").receipt(0)])


@refused("receipt-rule", "another rule was in force")
def last_years_draw_of_the_same_name_is_replayed() -> Case:
    this_year = Evening(closes_at=CLOSES - timedelta(days=1)).early_receipt(0)
    return Case(Evening().bundle, [this_year])


@refused("receipt-key", "signed with another key")
def somebody_else_publishes_a_draw_under_the_organisers_name() -> Case:
    imposter = Evening(signer=Signer(SIGNER.key.name, bytes(32)))
    return Case(imposter.bundle, [Evening().receipt(0)])


@refused("key-differs", "another key")
def the_bundle_is_signed_with_another_key_than_the_published_one() -> Case:
    imposter = Evening(signer=Signer(SIGNER.key.name, bytes(32)))
    return Case(imposter.bundle, [], key=str(SIGNER.key))


@refused("checkpoint-unsigned", "is not signed by the key")
def the_checkpoint_is_written_by_hand() -> Case:
    evening = Evening()
    note = evening.bundle["checkpoint"].replace("\n23\n", "\n24\n")
    return Case(changed(evening.bundle, checkpoint=note), [])


@refused("rule-unsigned", "The rule's signature is not the key's")
def the_rule_is_written_by_hand() -> Case:
    evening = Evening()
    note = evening.bundle["rule"].replace("closes 2023-09-15T10:30:00Z", "closes 2023-09-15T10:31:00Z")
    return Case(changed(evening.bundle, rule=note), [])


@refused("proof-wrong", "does not lead to the root")
def a_proof_is_another_entrys() -> Case:
    evening = Evening()
    other = evening.receipt(5)
    return Case(evening.bundle, [changed(evening.receipt(0), proof=other["proof"], index=other["index"])])


@refused("malformed", "'roster'")
def a_roster_of_words() -> Case:
    return Case(changed(Evening().bundle, roster=["fan"]), [])


def honest() -> Case:
    """Nobody cheats."""
    evening = Evening()
    return Case(evening.bundle, [evening.receipt(7)], email=" Fan7@Example.COM\n", key=str(SIGNER.key))


def demonstration() -> Case:
    """The organiser's own machine drew the chance, as the rule said."""
    evening = Evening(sources={Local(): "5a" * 32})
    return Case(evening.bundle, [evening.receipt(7)])
