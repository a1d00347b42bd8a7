"""The site's settings, on a Redis, a database and a folder that belong to the tests alone."""

import os
import tempfile
from pathlib import Path

from tiketi import local_redis

# One folder a test process; what a test starts as a subprocess inherits the environment, and so shares it.
if "TIKETI_TEST_DIR" not in os.environ:
    os.environ["TIKETI_TEST_DIR"] = tempfile.mkdtemp(prefix="tiketi-tests-")
_folder = Path(os.environ["TIKETI_TEST_DIR"]) / os.environ.get("PYTEST_XDIST_WORKER", "main")
if "DATABASE_URL" in os.environ:  # for the tests that ask for PostgreSQL by name; the others keep to SQLite
    os.environ["TEST_POSTGRES_URL"] = os.environ.pop("DATABASE_URL")
os.environ["TIKETI_LOCAL_DIR"] = str(_folder)
os.environ["REDIS_URL"] = local_redis.recorded_url(_folder / "redis")

from tiketi.settings import *  # noqa: E402  (the environment had to come first)
from tiketi.settings import DATABASES  # noqa: E402

# A file, not memory: threads and processes of a test see the same rows, as in life.
DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a strong hash costs every log-in 100 ms
WHITENOISE_AUTOREFRESH = True  # tests run with DEBUG off: static files are served from where they are written
