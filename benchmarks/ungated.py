"""The site's settings without the waiting room: the same page of who is inside, behind no gate."""

import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tiketi.settings import *  # noqa: F403  (the settings are the site's, whole)
from tiketi.settings import MIDDLEWARE as GATED

WAITINGROOM_PROTECTED = []
MIDDLEWARE = [
    "benchmarks.ungated.everybody_is_inside" if name == "waitingroom.middleware.WaitingRoomMiddleware" else name
    for name in GATED
]
STAY_S = 600


def everybody_is_inside(get_response: Callable[[HttpRequest], HttpResponseBase]) -> object:
    """What the gate would say of an active visitor, without a question to anybody."""
    from waitingroom.place import Phase
    from waitingroom.verdict import Admission

    def middleware(request: HttpRequest) -> HttpResponseBase:
        room = request.path_info.split("/")[2] if request.path_info.startswith("/events/") else ""
        ends_ms = round(1000 * (time.time() + STAY_S))
        request.admission = Admission(room, "0" * 32, Phase.ACTIVE, 1, ends_ms) if room else None  # type: ignore[attr-defined]  # as the gate's
        return get_response(request)

    return middleware
