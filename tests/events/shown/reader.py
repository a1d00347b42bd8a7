"""Somebody who reads the site in one language, and keeps every page that it shows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.models import Event, Plan, PriceTier, Venue
from events.plans.building import build
from events.plans.drafts import read_plan
from tests.events.conftest import PRICE_WON

DRAWN = re.compile(r'(?:src|href)="(/(?:posters|pictures)/[^"]+)"')
HALL = (
    "section,level,row,first,last,kind\nA,1,1-4,1,10,\nA,1,5,1,1,wheelchair\nA,1,5,2,2,companion\nB,1,1-2,1,6,\n"
    "C,2,1-3,1,14,\nS,0,,1,40,\n"
)
WORDS = {
    "title_ko": "서하 콘서트 〈밤의 항해〉 앙코르",
    "title_en": "Seoha: Night Voyage, the Encore",
    "performers_ko": "서하, 한강 필하모닉 오케스트라",
    "performers_en": "Seoha, Han River Philharmonic Orchestra",
    "description_ko": "두 해 만의 단독 공연입니다.\n\n앙코르 공연에는 새 노래가 있습니다.",
    "description_en": "The first concert in two years.\n\nThe encore brings new songs.",
}


@dataclass(frozen=True)
class Answered:
    """What a script of the page gets when it asks for an address."""

    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class Shown:
    """A page as the site answered it; `act` brings the state about in the browser, and shows when `until` is seen."""

    path: str
    html: str
    policy: str
    files: Mapping[str, Answered]  # by path, or by the whole address elsewhere
    act: str = ""
    until: str = ""


@dataclass
class Reader:
    """The browser, before it is a real one: what it was shown, by name, and what its pages ask for."""

    language: str
    pages: dict[str, Shown] = field(default_factory=dict)
    files: dict[str, Answered] = field(default_factory=dict)
    templates: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client = self.stranger()

    def stranger(self, account: User | None = None) -> Client:
        """A new browser of the same language, signed in or not."""
        client = Client(headers={"accept-language": self.language})
        if account is not None:
            client.force_login(account)
        return client

    def sign_in(self, account: User) -> None:
        """Go on in a new browser, as the account."""
        self.client = self.stranger(account)

    def look(self, name: str, path: str, *, status: int = 200, act: str = "", until: str = "") -> str:
        """Keep the page at the address."""
        return self.keep(name, self.client.get(path, follow=True), status=status, act=act, until=until)

    def send(self, name: str, path: str, sent: dict[str, Any] | None = None, *, status: int = 200) -> str:
        """Keep the page that a form leads to."""
        return self.keep(name, self.client.post(path, sent or {}, follow=True), status=status)

    def keep(self, name: str, answer: Any, *, status: int = 200, act: str = "", until: str = "") -> str:
        """Keep an answer as the page of that name."""
        assert answer.status_code == status, (name, answer.status_code)
        assert name not in self.pages, name
        html: str = answer.content.decode()
        self._note(answer)
        for address in DRAWN.findall(html):
            if address not in self.files:
                self.answers(address, self.client.get(address))
        policy = answer.headers.get("Content-Security-Policy", "")
        self.pages[name] = Shown(answer.request["PATH_INFO"], html, policy, dict(self.files), act, until)
        return html

    def visit(self, path: str) -> None:
        """Be at the address, and keep no page: the next one is what somebody sees who has been here."""
        self._note(self.client.get(path))

    def _note(self, answer: Any) -> None:
        self.templates |= {template.name for template in answer.templates if template.name}

    def answers(self, address: str, answer: Any) -> None:
        """What scripts of the pages to come get at the address."""
        kind = answer.headers.get("Content-Type", "")
        self.files[address] = Answered(answer.status_code, kind, answer.content)


@dataclass(frozen=True)
class Stage:
    """What a kind of pages is made with."""

    make_event: Callable[..., Event]
    make_buyer: Callable[[], User]
    settings: Any
    monkeypatch: pytest.MonkeyPatch

    def staff(self) -> User:
        """Who directs."""
        return User.objects.create_superuser("chief", "chief@tiketi.example", "winter-song-42")

    def hall(self) -> Plan:
        """A hall with two prices' sections, a wheelchair space, and an area to stand in."""
        venue = Venue.objects.create(
            name_ko="달빛 아레나",
            name_en="Moonlight Arena",
            city="seoul",
            address_ko="서울 송파구 올림픽로 424",
            address_en="424 Olympic-ro, Songpa-gu, Seoul",
        )
        plan = Plan.objects.create(venue=venue, name="default")
        build(plan, read_plan(HALL))
        return plan

    def show(self, plan: Plan | str, **facts: Any) -> Event:
        """An event with words, and with a dearer price for the first section."""
        event = self.make_event(plan, **(WORDS | facts))
        best = PriceTier.objects.create(event=event, name_ko="VIP석", name_en="VIP", price_won=PRICE_WON + 55_000)
        first = event.section_prices.order_by("section__level", "section__order").filter(section__standing=False)[:1]
        event.section_prices.filter(pk__in=[price.pk for price in first]).update(tier=best)
        return event
