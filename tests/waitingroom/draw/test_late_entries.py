"""Whoever was confirmed is in the roster, however close the closing, on both databases."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
TELL = "import django; django.setup(); from tests.waitingroom.draw import late_entries; late_entries.tell()"


@pytest.fixture(params=["sqlite", "postgres"])
def told(request: pytest.FixtureRequest, redis_server: object, tmp_path: Path) -> dict[str, Any]:
    """How the closing ended, on a database of its own."""
    url = f"sqlite:///{tmp_path}/late.sqlite3"
    if request.param == "postgres":
        server: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS late_entries WITH (FORCE)")
            connection.execute("CREATE DATABASE late_entries")
        url = f"{server.rsplit('/', 1)[0]}/late_entries"
    env = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"} | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(tmp_path),
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=env, check=True)
    answer = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_whoever_was_confirmed_is_in_the_one_roster(told: dict[str, Any]):
    assert told["confirmed"] == told["entered"]
    assert told["size"] == len(told["confirmed"]) < 3200
    assert told["root is theirs"]
    assert sorted(told["closings"]) == [False, False, False, True]
