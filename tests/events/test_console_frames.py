"""What a second's view costs where many watch: it is written once for all who are told the same."""

import json
from datetime import UTC
from typing import Any

import pytest
from django.utils import translation

from tiketi.console import telling
from tiketi.console.consumers import overview_frame_of
from tiketi.console.rights import ConsoleRight
from tiketi.console.view import Alert, Decided, OverviewView, Trouble
from tiketi.console.words import decision_row

RIGHT = ConsoleRight(sales=False, fleet=False, pins=False, zone=UTC)
BOTH = frozenset({"a", "b"})


def test_the_overview_is_written_once_for_all_who_are_told_the_same(monkeypatch: pytest.MonkeyPatch):
    written: list[Any] = []
    tell = telling.told_over

    def told_over(view: OverviewView, slugs: list[str], right: ConsoleRight) -> dict[str, Any]:
        written.append((view.at, slugs))
        return tell(view, slugs, right)

    monkeypatch.setattr(telling, "told_over", told_over)
    first, second = OverviewView(1.0, {}), OverviewView(2.0, {})
    for view in (first, second):
        for _ in range(50):
            for sales in (BOTH, frozenset({"a"})):
                frame = json.loads(overview_frame_of(view, "en", (RIGHT, sales)))
                assert (frame["at"], sorted(frame["rooms"])) == (view.at, sorted(sales))

    assert written == [(at, slugs) for at in (1.0, 2.0) for slugs in (["a", "b"], ["a"])]


def test_each_language_has_its_own_overview():
    view = OverviewView(1.0, {})
    before = overview_frame_of(OverviewView(0.0, {}), "ko", (RIGHT, BOTH))

    assert overview_frame_of(view, "ko", (RIGHT, BOTH)) != before  # nothing of another second is told
    alerted = OverviewView(1.0, {}, alerts=(Alert(Trouble.REDIS_AWAY),))
    told = [
        json.loads(overview_frame_of(alerted, language, (RIGHT, BOTH)))["alerts"] for language in ("ko", "en", "ko")
    ]
    assert told[0] == told[2] != told[1]


@pytest.mark.parametrize(("language", "words"), [("ko", "입장 속도 비율 0.862"), ("en", "part of the rate 0.862")])
def test_what_a_decision_was_made_from_is_told_in_words(language: str, words: str):
    decided = Decided(0.0, "pressure", 2, 2, {"multiplier": 0.862}, "", "")

    with translation.override(language):
        assert words in decision_row(decided, UTC)[3]
