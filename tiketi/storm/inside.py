"""A visitor's time inside: looking around, or buying."""

import asyncio

from tiketi.storm import contract
from tiketi.storm.browser import Browser, TooManyRedirects
from tiketi.storm.buyer import Buyer, Outcome, Unexpected
from tiketi.storm.diary import Diary
from tiketi.storm.door import Door
from tiketi.storm.exchange import Unanswered
from tiketi.storm.scene import Scene, now_ms


class Inside:
    """One stay."""

    __slots__ = ("_browser", "_diary", "_door", "_scene")

    def __init__(self, scene: Scene, browser: Browser, door: Door, diary: Diary) -> None:
        self._scene, self._browser, self._door, self._diary = scene, browser, door, diary

    async def look_around(self, seconds: float) -> None:
        """Stay, with a page often enough not to be taken for gone; raises GaveUp."""
        forecast = self._scene.forecast
        seconds = min(seconds, forecast.longest_stay_seconds or seconds)
        longest = forecast.claim_seconds  # whose cookie has not come back is soon taken for nobody
        while seconds > 0:
            spell = min(seconds, longest / 2, forecast.look_seconds or seconds)
            longest = forecast.idle_seconds
            await asyncio.sleep(spell)
            seconds -= spell
            if seconds > 0 and await self._door.knock() != contract.ENTERED:
                self._diary.shown_out_at = self._diary.shown_out_at or now_ms()

    async def shop(self, seconds: float) -> bool:
        """Pick seats, think for so long, and pay; True if bought, which ends the stay. Raises GaveUp."""
        tally, buyer = self._scene.tally, Buyer(self._scene, self._browser)
        try:
            outcome = await buyer.pick_and_hold()
            await self.look_around(seconds)
            self._diary.leaving_at = now_ms()  # who has paid has given up the place
            outcome = outcome or await buyer.pay()
        except (Unexpected, Unanswered, TooManyRedirects, OSError) as error:
            tally.errors[f"purchase: {str(error) or type(error).__name__}"] += 1
            outcome = Outcome.FAILED
        tally.purchases[outcome] += 1
        if outcome is Outcome.BOUGHT:
            self._diary.order = buyer.order
            self._diary.left_at = now_ms()
        return outcome is Outcome.BOUGHT
