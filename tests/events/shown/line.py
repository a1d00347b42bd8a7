"""Pages of the line that stand for themselves: closed, elsewhere, leaving without scripts; and other dates."""

from datetime import timedelta
from unittest.mock import patch

from django.utils import timezone

from events import tasks
from events.models import Event
from events.sale import event_states
from events.sale.calling_off import call_off
from events.sale.closing import lay_over_room
from events.staff.copying import copy_event, draft_copy
from tests.events.conftest import buy, seats_of
from tests.events.shown.reader import Reader, Stage
from tests.waitingroom.line import join_call, names
from waitingroom import page_cache
from waitingroom.errors import LineUnavailable
from waitingroom.models import Mode
from waitingroom.redis import run_now

TEMPLATES = (
    "waitingroom/elsewhere.html", "waitingroom/preview.html", "waitingroom/waiting.html", "waitingroom/ways.html",
)  # fmt: skip
DAY = timedelta(days=1)
TWO_SEATS = "section,level,row,first,last\nA,1,1,1,2\n"
JSON = {"accept": "application/json"}
WHY = {"why_ko": "무대를 고치고 있습니다.", "why_en": "The stage is being mended."}


def take(reader: Reader, stage: Stage) -> None:
    """The pages."""
    plan = stage.hall()
    _waiting(reader, stage.show(plan))
    _closed(reader, stage, [stage.show(plan), stage.show(plan), stage.show(plan), stage.show(TWO_SEATS)])
    _elsewhere(reader, stage.show(plan))


def _line_up(reader: Reader, event: Event) -> str:
    """Thirty stand before the reader; the event's address."""
    room = event.room
    room.mode, room.threshold = Mode.ALWAYS, 1
    room.announcement_ko, room.announcement_en = "공연이 30분 늦게 시작합니다.", "The show begins half an hour late."
    room.save()
    run_now([join_call(event.slug, visitor) for visitor in names(30)])
    page = event.get_absolute_url()
    reader.visit(page)
    return page


def _look(reader: Reader, name: str, event: Event) -> None:
    """With what the page hears of the line when it asks."""
    queue = f"/api/events/{event.slug}/queue/"
    reader.answers(queue, reader.client.get(queue, headers=JSON))
    reader.look(name, event.get_absolute_url())


def _waiting(reader: Reader, event: Event) -> None:
    """With all that a waiting page may hold: another date, what is left, the organiser's word."""
    opened, tomorrow = timezone.now() - DAY / 24, event.starts_at + DAY
    other = copy_event(event, draft_copy(event, slug=f"{event.slug}-2", starts_at=tomorrow, opens_at=opened))
    other.announced_at = opened
    other.save()
    lay_over_room(other)
    page = _line_up(reader, event)
    _look(reader, "waiting", event)
    reader.look("list-in-line", "/", until=".my-places")
    reader.look("leave-line", f"/line/{event.slug}/")
    with patch("waitingroom.line_views.admission.leave_line", side_effect=LineUnavailable):
        reader.send("leave-line-away", f"/line/{event.slug}/", status=503)
    reader.send("line-left", f"/line/{event.slug}/")
    reader.keep("link-preview", reader.stranger().get(page, headers={"user-agent": "kakaotalk-scrap/1.0"}))


def _closed(reader: Reader, stage: Stage, events: list[Event]) -> None:
    """Who has a number keeps it, and reads why nobody is let in."""
    chief = stage.staff()
    for event in events:
        _line_up(reader, event)
    stopped, gone, over, full = events
    event_states.stop(stopped.pk, by=chief, **WHY)
    call_off(gone.pk, by=chief, **WHY)
    Event.objects.filter(pk=over.pk).update(opens_at=timezone.now() - 3 * DAY, closes_at=timezone.now() - DAY)
    buy(full, stage.make_buyer(), *seats_of(full))
    tasks.follow_sales()
    page_cache.forget()  # pages are kept for seconds
    for name, event in (("stopped", stopped), ("called-off", gone), ("over", over), ("sold-out", full)):
        _look(reader, f"line-{name}", event)


def _elsewhere(reader: Reader, event: Event) -> None:
    page = event.get_absolute_url()
    for _ in range(3):
        reader.visit(page)
    copy = reader.stranger()
    for name, kept in reader.client.cookies.items():
        copy.cookies[name] = kept.value
    for _ in range(2):
        copy.get(page)
    reader.look("elsewhere", page, status=409)
