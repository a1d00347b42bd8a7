"""A door to a small line, and a storm in front of it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import redis
import uvloop
from django.conf import settings

from tests.storm.door import open_door
from tests.storm.line import Fault, Line
from tiketi.storm.forecast import Forecast
from tiketi.storm.habits import Habits
from tiketi.storm.report import Report
from tiketi.storm.site import Site
from tiketi.storm.storm import Aftermath, storm

StormOn = Callable[..., Report]
QUIET = Habits(refresh=0, second_tab=0, drop=0, vanish=0, stay=0.3)


@pytest.fixture
def storm_on() -> Iterator[StormOn]:
    """`storm_on(fault, visitors=..., habits=..., timeout=...)`: the report of a storm on a line with that fault."""
    with ExitStack() as doors, redis.Redis.from_url(settings.REDIS_URL) as client:

        def rage(
            fault: Fault = Fault.NONE,
            visitors: int = 40,
            habits: Habits = QUIET,
            timeout: float = 30,
            *,
            patient: bool = True,
        ) -> Report:
            line = Line(f"storm-{uuid.uuid4().hex[:8]}", client, threshold=10, fault=fault)
            site = Site.at(doors.enter_context(open_door(line)))
            forecast = Forecast(site, line.slug, visitors, 0.3, habits, timeout, was_patient=patient)
            aftermath: Aftermath = uvloop.run(storm(forecast, settings.REDIS_URL))
            return aftermath.judge(forecast)

        yield rage
