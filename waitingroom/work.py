"""Proof of work: what a newcomer's browser computes before a number is drawn, where staff want that (ALTCHA).

A challenge names no number of tries: its key is that of one counter among so many, and finding it takes them. It says
for which room it is by the key that signs it.
"""

import hashlib
import secrets
import time
from functools import lru_cache

from altcha import Payload, create_challenge, verify_solution

from waitingroom.conf import conf
from waitingroom.slips import SKEW_SECONDS

ALGORITHM = "PBKDF2/SHA-256"
# Hashes a try. What a browser spends around them weighs as much: whoever does without a browser gains no more by it.
ITERATIONS = 200
# What a browser that was put aside may take until it hands the solution in; late ones begin anew, by themselves.
LIFE_SECONDS = 300
MAX_TRIES = 200_000
LONGEST = 2_000  # characters of a solution handed in
# The spent are remembered for as long as any of them is good, by whatever clock; and so many of a room.
SPENT_MS = 1000 * (LIFE_SECONDS + 2 * SKEW_SECONDS)
MAX_SPENT = 200_000


@lru_cache(maxsize=1024)
def _keys(secret: str, room: str) -> tuple[bytes, bytes]:
    """What signs a room's challenges, and what their answers."""
    master = hashlib.blake2b(secret.encode(), person=b"work").digest()
    signs, answers = (hashlib.blake2b(room.encode(), key=master, person=word).digest() for word in (b"ask", b"answer"))
    return signs, answers


def challenge(room: str, tries: int) -> dict[str, object]:
    """A challenge that takes `tries` on average, at least half of them and at most half as many again.

    It is JSON as ALTCHA's solvers read it; making one takes a tenth of a millisecond.
    """
    signs, answers = _keys(conf.SECRET_KEY, room)
    made = create_challenge(
        ALGORITHM,
        ITERATIONS,
        counter=tries // 2 + secrets.randbelow(tries + 1),
        expires_at=int(time.time()) + LIFE_SECONDS,
        hmac_secret=signs,
        hmac_key_secret=answers,
    )
    return dict(made.to_dict())


def done(solution: str, room: str) -> str:
    """The work that was done, as `enter` reads it ("p,id,expires_ms"), where `solution` solves one of the room's
    challenges that has not expired; else "". Whether it was handed in before, Redis knows.
    """
    if not solution or len(solution) > LONGEST or not solution.isascii():
        return ""
    for secret in (conf.SECRET_KEY, *conf.SECRET_KEY_FALLBACKS):
        signs, answers = _keys(secret, room)
        if verify_solution(solution, signs, hmac_key_secret=answers).verified:
            parameters = Payload.from_base64(solution).challenge.parameters
            return f"p,{parameters.nonce},{1000 * (parameters.expires_at or 0)}"
    return ""
