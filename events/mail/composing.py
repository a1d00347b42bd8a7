"""What a letter says: its kind's own words, the order beneath, and what goes with it."""

from datetime import datetime
from email.message import EmailMessage as Mime
from email.policy import SMTP
from email.utils import localtime, parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.message import sanitize_address
from django.template.loader import render_to_string

from events.door.codes import qr_png
from events.door.typed_codes import numbered, typed_code
from events.mail import calendar, ticket_pdf
from events.models import Event, Letter, LetterKind, Order, OrderLine, Ticket
from events.models.door import door_of
from events.moments import moment

WITH_TICKETS = frozenset({LetterKind.TICKETS, LetterKind.REMINDER, LetterKind.CHANGED, LetterKind.POSTPONED})
WITHOUT_CALENDAR = frozenset({LetterKind.REFUNDED})


class Composed(EmailMessage):
    """A mail that was put together as a whole, as Django's backends ask for it."""

    whole: Mime

    def message(self, **_: Any) -> Any:
        return self.whole


def compose(letter: Letter, order: Order) -> Composed:
    """The mail, in the language of the moment. A letter has one Message-ID, however often it is composed."""
    valid = Ticket.objects.filter(line__order=order, voided_at=None)
    # Where codes move, a printed one is refused.
    carried = letter.kind in WITH_TICKETS and not door_of(order.event).moving_codes
    tickets = (
        list(valid.select_related("line__order__event", "line__order__account").order_by("line__seat"))
        if carried
        else []
    )
    numbers = numbered(order)
    drawn = [(one, f"{i}.{_local(letter)}", typed_code(one, numbers[one.pk])) for i, one in enumerate(tickets, 1)]
    event = order.event
    lines = _lines(letter, order)
    told: dict[str, Any] = {"order": order, "event": event, "facts": _read(letter.facts, event)}
    told |= {"site": settings.SITE_ADDRESS}
    told |= {"starts": moment(event.starts_at, event.zone), "drawn": drawn, "lines": lines}
    told |= {"total_won": sum(line.price_won for line in lines), "with_tickets": letter.kind in WITH_TICKETS}
    subject, _line, words = render_to_string(f"events/mail/{letter.kind}.txt", told).strip().partition("\n")
    told |= {"subject": " ".join(subject.split()), "words": words.strip()}
    text = render_to_string("events/mail/frame.txt", told)

    mime = Mime(policy=SMTP)
    mime["Subject"], mime["From"] = told["subject"], settings.DEFAULT_FROM_EMAIL
    mime["To"] = sanitize_address(order.account.email, "utf-8")  # 예시.한국 as mail servers name it
    mime["Date"], mime["Message-ID"] = localtime(), f"<{_local(letter)}>"
    mime["Auto-Submitted"], mime["Content-Language"] = "auto-generated", order.language
    mime.set_content(text)
    mime.add_alternative(render_to_string("events/mail/frame.html", told), subtype="html")
    page = list(mime.iter_parts())[1]
    assert isinstance(page, Mime)  # noqa: S101 (the part that was just added)
    for ticket, cid, _typed in drawn:
        page.add_related(qr_png(ticket), "image", "png", cid=f"<{cid}>", disposition="inline")
    if tickets:
        pdf = ticket_pdf.printed(order, tickets)
        mime.add_attachment(pdf, "application", "pdf", filename=f"tickets-{order.number}.pdf")
    if letter.kind not in WITHOUT_CALENDAR:
        entry = calendar.entry(order, still_on=valid.exists())
        params = {"method": entry.method}
        mime.add_attachment(entry.text, subtype="calendar", params=params, filename=f"{order.number}.ics")
    made = Composed(told["subject"], text, None, [order.account.email])
    made.whole = mime
    return made


def _lines(letter: Letter, order: Order) -> list[OrderLine]:
    """What the letter is about: what was given back, what is left, or all that was ordered."""
    if letter.kind == LetterKind.CALLED_OFF:
        return []  # its words have the sum
    lines = order.lines.select_related("seat__section")
    if "refund" in letter.facts:
        lines = lines.filter(refund=letter.facts["refund"])
    elif letter.kind in WITH_TICKETS:
        lines = lines.filter(refund=None)
    return list(lines)


def _local(letter: Letter) -> str:
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"letter-{letter.pk}.{letter.key[:16]}@{host}"


def _read(facts: dict[str, Any], event: Event) -> dict[str, Any]:
    """The facts, with instants as people read them."""
    return {
        name: moment(datetime.fromisoformat(fact), event.zone) if name.endswith("_at") else fact
        for name, fact in facts.items()
    }
