"""The steps of a draw in the database: in their order, once each, whatever runs at the same time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.waitingroom.draw.evening import CLOSES, FAN_CLUB, ROUND, SIGNATURE, secret_party
from waitingroom import draw_files, draw_steps
from waitingroom.draw.checkpoint import checkpoint_of
from waitingroom.draw.errors import BadDraw, BadReveal
from waitingroom.draw.receipt import Entrance
from waitingroom.draw.roster import Roster
from waitingroom.draw.sources import Local, Source
from waitingroom.draw.verify import verify
from waitingroom.draw_key import signer
from waitingroom.draw_records import Draw, DrawClosing, DrawEntry, DrawnLine, DrawResult, DrawReveal, forget
from waitingroom.errors import AlreadyTaken, DrawRefused, EntryRefused
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)
Rooms = Callable[..., WaitingRoom]


class Clock:
    """The host's clock, in the test's hands."""

    def __init__(self) -> None:
        self.at = CLOSES - timedelta(minutes=20)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(draw_steps, "timezone", SimpleNamespace(now=clock.now))
    return clock


@pytest.fixture
def announced(make_room: Rooms, clock: Clock) -> Callable[..., str]:
    """Rooms with a draw that a party and drand decide."""

    def announce(*sources: Source, **settings: Any) -> str:
        room = make_room(**{"account_required": True, **settings})
        opens = CLOSES - timedelta(hours=1)
        draw_steps.announce(room, opens_at=opens, closes_at=CLOSES, sources=sources or (PARTY, ROUND))
        return room.slug

    return announce


def people(count: int) -> dict[str, str]:
    return {f"account-{i}": f"fan{i}@example.com" for i in range(count)}


def finished(room: str, clock: Clock) -> Draw:
    """The draw of a room, closed and drawn."""
    clock.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)
    draw_steps.reveal(room, 0, FAN_CLUB.hex())
    draw_steps.reveal(room, 1, SIGNATURE)
    return draw_steps.draw_of(room)


def test_from_the_announcement_to_a_rank_that_the_verifier_confirms(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(30))
    early = draw_files.receipt_of(draw_steps.draw_of(room), "account-7")

    draw = finished(room, clock)

    bundle, late = draw_files.bundle_of(draw), draw_files.receipt_of(draw, "account-7")
    for receipt in (early, late):
        report = verify(bundle, [receipt], key=draw.key, email="fan7@example.com")
        assert report.verdict == "holds", report.lines
    rank = draw_steps.drawn(draw).index("account-7") + 1
    assert f"Your rank: {rank} of 30." in [line["text"] for line in report.lines]
    assert sorted(draw_steps.drawn(draw)) == sorted(people(30))


def test_a_room_has_one_draw_for_ever(announced: Callable[..., str], clock: Clock, make_room: Rooms):
    room = announced()
    again: dict[str, Any] = {"opens_at": CLOSES - timedelta(1), "closes_at": CLOSES, "sources": (Local(),)}

    with pytest.raises(AlreadyTaken):
        draw_steps.announce(WaitingRoom.objects.get(slug=room), **again)
    WaitingRoom.objects.get(slug=room).delete()
    with pytest.raises(AlreadyTaken):
        draw_steps.announce(WaitingRoom.objects.create(slug=room.upper()), **again)

    assert Draw.objects.filter(room__iexact=room).count() == 1


def test_no_step_can_be_taken_twice(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(3))
    draw = finished(room, clock)
    kept = draw_files.bundle_of(draw)

    with pytest.raises(AlreadyTaken):
        draw_steps.close(room)
    with pytest.raises(AlreadyTaken):
        draw_steps.reveal(room, 0, FAN_CLUB.hex())

    assert draw_files.bundle_of(draw) == kept


def test_nor_by_writing_rows(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(3))
    draw = finished(room, clock)
    now = timezone.now()
    closing = DrawClosing.objects.get(draw=draw)

    for row in (
        Draw(room=room.upper(), key="k", rule_note="n", nonce_secret="s", announced_at=now),
        DrawClosing(draw=draw, checkpoint_note="another", closed_at=now),
        DrawReveal(closing=closing, source=0, reveal="00", at=now),
        DrawResult(closing=closing, seed="00", result_note="another", at=now),
        DrawEntry(draw=draw, person="account-0", identity="x", nonce="n", entry="e", at=now),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()


def test_no_result_without_a_closed_roster(announced: Callable[..., str], clock: Clock):
    """The database itself refuses a seed before the checkpoint."""
    draw = draw_steps.draw_of(announced())

    for row in (
        DrawReveal(closing_id=draw.pk, source=0, reveal="00", at=timezone.now()),
        DrawResult(closing_id=draw.pk, seed="00", result_note="n", at=timezone.now()),
    ):
        with pytest.raises(IntegrityError):  # when it commits at the latest
            row.save()


def test_what_is_kept_is_never_changed_nor_deleted(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(2))
    draw = finished(room, clock)

    for model in (Draw, DrawEntry, DrawClosing, DrawReveal, DrawResult):
        row: Any = model.objects.first()
        with pytest.raises(TypeError):
            row.delete()
        with pytest.raises(TypeError):
            model.objects.all().delete()
        with pytest.raises(TypeError):
            model.objects.all().update(pk=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
    assert draw_steps.draw_of(room) == draw


def test_who_is_forgotten_leaves_an_entry_that_leads_to_nobody(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(5))
    before = finished(room, clock)
    ids = set(DrawEntry.objects.values_list("entry", flat=True))
    gone, *others = list(people(5).values())

    forget(gone.upper())
    forget("no address")

    assert set(DrawEntry.objects.values_list("entry", flat=True)) == ids
    assert set(DrawEntry.objects.exclude(identity="").values_list("identity", flat=True)) == set(others)
    assert DrawEntry.objects.filter(identity="", nonce="").count() == 1
    assert len(draw_steps.drawn(before)) == 5
    assert draw_files.receipt_of(before, "account-1")
    with pytest.raises(DrawRefused):
        draw_files.receipt_of(before, "account-0")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (timedelta(seconds=-1), "Entries are taken until"),
        (ROUND.at - CLOSES - timedelta(minutes=10) + timedelta(seconds=1), "it may be known"),
        (ROUND.at - CLOSES + timedelta(days=1), "it may be known"),
    ],
)
def test_the_roster_is_closed_between_the_last_entry_and_ten_minutes_before_chance(
    announced: Callable[..., str], clock: Clock, after: timedelta, said: str
):
    room = announced()
    clock.at = CLOSES + after

    with pytest.raises(DrawRefused, match=said):
        draw_steps.close(room)

    assert not DrawClosing.objects.filter(draw__room=room).exists()


def test_nothing_is_revealed_before_the_roster_is_closed(announced: Callable[..., str], clock: Clock):
    room = announced()

    with pytest.raises(DrawRefused, match="chance comes after it"):
        draw_steps.reveal(room, 0, FAN_CLUB.hex())

    assert not DrawReveal.objects.exists()


def test_closing_and_revealing_are_never_one_transaction(announced: Callable[..., str], clock: Clock):
    """Else a checkpoint could be taken back once the seed pleased nobody."""
    room = announced()
    clock.at = CLOSES + timedelta(seconds=1)

    with pytest.raises(RuntimeError), transaction.atomic():
        draw_steps.close(room)
    draw_steps.close(room)
    with pytest.raises(RuntimeError), transaction.atomic():
        draw_steps.reveal(room, 0, FAN_CLUB.hex())


@pytest.mark.parametrize(("number", "given"), [(0, "ab" * 32), (0, ""), (1, SIGNATURE[:-1] + "c"), (1, FAN_CLUB.hex())])
def test_what_is_not_the_sources_is_not_taken(announced: Callable[..., str], clock: Clock, number: int, given: str):
    room = announced()
    clock.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)

    with pytest.raises(BadReveal):
        draw_steps.reveal(room, number, given)

    assert [i for i, _ in draw_steps.missing(draw_steps.draw_of(room))] == [0, 1]


@pytest.mark.parametrize("number", [-1, 2])
def test_a_source_that_the_rule_does_not_name_is_none(announced: Callable[..., str], clock: Clock, number: int):
    room = announced()
    clock.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)

    with pytest.raises(DrawRefused):
        draw_steps.reveal(room, number, FAN_CLUB.hex())


def test_until_all_have_spoken_there_is_no_seed(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(5))
    clock.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)
    assert draw_steps.reveal(room, 1, SIGNATURE) is None
    draw = draw_steps.draw_of(room)

    report = verify(draw_files.bundle_of(draw), [], key=draw.key)

    assert [line["text"] for line in report.lines if line["code"] == "reveal-withheld"] == [
        "팬클럽 하늘 has not told their part: without it there is no seed, and the draw is void."
    ]
    with pytest.raises(DrawRefused):
        draw_steps.drawn(draw)


@pytest.mark.parametrize("minutes", [-61, 0, 1])
def test_who_comes_too_early_or_too_late_does_not_enter(announced: Callable[..., str], clock: Clock, minutes: int):
    room = announced()
    clock.at = CLOSES + timedelta(minutes=minutes)

    with pytest.raises(DrawRefused):
        draw_steps.enter(room, people(1))

    assert not DrawEntry.objects.filter(draw__room=room).exists()


def test_who_enters_twice_has_one_entry(announced: Callable[..., str], clock: Clock):
    room = announced()
    first = draw_steps.enter(room, {"account-1": "kim@example.com"})
    clock.at += timedelta(minutes=1)

    again = draw_steps.enter(
        room, {"account-1": "another@example.com", "account-2": "KIM@example.com", "account-3": "kim"}
    )

    assert again["account-1"] == first["account-1"]
    assert isinstance(again["account-2"], EntryRefused)
    assert isinstance(again["account-3"], EntryRefused)
    assert DrawEntry.objects.filter(draw__room=room).count() == 1


def test_two_accounts_of_one_address_in_one_call_have_one_entry(announced: Callable[..., str], clock: Clock):
    answers = draw_steps.enter(announced(), {"account-1": "kim@example.com", "account-2": "Kim@example.com"})

    assert [type(answer) for answer in answers.values()] == [Entrance, EntryRefused]


def test_without_accounts_the_random_name_enters_and_the_verifier_says_how_much_weaker_that_is(
    announced: Callable[..., str], clock: Clock
):
    room = announced(account_required=False)
    draw_steps.enter(room, {"AAAAbbbbCCCCdddd": "AAAAbbbbCCCCdddd"})
    draw = finished(room, clock)

    report = verify(draw_files.bundle_of(draw), [draw_files.receipt_of(draw, "AAAAbbbbCCCCdddd")])

    assert report.verdict == "holds"
    assert "name-weaker" in [line["code"] for line in report.lines]


def test_rows_slipped_in_past_the_steps_are_noticed(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(3))
    draw = finished(room, clock)
    DrawEntry(
        draw=draw, person="friend", identity="f@example.com", nonce="00", entry="ab" * 32, at=timezone.now()
    ).save()

    with pytest.raises(DrawRefused, match="not those that were closed"):
        draw_steps.drawn(draw)
    with pytest.raises(DrawRefused):
        draw_files.bundle_of(draw)


def test_a_new_secret_key_does_not_end_a_draw_while_the_old_one_is_a_fallback(
    announced: Callable[..., str], clock: Clock, settings: Any
):
    room = announced()
    draw_steps.enter(room, people(3))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 9, [settings.SECRET_KEY]

    draw = finished(room, clock)

    assert verify(draw_files.bundle_of(draw), [], key=draw.key).verdict == "holds"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(DrawRefused, match="as they were"):
        draw_files.bundle_of(draw)


def test_a_key_of_its_own_signs_whatever_secret_key_is(announced: Callable[..., str], clock: Clock, settings: Any):
    settings.WAITINGROOM_DRAW_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    key = str(signer().key)
    settings.SECRET_KEY = "another" * 9

    assert str(signer().key) == key
    settings.WAITINGROOM_DRAW_KEY = "short"
    with pytest.raises(DrawRefused, match="openssl rand"):
        signer()


@pytest.mark.parametrize("closes_at", [datetime(2023, 9, 15, 9, tzinfo=UTC), datetime(2023, 9, 15, 10, 55, tzinfo=UTC)])
def test_a_rule_that_cannot_hold_is_not_announced(make_room: Rooms, clock: Clock, closes_at: datetime):
    with pytest.raises((DrawRefused, BadDraw)):
        draw_steps.announce(
            make_room(), opens_at=closes_at - timedelta(hours=1), closes_at=closes_at, sources=(PARTY, ROUND)
        )

    assert not Draw.objects.exists()


def test_the_instant_of_the_numbers_is_fixed_with_the_first_asking(announced: Callable[..., str], clock: Clock):
    room = announced()
    draw_steps.enter(room, people(3))
    with pytest.raises(DrawRefused):
        draw_steps.line_of(draw_steps.draw_of(room), 1, 0)
    draw = finished(room, clock)

    lines = [draw_steps.line_of(draw, *given) for given in ((1_000_000, 999_999), (2_000_000, 2_000_001))]
    assert [(line.opened_us, line.last_number) for line in lines] == [(1_000_000, 999_999)] * 2
    assert DrawnLine.objects.count() == 1


def test_a_thousand_enter_in_a_handful_of_queries(announced: Callable[..., str], clock: Clock):
    room = announced()

    with CaptureQueriesContext(connection) as queries:
        draw_steps.enter(room, people(1000))

    assert len(queries) < 15


def test_after_the_closing_a_receipt_does_not_cost_the_whole_roster(announced: Callable[..., str], clock: Clock):
    """Thousands fetch theirs at once."""
    room = announced()
    draw_steps.enter(room, people(5000))
    draw = finished(room, clock)
    draw_files.receipt_of(draw, "account-1")
    began = time.process_time()
    for _ in range(10):
        _ = draw_steps.roster_of(draw).tree.root
    ten_rosters, began = time.process_time() - began, time.process_time()

    receipts = [draw_files.receipt_of(draw, f"account-{i}") for i in range(20)]

    assert time.process_time() - began < ten_rosters
    assert verify(draw_files.bundle_of(draw), receipts).verdict == "holds"


def test_the_checkpoint_of_the_rows_is_that_of_the_library(announced: Callable[..., str], clock: Clock):
    room = announced()
    answers = draw_steps.enter(room, people(9))
    clock.at = CLOSES + timedelta(seconds=1)

    closing = draw_steps.close(room)

    ids = [answer.id for answer in answers.values() if isinstance(answer, Entrance)]
    rule = draw_steps.draw_of(room).rule
    assert closing.checkpoint == checkpoint_of(rule, Roster(ids), clock.at)
