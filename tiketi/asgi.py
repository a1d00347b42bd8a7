"""Health and the gate in front of Django, the sockets' consumer beside it, and the hub as long as the process lives."""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
django.setup()

# Django must be set up before these are read.
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.db.backends.signals import connection_created
from django.urls import re_path

from scaling.registration import keep_signing
from scaling.sharing import keep_sharing
from tiketi import redis_fitness
from tiketi.console.routing import websocket_urlpatterns as consoles
from tiketi.front_first import FrontFirst
from tiketi.garbage import collect_calmly
from tiketi.health import HealthFirst
from tiketi.pressure_reports import keep_reporting
from tiketi.refused_sockets import no_such_socket, origins_read
from tiketi.seats_first import SeatsFirst
from tiketi.threads import ThreadedDjango
from waitingroom.gate import App, WaitingRoomGate
from waitingroom.hub import hub
from waitingroom.routing import websocket_urlpatterns

# Workers and commands may wait for SQLite's one writer as long as settings say; a visitor does not.
SQLITE_MS = 4_000


@connection_created.connect
def wait_briefly(connection: Any, **_: Any) -> None:
    """This process's pages give up a locked SQLite within a visitor's patience."""
    if connection.vendor == "sqlite":
        connection.cursor().execute(f"PRAGMA busy_timeout = {SQLITE_MS}")


async def lifespan(
    _scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Start the hub with the process, so that it ticks even where nobody has a socket; sign the register of those who
    serve, and share the fleet out to the rooms. All stop with the process."""
    tasks: list[asyncio.Task[Any]] = []
    while True:
        event = (await receive())["type"]
        if event == "lifespan.startup":
            looking = asyncio.create_task(redis_fitness.say_once())
            # One that is away is told by the pages, and looked at when it is back.
            done, _ = await asyncio.wait({looking}, timeout=redis_fitness.START_SECONDS)
            if done and (too_old := looking.result()):
                await send({"type": "lifespan.startup.failed", "message": too_old})
                return
            collect_calmly()
            hub().start()
            tasks = [looking, *map(asyncio.create_task, (keep_signing(), keep_sharing(), keep_reporting()))]
            await send({"type": "lifespan.startup.complete"})
        else:
            for task in tasks:
                task.cancel()
            await hub().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


front = FrontFirst(cast("App", ThreadedDjango()))
application = ProtocolTypeRouter(
    {
        "http": HealthFirst(WaitingRoomGate(SeatsFirst(front))),
        "websocket": origins_read(
            AllowedHostsOriginValidator(
                URLRouter([*websocket_urlpatterns, *consoles, re_path(r"", cast("Any", no_such_socket))])
            )
        ),
        "lifespan": lifespan,
    }
)
