"""An event's draw on the site's pages: what everybody sees, what is one's own, what staff may do; and tampering."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from events.models import Event
from events.room.page_context import page_context
from events.sale.closing import follow
from events.views import draws
from tests.waitingroom.draw.evening import FAN_CLUB, ROUND, SIGNATURE, secret_party
from tiketi.sale_report.report import report_of
from waitingroom import admission, drand_relays, draw_state, draw_steps, drawing
from waitingroom.cookie_names import visitor_cookie
from waitingroom.draw.verify import verify
from waitingroom.draw_plan import DrawPlan
from waitingroom.draw_records import Draw, DrawEntry, DrawReveal
from waitingroom.drawing import Drawing
from waitingroom.errors import DrawRefused
from waitingroom.line_figures import Order
from waitingroom.models import OpeningOrder, WaitingRoom
from waitingroom.redis import run_now
from waitingroom.room import JoinIntent, enter_call
from waitingroom.slips import sign_visitor

pytestmark = pytest.mark.django_db(transaction=True)
OPENS = ROUND.at + timedelta(minutes=1)
GATHERS = OPENS - timedelta(hours=1)
CLOSES = ROUND.at - timedelta(minutes=30)
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)
FANS = [f"AAAA{i:012}" for i in range(12)]


class Evening:
    """An event by lot, on the day of a round that drand really signed; the site's clocks are the test's."""

    def __init__(self, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
        self.event, self.at, self.clock = event, GATHERS, Drawing()
        now = SimpleNamespace(now=lambda: self.at, localtime=None)
        for module in (draw_steps, draw_state, draws):
            monkeypatch.setattr(module, "timezone", now)
        monkeypatch.setattr(drawing, "clock_s", lambda: self.at.timestamp())
        monkeypatch.setattr(drand_relays.Asking, "word_of", lambda _self, _source: SIGNATURE)

    def turn(self, at: datetime) -> None:
        self.at = at
        self.clock.turn()

    def come(self, *visitors: str) -> None:
        run_now([enter_call(self.event.slug, [(one, JoinIntent.JOIN, "") for one in visitors])])

    def page(self, visitor: str = "", language: str = "en") -> str:
        return str(self.get(reverse("events:draw", args=[self.event.slug]), visitor, language).text)

    def mine(self, visitor: str, language: str = "en") -> dict[str, Any]:
        told: dict[str, Any] = self.get(reverse("events:draw-mine", args=[self.event.slug]), visitor, language).json()
        return told

    def file(self, name: str, visitor: str = "") -> Any:
        return json.loads(self.get(f"/draws/{self.event.slug}/{name}.json", visitor, "en").content)

    def get(self, path: str, visitor: str, language: str) -> Any:
        client = Client(headers={"accept-language": language})
        if visitor:
            client.cookies[visitor_cookie()] = sign_visitor(visitor)
        return client.get(path)


def by_lot(make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch) -> Evening:
    """An evening that begins with the gathering."""
    event = make_event(opens_at=OPENS, gathering_minutes=60, opening_order=OpeningOrder.DRAW)
    follow(event.pk)
    return Evening(event, monkeypatch)


@pytest.fixture
def evening(make_event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch) -> Evening:
    return by_lot(make_event, monkeypatch)


@pytest.fixture
def drawn(evening: Evening) -> Evening:
    """The draw is done, and those drawn stand in line."""
    evening.turn(GATHERS)
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    for at in (CLOSES, ROUND.at, OPENS):
        evening.turn(at)
    return evening


def test_the_page_says_how_far_the_draw_is_from_its_plan_to_the_line(evening: Evening):
    assert "drand" in evening.page()
    evening.turn(GATHERS)
    evening.come(FANS[0])
    assert "Your entry is being taken" in evening.mine(FANS[0])["text"]
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    told = evening.mine(FANS[0])
    assert told["text"] == "Your entry is taken; keep the receipt. Entries so far: 12."
    assert 60 <= told["againInSeconds"] <= 130  # not before entries have ended

    evening.turn(CLOSES)
    root = draw_steps.draw_of(evening.event.slug).closing.checkpoint.root.hex()
    fingerprint = " ".join(root[i : i + 4] for i in range(0, 32, 4))
    assert fingerprint in evening.page()
    assert fingerprint in evening.mine(FANS[0])["text"]
    assert "Seed:" not in evening.page()
    evening.come("BBBBbbbbCCCCdddd")
    assert "after entries had ended" in evening.page("BBBBbbbbCCCCdddd")

    evening.turn(ROUND.at)
    rank = draw_steps.drawn(draw_steps.draw_of(evening.event.slug)).index(FANS[3]) + 1
    assert f"You are number <strong>{rank}</strong> of 12." in evening.page(FANS[3])
    assert evening.mine(FANS[3]) == {
        "entered": True, "rank": rank, "text": f"You are number {rank} of 12 in the draw.", "againInSeconds": 0.0
    }  # fmt: skip
    evening.turn(OPENS)
    assert "What nobody can check" in evening.page()


def test_in_korean_too(drawn: Evening):
    page = drawn.page(FANS[3], "ko")

    assert "누구나 검증할 수 있는 추첨" in page
    assert "12명 중" in page
    assert "12명 중" in drawn.mine(FANS[3], "ko")["text"]


def test_with_what_the_pages_give_anybody_verifies(drawn: Evening):
    report = verify(drawn.file("bundle"), [drawn.file("receipt", FANS[5])])

    assert report.verdict == "holds"
    assert "name-weaker" in [line["code"] for line in report.lines]
    assert "much weaker than an account" in drawn.page()


def test_the_report_has_the_verifiers_word_and_holds_the_turns_against_the_ranks(
    evening: Evening, admin_client: Client
):
    evening.turn(GATHERS)
    for minutes, fans in ((3, FANS[:4]), (2, FANS[4:8]), (1, FANS[8:])):
        evening.come(*fans)
        evening.turn(CLOSES - timedelta(minutes=minutes))
    for at in (CLOSES, ROUND.at, OPENS):
        evening.turn(at)
    admission.admit(evening.event.slug, 12)
    event = Event.objects.get(pk=evening.event.pk)

    report = report_of(event)
    page = admin_client.get(reverse("event-report", args=[event.pk])).text

    assert report.draw is not None
    assert (report.draw.entries, report.draw.verdict) == (12, "holds")
    assert report.line.drawn_order == Order(12, 1.0, 0, 0)
    assert report.line.waits.count == 12
    assert report.draw.tau is not None
    assert -1 < report.draw.tau < 1
    assert report.draw.sentence in page
    assert reverse("draws:bundle", args=[event.slug]) in page


def test_an_entrant_dropped_from_the_database_is_noticed_by_page_and_receipt(drawn: Evening):
    early = drawn.file("receipt", FANS[5])
    bundle = drawn.file("bundle")
    DrawEntry.objects.filter(person=FANS[5])._raw_delete("default")  # past all that refuses
    draw_state._ranks.cache_clear()

    assert "are not those that were closed" in drawn.page(FANS[4])
    left_out = dict(bundle, roster=[one for one in bundle["roster"] if one not in early["entry"]])
    codes = [line["code"] for line in verify(left_out, [early]).lines]
    assert "roster-short" in codes


def test_a_second_draw_by_whatever_door_is_refused(drawn: Evening, staff: Client):
    kept = drawn.file("bundle")
    for at in (OPENS + timedelta(hours=1), OPENS + timedelta(days=1)):
        drawn.turn(at)
    Event.objects.filter(pk=drawn.event.pk).update(opens_at=OPENS + timedelta(days=2))
    follow(drawn.event.pk)
    drawn.turn(OPENS + timedelta(days=2, seconds=1))
    answer = staff.post(admin(drawn.event), {"do": "plan", "chance": "local", "lead_minutes": "30", "parties": ""})

    assert answer.status_code == 200
    assert not DrawPlan.objects.exists()
    assert (Draw.objects.count(), drawn.file("bundle")) == (1, kept)


def test_a_receipt_is_nobody_elses(drawn: Evening):
    """Two people cannot be told one id: each is given by the cookie that they alone have."""
    ids = {drawn.file("receipt", fan)["entry"] for fan in FANS}

    assert len(ids) == len(FANS)
    assert drawn.get(f"/draws/{drawn.event.slug}/receipt.json", "BBBBbbbbCCCCdddd", "en").status_code == 404


def test_two_accounts_of_one_address_are_told_so(evening: Evening):
    room = WaitingRoom.objects.get(slug=evening.event.slug)
    room.account_required = True
    room.save()
    kim, again = (User.objects.create(username=f"user-{i}", email="kim@example.com") for i in range(2))
    evening.turn(GATHERS)
    evening.come(f"account-{kim.pk}")
    evening.turn(GATHERS + timedelta(seconds=1))
    evening.come(f"account-{again.pk}")
    evening.turn(GATHERS + timedelta(seconds=2))

    assert evening.mine(f"account-{kim.pk}")["entered"]
    assert "already, from another account" in evening.page(f"account-{again.pk}")
    assert "다른 계정으로 이미 응모" in evening.mine(f"account-{again.pk}", "ko")["text"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", password="x" * 20))
    return client


def admin(event: Event) -> str:
    return reverse("admin:events_event_draw", args=[event.pk])


def test_staff_plan_until_the_rule_is_signed(evening: Evening, staff: Client):
    wrong = staff.post(admin(evening.event), {"do": "plan", "chance": "parties", "lead_minutes": "30", "parties": ""})
    assert "1명에서 15명" in wrong.text
    words = {"do": "plan", "chance": "both", "lead_minutes": "20", "parties": f"{PARTY.commitment} {PARTY.name}"}
    assert staff.post(admin(evening.event), words).status_code == 302

    evening.turn(GATHERS)

    rule = draw_steps.draw_of(evening.event.slug).rule
    assert rule.sources == (PARTY, ROUND)
    assert rule.closes_at == ROUND.at - timedelta(minutes=20)
    assert 'name="chance"' not in staff.get(admin(evening.event)).text
    staff.post(admin(evening.event), words | {"chance": "local"})
    assert DrawPlan.objects.get().chance == "both"


def test_a_silent_source_is_told_to_staff_and_everybody_and_only_its_own_word_is_taken(
    evening: Evening, staff: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    def silent(_self: object, source: Any) -> str:
        raise DrawRefused("none")

    monkeypatch.setattr(drand_relays.Asking, "word_of", silent)
    settings.WAITINGROOM_DRAND_RELAYS = ["http://127.0.0.1:9"]
    evening.turn(GATHERS)
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    evening.turn(CLOSES)
    evening.turn(OPENS + timedelta(seconds=5))

    assert "The sale waits for the draw." in evening.page()
    assert "drand 657413" in evening.mine(FANS[0])["text"]
    page = staff.get(admin(evening.event), headers={"accept-language": "en"}).text
    assert "nobody is let in: the chance has not come" in page
    words = {"do": "reveal", "source": ROUND.name}
    for value in ("", SIGNATURE[:-1] + "c", "ab" * 32):  # relays that are away; made up
        staff.post(admin(evening.event), words | {"value": value})
    assert not DrawReveal.objects.exists()
    assert not WaitingRoom.objects.get(slug=evening.event.slug).lined_up

    staff.post(admin(evening.event), words | {"value": SIGNATURE.upper()})
    evening.turn(OPENS + timedelta(seconds=6))

    assert verify(evening.file("bundle"), [evening.file("receipt", FANS[0])]).verdict == "holds"


def test_giving_up_is_confirmed_public_and_for_good(evening: Evening, staff: Client):
    evening.turn(GATHERS)
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    evening.turn(OPENS)  # the site was away: it closes nothing once chance may be known

    assert "This draw is void." in evening.page()
    assert "This draw is void" in evening.mine(FANS[0])["text"]
    staff.post(admin(evening.event), {"do": "give-up", "why": "a power cut"})  # not confirmed
    assert "gave this draw up" not in evening.page()
    staff.post(admin(evening.event), {"do": "give-up", "why": "a power cut <b>", "confirmed": "on"})

    assert "The organiser gave this draw up." in evening.page()
    assert "a power cut &lt;b&gt;" in evening.page()
    evening.turn(OPENS + timedelta(seconds=1))
    assert WaitingRoom.objects.get(slug=evening.event.slug).lined_up


@pytest.mark.parametrize("given_up", [False, True])
def test_a_draw_that_was_never_closed_promises_nothing_of_a_closed_roster(evening: Evening, given_up: bool):
    evening.turn(GATHERS)
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    evening.turn(OPENS)
    if given_up:
        draw_steps.give_up(WaitingRoom.objects.get(slug=evening.event.slug), "a power cut")

    page = evening.page(FANS[0])

    assert "It proves that your entry was taken; the roster was not closed." in page
    assert "No order follows" in page
    for promise in (
        "once more when entries have ended",
        "bundle.json —",
        "thrown away",
        "The drawn stand first",
        "Lots decide",
    ):
        assert promise not in page
    assert evening.get(f"/draws/{evening.event.slug}/bundle.json", "", "en").status_code == 404


def test_who_did_not_enter_is_not_told_to_enter_once_entries_have_ended(drawn: Evening):
    assert "Entries ended on" in drawn.page()
    assert "enters by that alone" not in drawn.page()


def test_who_may_not_direct_the_event_sees_no_page_of_its_draw(evening: Evening, client: Client):
    client.force_login(User.objects.create_user("clerk", password="x" * 20, is_staff=True))

    assert client.get(admin(evening.event)).status_code == 403


def test_the_order_stays_once_the_draw_was_announced(evening: Evening):
    evening.turn(GATHERS)
    event = Event.objects.get(pk=evening.event.pk)
    event.opening_order = OpeningOrder.ARRIVAL

    with pytest.raises(ValidationError) as refused:
        event.full_clean()

    assert "opening_order" in refused.value.message_dict


def test_no_draw_for_a_sale_that_runs_nor_with_a_gathering_too_short(make_event: Callable[..., Event]):
    running, short = make_event(), make_event()
    running.opening_order = OpeningOrder.DRAW
    short.opens_at += timedelta(days=2)
    short.opening_order, short.gathering_minutes = OpeningOrder.DRAW, 31

    for event, field in ((running, "opening_order"), (short, "gathering_minutes")):
        with pytest.raises(ValidationError) as refused:
            event.full_clean()
        assert field in refused.value.message_dict
    short.gathering_minutes = 32
    short.full_clean()


def test_the_waiting_page_knows_of_the_draw(evening: Evening):
    with translation.override("en"):
        told: Any = page_context(evening.event.slug)["draw"]

    assert (told["ends_at"], told["untrusted"], told["by_email"]) == (CLOSES, False, False)
    assert told["path"] == f"/draws/{evening.event.slug}/"


def test_an_event_by_arrival_and_a_draft_have_no_page_of_a_draw(evening: Evening, make_event: Callable[..., Event]):
    plain = make_event()
    evening.turn(GATHERS)
    Event.objects.filter(pk=evening.event.pk).update(announced_at=None)

    for slug in (plain.slug, evening.event.slug, "nowhere"):
        assert evening.get(f"/draws/{slug}/", "", "en").status_code == 404
        assert evening.get(f"/draws/{slug}/mine.json", "", "en").status_code == 404


def test_of_very_many_some_ask_in_a_second_and_around_the_opening_nobody(evening: Evening):
    """The socket says what happens then, and thousands of questions would be in the way."""
    evening.turn(GATHERS)
    evening.come(*FANS)
    evening.turn(CLOSES - timedelta(minutes=1))
    rest = {"draw": draw_steps.draw_of(evening.event.slug), "identity": "", "nonce": "", "at": evening.at}
    DrawEntry.objects.bulk_create(DrawEntry(person=f"p{i}", entry=f"{i:064x}", **rest) for i in range(5_000))
    waits = [evening.mine(FANS[0])["againInSeconds"] for _ in range(60)]
    assert 60 + 80 < max(waits) < 60 + 101

    evening.event.room.open_by(CLOSES + timedelta(seconds=10), GATHERS, OpeningOrder.DRAW)  # as by local chance
    waits = [evening.mine(FANS[0])["againInSeconds"] for _ in range(60)]
    assert min(waits) >= 90
