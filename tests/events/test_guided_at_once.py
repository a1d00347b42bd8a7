"""Several of the staff at once on PostgreSQL: each is led on or told what is taken, and nobody's work is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
STAFF = 4  # of guided_race, which sets Django up for another database


@pytest.fixture
def env(postgres_url: str, redis_server: object, tmp_path: Path) -> Mapping[str, str]:
    """A database of one's own, migrated."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS guided WITH (FORCE)")
        connection.execute("CREATE DATABASE guided")
    own = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"} | {
        "DATABASE_URL": f"{postgres_url.rsplit('/', 1)[0]}/guided",
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(tmp_path),
        "LOG_LEVEL": "CRITICAL",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=own, check=True)
    return own


def test_who_wants_one_name_at_once_gets_it_or_is_told(env: Mapping[str, str]):
    command = [sys.executable, "-m", "tests.events.guided_race"]
    played = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert played.stdout, played.stderr[-3000:]
    found = json.loads(played.stdout)

    told = [200] * (STAFF - 1)
    assert found["one title"] == [302] * STAFF  # each the next free address
    assert found["one address"] == found["one venue"] == [*told, 302]
    assert found["drafts"] == STAFF + 2
    assert found["one hall"] == {"statuses": [*told, 302], "told": STAFF - 1, "plans": 1, "seated": [True]}
    assert set(found["nonsense"].values()) <= {200, 302, 400}
    assert found["nonsense"]["a NUL in the first step"] == found["nonsense"]["no pattern"] == 400
