"""Public pages are made once for everybody, until something that they tell of changes; and none is ever another's."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import brotli
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_redis.cache import RedisCache

from events.front import edition as editions
from events.front.edition import Edition, edition
from events.front.kept import Kept
from events.models import Document, Event, Occupancy, PriceTier, Seat, Section, SectionPrice, Venue
from events.sale import closing
from tests.events.conftest import buy, hold, seats_of
from tests.patience import BUSY_S, until
from waitingroom import admission
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)
EN = {"accept-language": "en"}


def asked(client: Client, address: str, **headers: str) -> list[str]:
    """The questions that the page costs."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, headers=headers).status_code in (200, 304)
    return [query["sql"] for query in queries]


@pytest.fixture
def soon(make_event) -> Event:
    """An event whose page is everybody's: its sale opens in a day."""
    found: Event = make_event(opens_at=timezone.now() + timedelta(days=1))
    closing.follow(found.pk)
    return found


# -- one page for all, and no question to the database


def test_the_second_reader_of_a_public_page_costs_no_question(client, soon):
    for address in ("/", "/?kind=concert", soon.get_absolute_url()):
        first = client.get(address)
        assert asked(Client(), address) == []
        assert Client().get(address).content == first.content
        assert not first.cookies


def test_who_is_signed_in_costs_who_they_are_and_no_more(browser, event):
    browser.get("/")

    questions = asked(browser, "/")

    assert len(questions) == 2, questions
    assert "django_session" in questions[0]
    assert "auth_user" in questions[1]


# -- every change makes another edition


def changes(event: Event) -> dict[str, Callable[[], object]]:
    tier, price, venue = event.tiers.get(), event.section_prices.order_by("pk")[0], event.venue
    assert event.plan is not None
    others = Event.objects.filter(pk=event.pk)
    return {
        "save": event.save,
        "update": lambda: others.update(title_ko="다른 제목"),
        "price": lambda: PriceTier.objects.filter(pk=tier.pk).update(price_won=1),
        "tier": tier.save,
        "bulk": lambda: PriceTier.objects.bulk_update([tier], ["price_won"]),
        "new tier": lambda: PriceTier.objects.bulk_create([PriceTier(event=event, name_ko="S", price_won=1)]),
        "off sale": lambda: SectionPrice.objects.filter(pk=price.pk).delete(),
        "venue": lambda: Venue.objects.filter(pk=venue.pk).update(name_ko="다른 곳"),
        "plan": event.plan.save,
        "section": lambda: Section.objects.filter(plan=event.plan).update(name_ko="다른 구역"),
        "seat": lambda: Seat.objects.filter(section__plan=event.plan).update(kind="wheelchair"),
        "room": lambda: event.room.close_over("sold-out"),
        "document": lambda: Document.objects.create(code="terms", version="1", title_ko="약관", text_ko="약관"),
        "raw": lambda: connection.cursor().execute("UPDATE events_event SET hue = 3"),
        "quoted": lambda: connection.cursor().execute('UPDATE "events_event" SET "hue" = 4'),
    }


def test_whoever_changes_what_pages_tell_of_makes_a_new_edition(event):
    for name, change in changes(event).items():
        before = edition.now()
        assert before == edition.now()

        change()

        assert edition.now() != before, name


def test_what_is_taken_back_changes_nothing_and_what_is_committed_counts_from_then_on(event):
    before = edition.now()
    with transaction.atomic():
        event.save()
        transaction.set_rollback(True)
    assert edition.now() == before

    with transaction.atomic():
        event.save()
        assert edition.now() == before
    assert edition.now() != before


def test_a_sale_under_way_leaves_the_edition(event, buyer):
    before = edition.now()

    hold(event, buyer, seats_of(event)[0])
    buy(event, buyer, seats_of(event)[1])

    assert Occupancy.objects.filter(event=event).count() == 2
    assert edition.now() == before


def test_a_save_is_on_every_page_at_once(browser, event, soon):
    readers = (Client(), browser)
    for reader in readers:
        reader.get("/")
        reader.get(soon.get_absolute_url())

    soon.title_ko = "새 제목"
    soon.save()

    for reader in readers:
        assert "새 제목" in reader.get("/").content.decode()
        assert "새 제목" in reader.get(soon.get_absolute_url()).content.decode()
    soon.room.hide(True)
    Event.objects.filter(pk=soon.pk).update(announced_at=None)
    assert all(soon.slug not in reader.get("/").content.decode() for reader in readers)


def test_the_last_seat_is_said_at_once(client, make_event, buyer):
    event = make_event("section,level,row,first,last\nA,1,1,1,1\n")
    assert "매진" not in client.get("/").content.decode().split("event-grid")[1]

    buy(event, buyer, *seats_of(event))

    assert '<span class="badge badge-over">매진</span>' in client.get("/").content.decode()


def test_another_process_sees_the_new_edition_within_a_moment():
    other = Edition()
    before = other.now()

    edition.renew()

    until(lambda: other.now() != before, within=editions.ASKED_EVERY_SECONDS + BUSY_S)
    assert other.now() == edition.now()


def test_a_cache_that_lost_everything_makes_a_new_edition():
    before = edition.now()
    cache.delete(editions.KEY)
    edition.forget()

    assert edition.now() not in (before, None)


def test_the_clock_turns_a_page_that_nobody_saved(client, make_event):
    client.get("/")  # what takes long the first time is done
    event = make_event(opens_at=timezone.now() + timedelta(seconds=6))
    assert "곧 예매 시작" in client.get("/").content.decode()

    until(lambda: '<h2 id="group-2">' in client.get("/").content.decode(), within=6 + BUSY_S)
    assert timezone.now() >= event.opens_at


def test_what_was_made_of_an_older_edition_is_not_kept_for_the_new_one():
    pages = Kept()

    def made() -> str:
        edition.renew()  # somebody saves while it is made
        return "old"

    assert pages.get("page", made) == "old"
    assert pages.get("page", lambda: "new") == "new"


# -- without the cache


def test_without_the_cache_pages_are_made_directly(client, event, monkeypatch):
    nowhere = RedisCache(["redis://127.0.0.1:1/0"], {"OPTIONS": {"IGNORE_EXCEPTIONS": True}})
    monkeypatch.setattr(editions, "cache", nowhere)
    edition.forget()
    try:
        assert client.get("/").status_code == 200
        Event.objects.filter(pk=event.pk).update(title_ko="바로 보이는 제목")
        began = time.monotonic()
        for _ in range(5):
            assert "바로 보이는 제목" in client.get("/").content.decode()
        assert time.monotonic() - began < 2 + BUSY_S
        assert edition.now() is None
    finally:
        edition.forget()


# -- HTTP


def test_who_has_the_page_already_hears_that_it_still_holds(client, event):
    first = client.get("/")
    assert first["ETag"].startswith('"')

    again = client.get("/", headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == first[name]
    event.save()
    Event.objects.filter(pk=event.pk).update(title_ko="다른 제목")
    assert client.get("/", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_page_of_another_language_coding_or_address_does_not_hold(client, event):
    tag = client.get("/")["ETag"]

    for address, headers in (("/", EN), ("/", {"accept-encoding": "br"}), ("/?kind=play", {})):
        answer = client.get(address, headers={"if-none-match": tag, **headers})
        assert answer.status_code == 200
        assert answer["ETag"] != tag


def test_pages_are_compressed_once_where_they_are_nobodys(browser, event):
    plain = Client().get("/").content

    packed = Client().get("/", headers={"accept-encoding": "gzip, br"})

    assert packed["Content-Encoding"] == "br"
    assert brotli.decompress(packed.content) == plain
    assert len(packed.content) < len(plain) / 2
    assert "Content-Encoding" not in browser.get("/", headers={"accept-encoding": "gzip, br"}).headers


@pytest.mark.parametrize("address", ["/", "event"])
def test_caches_are_told_what_the_page_depends_on_and_browsers_to_ask_each_time(client, soon, address):
    answer = Client().get(soon.get_absolute_url() if address == "event" else address)

    assert {"Accept-Language", "Cookie", "Accept-Encoding"} <= {name.strip() for name in answer["Vary"].split(",")}
    assert re.fullmatch(r"public, max-age=0, s-maxage=(30|2\d)", answer["Cache-Control"])
    assert "Set-Cookie" not in answer.headers
    head = Client().head("/")
    assert (head.status_code, head.content) == (200, b"")


# -- nobody meets another's page


def test_no_reader_meets_the_page_of_another(make_buyer, event, soon):
    def of(account: User | None) -> Client:
        reader = Client()
        if account:
            reader.force_login(account)
        return reader

    staff = User.objects.create_superuser("boss", "boss@example.com", "winter-song-42")
    for address in ("/", soon.get_absolute_url()):
        for account in (make_buyer(), None, staff, None, make_buyer(), None):
            answer = of(account).get(address)
            page = answer.content.decode()
            assert ("/accounts/logout/" in page) == (account is not None)
            assert ('href="/admin/"' in page) == (account is staff)
            assert ("no-store" in answer["Cache-Control"]) == (account is not None)
            assert "csrfmiddlewaretoken" not in page


def test_a_message_is_its_readers_alone_and_is_said_once(event, client):
    client.get(event.get_absolute_url())
    Client().get("/")
    left = client.post(f"/events/{event.slug}/leave/")
    assert left["Location"] == "/"

    own = client.get("/")

    assert 'class="messages"' in own.content.decode()
    assert own["Cache-Control"] == "private, no-store"
    assert 'class="messages"' not in Client().get("/").content.decode()
    assert 'class="messages"' not in client.get("/").content.decode()


def test_an_address_with_more_to_it_is_nobody_elses(client, soon):
    for address in ("/", soon.get_absolute_url()):
        answer = client.get(f"{address}?utm_source=letter")

        assert f'value="{address}?utm_source=letter"' in answer.content.decode()
        assert answer["Cache-Control"] == "private, no-store"
        assert "utm_source" not in Client().get(address).content.decode()


def test_a_page_that_is_kept_holds_nothing_older_than_itself(browser, soon):
    browser.get(soon.get_absolute_url())  # signed in: what others share for a moment would be made
    with connection.cursor() as cursor:  # as the clock changes what nobody saved
        cursor.cursor.execute("UPDATE events_event SET title_ko = '새 제목' WHERE id = ?", [soon.pk])

    assert "새 제목" in Client().get(soon.get_absolute_url()).content.decode()


def test_a_transaction_of_many_changes_makes_one_edition(soon):
    with transaction.atomic():
        for _ in range(20):
            Event.objects.filter(pk=soon.pk).update(title_ko="새 제목")
        assert sum(run[1] == edition.renew for run in connection.run_on_commit) == 1
    assert "새 제목" in Client().get(soon.get_absolute_url()).content.decode()


def test_the_language_is_chosen_without_a_token_but_not_from_another_site(event):
    careful = Client(enforce_csrf_checks=True)
    sent = {"language": "en", "next": "/"}

    for foreign in ("https://evil.example", "null", "http://testserver.evil.example", "//testserver@evil.example"):
        evil = careful.post("/i18n/setlang/", sent, headers={"origin": foreign})
        assert evil.status_code == 403
        assert not evil.cookies
    # Of a program, which says nothing: it chooses for itself, and is sent nowhere else.
    told = careful.post("/i18n/setlang/", {"language": "ko", "next": "https://evil.example/"})
    assert (told.status_code, told["Location"]) == (302, "/")
    good = careful.post("/i18n/setlang/", sent, headers={"origin": "http://testserver"})
    assert (good.status_code, good["Location"]) == (302, "/")
    assert "Midnight Recital" in careful.get("/").content.decode()
    assert "한밤의 연주회" in Client().get("/").content.decode()
    assert careful.get("/i18n/setlang/").status_code == 405


# -- who stands in a line finds the way back


def test_who_holds_a_place_finds_the_way_back_on_the_list_and_nobody_else_does(make_event, client):
    event = make_event()
    WaitingRoom.objects.filter(pk=event.room.pk).update(mode="always")
    event.room.refresh_from_db()
    event.room.save()
    Client().get("/")
    client.get(event.get_absolute_url())

    page = client.get("/")

    assert f'data-place="{event.slug}"' in page.content.decode()
    assert f'href="/events/{event.slug}/">내 순서로 돌아가기</a>' in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert "data-place" not in Client().get("/").content.decode()
    (status,) = admission.status([event.slug])
    assert (status.joined, status.waiting) == (1, 1)


def test_a_forged_slip_shows_no_place_and_looking_makes_none(event, client):
    client.cookies[f"slip-{event.slug}"] = f"w.nobody.{event.slug}.1.1.1.9999999999.{'0' * 32}"

    assert "data-place" not in client.get("/").content.decode()
