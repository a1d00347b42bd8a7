"""What was changed of an event stands where it was changed: both values, who, why, and nothing that nobody did."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from events.models import Event, PriceTier, SectionPrice
from events.sale.event_states import stop
from tests.events.conftest import buy, seats_of
from tests.events.test_event_admin import save

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_superuser("minsu", "minsu@tiketi.example", "x")


@pytest.fixture
def console(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


@pytest.fixture
def event(event: Event) -> Event:
    """With what its form can say."""
    event.cancel_until = None
    event.save()
    return event


def rows(client: Client, address: str, language: str = "en") -> list[list[str]]:
    """The table of changes: when, who, what and why of each."""
    page = client.get(address, headers={"accept-language": language})
    assert page.status_code == 200
    table = re.search(r'<table class="changes">.*?</table>', page.content.decode(), re.DOTALL)
    assert table is not None
    found = []
    for row in re.findall(r"<tr>(.*?)</tr>", table[0].partition("<tbody>")[2], re.DOTALL):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found.append([" ".join(unescape(re.sub(r"<[^>]*>", " ", cell)).split()) for cell in cells])
    return found


def history(event: Event) -> str:
    return reverse("admin:events_event_history", args=[event.pk])


def test_what_one_form_changes_is_one_row_with_both_values_and_who(console, event):
    assert save(console, event, threshold="50", title_en="Late Recital", hold_minutes="9").status_code == 302

    _at, who, what, why = rows(console, history(event))[0]
    assert (who, why) == ("minsu", "")
    assert "Event Title (English): Midnight Recital → Late Recital Hold, minutes: 7 → 9" in what
    assert "Waiting room Threshold: 1,000 → 50" in what


def test_the_same_stands_below_the_form_where_one_looks_for_it(console, event):
    save(console, event, threshold="50")
    form = reverse("admin:events_event_change", args=[event.pk])

    assert rows(console, form)[0][1:3] == ["minsu", "Waiting room Threshold: 1,000 → 50"]
    assert len(rows(console, form)) <= 5
    assert history(event) in console.get(form).content.decode()


def test_a_form_saved_as_it_was_is_no_change(console, event):
    before = rows(console, history(event))

    assert save(console, event).status_code == 302

    assert rows(console, history(event)) == before


def test_it_is_in_the_readers_language_and_choices_are_in_words(console, event):
    save(console, event, mode="paused", account_required="on")

    what = rows(console, history(event), "ko")[0][2]
    assert re.search("자동.* → .*멈", what) or re.search("자동.* → .*정지", what)
    assert "paused" not in what
    assert "아니요 → 예" in what
    assert not re.search(r"[A-Za-z]{3,}", what)


def test_the_shells_command_is_named_where_no_account_is(console, event):
    call_command("waitingroom", "set", event.slug, "threshold=60")

    _at, who, what, why = rows(console, history(event))[0]
    assert who.startswith("no account")
    assert (what, why) == ("Waiting room Threshold: 1,000 → 60", "manage.py waitingroom set")


def test_a_decision_says_why_in_the_readers_words(console, event, staff):
    stop(event.pk, by=staff, why_ko="점검")

    _at, who, what, why = rows(console, history(event), "ko")[0]
    assert (who, why) == ("minsu", "판매 중단")
    assert "점검" in what


def test_who_buys_the_last_seat_changed_nothing_by_that(console, make_event: Callable[..., Event], buyer):
    event = make_event("section,level,row,first,last\nA,1,1,1,2\n", cancel_until=None)
    before = rows(console, history(event))
    buy(event, buyer, *seats_of(event))
    event.room.refresh_from_db()
    assert event.room.closed_because == "sold-out"

    assert save(console, event, threshold="70").status_code == 302

    told = rows(console, history(event))
    assert [row[1:3] for row in told[: len(told) - len(before)]] == [["minsu", "Waiting room Threshold: 1,000 → 70"]]


def test_sections_priced_alike_share_a_line_and_tiers_have_names(console, event, staff):
    vip = PriceTier.objects.create(event=event, name_ko="VIP석", price_won=165_000)
    sections = [f"section-{price.section_id}" for price in SectionPrice.objects.filter(event=event)]
    pricing = reverse("admin:events_event_pricing", args=[event.pk])
    for tier in (vip, PriceTier.objects.get(event=event, price_won=110_000)):
        assert console.post(pricing, dict.fromkeys(sections, tier.pk)).status_code == 302

    what = rows(console, history(event))[0][2]
    assert what == "Section on sale Level 1, section A, Standing S Price tier: VIP석 165,000 → R 110,000"


def test_a_price_that_was_raised_shows_what_it_was(console, event):
    tier = event.tiers.get()
    tier.price_won = 120_000
    tier.save()

    assert "Price tier R석 Price, won: 110,000 → 120,000" in rows(console, history(event))[0][2]


def test_who_may_not_see_rooms_and_prices_reads_no_change_of_theirs(event, console):
    save(console, event, threshold="50", title_en="Late Recital")
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_event"))
    browser = Client()
    browser.force_login(clerk)

    told = str(rows(browser, history(event)))
    assert "Late Recital" in told
    assert "Threshold" not in told
    assert "110,000" not in told


def test_who_may_not_see_the_event_reads_nothing(event):
    browser = Client()
    browser.force_login(User.objects.create_user("clerk", is_staff=True))

    assert browser.get(history(event)).status_code in (302, 403, 404)


def test_a_long_history_comes_in_pages_and_costs_the_same(console, event, django_assert_max_num_queries):
    for threshold in range(2000, 2120):
        event.room.threshold = threshold
        setattr(event.room, "_change_reason", f"step {threshold}")  # noqa: B010 (simple_history reads it)
        event.room.save()

    with django_assert_max_num_queries(60):
        first = rows(console, history(event))
    assert len(first) == 50
    assert "2,118 → 2,119" in first[0][2]
    assert len(rows(console, f"{history(event)}?p=3")) >= 20
    assert rows(console, f"{history(event)}?p=nonsense") == first


def test_a_rooms_own_history_and_a_doors_read_alike(console, event: Any):
    event.room.threshold = 77
    event.room.save()
    room = reverse("admin:waitingroom_waitingroom_history", args=[event.room.pk])

    assert rows(console, room)[0][2] == "Waiting room Threshold: 1,000 → 77"
