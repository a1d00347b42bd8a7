"""One chair once: what is priced, held or sold keeps its plan, hall and tier, in the database itself; forms say why."""

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
TELL = "import django; django.setup(); from tests.events import misdeeds; misdeeds.tell()"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def told(
    request: pytest.FixtureRequest, redis_server: object, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """How every misdeed ended, on a database of its own."""
    folder = tmp_path_factory.mktemp("misdeeds")
    url = f"sqlite:///{folder}/misdeeds.sqlite3"
    if request.param == "postgres":
        server: str = request.getfixturevalue("postgres_url")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS misdeeds WITH (FORCE)")
            connection.execute("CREATE DATABASE misdeeds")
        url = f"{server.rsplit('/', 1)[0]}/misdeeds"
    env = {name: value for name, value in os.environ.items() if name != "TIKETI_TEST_DIR"} | {
        "DATABASE_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "tiketi.settings",
        "TIKETI_LOCAL_DIR": str(folder),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True)
    answer = subprocess.run(
        [sys.executable, "-c", TELL], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def test_nothing_takes_or_doubles_a_chair_that_was_sold(told: dict[str, Any]):
    done = [misdeed for misdeed, fate in told["sold"].items() if fate == "done"]

    assert done == []
    assert "OperationalError" not in told["sold"].values()


def test_a_held_seat_is_kept_as_a_sold_one_is(told: dict[str, Any]):
    assert [misdeed for misdeed, fate in told["held"].items() if fate == "done"] == []


def test_where_nothing_is_on_sale_staff_may_change_everything(told: dict[str, Any]):
    assert set(told["nothing on sale"].values()) == {"done"}


def test_an_account_has_no_more_seats_by_asking_from_several_devices_at_once(told: dict[str, Any]):
    assert told["one after another"]["over the limit"] <= 0


def test_who_asks_an_area_for_its_last_places_at_once_is_dealt_all_of_them(told: dict[str, Any]):
    assert (told["one after another"]["dealt"], told["one after another"]["ended"]) == ([6], ["done"])


def test_of_a_buyer_and_a_correction_of_the_plan_one_is_refused_in_words(told: dict[str, Any]):
    assert set(told["races"]["corrected"]) <= {"done", "SeatTaken", "BadPick"}


def test_of_a_buyer_and_staff_at_the_same_moment_one_is_refused(told: dict[str, Any]):
    assert set(told["races"]["both"].values()) == {0}
    assert "OperationalError" not in told["races"]["ended"]
