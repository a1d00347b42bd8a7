"""Names in two languages: which is shown, and how their letters are kept."""

import unicodedata
from collections.abc import Iterable

from django.db.models import Model
from django.utils.translation import get_language


def in_language(korean: str, english: str) -> str:
    """The English name where the page is English, and the Korean one elsewhere or where no English is given."""
    return english if english and (get_language() or "").startswith("en") else korean


def compose(row: Model, names: Iterable[str]) -> None:
    """Keep these texts of a row in composed letters: nobody would find Hangul in parts, as a Mac's files are called."""
    for name in names:
        setattr(row, name, unicodedata.normalize("NFC", getattr(row, name)))
