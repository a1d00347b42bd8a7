"""Does what the tutorial's lists say, in Chromium, word by word: a line is an instruction, in English or Korean."""

import re
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.browser.clone import Clone
from tests.browser.conftest import Open
from tests.browser.steps import Kind, Steps
from tests.patience import until
from tests.site import ROOT

SEOUL = ZoneInfo("Asia/Seoul")  # the clock of the tutorial's venue
# The line moves meanwhile, on a machine with other things to do.
MOVES_MS = 120_000
TUTORIALS = {"en": ROOT / "docs" / "tutorial.md", "ko": ROOT / "docs" / "tutorial.ko.md"}
LOCALES = {"en": "en-US", "ko": "ko-KR"}
STEP = r"^## \d+\. (.+)$"
NAME, VALUE, URL = r"\*\*(?P<name>.+?)\*\*", r"`(?P<value>[^`]+)`", r"<(?P<url>http://\S+)>"
DAYS = {"today": 0, "오늘": 0, "tomorrow": 1, "내일": 1}

# What an instruction may say, by language: the verb of `Walk` that does it.
GRAMMAR = {
    "en": {
        "stand": r"In the (?P<window>staff|private) window, (?P<rest>.+)",
        "open": rf"[Oo]pen {URL}(?P<private> in a private window)?\.",
        "write": rf"[Tt]ype {VALUE} into {NAME}\.",
        "write_instant": rf"[Tt]ype (?P<day>today|tomorrow)'s date and {VALUE} into {NAME}\.",
        "write_code": rf"[Tt]ype the letters below your ticket's picture into {NAME}\.",
        "click": rf"[Cc]lick {NAME}\.",
        "see": rf"[Yy]ou see {NAME}\.",
        "wait": r"[Ww]ait until (?P<people>\d+) stand in line, as `(?P<command>[^`]+)` says\.",
        "reload": r"[Rr]eload the page: the number is the same, or smaller\.",
    },
    "ko": {
        "stand": r"(?P<window>직원|시크릿) 창에서 (?P<rest>.+)",
        "open": rf"(?P<private>새 시크릿 창에서 )?{URL}[을를] 엽니다\.",
        "write": rf"{NAME}에 {VALUE}[을를] 적습니다\.",
        "write_instant": rf"{NAME}에 (?P<day>오늘|내일) 날짜와 {VALUE}[을를] 적습니다\.",
        "write_code": rf"{NAME}에 입장권 그림 아래의 글자를 적습니다\.",
        "click": rf"{NAME}[을를] 누릅니다\.",
        "see": rf"{NAME}[이가] 보입니다\.",
        "wait": r"`(?P<command>[^`]+)`에서 (?P<people>\d+)명이 줄을 설 때까지 기다립니다\.",
        "reload": r"새로 고칩니다\. 번호는 그대로이거나 줄어 있습니다\.",
    },
}
PRIVATE = ("private", "시크릿")
WAITING = re.compile(r"^waiting +(\d+)", re.MULTILINE)
Picture = Callable[[str, Page], object]


class Tutorial(Steps):
    """The tutorial in a language, for a reader whose site is at `port`."""

    def __init__(self, language: str, port: int) -> None:
        super().__init__(TUTORIALS[language].read_text(), STEP, port)
        self.language = language

    @property
    def start(self) -> str:
        """How the first step starts the site."""
        (line,) = self.commands(self.names[0])
        return line


def walk(clone: Clone, tutorial: Tutorial, open_page: Open, picture: Picture) -> None:
    """Do all of it, on the site that runs; `picture` gets a file's name where the text shows it, and what is seen."""
    reader = Walk(clone, tutorial, open_page, picture)
    for step in tutorial.names:
        reader.go(step)


@dataclass
class Walk:
    """A reader with a terminal, a window where staff are signed in, and a private one, of a visitor."""

    clone: Clone
    tutorial: Tutorial
    open_page: Open
    picture: Picture
    windows: dict[bool, Page] = field(default_factory=dict)  # by whether it is the private one
    in_private: bool = False

    def go(self, step: str) -> None:
        """Do the whole step; a storm blows while its reader goes on, and ends well before the step does."""
        with ExitStack() as blowing:
            for text, kind in self.tutorial.parts(step):
                if kind is Kind.INSTRUCTION:
                    self.do(text)
                elif kind is Kind.PICTURE:
                    self.picture(text, self.page)
                elif "manage.py storm " in text:
                    blowing.callback(self._ended, blowing.enter_context(self.clone.running(text)))
                elif text != self.tutorial.start:
                    self.clone.shell(text)

    def _ended(self, storm: "subprocess.Popen[bytes]") -> None:
        assert storm.wait(180) == 0, (self.clone.folder / "terminal").read_text()

    def do(self, instruction: str) -> None:
        """One line of a list, or what is left of it."""
        for verb, pattern in GRAMMAR[self.tutorial.language].items():
            if said := re.fullmatch(pattern, instruction):
                getattr(self, verb)(**said.groupdict())
                break
        else:
            raise AssertionError(f"nobody can do: {instruction}")

    @property
    def page(self) -> Page:
        """The window in which the reader is."""
        if self.in_private not in self.windows:
            self.windows[self.in_private] = self.open_page(locale=LOCALES[self.tutorial.language])
        return self.windows[self.in_private]

    def stand(self, window: str, rest: str) -> None:
        """Go on in the other window."""
        self.in_private = window in PRIVATE
        self.do(rest)

    def open(self, url: str, private: str | None) -> None:
        """Go to an address."""
        self.in_private = self.in_private if private is None else True
        self.page.goto(url)

    def write(self, value: str, name: str) -> None:
        """Fill a field."""
        self._field(name).fill(value)

    def write_instant(self, day: str, value: str, name: str) -> None:
        """Fill a field of a date and a time, by the venue's clock."""
        date = (datetime.now(SEOUL) + timedelta(days=DAYS[day])).date().isoformat()
        self._field(name).fill(f"{date}T{value}")

    def write_code(self, name: str) -> None:
        """What is printed below the ticket's picture, in the other window."""
        code = self.windows[True].locator(".typed-code").first.inner_text()
        self._field(name).fill(code)

    def click(self, name: str) -> None:
        """Press a button, or follow a link; of those with one name the page's own comes before its frame's."""
        # What a button is about may be said behind its name, to who cannot see where it stands.
        whole = re.compile(rf"^\s*{re.escape(name)}\s*(:.*)?$")
        self.page.wait_for_load_state("load")
        for within in (self.page.get_by_role("main"), self.page):
            found = within.get_by_role("button", name=whole).or_(within.get_by_role("link", name=whole))
            found = found.or_(within.locator("summary", has_text=whole))  # which has a role in no browser's words
            if (shown := found.locator("visible=true")).count():
                break
        shown.first.click()

    def see(self, name: str) -> None:
        """Wait until it is there."""
        expect(self.page.get_by_text(name).locator("visible=true").first).to_be_visible(timeout=MOVES_MS)

    def wait(self, people: str, command: str) -> None:
        """Ask on the terminal until so many wait."""
        until(lambda: int(WAITING.findall(self.clone.shell(command))[0]) >= int(people), within=60)

    def reload(self) -> None:
        """Load the waiting page anew, and keep the place."""
        before = self._position()
        self.page.reload()
        assert self._position() <= before

    def _position(self) -> int:
        shown = self.page.locator("#position")
        return int(shown.inner_text().replace(",", "")) if shown.count() else 0

    def _field(self, name: str) -> Locator:
        return self.page.get_by_label(_label(name)).locator("visible=true").first


def _label(name: str) -> re.Pattern[str]:
    """The label as the page writes it: with a colon, perhaps, and a star."""
    return re.compile(rf"^\s*{re.escape(name)}\s*:?\s*\*?\s*$", re.IGNORECASE)
