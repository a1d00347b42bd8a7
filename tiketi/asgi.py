"""Health and the gate in front of Django, the sockets' consumer beside it, and the hub as long as the process lives."""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
django.setup()

# Django must be set up before these are read.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from scaling.registration import keep_signing  # noqa: E402
from scaling.sharing import keep_sharing  # noqa: E402
from tiketi.garbage import collect_calmly  # noqa: E402
from tiketi.health import HealthFirst  # noqa: E402
from tiketi.threads import ThreadedDjango  # noqa: E402
from waitingroom.gate import App, WaitingRoomGate  # noqa: E402
from waitingroom.hub import hub  # noqa: E402
from waitingroom.routing import websocket_urlpatterns  # noqa: E402


async def lifespan(
    _scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Start the hub with the process, so that it ticks even where nobody has a socket; sign the register of those who
    serve, and share the fleet out to the rooms. All stop with the process."""
    tasks: list[asyncio.Task[None]] = []
    while True:
        event = (await receive())["type"]
        if event == "lifespan.startup":
            collect_calmly()
            hub().start()
            tasks = [asyncio.create_task(keep_signing()), asyncio.create_task(keep_sharing())]
            await send({"type": "lifespan.startup.complete"})
        else:
            for task in tasks:
                task.cancel()
            await hub().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


application = ProtocolTypeRouter(
    {
        "http": HealthFirst(WaitingRoomGate(cast("App", ThreadedDjango()))),
        "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),
        "lifespan": lifespan,
    }
)
