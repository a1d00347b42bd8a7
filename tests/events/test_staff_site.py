"""The staff's console: what is worked with comes first, orders say what people ask of them, rights are in words."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from events.models import EventStaff, Fee, Order, Role
from events.sale import staff_refunds
from events.staff.act_words import act_told, log_told, reason_told
from tests.events.conftest import buy, seats_of
from tests.events.factors import App
from tiketi.staff_site import SECTIONS

pytestmark = pytest.mark.django_db(transaction=True)


def captions(page: str) -> list[str]:
    """The index's sections, from the top."""
    return [" ".join(one.split()) for one in re.findall(r'class="section"[^>]*>([^<]+)</a>', page)]


def test_the_index_begins_with_what_is_worked_with(admin_client):
    page = admin_client.get(reverse("admin:index"), headers={"accept-language": "en"}).content.decode()

    found = captions(page)
    assert found[:2] == ["Sales", "Waiting rooms and servers"]
    assert page.index("Orders") < page.index("Venues") < page.index("Access attempts")
    assert found.index("Accounts and sign-ins") == len(SECTIONS) - 1


def test_every_model_of_the_sections_is_there_and_nothing_is_lost(admin_client):
    named = [model for _key, _name, models in SECTIONS for model in models]
    assert len(named) == len(set(named))
    registered = {model._meta.label for model in admin.site._registry}
    assert set(named) <= registered
    page = admin_client.get(reverse("admin:index")).content.decode()
    for label in registered:
        model = apps.get_model(label)._meta
        assert reverse(f"admin:{model.app_label}_{model.model_name}_changelist") in page, label


def test_who_may_see_little_gets_no_empty_section(client, event):
    clerk = User.objects.create_user("clerk", is_staff=True)
    EventStaff.objects.create(event=event, account=clerk, role=Role.BOX_OFFICE)
    client.force_login(clerk)

    page = client.get(reverse("admin:index"), headers={"accept-language": "en"}).content.decode()
    assert captions(page) == ["Sales"]


@pytest.fixture
def bought(event, buyer, admin_user) -> Order:
    """Two tickets, of which one was given back."""
    order = buy(event, buyer, *seats_of(event)[:2])
    staff_refunds.refund(list(order.lines.all())[:1], by=admin_user, reason="두 번 예매", fee=Fee.WAIVED)
    return order


def page_of(client: Client, order: Order) -> str:
    page = client.get(reverse("admin:events_order_change", args=[order.pk]), headers={"accept-language": "ko"})
    assert page.status_code == 200
    return str(page.content.decode())


def test_an_order_has_its_email_its_sums_and_the_way_to_refunding(admin_client, bought):
    page = page_of(admin_client, bought)

    assert bought.account.email in page
    assert "220,000원" in page  # in all, and received
    assert "110,000원" in page  # each seat, and what went back
    assert "220000" not in page
    assert reverse("admin:events_order_refund", args=[bought.pk]) in page
    assert "뷰" not in page
    lines = list(bought.lines.all())
    assert not any(f"{line.order_id}: {line.seat_id}" in page for line in lines)  # titles are no keys
    assert not re.search(r"<p>\s*[0-9a-f]{8}-[0-9a-f]{4}", page)


@pytest.mark.parametrize(("role", "may"), [(Role.BOX_OFFICE, True), (Role.FINANCE, True), (Role.DOOR, False)])
def test_who_may_refund_at_this_event_alone_finds_the_way_too(client, bought, event, role, may):
    clerk = User.objects.create_user("clerk", is_staff=True)
    EventStaff.objects.create(event=event, account=clerk, role=role)
    client.force_login(clerk)
    address = reverse("admin:events_order_change", args=[bought.pk])
    refund = reverse("admin:events_order_refund", args=[bought.pk])

    assert (refund in client.get(address, follow=True).content.decode()) is may


def test_what_is_given_back_whole_is_refunded_no_more(admin_client, bought, admin_user):
    staff_refunds.refund(list(bought.lines.filter(refund=None)), by=admin_user, reason="비", fee=Fee.WAIVED)

    assert reverse("admin:events_order_refund", args=[bought.pk]) not in page_of(admin_client, bought)


def test_the_log_and_the_acts_are_told_in_the_readers_language(admin_client, bought):
    assert log_told("refunded: ₩110,000, 두 번 예매") == "환불 완료: ₩110,000, 두 번 예매"
    assert log_told("draw given up: rain") == "추첨 포기: rain"
    assert log_told('[{"changed": {"fields": ["Reason"]}}]') != '[{"changed": {"fields": ["Reason"]}}]'
    assert log_told("staff's own words") == "staff's own words"
    assert (act_told("order cancelled"), act_told("order of monks")) == ("주문: 취소됨", "order of monks")
    assert (reason_told("sale stopped"), reason_told("비가 와서")) == ("판매 중단", "비가 와서")

    page = admin_client.get(reverse("admin:events_staffact_changelist"), headers={"accept-language": "ko"})
    assert "order paid" not in page.content.decode()
    assert "주문" in page.content.decode()
    assert admin_client.get(reverse("admin:events_staffact_changelist"), {"act": "order paid"}).status_code == 200
    history = admin_client.get(reverse("admin:events_order_history", args=[bought.pk]))
    assert history.status_code == 200


def test_the_console_is_read_in_either_language_by_a_button_in_its_head(admin_client):
    home = reverse("admin:index")
    page = admin_client.get(home, headers={"accept-language": "ko"}).content.decode()
    assert '<button name="language" value="en" lang="en">English</button>' in page
    assert f'name="next" value="{home}"' in page


def test_no_page_shows_or_changes_a_second_factor(admin_client, buyer):
    app = App(buyer)
    secret = str(Authenticator.objects.get(user=buyer).data["secret"])
    address = reverse("admin:mfa_authenticator_change", args=[app.factor.pk])

    page = admin_client.get(address)
    assert page.status_code == 200
    assert secret not in page.content.decode()
    assert admin_client.post(address, {"type": "totp", "data": "{}"}).status_code == 403
    assert admin_client.get(reverse("admin:mfa_authenticator_add")).status_code == 403
    assert Authenticator.objects.get(user=buyer).data["secret"] == secret


@pytest.mark.parametrize("page", ["auth_group_change", "auth_user_change"])
def test_rights_are_in_the_readers_language(admin_client, admin_user: Any, page):
    pk = Group.objects.order_by("pk")[0].pk if "group" in page else admin_user.pk

    shown = admin_client.get(reverse(f"admin:{page}", args=[pk]), headers={"accept-language": "ko"}).content.decode()

    choices = re.findall(r"<option[^>]*>([^<]*)</option>", shown)
    assert len(choices) > 50
    assert [one for one in choices if re.search(r"\bCan \w+", one)] == []
    assert "Box office" not in choices


def test_the_list_of_accounts_is_narrowed_by_groups_in_words(admin_client, admin_user: Any):
    admin_user.groups.set(Group.objects.all())
    listed = reverse("admin:auth_user_changelist")

    shown = admin_client.get(listed, headers={"accept-language": "ko"}).content.decode()

    assert "매표소" in shown
    assert "Box office" not in shown
