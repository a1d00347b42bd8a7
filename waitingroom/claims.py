"""Pure: when a visitor who was admitted hears of it, and what they are told of the claim period."""

import hashlib

from waitingroom.place import Place
from waitingroom.timing import CALLING_MS

# Whoever hears of the turn asks for a page at once: of many who are admitted together, so many hear of it in a second.
CALLED_A_SECOND = 300
# The last to hear still has three quarters of the claim period to come.
CLAIM_SPENT_CALLING = 0.25


def called_in_s(visitor: str, place: Place, called: int) -> float:
    """In how many seconds the visitor is to hear of the admission; 0 or less: now.

    Each has an instant of their own, whatever has a process look: a hint, its cadence, a change for everybody. `called`
    came in within CALLING_MS; however many they are, all have heard by then, and in a quarter of the claim period.
    """
    claim_s = (place.left_ms + place.called_ms) / 1000
    spread_s = min(CALLING_MS / 1000, CLAIM_SPENT_CALLING * claim_s, called / CALLED_A_SECOND)
    # By the admission besides the name: nobody's is always the first.
    digest = hashlib.blake2s(f"{visitor} {place.expires_ms}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32 * spread_s - place.called_ms / 1000


def told_of_claim(place: Place) -> dict[str, object]:
    """The members of the JSON told to who is active and has asked for no page yet; else none.

    `claimUntil` is when the admission is taken back, Unix milliseconds on Redis's clock; `claimEndsInSeconds` what is
    left of it, for clocks that are not Redis's.
    """
    if not place.unclaimed:
        return {}
    return {"claimUntil": place.expires_ms, "claimEndsInSeconds": -(-place.left_ms // 1000)}
