"""The guided page's third step: prices by level, their sum, and levels of several prices."""

import pytest

from events.models import SectionPrice
from tests.events.guided_steps import HALL, begin, counted, errors, priced, send

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "__all__"),
        ({"price-0": "-5"}, "price-0"),
        ({"price-0": "x"}, "price-0"),
        ({"price-0": "1.5"}, "price-0"),
        ({"price-0": "10,000,001"}, "price-0"),
        ({"price-0": "1000", "name_ko-0": ""}, "name_ko-0"),
        ({"price-0": "1000", "name_ko-0": "가" * 41}, "name_ko-0"),
        ({"price-0": "1000", "price-1": "2000", "name_ko-1": "VIP석", "name_en-1": "VIP"}, "price-1"),
        ({"price-0": "1000", "price-1": "1000", "name_ko-1": "VIP석", "name_en-1": "Other"}, "name_en-1"),
    ],
    ids=str,
)
def test_a_price_with_a_mistake_says_where_and_prices_nothing(admin_client, sent, field):
    event = begin(admin_client)
    send(admin_client, event, "hall", **HALL, build="")
    before = counted()

    assert field in errors(send(admin_client, event, "prices", **sent))
    assert counted() == before


def test_the_sum_is_shown_and_nothing_saved(admin_client):
    event = begin(admin_client)
    send(admin_client, event, "hall", **HALL, build="")

    page = send(admin_client, event, "prices", **{"price-0": "150000", "price-2": "80000", "sum": ""})

    assert (page.context["form"].seats, page.context["form"].won) == (24, 20 * 150_000 + 4 * 80_000)
    assert "3,320,000" in page.content.decode()
    assert not SectionPrice.objects.exists()


def test_two_levels_may_be_one_price_and_a_price_that_is_used_no_more_goes(admin_client):
    event = priced(admin_client)

    send(
        admin_client, event, "prices", **{"name_ko-1": "VIP석", "name_en-1": "VIP", "price-1": "150000", "price-2": ""}
    )

    assert list(event.tiers.values_list("name_ko", "price_won")) == [("VIP석", 150_000)]
    assert event.section_prices.count() == 6
    assert not event.section_prices.filter(section__level=2).exists()


def test_a_level_of_several_prices_keeps_them_unless_one_is_typed(admin_client):
    event = priced(admin_client)
    one = event.section_prices.get(section__code="101")
    one.tier = event.tiers.get(name_ko="VIP석")
    one.save()
    before = sorted(event.section_prices.values_list("section__code", "tier__name_ko"))

    assert send(admin_client, event, "prices").status_code == 302
    assert sorted(event.section_prices.values_list("section__code", "tier__name_ko")) == before

    assert "price-2" in errors(
        send(admin_client, event, "prices", **{"name_ko-2": "R석", "name_en-2": "R", "price-2": "1"})
    )
    send(admin_client, event, "prices", **{"name_ko-1": "R석", "name_en-1": "R", "price-1": "99000"})
    assert set(event.section_prices.filter(section__level=1).values_list("tier__price_won", flat=True)) == {99_000}
