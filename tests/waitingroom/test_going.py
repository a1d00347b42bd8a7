"""A web process that is told to end, as at every release."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.patience import until
from tests.waitingroom.line import join_call
from tests.waitingroom.web import serving
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.redis import client, run_now


def drain(page: ClientConnection) -> None:
    """Hear everything until the end; raises ConnectionClosed."""
    while True:
        page.recv(timeout=20)


def test_f13_a_server_that_ends_says_no_good_bye_for_visitors(make_room: Callable[..., WaitingRoom], tmp_path: Path):
    room = make_room(mode="paused")
    visitors = [f"visitor-{i}" for i in range(20)]
    run_now([join_call(room.slug, visitor) for visitor in visitors])
    with serving(tmp_path) as web:
        until(lambda: web.knows(room.slug))
        with ExitStack() as stack:
            pages = [stack.enter_context(web.open(room.slug, visitor)) for visitor in visitors]
            for page in pages:
                page.recv(timeout=20)

            ends_at = time.time()
            web.process.send_signal(signal.SIGTERM)

            for page in pages:
                with pytest.raises(ConnectionClosed):
                    drain(page)
                assert page.close_code == 1012
            web.process.wait(timeout=60)
    seen = cast("list[tuple[bytes, float]]", client().zrange(keys_of(room.slug).seen, 0, -1, withscores=True))
    assert len(seen) == len(visitors)
    # A good-bye would have put the last sign of life back by all but the time allowed for a return.
    assert min(score for _, score in seen) > 1000 * (ends_at - 12)
