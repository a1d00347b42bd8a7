"""`manage.py storm`, told nonsense: one clear line, and nobody comes."""

import json
import re
import uuid
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from tests.storm.door import open_door
from tests.storm.line import Fault, Line
from tiketi import loopback
from tiketi.storm.ground import PURCHASE_S, find_room, patience_s
from tiketi.storm.habits import Habits
from waitingroom.models import Mode, WaitingRoom
from waitingroom.redis import client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def room() -> WaitingRoom:
    """A room that nobody serves."""
    return WaitingRoom.objects.create(slug=f"storm-{uuid.uuid4().hex[:8]}")


def refusal(slug: str, **options: object) -> str:
    """What the command says instead of storming."""
    with pytest.raises(CommandError) as caught:
        call_command("storm", slug, **{"visitors": 5, "timeout": 10.0} | options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("visitors", [0, -5, 10**9])
def test_a_number_of_visitors_that_makes_no_sense_is_refused(room: WaitingRoom, visitors: int):
    assert re.search(r"at least 1|more than this process", refusal(room.slug, visitors=visitors))


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("option", ["arrive_in", "stay", "timeout", "vanish"])
def test_a_time_or_a_share_that_makes_no_sense_is_refused(room: WaitingRoom, option: str, value: float):
    assert f"--{option.replace('_', '-')} must be a number" in refusal(room.slug, **{option: value})


def test_more_than_everybody_cannot_vanish(room: WaitingRoom):
    assert "--vanish must be a number from 0 to 1" in refusal(room.slug, vanish=1.1)


def test_an_unknown_room_is_named_with_those_there_are(room: WaitingRoom):
    said = refusal("no-such-room")

    assert "no waiting room 'no-such-room'" in said
    assert room.slug in said


def test_buyers_of_a_small_room_get_the_time_that_buying_takes(room: WaitingRoom):
    _, now = find_room(room.slug)
    small = replace(now, threshold=40, admission_per_minute=2_000.0)

    walk, buy = (patience_s(3_000, 30, Habits(stay=1.0), small, buys=buys) for buys in (False, True))

    assert walk < 600
    assert buy > 3 * 3_000 * PURCHASE_S / 40


@pytest.mark.parametrize("mode", [Mode.CLOSED, Mode.PAUSED, Mode.DRAINING])
def test_a_room_that_lets_nobody_in_is_refused(room: WaitingRoom, mode: Mode):
    room.mode = mode
    room.save()

    assert mode.value in refusal(room.slug)


def test_a_room_for_accounts_only_is_refused(room: WaitingRoom):
    room.account_required = True
    room.save()

    assert "accounts only" in refusal(room.slug)


def test_a_site_that_does_not_run_is_named(room: WaitingRoom):
    url = f"http://127.0.0.1:{loopback.free_port()}"

    assert f"nobody answers at {url}" in refusal(room.slug, url=url)


def test_an_address_that_is_none_is_named(room: WaitingRoom):
    assert "'here' is no address" in refusal(room.slug, url="here")


def test_a_redis_that_is_no_redis_is_named(room: WaitingRoom, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{loopback.free_port()}"
    client.cache_clear()

    assert "Redis does not answer" in refusal(room.slug)

    client.cache_clear()


def test_a_storm_prints_one_object_and_nothing_else(room: WaitingRoom, capsys: pytest.CaptureFixture[str]):
    line = Line(room.slug, client(), threshold=5)
    with open_door(line) as url:
        call_command("storm", room.slug, visitors=8, arrive_in=0.1, stay=0.1, url=url, json=True)

    report = json.loads(capsys.readouterr().out)
    assert report["visitors"] == 8
    assert report["broken"] == []


def test_a_broken_invariant_is_named_at_the_end(room: WaitingRoom, capsys: pytest.CaptureFixture[str]):
    line = Line(room.slug, client(), threshold=2, fault=Fault.MISCOUNTS)
    with open_door(line) as url, pytest.raises(CommandError, match=r"^broken: conservation$"):
        call_command("storm", room.slug, visitors=8, arrive_in=0.1, stay=0.1, url=url)

    assert "Broken: conservation" in capsys.readouterr().out
