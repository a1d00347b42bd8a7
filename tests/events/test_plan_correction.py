"""A plan is corrected in the middle of a sale where that hurts nobody, and says exactly what it would do."""

import pytest
from django.urls import reverse

from events.models import Event, OrderState, Seat, Section, Why
from events.plans.correction_tables import table_of
from events.sale.orders import cancel_order
from events.sale.sold_out import seats_on_sale
from tests.events.conftest import buy, hold, order, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

# As the fixture's: two rows of five seats, and an area for six who stand.
A, S = "A,1,1-2,1,5\n", "S,0,,1,6\n"


def send(client, event: Event, button: str, lines: str, names: str = ""):
    address = reverse("admin:events_plan_correct", args=[event.plan_id])
    return client.post(address, {"lines": lines, "names": names, button: ""})


def shape(event: Event) -> list[tuple[str, int, list[tuple[str, int, int]]]]:
    """Sections, their capacity, and (row, number, ordinal) of their seats."""
    return [
        (
            section.code,
            section.capacity,
            list(section.seats.order_by("ordinal").values_list("row", "number", "ordinal")),
        )
        for section in Section.objects.filter(plan=event.plan_id)
    ]


def refused(answer) -> str:
    assert answer.status_code == 200
    return " ".join(answer.context["form"].non_field_errors())


def test_the_page_shows_the_plan_as_it_is_and_that_changes_nothing(admin_client, event):
    page = admin_client.get(reverse("admin:events_plan_correct", args=[event.plan_id]))
    lines = page.context["form"]["lines"].value()
    before = shape(event)

    answer = send(admin_client, event, "check", lines)

    assert answer.context["correction"].is_nothing
    assert send(admin_client, event, "apply", lines).status_code == 200
    assert shape(event) == before


def test_seats_rows_and_sections_are_added_while_others_are_sold(admin_client, browser, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    label = bought.lines.get().label
    lines = f"A,1,1,1,7\nA,1,1B,1,3\nA,1,2,1,5\n{S}B,2,1-3,1,4\n"
    before = shape(event)

    dry = send(admin_client, event, "check", lines)

    correction = dry.context["correction"]
    assert shape(event) == before
    assert len(correction.added) == 3
    assert "6–7" in correction.added[1]
    assert "1B" in correction.added[2]
    assert (correction.changed, correction.removed, correction.refused) == ([], [], [])
    for said in correction.added:
        assert said in dry.content.decode()

    assert send(admin_client, event, "apply", lines).status_code == 302
    (code, capacity, seats), *_ = [found for found in shape(event) if found[0] == "A"]
    assert (code, capacity) == ("A", 15)
    assert [row for row, _, _ in seats] == ["1"] * 7 + ["1B"] * 3 + ["2"] * 5
    assert [place for _, _, place in seats] == list(range(15))
    assert Section.objects.get(plan=event.plan_id, code="B").capacity == 12
    assert seats_on_sale(event.pk) == 21  # B has no price yet
    assert bought.lines.get().label == label
    browser.get(f"/events/{event.slug}/")
    assert browser.get(f"/events/{event.slug}/seats/{event.plan.sections.get(code='A').pk}/").status_code == 200
    hold(event, buyer, Seat.objects.get(section__plan=event.plan_id, row="1B", number=2).pk)


def test_free_seats_and_sections_that_nobody_ordered_from_are_removed(admin_client, event, buyer):
    buy(event, buyer, seats_of(event)[0])
    event.section_prices.get(section__code="S").delete()

    answer = send(admin_client, event, "apply", "A,1,1,1-1,3\n".replace("1-1", "1"))

    assert answer.status_code == 302
    assert [(code, capacity) for code, capacity, _ in shape(event)] == [("A", 3)]


@pytest.mark.parametrize("taken", [hold, order, buy])
def test_a_seat_that_is_held_or_sold_is_not_removed_and_nothing_else_is_changed(admin_client, event, buyer, taken):
    taken(event, buyer, seats_of(event)[4])
    before = shape(event)

    said = refused(send(admin_client, event, "apply", f"A,1,1,1,4\nA,1,2,1,9\n{S}"))

    assert "A구역" in said or "A" in said
    assert "5" in said
    assert shape(event) == before


def test_a_seat_of_an_order_of_the_past_is_not_removed(admin_client, event, buyer):
    cancelled = buy(event, buyer, seats_of(event)[4])
    cancel_order(cancelled.pk, by=buyer, why=Why.BY_BUYER)
    cancelled.refresh_from_db()
    assert cancelled.state == OrderState.CANCELLED

    assert "5" in refused(send(admin_client, event, "apply", f"A,1,1,1,4\nA,1,2,1,5\n{S}"))


def test_a_section_on_sale_or_ordered_from_is_not_removed(admin_client, event, buyer):
    cancelled = buy(event, buyer, seats_of(event, "S")[0])
    before = shape(event)
    assert "S" in refused(send(admin_client, event, "apply", A))

    cancel_order(cancelled.pk, by=buyer, why=Why.BY_BUYER)
    event.section_prices.get(section__code="S").delete()
    assert "S" in refused(send(admin_client, event, "apply", A))
    assert shape(event) == before


def test_a_section_on_another_level_is_called_so_and_a_name_given_by_hand_stays(admin_client, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    label = bought.lines.get().label
    lines = f"A,2,1-2,1,5\n{S}"

    dry = send(admin_client, event, "check", lines).context["correction"]
    assert len(dry.changed) == 2
    assert "2층 A구역" in dry.changed[1]

    assert send(admin_client, event, "apply", lines).status_code == 302
    section = Section.objects.get(plan=event.plan_id, code="A")
    assert (section.level, section.name_ko) == (2, "2층 A구역")
    assert bought.lines.get().label == label

    Section.objects.filter(pk=section.pk).update(name_ko="가족석")
    send(admin_client, event, "apply", A + S)
    section.refresh_from_db()
    assert (section.level, section.name_ko) == (1, "가족석")


def test_seats_do_not_become_a_standing_area(admin_client, event):
    assert "A" in refused(send(admin_client, event, "apply", f"A,1,,1,10\n{S}"))


def test_rows_are_renamed_and_tickets_keep_their_words(admin_client, event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    label = bought.lines.get().label

    dry = send(admin_client, event, "check", A + S, "A,1,가\nA,2,나\n")
    assert len(dry.context["correction"].changed) == 2

    assert send(admin_client, event, "apply", A + S, "A,1,가\nA,2,나\n").status_code == 302
    assert {row for row, _, _ in shape(event)[1][2]} == {"가", "나"}
    assert bought.lines.get().label == label


def test_rows_change_names_with_one_another_unless_tickets_bear_them(admin_client, event, buyer):
    swap = "A,1,2\nA,2,1\n"
    first = seats_of(event)[0]

    assert send(admin_client, event, "apply", A + S, swap).status_code == 302
    assert Seat.objects.get(pk=first).row == "2"

    sold = buy(event, buyer, first)
    said = refused(send(admin_client, event, "apply", A + S, swap))
    assert "1" in said
    assert Seat.objects.get(pk=first).row == "2"

    cancel_order(sold.pk, by=buyer, why=Why.BY_BUYER)
    assert send(admin_client, event, "apply", A + S, swap).status_code == 302


def test_no_new_seat_takes_the_words_that_a_ticket_bears(admin_client, event, buyer):
    buy(event, buyer, seats_of(event)[0])
    assert send(admin_client, event, "apply", A + S, "A,1,X\n").status_code == 302

    again = "A,1,X,1,5\nA,1,2,1,5\nA,1,1,1,5\n"

    assert "1" in refused(send(admin_client, event, "apply", again + S))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("A,9,x", "9"),
        ("Z,1,x", "Z"),
        ("A,1,2", "2"),
        ("A,1,toolonganame", "8"),
        ("A,1", "section, row, new"),
        ("A,1,x\nA,1,y", "1"),
        ("S,,x", "S"),
    ],
)
def test_a_mistake_in_new_names_is_said_and_changes_nothing(admin_client, event, names, said):
    before = shape(event)

    assert said in refused(send(admin_client, event, "apply", A + S, names))
    assert shape(event) == before


def test_only_who_may_change_plans_corrects_them(client, event, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert send(client, event, "apply", "B,1,1,1,1\n").status_code == 403


def test_the_table_of_a_plan_describes_it_whole(event):
    assert table_of(event.plan) == "section,level,row,first,last\nS,0,,1,6\nA,1,1,1,5\nA,1,2,1,5\n"
