"""Staff price hundreds of sections at once: a level is filled in, a list is uploaded, and tried dry first."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Event, PriceTier, SectionPrice
from events.sale.price_lists import price_list_of, read_price_list
from events.sale.sold_out import seats_on_sale
from tests.events.conftest import PRICE_WON, buy, hold, seats_of

pytestmark = pytest.mark.django_db(transaction=True)

STADIUM = "101-105,1,1,1,3\n201-205,2,1,1,3\nS,0,,1,9\n"


@pytest.fixture
def stadium(make_event) -> Event:
    """An event with eleven sections, all of them in the tier R석."""
    event: Event = make_event(plan=STADIUM)
    return event


def tiers_of(event: Event) -> dict[str, tuple[str, int]]:
    prices = SectionPrice.objects.filter(event=event).select_related("section", "tier")
    return {price.section.code: (price.tier.name_ko, price.tier.price_won) for price in prices}


def send(client, event: Event, button: str, lines: str | bytes):
    address = reverse("admin:events_event_price_list", args=[event.pk])
    if isinstance(lines, bytes):
        return client.post(address, {"file": SimpleUploadedFile("prices.csv", lines), button: ""})
    return client.post(address, {"lines": lines, button: ""})


def test_a_list_is_tried_dry_and_then_put_in_force(admin_client, stadium):
    lines = 'section,tier,price\n101-105,VIP석,"150,000원"\n201-205,R석,90000\nS,,\n'
    before = tiers_of(stadium)

    dry = admin_client_page(send(admin_client, stadium, "check", lines))

    assert tiers_of(stadium) == before
    assert PriceTier.objects.count() == 1
    for said in ("VIP석", "150,000원", "110,000원 → 90,000원", "1층 101구역", "판매하지 않음"):
        assert said in dry, said
    assert "201구역" not in dry  # its tier stays; the tier's price is told once

    assert send(admin_client, stadium, "apply", lines).status_code == 302
    vip, r = ("VIP석", 150_000), ("R석", 90_000)
    assert tiers_of(stadium) == {str(n): vip for n in range(101, 106)} | {str(n): r for n in range(201, 206)}
    assert seats_on_sale(stadium.pk) == 30


def admin_client_page(answer) -> str:
    assert answer.status_code == 200
    page: str = answer.content.decode()
    return page


def test_every_change_of_a_price_is_in_the_history_with_both_values(admin_client, stadium):
    send(admin_client, stadium, "apply", "101,S석,50000\n201,R석,99000\n")

    tier = stadium.tiers.get(name_ko="R석")
    after, before = tier.history.all()[:2]
    assert (before.price_won, after.price_won, after.history_user.username) == (PRICE_WON, 99_000, "admin")
    price = SectionPrice.objects.get(event=stadium, section__code="101")
    assert price.history.first().tier.name_ko == "S석"


def test_the_list_in_force_is_what_the_page_shows_and_changes_nothing(admin_client, stadium):
    page = admin_client_page(admin_client.get(reverse("admin:events_event_price_list", args=[stadium.pk])))
    assert "101,R석,110000" in page

    assert "이미 모두 적용" in admin_client_page(send(admin_client, stadium, "check", price_list_of(stadium)))


def test_a_list_of_korean_excel_is_read(admin_client, stadium):
    answer = send(admin_client, stadium, "apply", "구역;등급;가격\r\n101-102;귀빈석;200000\r\n".encode("cp949"))

    assert answer.status_code == 302
    assert tiers_of(stadium)["102"] == ("귀빈석", 200_000)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("999,R석,1000", "999"),
        ("101-199,R석,1000", "101-199"),
        ("101,없는석", "없는석"),
        ("101,,1000", "등급"),
        ("101,R석,-5", "-5"),
        ("101,R석,1.5", "1.5"),
        ("101,R석,99999999", "99999999"),
        ("101,R석,1000\n102,R석,2000", "R석"),
        ("101,R석\n101-103,R석", "101"),
        ("10-Jan,R석,1000", "10-Jan"),
        ("구역,등급,비고\n101,R석,x", "구역"),
        (f"101,{'가' * 41},1000", "40"),
        ("101,R석,1000,5", "section, tier, price"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_changed(admin_client, stadium, lines, said):
    before = tiers_of(stadium)

    page = admin_client_page(send(admin_client, stadium, "apply", f"102,S석,7000\n{lines}\n"))

    assert said in page
    assert (tiers_of(stadium), PriceTier.objects.count()) == (before, 1)


@pytest.mark.parametrize("taken", [hold, buy])
def test_a_section_with_held_or_sold_seats_is_not_taken_off_sale_by_a_list(admin_client, stadium, buyer, taken):
    taken(stadium, buyer, seats_of(stadium, "101")[0])
    before = tiers_of(stadium)

    page = admin_client_page(send(admin_client, stadium, "apply", "101,,\n102,,\n"))

    assert "가격을 비울 수 없습니다" in page
    assert tiers_of(stadium) == before

    assert send(admin_client, stadium, "apply", "102,,\n101,VIP석,1000\n").status_code == 302
    assert stadium.occupancies.get().price_won == PRICE_WON
    assert tiers_of(stadium)["101"] == ("VIP석", 1000)


def test_a_level_is_filled_in_and_put_in_force_after(admin_client, stadium):
    vip = stadium.tiers.create(name_ko="VIP석", price_won=200_000)
    address = reverse("admin:events_event_pricing", args=[stadium.pk])
    before = tiers_of(stadium)

    filled = admin_client.post(address, {"level": "2", "tier": vip.pk, "fill": ""})

    assert tiers_of(stadium) == before
    form = filled.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    assert admin_client.post(address, sent).status_code == 302
    after = tiers_of(stadium)
    assert {code: name for code, (name, _) in after.items()} == {
        code: "VIP석" if code.startswith("2") else "R석" for code in before
    }


def test_filling_in_a_level_keeps_what_was_chosen_elsewhere_on_the_page(admin_client, stadium):
    vip = stadium.tiers.create(name_ko="VIP석", price_won=200_000)
    one = stadium.plan.sections.get(code="101")
    sent = {f"section-{one.pk}": "", "level": "2", "tier": vip.pk, "fill": ""}

    form = admin_client.post(reverse("admin:events_event_pricing", args=[stadium.pk]), sent).context["form"]

    assert form[f"section-{one.pk}"].value() == ""


def test_who_may_not_change_events_reads_no_price_list(client, stadium, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))

    assert send(client, stadium, "apply", "101,,\n").status_code == 403
    assert "101" in tiers_of(stadium)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("10123S-,;\n가R석원\t \"'") | st.characters()))
def test_no_list_is_too_strange_to_read(stadium, text):
    with transaction.atomic():
        changes = read_price_list(stadium, text)

    assert changes.errors or changes.is_nothing or changes.moves or changes.new_prices
