"""Staff change a gathering whose order is drawn, at every stage of the draw: what becomes of it is fixed beforehand."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from events.sale.closing import follow
from tests.events.test_draw_pages import CLOSES, FANS, GATHERS, OPENS, PARTY, Evening
from tests.waitingroom.draw.evening import FAN_CLUB
from waitingroom import configure, draw_steps
from waitingroom.cookie_names import slip_cookie, visitor_cookie
from waitingroom.draw.verify import verify
from waitingroom.draw_files import bundle_of, receipt_of
from waitingroom.draw_plan import DrawPlan
from waitingroom.draw_records import Draw, DrawEntry, DrawnLine, hand_over
from waitingroom.draw_state import draw_state
from waitingroom.errors import DrawRefused
from waitingroom.keys import keys_of
from waitingroom.models import OpeningOrder, WaitingRoom
from waitingroom.redis import client
from waitingroom.slips import sign_visitor
from waitingroom.stuck_draws import stuck_draws

pytestmark = pytest.mark.django_db(transaction=True)
MakeEvent = Callable[..., Event]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
STAGES = ["planned", "entering", "closed", "seeded"]
LAST_ENTRY = CLOSES - timedelta(minutes=1)


class Changed(Evening):
    """An evening by a party's chance, which staff change in the middle."""

    def bring_to(self, stage: str) -> None:
        if stage == "planned":
            return
        self.turn(GATHERS)
        self.come(*FANS)
        self.turn(LAST_ENTRY)
        if stage != "entering":
            self.turn(CLOSES)
        if stage == "seeded":
            self.tell()

    def tell(self) -> None:
        draw_steps.reveal(self.event.slug, 0, FAN_CLUB.hex())

    def change(self, **fields: object) -> None:
        Event.objects.filter(pk=self.event.pk).update(**fields)
        self.event.refresh_from_db()
        follow(self.event.pk)

    def room(self) -> WaitingRoom:
        return WaitingRoom.objects.get(slug=self.event.slug)

    def line(self) -> list[str]:
        return [name.decode() for name in client().zrange(keys_of(self.event.slug).queue, 0, -1)]  # type: ignore[union-attr]  # no coroutine

    def has_drawn(self, *others: str) -> bool:
        """Whether those who entered stand as the one draw says, that anybody verifies, ahead of the others."""
        draw = Draw.objects.get()
        report = verify(bundle_of(draw), [receipt_of(draw, FANS[2])], key=draw.key)
        assert self.room().lined_up
        assert report.verdict == "holds"
        return self.line() == [*draw_steps.drawn(draw), *others]


@pytest.fixture
def evening(make_event: MakeEvent, monkeypatch: pytest.MonkeyPatch) -> Changed:
    event = make_event(opens_at=OPENS, gathering_minutes=60, opening_order=OpeningOrder.DRAW)
    follow(event.pk)
    DrawPlan.objects.create(room=event.room, chance="parties", parties=f"{PARTY.commitment} {PARTY.name}")
    return Changed(event, monkeypatch)


@pytest.mark.parametrize("stage", STAGES)
def test_an_opening_put_off_by_a_day_keeps_what_was_announced(evening: Changed, stage: str):
    """Also where nobody gathers meanwhile: the roster is closed when the rule said."""
    evening.bring_to(stage)
    evening.change(opens_at=OPENS + DAY)
    for at in (GATHERS + SECOND, CLOSES + SECOND, OPENS):
        evening.turn(at)
    assert not evening.room().lined_up
    assert Draw.objects.exists() is (stage != "planned")
    if stage == "planned":
        evening.turn(GATHERS + DAY)
        evening.come(*FANS)
        evening.turn(LAST_ENTRY + DAY)
        evening.turn(CLOSES + DAY)
    if stage != "seeded":
        evening.tell()
    evening.come("late")

    evening.turn(OPENS + DAY)

    assert evening.has_drawn("late")


@pytest.mark.parametrize("stage", STAGES[1:])
@pytest.mark.parametrize(
    ("away", "back"),
    [({"stopped_at": OPENS}, {"stopped_at": None}), ({"announced_at": None}, {"announced_at": GATHERS - DAY})],
    ids=["stopped", "a draft again"],
)
def test_a_sale_stopped_over_the_opening_lines_up_when_it_goes_on(
    evening: Changed, stage: str, away: dict[str, object], back: dict[str, object]
):
    evening.bring_to(stage)
    evening.change(**away)
    for at in (CLOSES + SECOND, OPENS - SECOND):
        evening.turn(at)
    if stage != "seeded":
        evening.tell()
    evening.turn(OPENS + SECOND)
    if "stopped_at" in away:
        assert not DrawnLine.objects.exists()
        assert not evening.room().lined_up
        assert stuck_draws(OPENS + timedelta(minutes=1)) == {}  # nobody waits for it

    evening.change(**back)
    evening.turn(OPENS + timedelta(minutes=20))

    assert evening.has_drawn()


@pytest.mark.parametrize("stage", STAGES)
def test_a_concert_that_is_called_off_draws_nobody_in(evening: Changed, stage: str):
    evening.bring_to(stage)
    evening.change(called_off_at=OPENS - timedelta(minutes=2), called_off_why_ko="태풍", called_off_why_en="A typhoon")

    for at in (CLOSES + SECOND, OPENS, OPENS + DAY * 2):
        evening.turn(at)

    assert not evening.room().lined_up
    assert stuck_draws(OPENS + DAY) == {}
    if stage != "planned":
        assert "A typhoon" in evening.page()


@pytest.mark.parametrize("stage", STAGES)
def test_an_opening_brought_forward_by_whatever_door_lets_nobody_in_before_the_draw(evening: Changed, stage: str):
    evening.bring_to(stage)
    evening.change(opens_at=CLOSES - timedelta(minutes=30))

    evening.turn(LAST_ENTRY + SECOND)
    assert evening.room().lined_up is (stage == "seeded")
    if stage == "planned":  # its entries would have ended: staff are told, and may set the order to arrival
        assert "no rule is signed" in stuck_draws(OPENS)[evening.event.slug]
        evening.change(opening_order=OpeningOrder.ARRIVAL)
        assert stuck_draws(OPENS) == {}
        return
    evening.turn(CLOSES + SECOND)
    if stage != "seeded":
        evening.tell()
    evening.turn(CLOSES + 2 * SECOND)

    assert evening.has_drawn()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("minutes", [5, 300])
def test_another_gathering_hour_changes_no_draw_that_was_announced(evening: Changed, stage: str, minutes: int):
    evening.bring_to(stage)
    evening.change(gathering_minutes=minutes)
    if stage == "planned":
        evening.turn(OPENS - timedelta(minutes=minutes))
        assert Draw.objects.exists() is (minutes == 300)  # five minutes before, entries would have ended
        return
    evening.turn(CLOSES + SECOND)
    if stage != "seeded":
        evening.tell()

    evening.turn(OPENS)

    assert evening.has_drawn()


def test_the_name_of_a_deleted_event_has_had_its_draw_and_lines_nobody_up_in_another(
    evening: Changed, make_event: MakeEvent
):
    slug = evening.event.slug
    evening.bring_to("seeded")
    evening.turn(OPENS)
    bundle = evening.file("bundle")
    evening.event.delete()
    WaitingRoom.objects.filter(slug=slug).delete()
    assert client().exists(*keys_of(slug).all()) == 0
    assert evening.file("bundle") == bundle  # who wants to check it can

    room = WaitingRoom.objects.create(slug=slug)
    room.open_by(OPENS, GATHERS, OpeningOrder.DRAW)
    evening.come("somebody else")
    for at in (GATHERS, CLOSES, OPENS, OPENS + SECOND):
        evening.turn(at)

    assert not WaitingRoom.objects.get(slug=slug).lined_up
    assert evening.line() == ["somebody else"]
    assert "no rule is signed" in stuck_draws(OPENS + DAY)[slug]
    assert Draw.objects.count() == 1
    configure.remove(slug)


def refusal(event: Event) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        event.full_clean()
    return set(refused.value.message_dict)


@pytest.fixture
def gathering(make_event: MakeEvent) -> Event:
    """It gathers now, by arrival, for an opening in 50 minutes."""
    event = make_event(opens_at=timezone.now() + timedelta(minutes=50), gathering_minutes=60)
    follow(event.pk)
    return event


def test_who_gathers_by_arrival_was_promised_that(gathering: Event):
    gathering.opening_order = OpeningOrder.DRAW
    gathering.gathering_minutes = 120

    assert refusal(gathering) == {"opening_order"}
    gathering.opens_at += DAY
    assert refusal(gathering) == {"opening_order"}


def test_until_the_gathering_opens_the_order_may_change_as_often_as_staff_like(make_event: MakeEvent):
    event = make_event(opens_at=timezone.now() + timedelta(minutes=65), gathering_minutes=60)
    follow(event.pk)
    for order in (OpeningOrder.DRAW, OpeningOrder.ARRIVAL, OpeningOrder.DRAW):
        event.opening_order = order
        event.full_clean()
        event.save()
        follow(event.pk)


@pytest.fixture
def announced(make_event: MakeEvent) -> Event:
    """It gathers now for an opening by drand, whose round comes in 49 minutes."""
    opens_at = timezone.now() + timedelta(minutes=50)
    event = make_event(opens_at=opens_at, gathering_minutes=60, opening_order=OpeningOrder.DRAW)
    follow(event.pk)
    plan = DrawPlan(room=event.room)
    room = WaitingRoom.objects.get(slug=event.slug)
    draw_steps.announce(
        room, opens_at=event.gathers_at, closes_at=plan.closes_at(opens_at), sources=plan.sources(opens_at)
    )
    return event


def test_an_announced_draw_opens_no_sale_before_its_chance(announced: Event):
    announced.opens_at -= timedelta(minutes=5)
    assert refusal(announced) == {"opens_at"}
    announced.opens_at += timedelta(minutes=4, seconds=30)
    announced.full_clean()
    announced.opens_at += timedelta(hours=5)
    announced.full_clean()


def test_once_the_drawn_stood_in_line_the_opening_stays(announced: Event):
    announced.room.note_lined_up()
    announced.opens_at += timedelta(hours=5)

    assert refusal(announced) == {"opens_at"}


def test_a_new_event_of_a_name_that_had_its_draw_is_not_drawn(announced: Event):
    room = announced.room
    other = WaitingRoom(slug=room.slug)
    announced.room = other  # as if the room had been made anew
    other.pk = room.pk + 1

    assert "opening_order" in refusal(announced)


# -- who signs in goes on by another name


@pytest.mark.parametrize("stage", STAGES[1:])
def test_who_signs_in_during_the_gathering_keeps_entry_receipt_and_rank(evening: Changed, stage: str):
    evening.bring_to(stage)
    before = draw_steps.draw_of(evening.event.slug).entries.get(person=FANS[4])
    if stage == "seeded":
        evening.turn(OPENS - SECOND * 5)  # the order is known to the worker
    user = User.objects.create_user("fan", "fan@example.com", "x" * 20)
    browser = Client()
    browser.cookies[visitor_cookie()] = sign_visitor(FANS[4])
    browser.cookies[slip_cookie(evening.event.slug)] = "of the gathering"
    browser.post("/accounts/login/", {"login": user.email, "password": "x" * 20})
    evening.turn(CLOSES + SECOND)
    if stage != "seeded":
        evening.tell()
    evening.turn(OPENS)

    assert DrawEntry.objects.get(person=f"account-{user.pk}").entry == before.entry
    assert evening.has_drawn()
    assert evening.mine(f"account-{user.pk}")["entered"]


def test_an_account_with_an_entry_of_its_own_keeps_that(evening: Changed):
    evening.turn(GATHERS)
    evening.come("AAAAbbbbCCCCdddd", "account-5")
    evening.turn(LAST_ENTRY)
    own = DrawEntry.objects.get(person="account-5").entry
    hand_over("AAAAbbbbCCCCdddd", "account-5")

    assert DrawEntry.objects.get(person="account-5").entry == own
    assert DrawEntry.objects.count() == 2


# -- a draw that does not go on


def test_what_holds_the_gate_is_told_to_operators_and_how_it_ends(evening: Changed, capsys: pytest.CaptureFixture[str]):
    slug = evening.event.slug
    evening.bring_to("closed")
    soon = timedelta(seconds=16)
    assert stuck_draws(OPENS - SECOND) == {}  # a party has time until the opening
    assert stuck_draws(OPENS + soon) == {
        slug: f"waits for {PARTY.name}: type in what they say, or from the opening on give it up"
    }
    evening.turn(OPENS + soon)
    call_command("draw", "status", slug)
    assert f"stuck     waits for {PARTY.name}" in capsys.readouterr().out

    call_command("draw", "give-up", slug, "--why", "the fan club is silent")
    assert "come in by arrival" in capsys.readouterr().out
    evening.turn(OPENS + 2 * soon)

    assert (evening.room().lined_up, evening.line()) == (True, FANS)
    assert "the fan club is silent" in evening.page()
    assert stuck_draws(OPENS + DAY) == {}
    call_command("draw", "status", slug)
    told = capsys.readouterr().out
    assert "state     given up" in told
    assert "why       the fan club is silent" in told


@pytest.mark.parametrize(
    ("stage", "at", "why"),
    [
        ("planned", GATHERS, "no rule is signed"),
        ("entering", CLOSES, "its roster is not closed"),
        ("seeded", OPENS, "its order is not lined up"),
    ],
)
def test_a_step_that_its_worker_does_not_take_is_told_within_seconds(
    evening: Changed, admin_client: Client, stage: str, at: datetime, why: str
):
    evening.bring_to(stage)

    assert stuck_draws(at + timedelta(seconds=14)) == {}
    assert why in stuck_draws(at + timedelta(seconds=16))[evening.event.slug]
    if stage == "seeded":
        page = admin_client.get(reverse("admin:events_event_draw", args=[evening.event.pk]))
        assert "“draw” 프로세스" in page.text


def test_a_draw_is_given_up_by_command_by_the_same_rules(evening: Changed):
    evening.bring_to("entering")

    with pytest.raises(CommandError, match="Until the opening"):
        call_command("draw", "give-up", evening.event.slug, "--why", "I want another")
    state = draw_state(evening.room())
    assert state is not None
    assert state.stage == "entering"
    with pytest.raises(DrawRefused):
        draw_steps.give_up(evening.room(), "I want another")
