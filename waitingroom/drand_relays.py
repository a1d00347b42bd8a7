"""Asks drand's public relays for a round; the answer is checked by the round's own signature, whoever gives it."""

from collections.abc import Sequence

import requests

from waitingroom.conf import conf
from waitingroom.draw.errors import BadReveal
from waitingroom.draw.sources import Drand
from waitingroom.errors import DrawRefused

SECONDS = 5.0


def round_of(source: Drand, relays: Sequence[str] | None = None) -> str:
    """The round's signature from the first relay that has it. Raises DrawRefused, naming what each said."""
    said = []
    for relay in conf.WAITINGROOM_DRAND_RELAYS if relays is None else relays:
        try:
            answer = requests.get(f"{relay}/{source.chain.hash}/public/{source.round}", timeout=SECONDS)
            answer.raise_for_status()
            signature = str(answer.json()["signature"])
            source.value(signature)
        except (requests.RequestException, ValueError, KeyError, TypeError, BadReveal) as error:
            said.append(f"{relay}: {error}")
        else:
            return signature
    raise DrawRefused(f"No relay gave {source.name} ({'; '.join(said) or 'none is set: DRAND_RELAYS'}).")
