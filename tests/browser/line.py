"""A fresh event on the running site, and the people in its line."""

import secrets
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext

from tests.patience import until
from tests.site import Site

# Nobody of the crowd keeps a page open: their presence and their claims must outlast the test.
NEW_EVENT = """
from tests.events.copies import copy_of
room = copy_of("seoha-encore", {slug!r}, threshold=1).room
room.presence_seconds = room.grace_seconds = room.claim_seconds = 600
room.save()
"""

WITHDRAW = """
from events.models import Event, SectionPrice
kept = list(Event.objects.get(room__slug={slug!r}).section_prices.values_list("pk", flat=True)[:{but}])
SectionPrice.objects.filter(event__room__slug={slug!r}).exclude(pk__in=kept).delete()
"""

DELETE = """
from events.models import Event
event = Event.objects.select_related("room").get(room__slug={slug!r})
event.delete()
event.room.delete()
"""


@dataclass
class Line:
    """One event with a threshold of one, so that the second to come waits."""

    site: Site
    chromium: Browser
    slug: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")
    crowd: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site.manage("shell", "-c", NEW_EVENT.format(slug=self.slug))
        until(self._is_protected)

    @property
    def path(self) -> str:
        """The event's address on the site."""
        return f"/events/{self.slug}/"

    @property
    def url(self) -> str:
        """The event's whole address."""
        return self.site.url + self.path

    def join(self, people: int) -> None:
        """Let so many others come, one after the other; the first of all goes straight in."""
        for _ in range(people):
            visitor = self.chromium.new_context()
            for _ in ("a stranger", "whose cookie came back, so that others wait behind"):
                assert visitor.request.get(self.url).ok
            self.crowd.append(visitor)

    def tune(self, *changes: str) -> None:
        """Change the room's settings, as an operator does."""
        self.site.manage("waitingroom", "set", self.slug, *changes)

    def ask_for_work(self, tries: int) -> None:
        """Have newcomers compute before they draw a number; return when the site knows.

        No answer tells so without drawing one: whoever knows a room that was made later knows of this.
        """
        self.tune(f"work_tries={tries}")
        Line(self.site, self.chromium)

    def withdraw_sections(self, *, but: int) -> None:
        """Take all but so many of the plan's sections off the sale."""
        self.site.manage("shell", "-c", WITHDRAW.format(slug=self.slug, but=but))

    def delete(self) -> None:
        """Delete the event and its room, as staff do."""
        self.site.manage("shell", "-c", DELETE.format(slug=self.slug))

    def go(self) -> None:
        """Close what the crowd left open."""
        for visitor in self.crowd:
            visitor.close()

    def _is_protected(self) -> bool:
        stranger = self.chromium.new_context()
        try:
            # The read-only poll: joins nobody.
            answer = stranger.request.get(f"{self.site.url}/api/events/{self.slug}/queue/")
            return "x-waiting-room" in answer.headers
        finally:
            stranger.close()
