"""What a scanner typed, as its code says it, whatever keyboard the computer thinks it has."""

import unicodedata

# Yubico's "modhex": the sixteen letters that lie on the same keys of nearly all Latin keyboards.
LETTERS = "cbdefghijklnrtuv"
_VALUES = {letter: value for value, letter in enumerate(LETTERS)}

# The keys of the Korean keyboard (두벌식), by the order of Unicode's conjoining jamo.
_JAMO = {
    0x1100: "r R s e E f a q Q t T d w W c z x v g",
    0x1161: "k o i O j p u P h hk ho hl y n nj np nl b m ml l",
    0x11A8: "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g",
}
_KEYS = {chr(first + at): keys for first, row in _JAMO.items() for at, keys in enumerate(row.split())}


def keys_of(text: str) -> str:
    """The Latin letters on the keys that were pressed: `안녕` is what `dkssud` types where Hangul is on."""
    return "".join(_KEYS.get(letter, letter) for letter in unicodedata.normalize("NFKD", text))


def spelled(data: bytes) -> str:
    """Bytes in capital letters, two each: QR codes hold capitals in little room, scanners type them anywhere."""
    return "".join(LETTERS[byte >> 4] + LETTERS[byte & 15] for byte in data).upper()


def unspelled(text: str) -> bytes:
    """The bytes that `spelled` wrote, in any case. Raises ValueError."""
    try:
        values = [_VALUES[letter] for letter in text.lower()]
    except KeyError as error:
        raise ValueError(text) from error
    if len(values) % 2:
        raise ValueError(text)
    return bytes(high << 4 | low for high, low in zip(values[::2], values[1::2], strict=True))
