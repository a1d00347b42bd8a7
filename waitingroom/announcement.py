"""Pure: staff's word to everybody who waits, from a room's settings to what pages are told."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

MARK_LENGTH = 8


def by_language(korean: str, english: str) -> str:
    """Staff's words as JSON by language, either standing in for the other; empty if there are none."""
    korean, english = korean.strip(), english.strip()
    if not (korean or english):
        return ""
    return json.dumps({"ko": korean or english, "en": english or korean}, ensure_ascii=False)


@dataclass(frozen=True)
class Announcement:
    """What staff say to a room, by language; `mark` changes with it, and is empty where they say nothing."""

    texts: Mapping[str, str]
    mark: str

    @cached_property
    def member(self) -> bytes:
        """As a member of the JSON told to who polls, with the comma before it; empty where staff say nothing."""
        return b',"announcement":%b' % json.dumps(self.told, ensure_ascii=False).encode() if self.mark else b""

    @cached_property
    def frame(self) -> str:
        """As a message for a socket, also where a word was taken back: then its text is empty."""
        return json.dumps({"type": "queue-announcement"} | self.told, ensure_ascii=False)

    @property
    def told(self) -> dict[str, object]:
        """`text` is for who reads one language only; `mark` tells pages what they have."""
        return {"text": self.texts.get("ko", ""), "texts": dict(self.texts), "mark": self.mark}


@lru_cache(maxsize=256)
def announced(words: bytes) -> Announcement:
    """The announcement in a room's settings, as `by_language` wrote it."""
    if not words:
        return NOTHING
    return Announcement(json.loads(words), hashlib.sha1(words, usedforsecurity=False).hexdigest()[:MARK_LENGTH])


NOTHING = Announcement({}, "")
