"""Letters to buyers: each fact told once, in the order's language, with tickets that a scanner reads."""

import io
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone
from icalendar import Calendar
from PIL import Image

from events import tasks
from events.door.codes import code_of
from events.mail import composing, letters
from events.mail.outbox import given_up, put, write_again
from events.models import Event, Letter, LetterKind, Order, OrderState, Payment, Ticket, Why
from events.moments import moment
from events.payments import refunds
from events.sale.orders import cancel_order
from tests.events.conftest import PRICE_WON, buy, seats_of
from tests.events.test_event_admin import save
from tests.smtp import MailServer, mail_server
from tiketi import outbox
from tiketi.models import OutboxMail


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.EMAIL_BACKEND = "tiketi.outbox.Outbox"
    settings.OUTBOX_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 20
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


def received(server: MailServer) -> list[EmailMessage]:
    """What a mail program makes of what the server took."""
    tasks.send_mail()
    outbox.send_due()
    parser = BytesParser(EmailMessage, policy=default)
    return [parser.parsebytes(bytes(message)) for _, message in server.taken]


def told() -> list[str]:
    tasks.send_mail()
    return [str(message.subject) for message in mail.outbox]


def codes(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def parts(message: EmailMessage, kind: str) -> list[Any]:
    return [part for part in message.walk() if part.get_content_type() == kind]


def test_a_confirmation_carries_its_tickets_as_scanners_printers_and_calendars_read_them(server, event, buyer):
    order = buy(event, buyer, *seats_of(event)[:2])
    expected = [code_of(ticket) for ticket in Ticket.objects.filter(line__order=order).order_by("line__seat")]

    (message,) = received(server)

    assert message["To"] == buyer.email
    assert message["Subject"] == "한밤의 연주회 예매가 완료되었습니다"
    plain, page = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert page is not None
    for text in (plain.get_content(), page.get_content()):
        assert "한밤의 연주회" in text
        assert "110,000원" in text
        assert f"/orders/{order.number}/tickets/" in text
    pictures = parts(message, "image/png")
    assert [codes(Image.open(io.BytesIO(p.get_content()))) for p in pictures] == [[code] for code in expected]
    assert all(f"cid:{p['Content-ID'].strip('<>')}" in page.get_content() for p in pictures)

    (pdf,) = parts(message, "application/pdf")
    pages = list(pypdfium2.PdfDocument(pdf.get_content()))
    assert [codes(page.render(scale=2).to_pil()) for page in pages] == [[code] for code in expected]
    lines = list(order.lines.all())
    for printed, line in zip(pages, lines, strict=True):
        text = printed.get_textpage().get_text_range()
        assert all(word in text for word in ("한밤의 연주회", line.label, line.tier, "110,000원", order.number))
        assert order.venue in text

    (ics,) = parts(message, "text/calendar")
    entry = Calendar.from_ical(ics.get_content()).walk("VEVENT")[0]
    assert entry.decoded("dtstart") == event.starts_at.replace(microsecond=0)
    assert entry.decoded("dtend") - entry.decoded("dtstart") == timedelta(minutes=event.running_minutes)
    assert (str(entry["summary"]), str(entry["location"])) == (event.title, order.venue)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("buyer@예시.한국", "buyer@xn--vv4b11d.xn--3e0b707e"),
        ("buyer+show@example.com", "buyer+show@example.com"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_an_address_of_any_country_is_written_to(server, event, buyer, address, written):
    buyer.email = address
    buyer.full_clean()
    buyer.save()
    buy(event, buyer, seats_of(event)[0])

    (message,) = received(server)

    assert message["To"] == written
    ((recipients, _),) = server.taken
    assert written in str(recipients)


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("🎫🎤 " * 30, id="emoji"),
        pytest.param("abc\u202egpj.exe", id="right to left"),
        pytest.param(unicodedata.normalize("NFD", "한밤의 연주회"), id="in parts"),
        pytest.param("=cmd|' /C calc'!A0", id="a formula"),
        pytest.param("한" * 120, id="long"),
        pytest.param("a,b;c\\n", id="signs of a calendar"),
    ],
)
def test_a_title_of_any_letters_reaches_mail_ticket_and_calendar(server, event, buyer, title):
    Event.objects.filter(pk=event.pk).update(title_ko=title.strip())
    event.refresh_from_db()
    order = buy(event, buyer, seats_of(event)[0])

    (message,) = received(server)

    assert title.strip() in " ".join(str(message["Subject"]).split())
    (pdf,) = parts(message, "application/pdf")
    (page,) = pypdfium2.PdfDocument(pdf.get_content())
    assert codes(page.render(scale=2).to_pil()) == [code_of(Ticket.objects.get(line__order=order))]
    (ics,) = parts(message, "text/calendar")
    assert str(Calendar.from_ical(ics.get_content()).walk("VEVENT")[0]["summary"]) == title.strip()


def test_the_language_is_the_orders_in_every_part(server, event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    Order.objects.filter(pk=order.pk).update(language="en")

    (message,) = received(server)

    assert message["Subject"] == "Your tickets for Midnight Recital"
    (pdf,) = parts(message, "application/pdf")
    assert "Midnight Recital" in pypdfium2.PdfDocument(pdf.get_content())[0].get_textpage().get_text_range()
    (ics,) = parts(message, "text/calendar")
    assert "Midnight Recital" in ics.get_content()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("kind", LetterKind.values)
def test_every_kind_has_words_of_its_own(event, buyer, kind, language):
    order = buy(event, buyer, seats_of(event)[0])
    Letter.objects.update(written_at=timezone.now())
    Order.objects.filter(pk=order.pk).update(language=language)
    order.refresh_from_db()
    facts = {"won": 99_000, "fee_won": 11_000, "was_at": event.starts_at - timedelta(days=1), "why": "by-buyer"}
    with transaction.atomic():
        put(kind, order, **facts)
    tasks.send_mail()

    (message,) = mail.outbox
    whole = message.message()
    (html,) = (part.get_content() for part in parts(whole, "text/html"))
    title = event.title_ko if language == "ko" else event.title_en
    assert title in message.subject
    assert title in html
    if kind == "refunded":
        assert ("99,000원" if language == "ko" else "₩99,000") in message.body
        assert ("11,000원" if language == "ko" else "₩11,000") in message.body
    hangul = any("가" <= letter <= "힣" for letter in message.subject.replace(event.title_ko, ""))
    assert hangul == (language == "ko")


def test_who_has_tickets_is_told_of_a_start_that_staff_moved(admin_client, event, buyer, make_buyer):
    holds, cancelled = buy(event, buyer, seats_of(event)[0]), make_buyer()
    cancel_order(buy(event, cancelled, seats_of(event)[1]).pk, by=cancelled, why=Why.BY_BUYER)
    was_at = event.starts_at
    later = timezone.localtime(was_at + timedelta(days=2), event.zone)
    moved = {"starts_at_0": f"{later:%Y-%m-%d}", "starts_at_1": f"{later:%H:%M:%S}"}

    for sent in ({"title_en": "Another title"}, moved, {"title_en": "And another"}):
        assert save(admin_client, event, **sent).status_code == 302

    (letter,) = Letter.objects.filter(kind=LetterKind.CHANGED)
    assert letter.order == holds
    said = str(composing.compose(letter, holds).body)
    event.refresh_from_db()
    assert moment(event.starts_at, event.zone) in said
    assert moment(was_at, event.zone) in said


def test_a_fact_is_told_once_however_often_it_is_put_down(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    for won in (1000, 1000, 2000):
        put(LetterKind.REFUNDED, order, payment=1, won=won)
    put(LetterKind.TICKETS, order)

    assert len(told()) == 3
    assert len(told()) == 3


def test_what_is_rolled_back_is_told_nobody(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])

    @transaction.atomic
    def fail() -> None:
        put(LetterKind.REMINDER, order)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert not Letter.objects.filter(kind=LetterKind.REMINDER).exists()


def test_who_has_no_address_is_promised_nothing(browser, event, buyer):
    buyer.email = ""
    buyer.save()
    order = buy(event, buyer, seats_of(event)[0])

    assert not Letter.objects.exists()
    assert told() == []
    page = browser.get(f"/orders/{order.number}/").content.decode()
    assert "data-promise" not in page
    assert Order.objects.get(pk=order.pk).mailed_at is None


def test_cancelling_and_the_money_are_told_in_turn(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    told()
    cancel_order(order.pk, by=buyer, why=Why.BY_BUYER)
    cancelled = told()[1:]
    refunds.refund_due()
    refunds.refund_due()

    assert (len(cancelled), len(told())) == (1, 3)
    assert "110,000원" in mail.outbox[-1].subject
    (ics,) = parts(mail.outbox[1].message(), "text/calendar")
    calendar = Calendar.from_ical(ics.get_content())
    assert (str(calendar["method"]), str(calendar.walk("VEVENT")[0]["status"])) == ("CANCEL", "CANCELLED")
    assert not parts(mail.outbox[1].message(), "image/png")
    assert not parts(mail.outbox[1].message(), "application/pdf")


def test_who_cancelled_before_the_mail_was_written_gets_no_tickets(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    cancel_order(order.pk, by=buyer, why=Why.BY_BUYER)
    told()

    assert [parts(message.message(), "image/png") for message in mail.outbox] == [[]]


def test_a_void_ticket_has_no_code_anywhere(browser, event, buyer):
    order = buy(event, buyer, *seats_of(event)[:2])
    void, valid = Ticket.objects.filter(line__order=order).order_by("line__seat")
    Ticket.objects.filter(pk=void.pk).update(voided_at=timezone.now())
    told()

    whole = mail.outbox[0].message()
    pictures = [codes(Image.open(io.BytesIO(p.get_content()))) for p in parts(whole, "image/png")]
    pdf = pypdfium2.PdfDocument(parts(whole, "application/pdf")[0].get_content())
    assert pictures == [codes(page.render(scale=2).to_pil()) for page in pdf] == [[code_of(valid)]]
    page = browser.get(f"/orders/{order.number}/tickets/").content.decode()
    assert page.count('class="qr"') == 1


def test_a_letter_that_fails_holds_up_no_other_and_staff_have_it_written_again(
    event, buyer, make_buyer, monkeypatch, admin_client
):
    first = buy(event, buyer, seats_of(event)[0])
    buy(event, make_buyer(), seats_of(event)[1])

    def choosy(letter: Letter, order: Order, compose: Any = composing.compose) -> Any:
        if order == first:
            raise ValueError("no font")
        return compose(letter, order)

    with monkeypatch.context() as patch:
        patch.setattr(letters, "compose", choosy)
        for _ in range(12):
            Letter.objects.filter(written_at=None).update(try_at=None)
            tasks.send_mail()
    assert len(mail.outbox) == 1
    (letter,) = given_up()
    assert (letter.order, letter.problem, letter.written_at) == (first, "ValueError: no font", None)
    first.refresh_from_db()
    assert first.mailed_at is None
    page = admin_client.get("/admin/events/letter/?given_up=1").content.decode()
    assert first.number in page
    assert "no font" in page
    admin_client.post("/admin/events/letter/", {"action": "write_again", "_selected_action": [letter.pk]})

    assert len(told()) == 2
    assert write_again(Letter.objects.all()) == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_write_no_letter_twice(server, event, buyer, make_buyer):
    for seat in seats_of(event)[:8]:
        buy(event, make_buyer(), seat)

    def work(_: int) -> None:
        try:
            tasks.send_mail()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as workers:
        list(workers.map(work, range(3)))

    assert OutboxMail.objects.count() == 8
    assert not Letter.objects.filter(written_at=None).exists()


def test_a_letter_has_one_message_id_however_often_it_is_composed(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    letter = Letter.objects.get()
    first, second = (composing.compose(letter, order).message()["Message-ID"] for _ in range(2))
    put(LetterKind.REMINDER, order)
    other = composing.compose(Letter.objects.exclude(pk=letter.pk).get(), order).message()["Message-ID"]

    assert first == second != other


def test_a_worker_killed_between_writing_and_remembering_writes_it_once(server, event, buyer, monkeypatch):
    order = buy(event, buyer, seats_of(event)[0])

    def dies(*args: Any) -> None:
        raise SystemExit  # as by a signal

    with monkeypatch.context() as patch:
        patch.setattr(letters, "compose", dies)
        with pytest.raises(SystemExit):
            tasks.send_mail()
    order.refresh_from_db()
    assert (order.mailed_at, OutboxMail.objects.count()) == (None, 0)

    Letter.objects.update(claimed_until=None)
    assert len(received(server)) == 1


def test_orders_of_the_release_before_get_their_confirmation(event, buyer):
    buy(event, buyer, seats_of(event)[0])
    Letter.objects.all().delete()

    assert len(told()) == 1
    assert len(told()) == 1


def test_a_refund_in_two_parts_says_each_part(event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    cancel_order(order.pk, by=buyer, why=Why.BY_BUYER)
    Payment.objects.filter(order=order).update(refunded_won=10_000)
    refunds.refund_due()

    assert Letter.objects.get(kind=LetterKind.REFUNDED).facts["won"] == PRICE_WON - 10_000
    order.refresh_from_db()
    assert order.state == OrderState.CANCELLED


def test_buyers_have_their_tickets_sent_again_but_not_at_will(browser, event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    again = f"/orders/{order.number}/send-again/"
    assert again in browser.get(f"/orders/{order.number}/").content.decode()
    browser.post(again)
    assert len(told()) == 1
    for count in range(2, 9):
        Letter.objects.update(made_at=timezone.now() - timedelta(minutes=11))
        browser.post(again)
        browser.post(again)
        assert len(told()) == min(count, 5)
    first, second = (message.message() for message in mail.outbox[:2])
    assert first["Message-ID"] != second["Message-ID"]
    assert parts(second, "application/pdf")


def test_nobody_sends_somebody_elses_tickets_nor_those_of_an_order_cancelled(client, event, buyer, make_buyer):
    order = buy(event, buyer, seats_of(event)[0])
    told()
    Letter.objects.update(made_at=timezone.now() - timedelta(hours=1))
    client.force_login(make_buyer())
    assert client.post(f"/orders/{order.number}/send-again/").status_code == 404
    cancel_order(order.pk, by=buyer, why=Why.BY_BUYER)
    client.force_login(buyer)
    client.post(f"/orders/{order.number}/send-again/")

    assert Letter.objects.filter(kind=LetterKind.TICKETS).count() == 1


def test_staff_with_the_right_have_tickets_sent_again(admin_client, event, buyer):
    order = buy(event, buyer, seats_of(event)[0])
    told()
    chosen = {"action": "send_again", "_selected_action": [order.pk]}
    admin_client.post("/admin/events/order/", chosen)

    assert len(told()) == 2


@pytest.mark.parametrize("model", ["letter", "order"])
def test_staff_without_the_right_have_nothing_sent_again(client, django_user_model, event, buyer, model):
    order = buy(event, buyer, seats_of(event)[0])
    told()
    Letter.objects.update(written_at=None, tries=10)
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__in=["view_letter", "view_order"]))
    client.force_login(looker)
    action = {"letter": "write_again", "order": "send_again"}[model]
    pk = {"letter": Letter.objects.get().pk, "order": order.pk}[model]
    client.post(f"/admin/events/{model}/", {"action": action, "_selected_action": [pk]})

    assert (Letter.objects.count(), Letter.objects.get().tries) == (1, 10)


def test_guests_are_reminded_once_unless_they_ordered_since_or_nobody_wants_it(make_event, buyer, make_buyer, settings):
    now = timezone.now()
    event = make_event(starts_at=now + timedelta(hours=20), closes_at=now + timedelta(hours=19), cancel_until=None)
    order = buy(event, buyer, seats_of(event)[0])
    buy(event, make_buyer(), seats_of(event)[1])
    Order.objects.filter(pk=order.pk).update(made_at=now - timedelta(days=3))
    settings.REMIND_HOURS = 0
    assert len(told()) == 2
    settings.REMIND_HOURS = 24
    told()

    assert [message.to for message in mail.outbox[2:]] == [[buyer.email]]
    assert "곧 한밤의 연주회" in mail.outbox[2].subject
    assert parts(mail.outbox[2].message(), "application/pdf")
    assert len(told()) == 3


def test_a_letter_that_two_workers_hold_goes_out_once(event, buyer):
    """The first one's claim ran out while it wrote; the second one took the letter up."""
    bought = buy(event, buyer, seats_of(event)[0])
    cancel_order(bought.pk, by=buyer, why=Why.BY_BUYER)
    letter = Letter.objects.get(order=bought, kind=LetterKind.CANCELLED)

    for _ in range(2):
        letters._write(letter)

    assert len(mail.outbox) == 1
