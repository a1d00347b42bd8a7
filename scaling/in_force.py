"""The fleet's settings in force."""

from django.conf import settings

from scaling.configuration import Configuration


def deployed() -> Configuration:
    """The settings that the deployment brought."""
    found: Configuration = settings.SCALING
    return found


def configuration() -> Configuration:
    """The fleet's settings."""
    return deployed()
