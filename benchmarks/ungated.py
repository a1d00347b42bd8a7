"""The site's settings without the waiting room: the same view, behind no gate."""

from tiketi.settings import *  # noqa: F403  (the settings are the site's, whole)

WAITINGROOM_PROTECTED: list[str] = []
