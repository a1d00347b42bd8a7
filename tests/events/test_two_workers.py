"""Two workers at once, on both databases: chairs, money and tickets are conserved, and no line stays closed."""

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
SEEDS, STEPS = 3, 100

# What has to have happened, or nothing was proved.
PLAYED = ("buy", "give_one_back", "refund_one", "refund_there", "move_start", "change_price", "pay_back", "call")


@pytest.fixture(params=["sqlite", "postgres"])
def env(request: pytest.FixtureRequest, redis_server: object, tmp_path: Path) -> Mapping[str, str]:
    """A database of one's own, migrated."""
    url = f"sqlite:///{tmp_path}/melee.sqlite3"
    if request.param == "postgres":
        server: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS melee WITH (FORCE)")
            connection.execute("CREATE DATABASE melee")
        url = f"{server.rsplit('/', 1)[0]}/melee"
    own = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"} | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(tmp_path),
        "LOG_LEVEL": "CRITICAL",
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=own, check=True)
    return own


def test_chairs_money_and_tickets_are_conserved(env: Mapping[str, str]):
    seen: dict[str, int] = {}
    for seed in range(SEEDS):
        command = [sys.executable, "-m", "tests.events.melee", str(seed), str(STEPS)]
        played = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
        assert played.stdout, f"seed {seed}: {played.stderr[-3000:]}"
        found = json.loads(played.stdout)
        assert found["wrong"] == [], f"seed {seed}"
        for act, times in found["seen"].items():
            seen[act] = seen.get(act, 0) + times
    assert [act for act in PLAYED if not seen.get(act)] == []


def raced(env: Mapping[str, str], *how: str) -> list[str]:
    """What the last payment and a cancellation at once left behind that is not so."""
    command = [sys.executable, "-m", "tests.events.sold_out_race", *how]
    played = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert played.stdout, played.stderr[-3000:]
    return list(json.loads(played.stdout))


def test_the_last_payment_and_a_cancellation_at_once_leave_no_line_closed_before_free_seats(env: Mapping[str, str]):
    assert raced(env, "10") == []


def test_without_the_lock_that_race_does_happen(env: Mapping[str, str]):
    """The negative control."""
    assert raced(env, "5", "unlocked") != []
