"""What was sold before an upgrade is sold after it, in the same words, on both databases."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_chairs_prices_and_words_survive_the_upgrade(
    kind: str, request: pytest.FixtureRequest, redis_server: object, tmp_path: Path
):
    url = f"sqlite:///{tmp_path}/old.sqlite3"
    if kind == "postgres":
        server: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS old_rows WITH (FORCE)")
            connection.execute("CREATE DATABASE old_rows")
        url = f"{server.rsplit('/', 1)[0]}/old_rows"
    env = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"} | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(tmp_path),
    }

    def run(*command: str) -> str:
        return subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def script(function: str) -> str:
        return run("-c", f"import django; django.setup(); from tests.events import old_rows; old_rows.{function}()")

    script("make")
    run("manage.py", "migrate", "--verbosity", "0")
    found: dict[str, Any] = json.loads(script("tell"))

    assert found["lines"] == [
        ["hall", "큰 홀", "1층 A구역", "1", 1, True],
        ["hall", "큰 홀", "1층 B구역", "1", 1, False],  # its tier was deleted; the line says what it was
        ["gone", "큰 홀", "1층 A구역", "1", 1, True],
        ["gone", "큰 홀", "1층 A구역", "1", 2, True],
    ]
    assert found["occupied"] == [
        ["gone", "A", "R석", 700, "A"],
        ["gone", "A", "R석", 1000, "A"],
        ["hall", "A", "R석", 1000, "A"],
        ["hall", "A", "R석", 1000, "A"],
        ["hall", "B", "S석", 700, "B"],
    ]
    assert found["of_another_plan"] == 0
    assert found["rooms"] == {"hall": ["paused", "", False], "gone": ["automatic", "sold-out", True]}
