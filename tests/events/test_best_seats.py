"""Seats for several people: side by side, in front, at a price; else the nearest, said before anything is held."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache, caches
from django.urls import reverse
from django.utils import timezone, translation

from events.models import Hold, Occupancy, PriceTier, SectionPrice
from events.plans.arena import lay_out
from events.plans.seat_drawing import seats_svg, stage_side
from events.plans.tier_colours import SHADES, shades_of
from events.sale import availability
from events.sale.seat_offers import offers_for
from events.sale.seat_wishes import read_wishes
from tests.events.conftest import hold, occupied, order, seats_of
from tests.events.test_what_pages_say import sell_all_but

pytestmark = pytest.mark.django_db(transaction=True)
# An aisle between 10 and 21 in row 1; people stand in S; row 3 has a wheelchair space and its companion's seat.
PLAN = (
    "section,level,row,first,last,kind\nA,1,1,1,10,\nA,1,1,21,30,\nA,1,2,1,30,\n"
    "A,1,3,1,4,\nA,1,3,5,5,wheelchair\nA,1,3,6,6,companion\nS,0,,1,6,\n"
)


@pytest.fixture(autouse=True)
def _forget():
    yield
    caches["moments"].clear()
    cache.clear()


def offers(event, **asked):
    prices = list(SectionPrice.objects.filter(event=event).select_related("section", "tier"))
    tiers = list({price.tier for price in prices})
    wishes = read_wishes({name: str(value) for name, value in asked.items()}, tiers, most=20)
    return offers_for(event, prices, wishes)


def sold(event, make_buyer, *ordinals: int) -> None:
    placed, _ = order(event, make_buyer(), seats_of(event, "S")[0])
    seats = seats_of(event)
    Occupancy.objects.bulk_create(occupied(event, [seats[ordinal] for ordinal in ordinals], order=placed))


def test_the_best_are_in_front_and_in_the_middle_and_never_across_an_aisle(make_event, make_buyer):
    event = make_event(PLAN, seats_per_account=20)
    (best,) = offers(event, count=2)
    assert {(seat.row, seat.number) for seat in best.seats} in ({("1", 9), ("1", 10)}, {("1", 21), ("1", 22)})

    sold(event, make_buyer, *range(9), *range(11, 20))  # of row 1, 10 and 21 are left: beside each other on paper
    cache.clear()
    (best,) = offers(event, count=2)
    assert best.together
    assert [seat.row for seat in best.seats] == ["2", "2"]


def test_where_nobody_can_sit_together_the_nearest_are_offered_by_name_and_nothing_is_held(browser, event, make_buyer):
    sell_all_but(event, make_buyer(), 1, 3, 6)  # row 1: 2 and 4, row 2: 2
    browser.get(event.get_absolute_url())

    page = browser.get(reverse("events:best-seats", args=[event.slug]), {"count": 2})

    said = page.content.decode()
    assert "이 가격에는 나란한 2석이 없어요" in said
    (offer,) = [offer for offer, _shade in page.context["offers"]]
    assert {(seat.row, seat.number) for seat in offer.seats} == {("1", 2), ("2", 2)}
    assert not Hold.objects.filter(order=None).exists()

    sent = {"from": "best", "count": "2", "seat": re.findall(r'name="seat" value="(\d+)"', said)}
    assert browser.post(reverse("events:hold", args=[event.slug]), sent).url.endswith("/checkout/")


def test_a_price_is_kept_to_and_each_price_has_an_offer_of_its_own(make_event):
    event = make_event()
    cheap = PriceTier.objects.create(event=event, name_ko="서서", price_won=50_000)
    SectionPrice.objects.filter(event=event, section__code="S").update(tier=cheap)

    both = offers(event, count=3)
    assert [(offer.tier.price_won, offer.section.code) for offer in both] == [(110_000, "A"), (50_000, "S")]
    assert [offer.tier for offer in offers(event, count=3, tier=cheap.pk)] == [cheap]
    (less,) = offers(event, count=7, tier=cheap.pk)
    assert (less.section, less.left) == (None, 6)


def test_a_wheelchair_space_comes_with_its_companion_and_only_to_who_asked(make_event, make_buyer):
    event = make_event(PLAN, seats_per_account=20)
    for count in (1, 2, 20):
        assert not any(seat.kind for offer in offers(event, count=count) for seat in offer.seats)

    (pair,) = offers(event, count=2, wheelchair=1)
    assert ([seat.kind for seat in pair.seats], pair.together) == (["wheelchair", "companion"], True)
    (three,) = offers(event, count=3, wheelchair=1)
    assert sorted(seat.kind for seat in three.seats) == ["", "companion", "wheelchair"]
    assert [(seat.row, seat.number) for seat in three.seats if not seat.kind] == [("3", 4)]
    hold(event, make_buyer(), *(seat.pk for seat in pair.seats))
    cache.clear()
    (none,) = offers(event, count=1, wheelchair=1)
    assert none.section is None


@pytest.mark.parametrize("asked", [{"count": "-1"}, {"count": "٣"}, {"count": "99999"}, {"tier": "x"}, {"tier": "1e3"}])
def test_wishes_that_cannot_be_are_left_open(browser, event, asked):
    browser.get(event.get_absolute_url())

    page = browser.get(reverse("events:best-seats", args=[event.slug]), asked)

    assert page.context["wishes"].count == 2
    assert page.context["wishes"].tier is None
    assert max(page.context["wishes"].counts) == event.seats_per_account, "no more than the account may have"


def test_no_more_are_offered_than_are_left_or_than_the_account_may_have(browser, buyer, event, make_buyer):
    hold(event, buyer, *seats_of(event)[:3])
    browser.get(event.get_absolute_url())

    assert [*browser.get(reverse("events:best-seats", args=[event.slug])).context["wishes"].counts] == [1]


def test_the_questions_do_not_grow_with_seats(browser, make_event, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(availability, "FRESH_SECONDS", 60)  # however slow the machine
    asked = []
    for rows in (2, 40):
        event = make_event(f"section,level,row,first,last\n1-12,1,1-{rows},1,10\n")
        browser.get(event.get_absolute_url())
        for address in ("events:best-seats", "events:seats"):
            path = reverse(address, args=[event.slug])
            browser.get(path)
            with django_assert_max_num_queries(40) as questions:
                assert browser.get(path, {"count": 4}).status_code == 200
            asked.append(len(questions))

    assert asked[0] == pytest.approx(asked[2], abs=3)  # what a second keeps may have run out in between
    assert asked[1] == pytest.approx(asked[3], abs=3)


def test_before_the_sale_the_best_seats_lead_back_to_the_event(browser, make_event):
    event = make_event(opens_at=timezone.now() + timedelta(hours=1))
    browser.get(event.get_absolute_url())

    assert browser.get(reverse("events:best-seats", args=[event.slug])).status_code in (302, 403)


def test_a_section_is_drawn_as_it_lies_around_the_stage(make_event):
    event = make_event("section,level,row,first,last\n101-109,1,1-2,1,3\n")
    shapes = lay_out(list(event.plan.sections.all())).shapes
    angles = [shapes[section.pk].angle for section in event.plan.sections.all()]
    assert angles == sorted(angles)
    assert angles[4] == 0
    with translation.override("en"):
        assert stage_side(angles[4]) == "The stage is above."
        assert stage_side(angles[0]) == "The stage is to the right."
        assert stage_side(angles[-1]) == "The stage is to the left."

    rows = [(1, "1", 1, ""), (2, "1", 2, ""), (3, "2", 1, ""), (4, "2", 2, "")]

    def places(angle: float) -> list[tuple[float, float]]:
        drawn = seats_svg(rows, "0000", (), "A", angle)
        return [(float(x), float(y)) for x, y in re.findall(r'cx="([-\d.]+)" cy="([-\d.]+)"', drawn)]

    # On the stage's right, the stage is to the left: row 1 is left of row 2.
    (first, _second, behind, _last) = places(90)
    assert first[0] < behind[0]
    (first, _second, behind, _last) = places(0)
    assert first[1] < behind[1]


def test_the_map_narrows_to_a_price_and_to_free_wheelchair_spaces(browser, make_event):
    event = make_event(PLAN)
    browser.get(event.get_absolute_url())

    page = browser.get(reverse("events:seats", args=[event.slug]), {"wheelchair": "1"}).content.decode()

    listed = page[page.index("section-groups") :]
    assert "휠체어석 1석" in listed
    assert "스탠딩 S구역" not in listed


def test_every_free_seat_can_be_taken_from_the_list_of_rows(browser, event, buyer):
    section = event.plan.sections.get(code="A")
    browser.get(event.get_absolute_url())
    page = browser.get(reverse("events:section", args=[event.slug, section.pk]), {"view": "list"}).content.decode()
    listed = re.findall(r'name="seat" value="(\d+)"', page)
    assert [int(pk) for pk in listed] == seats_of(event)

    browser.post(reverse("events:hold", args=[event.slug]), {"seat": listed[2:4]})

    assert Occupancy.objects.filter(hold__account=buyer).count() == 2


def test_a_price_has_its_colour_whatever_it_costs_and_whoever_is_beside_it():
    named = [PriceTier(pk=pk, name_ko=name) for pk, name in enumerate(["R석", "스탠딩", "VIP석", "발코니", "난간"], 1)]
    shades = shades_of(named)

    assert (shades[3], shades[1]) == (0, 2)
    assert shades_of(named[2:3])[3] == 0
    assert len(set(shades.values())) == 5
    many = shades_of([PriceTier(pk=pk, name_ko=f"{pk}석") for pk in range(1, 31)])
    assert set(many.values()) <= set(range(SHADES))
