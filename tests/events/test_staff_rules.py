"""Forms refuse, with a sentence, what would sell a chair twice or take a seat from who has it."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse
from django.utils import timezone

from events.models import Event, Plan, PriceTier, Section, SectionPrice, Venue, Why
from events.plans.building import build
from events.plans.drafts import read_plan
from events.sale.orders import cancel_order
from events.staff import groups
from tests.events.conftest import PLAN, buy, hold, seats_of
from tests.events.test_event_admin import form_of, save
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def v2(event) -> Plan:
    """Another plan of the same hall, as the builder asks staff to make."""
    plan = Plan.objects.create(venue=event.venue, name="v2")
    build(plan, read_plan(PLAN))
    return plan


def errors(answer) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def take(how: str, event: Event, buyer: User) -> None:
    """Hold or buy the first seat, or leave it at being priced."""
    if how == "held":
        hold(event, buyer, seats_of(event)[0])
    if how == "sold":
        buy(event, buyer, seats_of(event)[0])


SOLD = {"ko": "선점되었거나 판매된 좌석이 있어", "en": "Seats of this event are held or sold"}
PRICED = {"ko": "이 배치도의 구역이 판매 중입니다", "en": "Sections of this plan are on sale"}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("taken", ["held", "sold", "priced"])
def test_the_plan_stays_while_its_sections_are_on_sale(admin_client, event, v2, buyer, taken, language):
    take(taken, event, buyer)
    words = (PRICED if taken == "priced" else SOLD)[language]
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    for plan in (v2.pk, ""):
        found = errors(save(admin_client, event, plan=plan))
        assert list(found) == ["plan"]
        assert words in found["plan"][0]

    assert Event.objects.get(pk=event.pk).plan_id == event.plan_id


def test_the_venue_stays_with_or_without_another_plan(admin_client, event, make_event, buyer):
    buy(event, buyer, seats_of(event)[0])
    elsewhere = make_event()

    assert "venue" in errors(save(admin_client, event, venue=elsewhere.venue_id, plan=elsewhere.plan_id))
    assert errors(save(admin_client, event, venue=elsewhere.venue_id))
    assert errors(save(admin_client, event, venue=elsewhere.venue_id, plan=""))
    assert Event.objects.get(pk=event.pk).venue_id == event.venue_id


def test_where_nothing_is_on_sale_the_plan_and_the_venue_may_change(admin_client, event, make_event, buyer):
    bought = buy(event, buyer, seats_of(event)[0])
    cancel_order(bought.pk, by=buyer, why=Why.BY_STAFF)
    SectionPrice.objects.filter(event=event).delete()
    elsewhere = make_event()

    assert save(admin_client, event, venue=elsewhere.venue_id, plan=elsewhere.plan_id).status_code == 302

    assert Event.objects.get(pk=event.pk).plan_id == elsewhere.plan_id


@pytest.mark.parametrize("taken", ["held", "sold", "priced"])
def test_a_tier_in_use_is_not_deleted_on_the_events_form(admin_client, browser, event, buyer, taken):
    take(taken, event, buyer)

    answer = save(admin_client, event, **{"tiers-0-DELETE": "on"})

    assert answer.status_code == 200
    assert answer.context["errors"]
    assert PriceTier.objects.filter(event=event).count() == 1
    if taken == "held":
        browser.get(f"/events/{event.slug}/")
        assert browser.get(f"/events/{event.slug}/checkout/").status_code == 200
        assert browser.post(f"/events/{event.slug}/checkout/").status_code == 302


def test_a_tier_that_sold_before_its_sections_moved_is_not_deleted(admin_client, event, buyer):
    buy(event, buyer, seats_of(event)[0])
    event.section_prices.update(tier=PriceTier.objects.create(event=event, name_ko="VIP석", price_won=2))
    sent = form_of(admin_client, event)
    (old,) = [name for name, value in sent.items() if value == "R석"]

    answer = admin_client.post(
        reverse("admin:events_event_change", args=[event.pk]), sent | {old.replace("name_ko", "DELETE"): "on"}
    )

    assert answer.status_code == 200
    assert PriceTier.objects.filter(event=event).count() == 2


def test_a_tier_that_nothing_uses_is_deleted(admin_client, event):
    PriceTier.objects.create(event=event, name_ko="안 쓰는 등급", price_won=1)
    sent = form_of(admin_client, event)
    (unused,) = [name for name, value in sent.items() if value == "안 쓰는 등급"]

    answer = admin_client.post(
        reverse("admin:events_event_change", args=[event.pk]), sent | {unused.replace("name_ko", "DELETE"): "on"}
    )

    assert answer.status_code == 302
    assert PriceTier.objects.get(event=event).name_ko == "R석"


@pytest.mark.parametrize("taken", [hold, buy])
def test_a_section_with_held_or_sold_seats_stays_on_sale(admin_client, event, buyer, taken):
    taken(event, buyer, seats_of(event)[0])
    standing = event.plan.sections.get(code="S")
    fields = {f"section-{section.pk}": "" for section in event.plan.sections.all()}

    answer = admin_client.post(reverse("admin:events_event_pricing", args=[event.pk]), fields)

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [f"section-{event.plan.sections.get(code='A').pk}"]
    assert SectionPrice.objects.filter(event=event).count() == 2
    fields[f"section-{event.plan.sections.get(code='A').pk}"] = str(event.tiers.get().pk)
    assert admin_client.post(reverse("admin:events_event_pricing", args=[event.pk]), fields).status_code == 302
    assert not SectionPrice.objects.filter(event=event, section=standing).exists()


@pytest.mark.parametrize("state", ["priced", "ordered once"])
def test_a_plan_is_not_built_anew_under_prices_or_past_orders(admin_client, event, buyer, state):
    if state == "ordered once":
        cancel_order(buy(event, buyer, seats_of(event)[0]).pk, by=buyer, why=Why.BY_STAFF)
        SectionPrice.objects.filter(event=event).delete()
    address = reverse("admin:events_plan_build", args=[event.plan_id])

    answer = admin_client.post(address, {"lines": "B,1,1,1,5", "build": "1"})

    assert answer.status_code == 200
    assert "새 배치도를 만들어 주세요" in answer.content.decode()
    assert set(Section.objects.filter(plan=event.plan).values_list("code", flat=True)) == {"A", "S"}


@pytest.mark.parametrize("thing", ["plan", "venue"])
def test_plans_and_venues_in_use_are_not_deleted_in_the_admin(admin_client, event, buyer, thing):
    buy(event, buyer, seats_of(event)[0])
    address = reverse(f"admin:events_{thing}_delete", args=[getattr(event, f"{thing}_id")])

    answer = admin_client.post(address, {"post": "yes"})

    assert answer.status_code == 200
    assert Plan.objects.filter(pk=event.plan_id).exists()
    assert Venue.objects.filter(pk=event.venue_id).exists()


def test_an_event_whose_seats_are_held_is_not_deleted(admin_client, event, buyer):
    hold(event, buyer, seats_of(event)[0])

    admin_client.post(reverse("admin:events_event_delete", args=[event.pk]), {"post": "yes"})

    assert Event.objects.filter(pk=event.pk).exists()
    assert WaitingRoom.objects.filter(slug=event.slug).exists()


def test_a_plan_that_events_use_stays_in_its_venue(admin_client, event, make_event):
    elsewhere = make_event()
    address = reverse("admin:events_plan_change", args=[event.plan_id])
    page = admin_client.get(address)
    sent = {"name": "default", "venue": elsewhere.venue_id}
    for formset in page.context["inline_admin_formsets"]:
        for bound in [formset.formset.management_form, *formset.formset.forms]:
            sent |= {bound.add_prefix(name): bound[name].value() for name in bound.fields}

    assert "venue" in errors(admin_client.post(address, sent))


def test_no_section_takes_the_name_that_tickets_of_another_bear(event, buyer):
    from django.core.exceptions import ValidationError

    buy(event, buyer, seats_of(event, "A")[0])
    seated, standing = event.plan.sections.get(code="A"), event.plan.sections.get(code="S")
    printed = seated.name_ko
    seated.name_ko = "가 구역"
    seated.full_clean()
    seated.save()

    standing.name_ko = printed
    with pytest.raises(ValidationError):
        standing.full_clean()
    standing.name_ko = "가 구역"
    with pytest.raises(ValidationError):
        standing.full_clean()
    seated.name_ko = printed
    seated.full_clean()


def test_a_show_is_called_off_only_with_the_permission_and_confirmed(client, event, buyer):
    buy(event, buyer, seats_of(event)[0])
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    address = reverse("admin:events_event_call_off", args=[event.pk])

    clerk.groups.add(Group.objects.get(name=groups.BOX_OFFICE))
    assert client.get(address).status_code == client.post(address, {"confirmed": "on"}).status_code == 403

    clerk.user_permissions.add(Permission.objects.get(codename="call_off_event"))
    page = client.get(address)
    assert (page.status_code, page.context["paid"], page.context["tickets"]) == (200, 1, 1)
    assert client.post(address, {"why_ko": "비"}).status_code == 200
    assert Event.objects.get(pk=event.pk).called_off_at is None

    assert client.post(address, {"why_ko": "비", "confirmed": "on"}).status_code == 302

    event = Event.objects.get(pk=event.pk)
    assert (event.called_off_why_ko, event.room.closed_because) == ("비", "cancelled")
    assert event.called_off_at is not None
    assert event.called_off_at <= timezone.now()
    assert event.history.first().history_user == clerk
    assert "되돌릴 수 없습니다" in client.get(address).content.decode()


def test_sales_managers_may_call_off(event):
    codenames = Group.objects.get(name=groups.SALES_MANAGERS).permissions.values_list("codename", flat=True)
    assert "call_off_event" in set(codenames)


def test_the_list_of_events_says_what_staff_set_and_what_the_sale_laid_over_it(admin_client, event):
    WaitingRoom.objects.get(slug=event.slug).close_over("sold-out")

    page = admin_client.get(reverse("admin:events_event_changelist")).content.decode()

    assert "자동 (매진)" in page
