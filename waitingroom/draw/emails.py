"""The one spelling of an e-mail address that an entry's id is made of."""

import re
import unicodedata

from waitingroom.draw.errors import BadEmail

MAX_LENGTH = 254  # of an address, RFC 5321
SPACE = " \t\r\n\f\v"
_UPPER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f]+@[^\s\x00-\x1f\x7f@]+")


def normalised(email: str) -> str:
    """The address as everybody spells it who makes the id: NFC, no ASCII white space around it, A to Z made small.

    Nothing else changes: dots, "+tags" and other letters stand, so that a shell, a browser and this agree for ever.
    Raises BadEmail for what holds white space or control characters, no "@", or more than MAX_LENGTH characters.
    """
    plain = unicodedata.normalize("NFC", email).strip(SPACE).translate(_UPPER)
    if len(plain) > MAX_LENGTH or not _ADDRESS.fullmatch(plain):
        raise BadEmail("That is no e-mail address.")
    return plain
