"""The gate in front of Django, the sockets' consumer beside it, and the hub as long as the process lives."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tiketi.settings")
django.setup()

# Django must be set up before these are read.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from tiketi.threads import ThreadedDjango  # noqa: E402
from waitingroom.gate import App, WaitingRoomGate  # noqa: E402
from waitingroom.hub import hub  # noqa: E402
from waitingroom.routing import websocket_urlpatterns  # noqa: E402


async def lifespan(
    _scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Start the hub with the process, so that it ticks even where nobody has a socket; stop it with the process."""
    while True:
        event = (await receive())["type"]
        if event == "lifespan.startup":
            hub().start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await hub().stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


application = ProtocolTypeRouter(
    {
        "http": WaitingRoomGate(cast("App", ThreadedDjango())),
        "websocket": AllowedHostsOriginValidator(URLRouter(websocket_urlpatterns)),
        "lifespan": lifespan,
    }
)
