"""What everybody may read: the list, an event's page in each of its states, documents, and dead ends."""

from datetime import timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from events import tasks
from events.models import Asked, Document, Event
from events.sale import event_states
from events.sale.calling_off import call_off
from events.sale.postponing import postpone
from events.staff.previews import token_of
from tests.events.conftest import buy, seats_of
from tests.events.shown.reader import Reader, Shown, Stage
from tests.events.test_programme import many
from tiketi.crowding import retrying
from waitingroom.models import Mode, OpeningOrder

TEMPLATES = (
    "403.html", "403_csrf.html", "404.html", "500.html", "503.html", "events/document.html", "events/event.html",
    "events/list.html", "events/preview.html",
)  # fmt: skip
DAY = timedelta(days=1)
TWO_SEATS = "section,level,row,first,last\nA,1,1,1,2\n"


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    now = timezone.now()
    chief = stage.staff()
    reader.answers("/api/clock/", reader.client.get("/api/clock/"))
    reader.look("list-nothing", "/")
    plan = stage.hall()
    soon = stage.show(plan, kind="musical", opens_at=now + 2 * DAY, motif="waves", hue=210)
    drawn = stage.show(plan, opens_at=now + 5 * DAY, opening_order=OpeningOrder.DRAW, motif="moon", hue=250)
    inside = stage.show(plan)
    moved = stage.show(plan, motif="city", hue=20)
    stopped = stage.show(plan, motif="keys", hue=120)
    gone = stage.show(plan, motif="rays", hue=0)
    over = stage.show(plan, opens_at=now - 9 * DAY, closes_at=now - DAY)
    past = stage.show(plan, opens_at=now - 9 * DAY, closes_at=now - 2 * DAY, starts_at=now - DAY)
    draft = stage.show(plan, announced_at=None)
    full = stage.show(TWO_SEATS, seats_per_account=50)
    shut = stage.show(plan)
    bare = stage.show(plan)
    bare.section_prices.all().delete()
    why = {"why_ko": "주최 측 사정으로 확인하고 있습니다.", "why_en": "The organiser is looking into it."}
    postpone(
        moved.pk, by=chief, starts_at=moved.starts_at + 30 * DAY, refund_until=now + 7 * DAY,
        why_ko=why["why_ko"], why_en=why["why_en"],
    )  # fmt: skip
    event_states.stop(stopped.pk, by=chief, **why)
    call_off(gone.pk, by=chief, **why)
    buy(full, stage.make_buyer(), *seats_of(full))
    shut.room.mode = Mode.CLOSED
    shut.room.closed_reason_ko, shut.room.closed_reason_en = "공연장 점검 중입니다.", "The hall is being checked."
    shut.room.save()
    tasks.follow_sales()

    _event_pages(reader, {"soon": soon, "draw": drawn, "stopped": stopped, "called-off": gone, "sold-out": full})
    _event_pages(reader, {"over": over, "past": past, "shut": shut})
    reader.look("preview", f"/previews/{token_of(draft)}/")
    _inside(reader, stage, inside, {"postponed": moved, "unreleased": bare})
    _list(reader, inside)
    reader.sign_in(chief)
    reader.look("event-draft", draft.get_absolute_url())
    reader.client = reader.stranger()
    _documents(reader)
    _dead_ends(reader, stage)


def _event_pages(reader: Reader, events: dict[str, Event]) -> None:
    for name, event in events.items():
        address = f"/api/events/{event.slug}/queue/"
        reader.answers(address, reader.client.get(address, headers={"accept": "application/json"}))
        reader.look(f"event-{name}", event.get_absolute_url())


def _inside(reader: Reader, stage: Stage, event: Event, others: dict[str, Event]) -> None:
    buyer = stage.make_buyer()
    reader.sign_in(buyer)
    _event_pages(reader, {"first-visit": event, **others})
    buy(event, buyer, *seats_of(event)[:2])
    reader.look("event-bought", event.get_absolute_url())
    buy(event, buyer, *seats_of(event)[2:4])
    reader.look("event-full", event.get_absolute_url())


def _list(reader: Reader, inside: Event) -> None:
    visitor = reader.client
    reader.look("list-places", "/")
    reader.client = reader.stranger()
    reader.look("list", "/")
    reader.look("list-found", "/?q=서하&kind=concert&city=seoul")
    reader.look("list-month", f"/?month={inside.starts_at.astimezone(inside.zone):%Y-%m}")
    reader.look("list-not-found", "/?q=없는 공연")
    reader.look("list-odd", "/?month=soon&city=nowhere")
    many(30)
    reader.look("list-second-page", "/?page=2")
    reader.client = visitor
    reader.send("list-left", f"{inside.get_absolute_url()}leave/")


def _documents(reader: Reader) -> None:
    text = {"text_ko": "제1조 (목적)\n\n이 약관은 표를 사고파는 데에 쓰입니다.", "text_en": "1. Purpose\n\nTickets."}
    for version, at in (("1", timezone.now() - 9 * DAY), ("2", timezone.now() - DAY)):
        Document.objects.create(
            code="terms", version=version, title_ko="이용약관", title_en="Terms of use", in_force_at=at,
            asked=Asked.SIGN_UP, **text,
        )  # fmt: skip
    reader.look("document", "/documents/terms/")
    reader.look("document-old", "/documents/terms/1/")


def _dead_ends(reader: Reader, stage: Stage) -> None:
    client = reader.stranger()
    reader.look("404", "/nowhere/", status=404)
    reader.sign_in(User.objects.create_user("clerk", is_staff=True))
    reader.look("403", "/admin/console/", status=403)
    reader.client = reader.stranger()
    reader.client.handler.enforce_csrf_checks = True
    reader.send("403-csrf", "/accounts/login/", {"login": "x"}, status=403)
    client.raise_request_exception = False
    with patch("events.views.pages.read", side_effect=ArithmeticError):
        reader.keep("500", client.get("/"), status=500)
    with patch("events.views.pages.read", side_effect=OperationalError):
        reader.keep("503", client.get("/"), status=503)
    with patch("events.views.documents.in_force", side_effect=OperationalError):
        reader.keep("503-document", client.get("/documents/terms/"), status=503)
    with patch("events.views.orders.get_object_or_404", side_effect=OperationalError):
        reader.keep("503-form", reader.stranger(stage.make_buyer()).post("/orders/ABC/cancel/"), status=503)
    headers, body = retrying({"path": "/"})
    policy = dict(headers)[b"content-security-policy"].decode()
    reader.pages["crowded"] = Shown("/crowded/", body.decode(), policy, {})
