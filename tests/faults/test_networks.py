"""A phone loses its network: the place is kept for as long as staff said, and told again at once."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.patience import BUSY_S, until
from tests.silence import forwarder
from tests.waitingroom.line import join_call
from tests.waitingroom.web import Web, serving
from waitingroom import admission, slips
from waitingroom.models import WaitingRoom
from waitingroom.redis import run_now


def opened(web: Web, port: int, slug: str, visitor: str) -> ClientConnection:
    """The visitor's page by way of a port that is not the site's own."""
    return connect(
        f"ws://127.0.0.1:{port}/ws/events/{slug}/queue/",
        additional_headers={"Cookie": f"visitor={slips.sign_visitor(visitor)}", "Host": f"127.0.0.1:{web.port}"},
        origin=Origin(f"http://127.0.0.1:{web.port}"),
        proxy=None,
        close_timeout=1,
    )


def position(socket: ClientConnection) -> int:
    """The place told next."""
    while (frame := dict[str, Any](json.loads(socket.recv(10))))["type"] != "queue-position-update":
        pass
    return int(frame["position"])


def test_f20_a_phone_out_of_reach_counts_as_absent_keeps_its_place_and_reads_it_within_two_seconds(
    make_room: Callable[..., WaitingRoom], tmp_path: Path
):
    room = make_room(mode="paused", presence_seconds=10, grace_seconds=600)
    run_now([join_call(room.slug, visitor) for visitor in ("first", "phone", "last")])
    with serving(tmp_path) as web, forwarder(web.port) as radio:
        until(lambda: web.knows(room.slug))
        with opened(web, radio.port, room.slug, "phone") as phone:
            assert position(phone) == 2

            radio.lose()
            # The server's own ping finds the connection dead, and the visitor is not seen any more.
            until(lambda: admission.status([room.slug])[0].present == 0, within=90)

            began = time.monotonic()
            with opened(web, radio.port, room.slug, "phone") as again:
                assert position(again) == 2
                assert time.monotonic() - began < 2 + BUSY_S
                until(lambda: admission.status([room.slug])[0].present == 1)
