"""What a log keeps to itself: visitors by a keyed hash, and whatever looks like a person's in a text as a word."""

import hashlib
import hmac
import re
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from django.conf import settings

# Anybody decides what stands in these texts: each pattern begins where a run begins, and takes time in proportion.
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+?(?:@|%40)[\w-]+(?:\.[\w-]+)+")
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F:.]{2,46}(?![\w:])")
# Whoever reads these in an address may do what its owner may.
SECRET = re.compile(r"(/(?:confirm-email|reset/key|previews|tickets)/)[^/\s'\"]+")
COOKIE = re.compile(r"\b((?:__Host-)?(?:visitor|slip-[\w-]{1,80}|sessionid|csrftoken|known|messages)=)[^;\s'\"]+")

# What stands behind an address: forms' answers, sign-in codes of providers, search words.
QUERY = re.compile(r"\?[^\s'\"=?]{1,200}=[^\s'\"]*")

MAX_TEXT = 20_000  # of a text that says more its beginning and its end are written


def hashed(visitor: str) -> str:
    """The visitor's name in logs: the same in every process, and nobody's without the site's key."""
    return _hashed(settings.SECRET_KEY, visitor)


@lru_cache(maxsize=4096)
def _hashed(secret: str, visitor: str) -> str:
    key = hashlib.blake2b(secret.encode(), person=b"log").digest()
    return hmac.new(key, visitor.encode(), hashlib.sha256).hexdigest()[:12]


def scrubbed(text: str) -> str:
    """The text without email addresses, public IP addresses, cookies, and the queries and secrets of addresses."""
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT // 2]} ... {text[-MAX_TEXT // 2 :]}"
    if "?" in text:
        text = QUERY.sub("?[query]", text)
    if "@" in text or "%40" in text:
        text = EMAIL.sub("[email]", text)
    if "=" in text:
        text = COOKIE.sub(r"\1[cookie]", text)
    if "/" in text:
        text = SECRET.sub(r"\1[secret]", text)
    return IPV6.sub(_unless_public, IPV4.sub(_unless_public, text))


def _unless_public(found: re.Match[str]) -> str:
    """A server's own private address is the operator's business; a public one is somebody's."""
    for text in (found[0].rstrip("."), found[0].rstrip(".:")):  # what ends a sentence, or comes before a reason
        with suppress(ValueError):
            return "[address]" if ip_address(text).is_global else found[0]
    return found[0]
