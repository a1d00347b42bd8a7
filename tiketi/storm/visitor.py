"""One visitor's life: arrive, wait in line, enter, stay, leave."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tiketi.storm import contract, question
from tiketi.storm.browser import Browser
from tiketi.storm.contract import Word
from tiketi.storm.diary import Diary, Growth
from tiketi.storm.door import Door, GaveUp
from tiketi.storm.habits import Act
from tiketi.storm.inside import Inside
from tiketi.storm.scene import Scene, now_ms
from tiketi.storm.tab import Tab

SHORTEST_SPAN, LONGEST_SPAN = 2.0, 60.0  # seconds of waiting over which a plan's acts are spread
BY_STAFF = {"", "closed", "dropped"}  # reasons for which a waiting visitor may be sent away
OUTAGE = (1.0, 4.0)  # seconds that a lost connection stays lost


class Visitor:
    """Lives once; what is worth knowing afterwards goes into the diary."""

    __slots__ = ("_called", "_door", "_foretold", "_plan", "_scene", "_tabs", "browser", "diary")

    def __init__(self, scene: Scene, cookies: Mapping[str, str] | None) -> None:
        loop = asyncio.get_running_loop()
        self._scene = scene
        self.browser = Browser(scene.forecast.site)
        if cookies:
            self.browser.cookies |= cookies
        self._plan = scene.forecast.habits.plan(scene.chance)
        self._tabs: list[Tab] = []
        self._called: asyncio.Future[bool] = loop.create_future()  # True: come in; False: turned away
        self._foretold: asyncio.Future[float] = loop.create_future()  # seconds of waiting, as first estimated
        self.diary = Diary(arrived_at=now_ms())
        self._door = Door(scene, self.browser, self.diary)

    async def live(self) -> None:
        """From arriving to leaving, or to vanishing."""
        tally = self._scene.tally
        tally.arrived += 1
        try:
            await self._look()
            tally.waiting += 1
            try:
                comes_in = self._called.done() or await self._wait()
            finally:
                tally.waiting -= 1
            if comes_in and self._called.result():
                await self._stay()
        except GaveUp:
            self.diary.gave_up = True
        finally:
            tally.done += 1
            for tab in self._tabs:
                tab.close()

    async def _wait(self) -> bool:
        """Whether the visitor was called in or turned away; False if he vanished before."""
        await self._open_tab()
        if self._plan.acts:
            loop = asyncio.get_running_loop()
            began = loop.time()
            either: set[asyncio.Future[Any]] = {self._called, self._foretold}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            foretold = self._foretold.result() if self._foretold.done() else 0.0
            span = min(max(foretold, SHORTEST_SPAN), LONGEST_SPAN)
            for share, act in self._plan.acts:
                await asyncio.wait({self._called}, timeout=began + share * span - loop.time())
                if self._called.done():
                    break
                if act is Act.VANISH:
                    self.diary.vanished_at = now_ms()
                    self._cut_off()
                    return False
                await self._do(act)
        await self._called
        return True

    async def _do(self, act: Act) -> None:
        if act is Act.SECOND_TAB:
            await self._look()
        else:
            away_since = now_ms()
            if act is Act.DROP:
                self._cut_off()
                await asyncio.sleep(self._scene.chance.uniform(*OUTAGE))
            else:
                self._is_absent()
                self._tabs.pop().close()  # a page that is loaded anew takes its socket along
            await self._look()
            self.diary.absences.append((away_since, now_ms()))
        if not self._called.done():
            await self._open_tab()

    async def _stay(self) -> None:
        if self.diary.entered_at is None:
            await self._look()
        if self.diary.entered_at is None:
            self._scene.tally.errors["called in, and then not let in"] += 1
            raise GaveUp
        inside = Inside(self._scene, self.browser, self._door, self.diary)
        if self._scene.forecast.buyers is None:
            await inside.look_around(self._plan.stay)
        elif await inside.shop(self._plan.stay):
            return  # who has paid has given up the place
        if not self._tabs:
            await self._open_tab()
        for tab in self._tabs[1:]:
            tab.close()
        self.diary.leaving_at = now_ms()
        if not await self._tabs[0].leave():
            self._scene.tally.errors["leaving was never noted"] += 1
            raise GaveUp
        self.diary.left_at = now_ms()

    async def _open_tab(self) -> None:
        tab = Tab(self._scene, self.browser, self)
        self._tabs.append(tab)
        await tab.open()
        if len(self._tabs) == 1:
            self.diary.reachable_at = now_ms()
            self.diary.noticed_at = self.diary.noticed_at or self.diary.reachable_at

    def _is_absent(self) -> None:
        self._scene.present.pop(self.diary.visitor, None)

    def _cut_off(self) -> None:
        self._is_absent()
        while self._tabs:
            self._tabs.pop().cut()

    async def _look(self) -> None:
        """Load the page and see where it puts us; raises GaveUp."""
        phase = await self._door.knock()
        if phase == contract.ENTERED:
            self._decide(comes_in=True)
        elif self.diary.turned_away:
            self._decide(comes_in=False)

    def _decide(self, *, comes_in: bool) -> None:
        self._is_absent()  # nobody's turn is awaited any more
        if not self._called.done():
            self._called.set_result(comes_in)

    def _sent_away(self, reason: str) -> None:
        self.diary.turned_away = True
        self._decide(comes_in=False)
        for tab in self._tabs:
            tab.stop()
        if reason not in BY_STAFF:
            self._scene.tally.errors[f"sent away while waiting: {reason}"] += 1

    def was_cut_off(self, since: float, until: float) -> None:
        """A tab had no socket for a while, by the site's doing."""
        self.diary.cut_offs.append((since, until))
        self.diary.reachable_at = until

    def was_turned_away(self) -> None:
        """The room is closed to who has no number, or is no more."""
        if not self._called.done():
            self._sent_away("")

    async def start_again(self) -> None:
        """The site forgot us: load the page, as its script does."""
        try:
            await self._look()
        except GaveUp:
            self.diary.gave_up = True
            self._decide(comes_in=False)

    async def ask(self) -> None:
        """Ask by HTTP where one stands: a sign of life, where there is no socket."""
        if said := await question.ask(self._scene, self.browser):
            self._take(said)

    def heard(self, tab: Tab, message: bytes) -> None:
        """A message came through one of the tabs."""
        try:
            said = contract.read_message(message)
        except contract.ProtocolViolation as violation:
            self._scene.tally.errors[f"WebSocket: {violation}"] += 1
            return
        self._take(said)
        if not isinstance(said, contract.Update):
            tab.stood = None  # a closed or recovering line may be another one afterwards
            return
        now, before = now_ms(), tab.stood
        tab.stood = (now, said.position, said.mode)
        if before and before[2] == said.mode and said.position > before[1]:
            self.diary.growths.append(Growth(before[0], now, before[1], said.position))

    def _take(self, said: contract.Update | contract.Notice) -> None:
        if isinstance(said, contract.Update) or said.kind is Word.ENTER:
            self.diary.told_at = self.diary.told_at or now_ms()
        if isinstance(said, contract.Update):
            if not self._called.done() and self._tabs:
                self._scene.present.setdefault(self.diary.visitor, now_ms())
            self.diary.told(now_ms(), said.estimated_wait, said.cause)
            if not self._foretold.done():
                self._foretold.set_result(said.estimated_wait)
        elif said.kind is Word.GATHERING:
            if not self._foretold.done():
                self._foretold.set_result(said.opens_in_s)  # what the visitor means to do happens before the opening
        elif not self._called.done() and said.kind is Word.ENTER:
            self.diary.called_at = now_ms()
            self._decide(comes_in=True)
        elif not self._called.done() and said.kind is Word.LEFT:
            self._sent_away(said.reason)
