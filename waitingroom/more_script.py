"""The rest of the waiting page's script, fetched when it is due: so that not everybody's page carries it."""

import hashlib
from functools import cache

from django.template.loader import render_to_string
from django.utils.translation import override

from waitingroom import pushes


@cache
def more_of(language: str) -> str:
    """The script, with its words in the language."""
    with override(language):
        return render_to_string("waitingroom/more.js", {"pushes": pushes.is_on()})


def edition_of(language: str) -> str:
    """Names the script by its content, as its address does: a page fetches the one that it was made with, or none."""
    return hashlib.sha256(more_of(language).encode()).hexdigest()[:12]
