"""The protected page as a visitor meets it: asked for until the site says where he stands."""

import asyncio
import html
import json

from tiketi.storm import contract, question
from tiketi.storm.browser import Browser, TooManyRedirects
from tiketi.storm.contract import Notice, Word
from tiketi.storm.diary import Diary
from tiketi.storm.exchange import Answer, Unanswered
from tiketi.storm.scene import Scene, now_ms
from tiketi.storm.work import solved

COME_AGAIN = {429, 503}
MOST_ATTEMPTS = 40


class GaveUp(Exception):
    """The site gave no usable answer; what it did is in the tally."""


class Door:
    """One visitor in front of the event's page."""

    __slots__ = ("_browser", "_diary", "_scene")

    def __init__(self, scene: Scene, browser: Browser, diary: Diary) -> None:
        self._scene, self._browser, self._diary = scene, browser, diary

    async def knock(self) -> str:
        """The phase that the page's answer told, noted in the diary; raises GaveUp."""
        let_in_at: float | None = None  # when the page was asked for first that said so, whether or not it was served
        for attempt in range(MOST_ATTEMPTS):
            asked_at = now_ms()
            try:
                answer = await self._let_through(await self._browser.load(contract.page(self._scene.slug)))
            except (OSError, Unanswered, TooManyRedirects) as error:
                self._wrong(f"{type(error).__name__} {error}".strip())
                wish = ""
            else:
                if let_in_at is None and answer.headers.get(contract.PHASE_HEADER) == contract.ENTERED:
                    let_in_at = asked_at
                phase = await self._phase(answer)
                if phase:
                    self._note(phase, answer, asked_at if let_in_at is None else let_in_at)
                    return phase
                wish = answer.headers.get("retry-after", "")
            await asyncio.sleep(self._scene.page_pause(attempt, wish))
        raise GaveUp

    async def _let_through(self, answer: Answer) -> Answer:
        """The answer, or the one behind the work that it asks for."""
        if (asked := contract.CHALLENGE.search(answer.body)) is None:
            return answer
        solution = await solved(json.loads(html.unescape(asked[1].decode())))
        slug = self._scene.slug
        handed_in = await self._browser.fetch(contract.join(slug), {contract.SOLUTION_HEADER: solution})
        return handed_in if handed_in.status in COME_AGAIN else await self._browser.load(contract.page(slug))

    async def _phase(self, answer: Answer) -> str:
        """Where the answer puts the visitor; empty if they have to ask again."""
        phase = answer.headers.get(contract.PHASE_HEADER, "")
        if answer.status in COME_AGAIN:
            self._come_again(answer)
            return ""
        if phase == contract.CLOSED or (answer.status == 200 and not phase and await self._takes_nobody()):
            return contract.CLOSED
        if answer.status != 200 or phase not in {contract.ENTERED, contract.WAITING}:
            self._wrong(f"answered {answer.status} with X-Waiting-Room {phase or 'missing'}")
            return ""
        if "no-store" not in answer.headers.get("cache-control", "") and phase == contract.WAITING:
            self._wrong("the waiting page may be stored")
        return phase

    async def _takes_nobody(self) -> bool:
        """Whether the page is everybody's because nobody new may line up, by the site's own word."""
        said = await question.ask(self._scene, self._browser)
        return isinstance(said, Notice) and said.kind is Word.CLOSED

    def _come_again(self, answer: Answer) -> None:
        """A refusal is a page that says when to come again, or it is a finding."""
        if not answer.headers.get("retry-after", "").isdigit():
            self._wrong(f"answered {answer.status} without Retry-After")
        elif not answer.body or not answer.headers.get("content-type", "").startswith("text/html"):
            self._wrong(f"answered a bare {answer.status}")
        else:
            self._scene.tally.retries[f"page answered {answer.status}"] += 1

    def _note(self, phase: str, answer: Answer, asked_at: float) -> None:
        diary, now = self._diary, now_ms()
        if diary.joined_at is None:
            diary.asked_at, diary.joined_at = asked_at, now
        if phase == contract.ENTERED:
            diary.entered_at = diary.entered_at or now
        slip = contract.slip(self._browser.cookies.values(), self._scene.slug)
        if slip:
            try:
                diary.shown(*contract.read_slip(slip))
            except contract.ProtocolViolation as violation:
                self._wrong(str(violation))
        elif phase == contract.WAITING:
            self._wrong("a waiting visitor without a slip")
        # Who has a number keeps it while the room is closed, and waits for the reopening.
        diary.turned_away |= phase == contract.CLOSED and diary.number is None

    def _wrong(self, what: str) -> None:
        self._scene.tally.errors[f"page: {what}"] += 1
