"""What a visitor may see from the gathering to the end of the wait: each state, and what brings it about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from playwright.sync_api import expect

from events.templatetags.event_words import price
from events.views import draws
from tests.browser.conftest import Open
from tests.browser.staged import Stage, gathers, update
from waitingroom.draw_state import DrawStage, OwnEntry
from waitingroom.page_cache import range_text

OPENS = datetime(2026, 12, 1, 11, tzinfo=UTC)
STARTS = datetime(2026, 12, 24, 10, 30, tzinfo=UTC)
BOOTING = {"inService": 2, "pending": 5, "readyInSeconds": 100}
SERVED = {"inService": 7, "pending": 0, "readyInSeconds": 0}
TURN = {"type": "queue-enter", "message": "입장이 허용되었습니다!", "claimEndsInSeconds": 60}
WORD = {"ko": "공연 시작이 30분 늦어집니다. 표는 그대로 유효합니다.", "en": "The show begins half an hour later."}
WHY = {"ko": "무대 점검 중", "en": "Stage check"}
FAR = update(8245, total=10_000, estimatedWait=5000, estimatedWaitRange=[4200, 6100])
NEAR = update(90)
LEFT = {"1": 12, "2": 340}
CLOSED = {"type": "queue-closed", "closedReason": WHY}

TAKEN_SOON = "Your entry is being taken. Keep the event's page open for some seconds."
TOO_LATE = "You came after entries had ended, so you stand behind those who were drawn."

Event = dict[str, Any]
Bring = Callable[[Stage], None]


def _language() -> str:
    return get_language() or "ko"


def event_told() -> Event:
    """What the site tells of an event to those who wait, in the language in force."""
    title = {"ko": "한밤의 연주회", "en": "Midnight recital"}[_language()]
    venue = {"ko": "서하 아트홀", "en": "Seoha Art Hall"}[_language()]
    return {"title": title, "venue": venue, "starts_at": STARTS, "opens_at": OPENS}


def by_lot(event: Event) -> None:
    ends_at = OPENS - timedelta(minutes=31)
    event["draw"] = {
        "path": "/draws/staged/",
        "ask_path": "/mine.json",
        "ends_at": ends_at,
        "by_email": False,
        "untrusted": True,
    }


def for_accounts(event: Event) -> None:
    event["needs_account"] = True


def with_prices(event: Event) -> None:
    event["prices"] = [
        {"key": 1, "name": {"ko": "VIP석", "en": "VIP"}[_language()], "costs": price(165_000), "left": 12},
        {"key": 2, "name": {"ko": "R석", "en": "R seats"}[_language()], "costs": price(132_000), "left": 340},
    ]
    event["parties"] = range(1, 5)


def with_a_reason(event: Event) -> None:
    event["why"] = WHY[_language()]


def with_dates(event: Event) -> None:
    event["other_dates"] = [
        {"slug": f"day-{day}", "starts_at": STARTS + timedelta(days=day), "told": told}
        for day, told in ((1, _("Nobody is waiting")), (2, _("The line is closed for now")))
    ]


def said(*messages: dict[str, Any]) -> Bring:
    """What these messages bring about."""

    def bring(stage: Stage) -> None:
        for message in messages:
            stage.socket("say", message)

    return bring


def counts_down(opens_in_s: float, order: str = "arrival", passes_s: float = 0) -> Bring:
    def bring(stage: Stage) -> None:
        stage.socket("say", gathers(opens_in_s, order))
        if passes_s:
            stage.passes(passes_s)

    return bring


def own_entry(stage_of_draw: DrawStage, *, rank: int = 0, why_not: str = "", awaited: str = "") -> Bring:
    """What the draw says of one's own entry, in its own words."""

    def bring(stage: Stage) -> None:
        state: Any = SimpleNamespace(
            stage=stage_of_draw,
            entries=5000,
            size=5000,
            fingerprint="3f1c 88aa 04be 9d27 c650 1e4f 7b32 a9d8",
            awaited=[SimpleNamespace(name=awaited)],
        )
        with translation.override(stage.language):
            own = OwnEntry(entered=not why_not, rank=rank, size=5000, why_not=_(why_not) if why_not else "")
            text = " ".join(filter(None, (draws._entry(own), draws._stage(state))))
        stage.entry = {"text": text, "againInSeconds": 0}
        stage.socket("say", gathers(1500, "draw"))
        stage.passes(11)
        stage.socket("say", gathers(1489, "draw"))
        expect(stage.page.locator("#draw-told")).to_have_text(text)

    return bring


def hidden_turn(stage: Stage) -> None:
    stage.hide(True)
    stage.socket("say", TURN)
    expect(stage.page.locator("#claim-left")).to_be_visible()
    stage.hide(False)


def shows(what: str) -> Bring:
    return lambda stage: expect(stage.page.locator(what)).to_be_visible()


def clicked(button: str, what: str, *messages: dict[str, Any]) -> Bring:
    def bring(stage: Stage) -> None:
        said(*(messages or (NEAR,)))(stage)
        stage.page.locator(button).click()
        shows(what)(stage)

    return bring


def choosing(tier: str, party: str, left: dict[str, int] = LEFT) -> Bring:
    """Looks at what is left, and says for whom."""

    def bring(stage: Stage) -> None:
        stage.socket("say", update(90, ticketsLeft=left))
        stage.page.locator("#seats summary").click()
        expect(stage.page.locator("#want-told")).to_be_visible()
        stage.page.locator("#want-price").select_option(tier)
        stage.page.locator("#want-party").select_option(party)

    return bring


def deaf(stage: Stage) -> None:
    """A browser that allows no signal."""
    stage.page.evaluate("delete window.Notification; delete window.AudioContext")
    stage.page.evaluate("Object.defineProperty(navigator, 'wakeLock', { value: undefined })")
    clicked("#signal", "#signals")(stage)


def nothing_fetched(stage: Stage) -> None:
    stage.more = ""
    clicked("#signal", "#news")(stage)


def grown(stage: Stage) -> None:
    stage.socket("say", NEAR)
    stage.passes(21)  # the first words blame nobody
    stage.socket("say", update(90, estimatedWait=900, cause="stay"))
    expect(stage.page.locator("#news")).to_be_visible()


def silence(stage: Stage) -> None:
    stage.socket("say", NEAR)
    stage.passes(2.8)


def offline(stage: Stage) -> None:
    stage.socket("say", NEAR)
    stage.page.context.set_offline(True)
    expect(stage.page.locator("body")).to_have_attribute("data-line", "offline")


def reconnecting(stage: Stage) -> None:
    stage.socket("say", NEAR)
    stage.socket("end", 1006)


def unavailable(stage: Stage) -> None:
    stage.answers(503, {"status": "unavailable"}, retry_after="5")
    stage.socket("say", NEAR)
    stage.socket("end", 4503)
    stage.passes(3)
    stage.until(lambda: stage.page.locator("body").get_attribute("data-line") == "unavailable")


def numbered_anew(stage: Stage) -> None:
    stage.page.evaluate("sessionStorage.setItem('position', 10); sessionStorage.setItem('lost', 'absent')")
    stage.page.reload()
    stage.socket("open")
    stage.socket("say", NEAR)
    expect(stage.page.locator("#news")).to_be_visible()


def entering(stage: Stage) -> None:
    stage.socket("say", NEAR)
    stage.chance(1)
    stage.page.evaluate("sessionStorage.setItem('reloaded', Date.now())")  # so that it pauses
    stage.socket("say", {"type": "queue-enter", "message": TURN["message"]})


def ended(reason: str, *messages: dict[str, Any]) -> Bring:
    def bring(stage: Stage) -> None:
        said(*(messages or (NEAR,)))(stage)
        if reason == "deleted":
            stage.socket("end", 4404)
        else:
            stage.socket("say", {"type": "queue-left", "reason": reason})
        expect(stage.page.locator("#over-title")).to_be_visible()

    return bring


def as_it_comes(_stage: Stage) -> None:
    """Nothing was said yet."""


@dataclass(frozen=True)
class State:
    """A page, what it was made with, and what happened then."""

    bring: Bring = as_it_comes
    template: str = "waiting"
    event: tuple[Callable[[Event], None], ...] = ()
    place: Mapping[str, object] = field(default_factory=dict)
    flags: Mapping[str, object] = field(default_factory=dict)

    def staged(self, open_page: Open, language: str, **options: Any) -> Stage:
        """The page in this state."""
        with translation.override(language):
            told = event_told() | dict(self.flags)
            for more in self.event:
                more(told)
        place = {"wait_text": range_text(90, 150, language)} | dict(self.place)
        stage = Stage(open_page(**options), self.template, language, told, **place)
        if stage.sockets:
            stage.socket("open")
        self.bring(stage)
        return stage


def gathering(bring: Bring, *event: Callable[[Event], None], opens_in_s: float = 1500, **place: object) -> State:
    order = "draw" if by_lot in event else "arrival"
    told = {"stage": "gathering", "order": order, "opens_in": round(1000 * opens_in_s), "total": 5000}
    return State(bring, "gathering", event, told | place)


def closed(bring: Bring = as_it_comes, template: str = "waiting", **flags: object) -> State:
    return State(bring, template, flags=flags, place={"mode": "closed"})


STATES = {
    # Before the opening.
    "gathers far": gathering(counts_down(90_061), for_accounts),
    "gathers without accounts": gathering(counts_down(1500)),
    "gathers signed in": gathering(counts_down(1500), for_accounts, who="account"),
    "gathers near": gathering(counts_down(4), for_accounts),
    "gathers at zero": gathering(counts_down(1, passes_s=2), for_accounts),
    "gathers with a word": gathering(
        said(gathers(600), {"type": "queue-announcement", "texts": WORD, "mark": "a1"}), for_accounts
    ),
    "gathers with signals": gathering(clicked("#signal", "#signals", gathers(600)), for_accounts),
    "gathers closed": gathering(said(gathers(600), CLOSED), for_accounts),
    "gathers left": gathering(ended("left", gathers(600)), for_accounts),
    "draw, not yet entered": gathering(own_entry(DrawStage.ENTERING, why_not=TAKEN_SOON), by_lot, for_accounts),
    "draw, entered": gathering(own_entry(DrawStage.ENTERING), by_lot, for_accounts),
    "draw, roster closed": gathering(own_entry(DrawStage.CLOSED), by_lot, for_accounts),
    "draw, late": gathering(own_entry(DrawStage.LATE, awaited="drand"), by_lot, for_accounts),
    "draw, came too late": gathering(own_entry(DrawStage.CLOSED, why_not=TOO_LATE), by_lot, for_accounts),
    "draw, ranked": gathering(own_entry(DrawStage.SEEDED, rank=3512), by_lot),
    "draw, void": gathering(own_entry(DrawStage.VOID), by_lot),
    "draw, given up": gathering(own_entry(DrawStage.GIVEN_UP), by_lot),
    "draw, drawing": gathering(said(gathers(0, "draw")), by_lot, for_accounts),
    "draw, drawn": gathering(said(gathers(0, "draw"), update(3512, total=5000)), by_lot, for_accounts),
    # In line.
    "waits, as it comes": State(),
    "waits": State(said(FAR)),
    "asked to sign in": State(said(FAR), event=(for_accounts,)),
    "signed in": State(said(FAR), event=(for_accounts,), place={"who": "account"}),
    "near": State(said(update(9, estimatedWait=20))),
    "next": State(said(update(1, estimatedWait=5))),
    "announcement": State(said(FAR, {"type": "queue-announcement", "texts": WORD, "mark": "a1"})),
    "servers": State(said(FAR, update(8000, total=10_000, scaling=BOOTING))),
    "servers are there": State(
        said(FAR, update(8000, total=10_000, scaling=BOOTING), update(7900, total=9900, scaling=SERVED))
    ),
    "paused": State(said(update(90, mode="paused"))),
    "draining": State(said(update(90, mode="draining"))),
    "slower": State(grown),
    "missed": State(said(update(1, missedTurn=True))),
    "stayed": State(said(update(90)), place={"left": "stayed"}),
    "numbered anew": State(numbered_anew),
    "recovering": State(said(NEAR, {"type": "queue-recovering", "endsInSeconds": 40})),
    "prices folded": State(said(update(90, ticketsLeft=LEFT)), event=(with_prices,)),
    "prices for one": State(choosing("", "1"), event=(with_prices,)),
    "prices for a party": State(choosing("2", "4"), event=(with_prices,)),
    "prices, too few": State(choosing("1", "4", {"1": 2}), event=(with_prices,)),
    "other dates": State(clicked("#others summary", ".others"), event=(with_dates,)),
    "turn kept": State(hidden_turn),
    "turn": State(entering),
    "leaving": State(clicked("#leave", "#confirm")),
    "signals": State(clicked("#signal", "#signals")),
    "signals, none": State(deaf),
    "signals, not fetched": State(nothing_fetched),
    "silence": State(silence),
    "reconnecting": State(reconnecting),
    "offline": State(offline),
    "unavailable": State(unavailable),
    "closed": State(said(NEAR, CLOSED)),
    "closed, sold out": closed(sold_out=True),
    "closed, over": closed(over=True),
    "closed, stopped": closed(stopped=True),
    "closed, called off": closed(called_off=True),
    "reopened": State(said(NEAR, CLOSED, update(88))),
    "left": State(ended("left")),
    "dropped": State(ended("dropped")),
    "deleted": State(ended("deleted")),
    # Pages of their own.
    "away": State(template="unavailable"),
    "away, with a number": State(template="unavailable", place={"held": "yes"}),
    "closed to newcomers": State(template="closed", event=(with_a_reason,)),
    "newcomers, sold out": closed(template="closed", sold_out=True),
    "newcomers, over": closed(template="closed", over=True),
    "newcomers, called off": closed(template="closed", called_off=True),
    "elsewhere": State(template="elsewhere"),
    "unable to compute": State(shows("#unable"), template="work"),
    "leaving without scripts": State(template="ways"),
    "preview": State(template="preview"),
}
