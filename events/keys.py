"""A database key in an address: `<key:pk>`; what is longer than any key can be names nothing."""

from django.urls import register_converter
from django.urls.converters import IntConverter

MAX_DIGITS = 18  # below 2 ** 63, whatever they are


class KeyConverter(IntConverter):
    """Django's `int` has no end, and databases have."""

    regex = rf"[0-9]{{1,{MAX_DIGITS}}}"


def is_key(text: str) -> bool:
    """Whether a form's text may be a key."""
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS


def register() -> None:
    """Before any address is read."""
    register_converter(KeyConverter, "key")
