"""The fleet's settings in force."""

from django.conf import settings

from scaling.configuration import Configuration


def configuration() -> Configuration:
    """The fleet's settings."""
    found: Configuration = settings.SCALING
    return found
