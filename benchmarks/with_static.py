"""The site's settings, with static files served from where they are written: nothing was collected here."""

from tiketi.settings import *  # noqa: F403  (the settings are the site's, whole)

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
