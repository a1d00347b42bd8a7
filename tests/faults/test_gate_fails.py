"""A mistake in the gate itself, on the way without a task: ours, and said so."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from tests.waitingroom.doors import Server
from waitingroom import visits
from waitingroom.models import WaitingRoom


def test_a_mistake_in_the_gate_is_no_mistake_of_the_visitors(
    make_room: Callable[..., WaitingRoom], monkeypatch: pytest.MonkeyPatch, settings: Any, caplog: Any
):
    settings.ROOT_URLCONF = "tests.waitingroom.doors"
    room = make_room(threshold=1)

    def failing(*_: object) -> bool:
        raise KeyError("a mistake")

    monkeypatch.setattr("tiketi.web.ask_now", failing)
    with caplog.at_level(logging.ERROR):
        reply = Server().ask(f"/events/{room.slug}/")

    assert reply.status == 500
    assert reply.headers["cache-control"] == "no-store"
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_long_paths_are_not_kept():
    before = visits._room_of.cache_info().currsize, visits._form_of.cache_info().currsize
    for i in range(100):
        path = f"/events/{'x' * 8000}{i}/"
        assert visits.room_of(path) == f"{'x' * 8000}{i}"
        assert visits.form_of(path) == (False, False)
    assert (visits._room_of.cache_info().currsize, visits._form_of.cache_info().currsize) == before
