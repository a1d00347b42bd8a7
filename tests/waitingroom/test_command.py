"""manage.py waitingroom: every verb does what it says, and bad input changes nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.silence import Forwarder, forwarder
from tests.waitingroom.line import join_call
from tests.waitingroom.test_settings import redis_away
from tiketi.local_redis import LocalRedis
from waitingroom import admission
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now

Rooms = Callable[..., WaitingRoom]


def said(*words: str) -> Any:
    """The JSON the command prints."""
    out = StringIO()
    call_command("waitingroom", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def join(room: WaitingRoom, *visitors: str) -> None:
    run_now([join_call(room.slug, visitor) for visitor in visitors])


def test_list_names_every_room(make_room: Rooms):
    slugs = {make_room().slug for _ in range(3)}

    assert {room["slug"] for room in said("list")} == slugs


def test_people_get_a_table(make_room: Rooms):
    room = make_room(threshold=77)
    out = StringIO()

    call_command("waitingroom", "list", stdout=out)

    heads, row = out.getvalue().splitlines()
    assert heads.split()[:3] == ["slug", "mode", "threshold"]
    assert row.split()[:3] == [room.slug, "automatic", "77"]


def test_show_tells_line_and_settings(make_room: Rooms):
    room = make_room(mode="always")
    join(room, "a", "b")

    shown = said("show", room.slug)

    assert (shown["waiting"], shown["joined"], shown["settings"]["mode"], shown["hidden"]) == (2, 2, "always", False)
    room.hide(hidden=True)
    shown = said("show", room.slug)
    assert (shown["mode"], shown["settings"]["mode"], shown["hidden"]) == ("closed", "always", True)


def test_set_takes_effect_at_once_and_is_recorded(make_room: Rooms):
    room = make_room()

    said("set", room.slug, "threshold=50", "users_per_minute_per_instance=600")

    (status,) = admission.status([room.slug])
    assert (status.threshold, status.admission_per_minute) == (50, 1200)
    newest = room.history.first()
    assert (newest.threshold, newest.history_change_reason) == (50, "manage.py waitingroom set")


@pytest.mark.parametrize(
    ("verb", "mode"), [("pause", "paused"), ("close", "closed"), ("drain", "draining"), ("open", "automatic")]
)
def test_a_word_of_the_operators_changes_the_mode(make_room: Rooms, verb: str, mode: str):
    room = make_room(mode="always")

    assert said(verb, room.slug)["mode"] == mode


@pytest.mark.parametrize("verb", ["pause", "close", "drain"])
@pytest.mark.parametrize("mode", ["automatic", "always", "off"])
def test_open_gives_back_the_mode_that_the_room_had_before_it_stood(make_room: Rooms, verb: str, mode: str):
    room = make_room(mode="off")
    said("set", room.slug, f"mode={mode}")
    said(verb, room.slug)
    said("set", room.slug, "threshold=5")
    said("pause", room.slug)

    assert said("open", room.slug)["mode"] == mode


def test_a_room_that_stood_from_its_first_day_opens_automatic(make_room: Rooms):
    room = make_room(mode="paused")

    assert said("open", room.slug)["mode"] == "automatic"


def test_no_word_of_the_operators_opens_what_the_site_keeps_closed_and_show_says_why(make_room: Rooms):
    room = make_room(mode="always")
    room.close_over("sold-out")

    for verb, mode in (("pause", "paused"), ("open", "always"), ("drain", "draining"), ("open", "always")):
        shown = said(verb, room.slug)
        assert (shown["mode"], shown["closed_because"], shown["settings"]["mode"]) == ("closed", "sold-out", mode)

    room.close_over("")
    assert said("show", room.slug)["mode"] == "always"


def test_closing_may_say_why_and_opening_takes_the_words_back(make_room: Rooms):
    room = make_room()

    shown = said("close", room.slug, "--reason-ko", "무대 점검", "--reason-en", "Stage check")
    assert [shown["settings"][f"closed_reason_{each}"] for each in ("ko", "en")] == ["무대 점검", "Stage check"]
    assert said("set", room.slug, "closed_reason_en=")["settings"]["closed_reason_en"] == ""
    assert said("open", room.slug)["settings"]["closed_reason_ko"] == ""


class Terminal(StringIO):
    """Somebody sits there, and types this."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("words", [["close", "{}"], ["set", "{}", "mode=closed"]], ids=" ".join)
@pytest.mark.parametrize(("typed", "mode"), [("y\n", "closed"), ("\n", "always"), ("no\n", "always"), ("", "always")])
def test_at_a_terminal_closing_names_how_many_it_sends_away_and_asks(
    make_room: Rooms, monkeypatch: pytest.MonkeyPatch, words: list[str], typed: str, mode: str
):
    room = make_room(mode="always")
    join(room, "a", "b")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    err = StringIO()

    with nullcontext() if mode == "closed" else pytest.raises(CommandError, match="Nothing was changed"):
        call_command("waitingroom", *(word.format(room.slug) for word in words), stdout=StringIO(), stderr=err)

    assert "sends 2 waiting" in err.getvalue()
    room.refresh_from_db()
    assert room.mode == mode


@pytest.mark.parametrize("stdin", [StringIO(""), None])
def test_a_script_closes_without_being_asked(make_room: Rooms, monkeypatch: pytest.MonkeyPatch, stdin: object):
    room = make_room(mode="always")
    join(room, "a")
    monkeypatch.setattr("sys.stdin", stdin)

    assert said("close", room.slug)["mode"] == "closed"


def test_who_is_sure_is_not_asked(make_room: Rooms, monkeypatch: pytest.MonkeyPatch):
    room = make_room(mode="always")
    join(room, "a")
    monkeypatch.setattr("sys.stdin", Terminal(""))

    assert said("close", room.slug, "--yes")["mode"] == "closed"


def test_admit_lets_the_head_in_and_never_above_the_threshold(make_room: Rooms):
    room = make_room(mode="always", threshold=2)
    join(room, "a", "b", "c")

    assert said("admit", room.slug, "3")["admitted"] == ["a", "b"]


def test_drop_sends_a_visitor_out(make_room: Rooms):
    room = make_room(mode="always")
    join(room, "a")

    assert said("drop", room.slug, "a")["dropped"] == "waiting"
    assert admission.status([room.slug])[0].gone == 1


@pytest.mark.parametrize(
    "words",
    [
        ["set", "{}", "threshold=0"],
        ["set", "{}", "threshold=-1"],
        ["set", "{}", "threshold=many"],
        ["set", "{}", "threshold="],
        ["set", "{}", "threshold=1000000000000"],
        ["set", "{}", "threshold=5", "presence_seconds=1"],
        ["set", "{}", "presence_seconds=19"],
        ["set", "{}", "threshold"],
        ["set", "{}", "threshold=5", "threshold=6"],
        ["set", "{}", "closed_reason_en=Soon"],
        ["set", "{}", "slug=other"],
        ["set", "{}", "mode=sideways"],
        ["set", "{}", "idle_seconds=10", "claim_seconds=60"],
        ["set", "{}", "work_tries=200001"],
        ["set", "{}", "work_tries=-1"],
        ["set", "{}"],
        ["admit", "{}", "0"],
        ["admit", "{}", "-5"],
        ["admit", "{}", "1000000000"],
        ["admit", "{}", "two"],
        ["drop", "{}", "nobody"],
        ["dance", "{}"],
        ["show", "no-such-room"],
        ["close", "../{}"],
        ["show"],
    ],
    ids=" ".join,
)
def test_b22_bad_input_is_one_line_and_changes_nothing(make_room: Rooms, words: list[str]):
    room = make_room(mode="always")
    join(room, "a")
    before = admission.status([room.slug])[0]

    with pytest.raises(CommandError) as refusal:
        said(*(word.format(room.slug) for word in words))

    assert str(refusal.value)
    assert "\n" not in str(refusal.value)
    after = admission.status([room.slug])[0]
    assert (after.threshold, after.mode, after.waiting) == (before.threshold, before.mode, before.waiting)
    assert room.history.count() == 1


def test_a_threshold_by_name_is_in_force_also_where_it_followed_the_fleet(make_room: Rooms):
    room = make_room(threshold=77, threshold_per_instance=500)

    said("set", room.slug, "threshold=50")

    assert admission.status([room.slug])[0].threshold == 50
    said("set", room.slug, "threshold=60", "threshold_per_instance=30")
    assert admission.status([room.slug])[0].threshold == 60  # two servers
    room.refresh_from_db()
    assert (room.threshold, room.threshold_per_instance) == (60, 30)


def test_what_is_saved_while_redis_is_away_is_told_to_be_saved(make_room: Rooms, settings: Any):
    room = make_room(threshold=10)

    with redis_away(settings):
        with pytest.raises(CommandError, match="It is saved"):
            said("set", room.slug, "threshold=50")
        with pytest.raises(CommandError, match="Redis does not answer"):
            said("show", room.slug)

    room.refresh_from_db()
    assert room.threshold == 50
    assert admission.status([room.slug])[0].threshold == 10
    admission.tick([room])
    assert admission.status([room.slug])[0].threshold == 50


@pytest.fixture
def late(redis_server: LocalRedis, settings: Any) -> Iterator[Forwarder]:
    """The way to Redis, whose answers can be made to take longer than anybody waits for them."""
    ours = settings.REDIS_URL
    with forwarder(int(redis_server.url.rpartition(":")[2].partition("/")[0])) as way:
        settings.REDIS_URL = f"redis://127.0.0.1:{way.port}/0"
        client.cache_clear()
        yield way
    settings.REDIS_URL = ours
    client.cache_clear()


def test_admissions_that_redis_confirms_too_late_happen_once_and_are_told_to_be_unknown(
    make_room: Rooms, late: Forwarder
):
    room = make_room(mode="always")
    join(room, *(f"visitor-{i:02}" for i in range(40)))
    said("admit", room.slug, "1")  # Redis knows the script
    late.late_s = 2.5
    with pytest.raises(CommandError, match="not known whether anybody was admitted"):
        said("admit", room.slug, "10")

    late.late_s = 0
    assert admission.status([room.slug])[0].active == 11


def test_a_visitor_whose_leaving_is_confirmed_too_late_is_told_to_be_unknown(make_room: Rooms, late: Forwarder):
    room = make_room(mode="always")
    join(room, "visitor", "other")
    said("drop", room.slug, "other")  # Redis knows the script
    late.late_s = 2.5
    with pytest.raises(CommandError, match="not known whether the visitor was sent out"):
        said("drop", room.slug, "visitor")

    late.late_s = 0
    assert admission.status([room.slug])[0].gone == 2
