"""Other autoscalers read one number, and none where none is known."""

import pytest
from django.db import DatabaseError
from django.test import Client
from django.test.utils import override_settings

from scaling import operator_actions, store
from scaling.controller import DecisionReason
from scaling.models import ScalingDecision
from tests.scaling.conftest import Clock, crowd
from waitingroom.models import WaitingRoom
from waitingroom.redis import client as client_of_redis

pytestmark = pytest.mark.django_db
PATH = "/api/scaling/desired"
TOKEN = "t" * 40


def test_it_is_what_the_line_ordered_and_why(client: Client, room: WaitingRoom, clock: Clock):
    crowd(room, 6000)
    clock.turns(31)

    answer = client.get(PATH)

    said = answer.json()
    assert answer.status_code == 200
    assert (said["desired"], said["minimum"], said["maximum"], said["reason"]) == (7, 2, 10, "alarm")
    assert said["inService"] + said["pending"] == 7
    assert said["terms"] == ScalingDecision.objects.get().terms != {}
    assert "no-store" in answer.headers["Cache-Control"]


def test_what_was_written_down_since_and_ordered_nothing_is_no_reason_for_it(
    client: Client, room: WaitingRoom, clock: Clock
):
    crowd(room, 6000)
    clock.turns(31)
    operator_actions.note_admission(room.slug, 20, 20, by="staff", why="guests of the house")
    ScalingDecision.objects.create(reason=DecisionReason.LAW, before=7, after=9, held_back="shadow")
    ScalingDecision.objects.create(reason=DecisionReason.STAFF, before=7, after=8, fault="refused")

    said = client.get(PATH).json()

    assert (said["desired"], said["reason"], said["terms"]["alarm"]) == (7, "alarm", "tiketi-web-crowd")


def test_it_is_a_number_before_anything_was_ever_decided(client: Client, room: WaitingRoom, clock: Clock):
    clock.turns(1)

    assert client.get(PATH).json()["desired"] == 2


def test_nothing_known_is_no_number(client: Client, clock: Clock):
    client_of_redis().delete(store.VIEW)

    answer = client.get(PATH)

    assert (answer.status_code, answer.json()) == (503, {"status": "unknown"})


def test_an_old_number_is_no_number(client: Client, room: WaitingRoom, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    clock.turns(1)
    monkeypatch.setattr(store, "now", lambda: clock.now + 61)

    assert client.get(PATH).status_code == 503


def test_the_number_comes_without_the_database(
    client: Client, room: WaitingRoom, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    clock.turns(1)

    def away(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(ScalingDecision.objects, "filter", away)

    said = client.get(PATH).json()
    assert said["desired"] == 2
    assert "terms" not in said


@override_settings(OPERATOR_TOKEN=TOKEN, SECURE_SSL_REDIRECT=True)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": f"Bearer {TOKEN[:-1]}"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_another_machine_needs_the_operators_token_and_no_tls(
    client: Client, room: WaitingRoom, clock: Clock, headers: dict[str, str], status: int
):
    clock.turns(1)

    assert client.get(PATH, headers=headers, REMOTE_ADDR="10.0.0.9").status_code == status


@override_settings(OPERATOR_TOKEN="")
def test_without_a_token_no_other_machine_sees_it(client: Client, room: WaitingRoom, clock: Clock):
    clock.turns(1)

    assert client.get(PATH, headers={"authorization": "Bearer "}, REMOTE_ADDR="10.0.0.9").status_code == 401


def test_it_changes_nothing_and_takes_no_other_method(client: Client, room: WaitingRoom, clock: Clock):
    assert client.post(PATH).status_code == 405
