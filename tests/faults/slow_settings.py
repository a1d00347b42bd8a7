"""The site with pages that take their time: until the file of SLOW_UNTIL is there."""

from tiketi.settings import *  # noqa: F403  (the site's own settings, but for the pages)

ROOT_URLCONF = "tests.faults.slow_pages"
