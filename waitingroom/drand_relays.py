"""Asks drand's public relays for a round; the answer is checked by the round's own signature, whoever gives it."""

from collections.abc import Sequence
from concurrent.futures import Future

import requests

from waitingroom.blocking import BlockingThread
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


class Asking:
    """Asks on the side, so that no other draw waits for a relay that hangs."""

    def __init__(self) -> None:
        self._thread = BlockingThread("waitingroom-drand")
        self._asked: dict[Drand, Future[str]] = {}

    def word_of(self, source: Drand) -> str | None:
        """The round's signature, or None while relays are being asked. Raises DrawRefused where none had it."""
        asked = self._asked.get(source)
        if asked is None:
            self._asked[source] = self._thread.submit(lambda: round_of(source))
            return None
        if not asked.done():
            return None
        del self._asked[source]
        return asked.result()
