"""A stadium of five hundred sections: renamed, and priced, on one form each; no other page takes so many fields."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event, Plan, SectionPrice
from events.plans.building import build
from events.plans.drafts import MAX_SECTIONS, read_plan

pytestmark = pytest.mark.django_db(transaction=True)

SECTIONS = 500


@pytest.fixture
def stadium(event) -> Plan:
    """A plan of five hundred sections, of the event that nothing was sold of."""
    SectionPrice.objects.filter(event=event).delete()
    build(event.plan, read_plan("1-300,1,1-2,1,3\n301-500,2,1,1,3\n"))
    plan: Plan = event.plan
    return plan


def formset_of(client: Client, plan: Plan) -> dict[str, object]:
    """What a browser would send back of the plan's form, unchanged."""
    page = client.get(reverse("admin:events_plan_change", args=[plan.pk]))
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    (inline,) = page.context["inline_admin_formsets"]
    for bound in [inline.formset.management_form, *inline.formset.forms]:
        sent |= {bound.add_prefix(name): bound[name].value() for name in bound.fields}
    return {name: "" if value is None else value for name, value in sent.items() if value is not False}


@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
def test_a_section_of_five_hundred_is_renamed(admin_client, stadium, encoding):
    sent = formset_of(admin_client, stadium)
    assert len(sent) > 2000
    sent["sections-437-name_ko"] = "가족석"
    address = reverse("admin:events_plan_change", args=[stadium.pk])

    if encoding == "multipart":
        answer = admin_client.post(address, sent)
    else:
        answer = admin_client.post(address, urlencode(sent), content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 302
    assert stadium.sections.get(name_ko="가족석").code == "438"


def test_the_largest_plan_that_is_read_has_no_more_fields_than_its_form_may_send(settings):
    assert 5 * MAX_SECTIONS + 20 <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


@pytest.mark.parametrize("encoding", ["multipart", "urlencoded"])
def test_every_other_page_takes_a_thousand_fields_and_no_more(admin_client, browser, event, stadium, encoding):
    addresses = {
        reverse("admin:events_event_change", args=[event.pk]): admin_client,
        reverse("admin:events_plan_build", args=[stadium.pk]): admin_client,
        reverse("events:hold", args=[event.slug]): browser,
        # No staff, so nobody whose form has many sections.
        reverse("admin:events_plan_change", args=[stadium.pk]): Client(),
        reverse("account_login"): Client(),
    }
    sent = {f"field-{number}": "1" for number in range(1001)}

    for address, client in addresses.items():
        client.get(f"/events/{event.slug}/")
        if encoding == "multipart":
            answer = client.post(address, sent)
        else:
            answer = client.post(address, urlencode(sent), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 400, address


def test_five_hundred_sections_are_priced_on_one_form(admin_client, event: Event, stadium):
    tier = event.tiers.get()
    sent = {f"section-{pk}": tier.pk for pk in stadium.sections.values_list("pk", flat=True)}

    answer = admin_client.post(reverse("admin:events_event_pricing", args=[event.pk]), sent)

    assert answer.status_code == 302
    assert SectionPrice.objects.filter(event=event).count() == SECTIONS
