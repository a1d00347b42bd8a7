"""Wheelchair spaces and the seats of companions: in the table, in the plan, sold together, dealt to nobody else."""

import re

import pytest
from django.urls import reverse

from events.models import Hold, Occupancy, Seat, SeatKind
from events.plans.correction_tables import table_of
from events.plans.drafts import read_plan
from events.sale.holds import drop, hold_seats, release
from events.sale.picks import Pick
from events.sale.refusals import CompanionAlone, SeatTaken
from tests.events.conftest import buy, hold, seats_of
from tests.events.test_plan_correction import refused, send

pytestmark = pytest.mark.django_db(transaction=True)
JSON = {"accept": "application/json"}
# Row 1: six seats, a wheelchair space and its companion's seat; row 2: another space.
PLAN = "section,level,row,first,last,kind\nA,1,1,1,6,\nA,1,1,7,7,wheelchair\nA,1,1,8,8,companion\nA,1,2,1,1,휠체어석\n"
SPACE, COMPANION, OTHER_SPACE = 6, 7, 8  # by ordinal


def kinds_of(event) -> list[str]:
    return list(Seat.objects.filter(section__plan=event.plan).order_by("ordinal").values_list("kind", flat=True))


def test_a_table_says_which_seats_they_are_and_the_plan_gives_the_table_back(make_event):
    event = make_event(PLAN)

    assert kinds_of(event) == [""] * 6 + ["wheelchair", "companion", "wheelchair"]
    again = read_plan(table_of(event.plan))
    assert not again.errors
    assert again.blocks == read_plan(PLAN).blocks
    assert str(Seat.objects.get(section__plan=event.plan, ordinal=SPACE)).endswith("1열 7번 (휠체어석)")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("A,1,1,1,5,sofa", "sofa"),
        ("S,0,,1,5,wheelchair", "스탠딩"),
        ("A,1,1,1,1,wheelchair\nA,1,1,2,3,companion", "동반석"),
        ("A,1,1,1,1,wheelchair\nA,1,2,1,1,companion", "동반석"),
    ],
    ids=["unknown", "where people stand", "two companions of one", "in another row"],
)
def test_what_cannot_be_meant_is_refused(lines: str, said: str):
    draft = read_plan(f"section,level,row,first,last,kind\n{lines}\n")

    assert [said in error.text for error in draft.errors] == [True]


def test_a_companion_seat_is_held_with_its_space_and_never_alone(make_event, buyer):
    event = make_event(PLAN)
    seats = seats_of(event)
    for alone in ((seats[COMPANION],), (seats[COMPANION], seats[0]), (seats[COMPANION], seats[OTHER_SPACE])):
        with pytest.raises(CompanionAlone):
            hold(event, buyer, *alone)
        assert not Hold.objects.exists(), "nothing was held"

    hold(event, buyer, seats[SPACE])
    hold(event, buyer, seats[COMPANION])
    assert Occupancy.objects.count() == 2


def test_who_has_the_space_already_may_add_the_companion_later(make_event, buyer, make_buyer):
    event = make_event(PLAN)
    seats = seats_of(event)
    buy(event, buyer, seats[SPACE])
    with pytest.raises(CompanionAlone):
        hold(event, make_buyer(), seats[COMPANION])

    buy(event, buyer, seats[COMPANION])


def test_the_space_is_not_given_back_from_under_the_companion(make_event, buyer):
    event = make_event(PLAN)
    seats = seats_of(event)
    hold(event, buyer, seats[SPACE], seats[COMPANION], seats[0])

    with pytest.raises(CompanionAlone):
        drop(event, buyer.pk, seats[SPACE])
    assert Occupancy.objects.count() == 3
    drop(event, buyer.pk, seats[COMPANION])
    drop(event, buyer.pk, seats[SPACE])
    release(event, buyer.pk)
    assert not Occupancy.objects.exists()


def test_nobody_is_dealt_a_seat_that_others_need(make_event, buyer):
    event = make_event(PLAN, seats_per_account=10)
    section = event.plan.sections.get()
    hold(event, buyer, seats_of(event)[0])
    with pytest.raises(SeatTaken):
        hold_seats(event=event, account_id=buyer.pk, visitor="", pick=Pick(areas=((section.pk, 6),)))
    hold_seats(event=event, account_id=buyer.pk, visitor="", pick=Pick(areas=((section.pk, 5),)))
    assert set(Occupancy.objects.values_list("seat__kind", flat=True)) == {SeatKind.ORDINARY}


def test_over_http_a_companion_alone_is_refused_in_words(make_event, browser):
    event = make_event(PLAN)
    browser.get(event.get_absolute_url())

    answer = browser.post(reverse("events:hold", args=[event.slug]), {"seat": seats_of(event)[COMPANION]}, headers=JSON)

    assert (answer.status_code, answer.json()["status"]) == (409, "companion-alone")


def test_staff_make_seats_spaces_while_the_plan_sells_but_none_that_somebody_sits_on(admin_client, make_event, buyer):
    event = make_event("section,level,row,first,last\nA,1,1-2,1,5\n")
    buy(event, buyer, seats_of(event)[0])
    page = admin_client.get(reverse("admin:events_plan_correct", args=[event.plan_id]))
    assert page.context["form"]["lines"].value().startswith("section,level,row,first,last\n")

    sold = send(admin_client, event, "apply", "A,1,1,1,1,wheelchair\nA,1,1,2,5\nA,1,2,1,5\n")
    assert "1열 1번" in refused(sold)
    assert set(kinds_of(event)) == {""}
    said = send(admin_client, event, "check", "A,1,1,1,4\nA,1,1,5,5,wheelchair\nA,1,2,1,5\n").context["correction"]
    assert [line for line in said.changed if "휠체어석" in line]
    send(admin_client, event, "apply", "A,1,1,1,4\nA,1,1,5,5,wheelchair\nA,1,2,1,5\n")
    assert kinds_of(event)[4] == "wheelchair"
    send(admin_client, event, "apply", "A,1,1,1,5\nA,1,2,1,5\n")
    assert set(kinds_of(event)) == {""}


def test_the_builder_says_how_many_there_are(admin_client, make_event):
    plan = make_event(PLAN).venue.plans.create(name="another")

    page = admin_client.post(reverse("admin:events_plan_build", args=[plan.pk]), {"lines": PLAN, "check": ""})

    assert re.search(r"<td>9</td>\s*<td>3</td>", page.content.decode())
