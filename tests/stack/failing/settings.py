"""The site's own settings, and what fails beside it."""

from tiketi.settings import *  # noqa: F403  (the site's own, but for what is added)
from tiketi.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.stack.failing.apps.FailingConfig"]
ROOT_URLCONF = "tests.stack.failing.pages"
