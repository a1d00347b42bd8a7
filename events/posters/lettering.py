"""Text in a box: in how large letters, in which lines, so that nothing of it is ever cut, whatever font there is."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LEADING = 1.14  # from line to line, in sizes
# The widest of common bold faces (DejaVu Sans Bold), in sizes: who has another font has room to spare.
NARROW, WIDE = frozenset("ijlI.,:;'|!()[]-‘’·"), frozenset("mwMW@%&…—")
NARROW_EM, WIDE_EM, SMALL_EM, CAPITAL_EM, FULL_EM, EMOJI_EM = 0.48, 1.12, 0.73, 0.86, 1.0, 1.4
OPENING, CLOSING = "<《〈「『(［[{“‘", ">》〉」』)］]}”’"


class Lettering(NamedTuple):
    """A text as it is set."""

    size: int
    lines: list[str]

    @property
    def height(self) -> float:
        """From the first line's top to the last one's bottom."""
        return len(self.lines) * self.size * LEADING


@lru_cache(maxsize=4096)
def _letter_em(letter: str) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    if letter in NARROW or letter == " ":
        return NARROW_EM
    if letter in WIDE:
        return WIDE_EM
    if unicodedata.category(letter) in ("So", "Cs", "Cn", "Co"):
        return EMOJI_EM
    if unicodedata.east_asian_width(letter) in "WF" or letter > "\u024f":
        return FULL_EM
    return CAPITAL_EM if letter.isupper() or letter.isdigit() else SMALL_EM


def width(text: str) -> float:
    """How wide the text is at most, in sizes."""
    return sum(map(_letter_em, text))


def fitted(text: str, *, sizes: range, wide: float, high: float) -> Lettering:
    """The text at the largest of the sizes at which it fits, in whole words; at the smallest if at none.

    A title in brackets stays in one line if half of the sizes allow. A word wider than the box is broken.
    """
    words = words_of(text)
    together = whole_titles(words)
    for parts, sizes_tried in ((together, sizes[: len(sizes) // 2]), (words, sizes)):
        for size in sizes_tried:
            room = wide / size
            if max(map(width, parts), default=0) <= room:
                found = Lettering(size, _lines(parts, room))
                if found.height <= high:
                    return found
    smallest = sizes[-1]
    room = wide / smallest
    return Lettering(smallest, _lines([part for word in words for part in _broken(word, room)], room))


def words_of(text: str) -> list[str]:
    """The words, none of them a bracket that lost what it embraces."""
    words: list[str] = []
    for word in text.split():
        if words and (_is_all(word, CLOSING) or _is_all(words[-1], OPENING + CLOSING)):
            words[-1] += "\u00a0" + word
        else:
            words.append(word)
    if len(words) > 1 and _is_all(words[-1], OPENING + CLOSING):
        words[-2:] = ["\u00a0".join(words[-2:])]
    return words


def _is_all(word: str, letters: str) -> bool:
    return all(letter in letters + "\u00a0" for letter in word)


def whole_titles(words: list[str]) -> list[str]:
    """The words, with each title in brackets as one."""
    found: list[str] = []
    i = 0
    while i < len(words):
        closed = (j for j in range(i, len(words)) if words[j][-1] in CLOSING)
        end = next(closed, i) if words[i][0] in OPENING else i
        found.append(" ".join(words[i : end + 1]))
        i = end + 1
    return found


def _lines(parts: list[str], room: float) -> list[str]:
    lines: list[str] = []
    for part in parts:
        joined = f"{lines[-1]} {part}" if lines else part
        if lines and width(joined) <= room:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _broken(word: str, room: float) -> list[str]:
    parts = [""]
    for letter in re.findall(r"(?s).", word):
        if parts[-1] and width(parts[-1] + letter) > room:
            parts.append("")
        parts[-1] += letter
    return parts
