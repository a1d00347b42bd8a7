"""The key that signs this site's draws: DRAW_KEY's, or one that follows from SECRET_KEY."""

import hashlib
from base64 import b64decode
from binascii import Error

from waitingroom.conf import conf
from waitingroom.draw.note import Signer
from waitingroom.errors import DrawRefused


def _secrets() -> list[bytes]:
    """In force first, then those of before, which finish what they began."""
    own = []
    if text := conf.WAITINGROOM_DRAW_KEY:
        try:
            own = [b64decode(text, validate=True)]
        except (Error, ValueError):
            own = [b""]
        if len(own[0]) != 32:
            raise DrawRefused("DRAW_KEY is not 32 bytes in base64: `openssl rand -base64 32` makes one.")
    derived = [
        hashlib.blake2b(secret.encode(), person=b"draw", digest_size=32).digest()
        for secret in (conf.SECRET_KEY, *conf.SECRET_KEY_FALLBACKS)
    ]
    return own + derived


def signer(key: str = "") -> Signer:
    """The signer in force; or that of `key`, as the rule of a draw names it. Raises DrawRefused."""
    for secret in _secrets():
        found = Signer(f"{conf.WAITINGROOM_DRAW_ORIGIN}/draw", secret)
        if key in ("", str(found.key)):
            return found
    raise DrawRefused("Another key announced this draw. Set DRAW_KEY, SECRET_KEY and SITE_ADDRESS as they were then.")
