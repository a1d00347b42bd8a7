"""Pure: what a visitor who was admitted is told of the claim period."""

from waitingroom.place import Place


def told_of_claim(place: Place) -> dict[str, object]:
    """The members of the JSON told to who is active and has asked for no page yet; else none.

    `claimUntil` is when the admission is taken back, Unix milliseconds on Redis's clock; `claimEndsInSeconds` what is
    left of it, for clocks that are not Redis's.
    """
    if not place.unclaimed:
        return {}
    return {"claimUntil": place.expires_ms, "claimEndsInSeconds": -(-place.left_ms // 1000)}
