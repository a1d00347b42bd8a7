"""What no database takes, sent to staff's pages: numbers beyond any key, texts that none keeps, names wanted twice."""

from typing import Any

import pytest
from django.db import IntegrityError
from django.urls import reverse

from events.admin.guided.what_form import WhatForm
from tests.events.guided_steps import NEW, counted, facts
from tests.events.who_may import addresses

pytestmark = pytest.mark.django_db(transaction=True)

BEYOND = str(10**20)


@pytest.mark.parametrize("beyond", [str(2**63), "9" * 5000], ids=["2^63", "5000 digits"])
def test_a_number_beyond_any_key_in_an_address_is_nobodys(admin_client, event, beyond):
    admin_client.raise_request_exception = False
    parts = dict.fromkeys(("pk", "object_id", "section_id", "hue", "content_type_id"), beyond)
    paths = [one.path for one in addresses({"slug": event.slug, "app_label": "events"} | parts) if beyond in one.path]

    found = {f"{ask} {path}": getattr(admin_client, ask)(path).status_code for path in paths for ask in ("get", "post")}

    assert len(paths) > 100
    assert {said: status for said, status in found.items() if status not in (302, 403, 404, 405)} == {}


def test_a_text_that_no_database_keeps_is_refused_on_every_page_and_changes_nothing(admin_client, event):
    admin_client.raise_request_exception = False
    ours = ("/admin/console/", "/admin/events/", "/admin/waitingroom/", "/admin/scaling/")
    names = ("q", "slug", "kind__exact", "title_ko", "language", "p", "threshold", "reason")
    rows = {"slug": event.slug, "pk": event.pk, "object_id": event.pk, "kind": "figures", "form": "csv"}
    before = counted()
    found = {}
    for one in addresses(rows):
        if one.path.startswith(ours):
            sent = dict.fromkeys(names, "a\0b")
            found[f"get {one.path}"] = admin_client.get(one.path, sent).status_code
            found[f"post {one.path}"] = admin_client.post(one.path, sent).status_code

    assert len(found) > 200
    assert {said: status for said, status in found.items() if status != 400} == {}
    assert counted() == before
    page = admin_client.post(NEW, facts(slug="a\0b")).content.decode()
    assert "바뀐 것은 없습니다" in page
    assert 'role="alert"' in page


@pytest.mark.parametrize(
    ("name", "value"),
    [("starts_at", "9999-12-31T23:59"), ("starts_at", "0001-01-01T00:00"), ("hue", "9" * 5000), ("venue", "9" * 5000)],
)
def test_days_and_numbers_beyond_what_is_reckoned_with_are_refused(admin_client, name, value):
    admin_client.raise_request_exception = False
    before = counted()

    assert admin_client.post(NEW, facts(**{name: value})).status_code in (200, 400)
    assert counted() == before


@pytest.mark.parametrize("chosen", ["x", BEYOND, "-1", "1e3", "", "٣"])
def test_what_is_no_row_cannot_be_chosen_for_an_action(admin_client, event, chosen):
    admin_client.raise_request_exception = False
    sent = {"action": "delete_selected", "_selected_action": chosen}

    assert admin_client.post(reverse("admin:events_event_changelist"), sent).status_code == 400
    event.refresh_from_db()


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("events_order", {"event": BEYOND}),
        ("events_order", {"event__in": f"1,{BEYOND}"}),
        ("events_event", {"venue": BEYOND}),
        ("events_event", {"running_minutes": BEYOND}),
        ("events_event", {"starts_at__year": BEYOND}),
        ("events_event", {"p": BEYOND}),
        ("events_event", {"o": BEYOND}),
        ("waitingroom_waitingroom", {"threshold__gt": BEYOND}),
        ("scaling_scalingdecision", {"at__gte": "9999-12-31 23:59:59-12:00"}),
    ],
)
def test_a_list_that_is_asked_for_what_cannot_be_is_refused(admin_client, event, page, query):
    admin_client.raise_request_exception = False

    assert admin_client.get(reverse(f"admin:{page}_changelist"), query).status_code in (200, 302, 400)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_who_saves_the_same_as_somebody_else_at_once_is_told(admin_client, monkeypatch: Any, language):
    def first_of_two(_form: object) -> None:
        raise IntegrityError("UNIQUE constraint failed")

    monkeypatch.setattr(WhatForm, "keep", first_of_two)
    before = counted()

    answer = admin_client.post(NEW, facts(), headers={"accept-language": language})

    assert answer.status_code == 409
    assert {"ko": "동시에", "en": "at the same moment"}[language] in answer.content.decode()
    assert counted() == before
    assert admin_client.get(NEW).status_code == 200
