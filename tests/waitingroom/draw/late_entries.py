"""Eight hosts whose clocks are late enter people while the roster is closed, on the site's own database."""

import json
import sys
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from django.db import connection

from waitingroom import draw_steps
from waitingroom.draw.roster import Roster
from waitingroom.draw.sources import Local
from waitingroom.draw_records import DrawEntry
from waitingroom.errors import AlreadyTaken, DrawRefused
from waitingroom.models import WaitingRoom

CLOSES = datetime(2026, 12, 1, 11, tzinfo=UTC)
LATE = threading.local()


def tell() -> None:
    """Print who was confirmed, who is in the roster, and how the closings ended."""
    at = [CLOSES - timedelta(minutes=1)]
    setattr(draw_steps, "timezone", SimpleNamespace(now=lambda: at[0] - getattr(LATE, "by", timedelta())))  # noqa: B010 (the hosts' clocks)
    room = WaitingRoom.objects.create(slug="late", account_required=True)
    draw_steps.announce(room, opens_at=CLOSES - timedelta(hours=1), closes_at=CLOSES, sources=[Local()])
    confirmed: list[str] = []
    outcomes: list[str] = []

    def come(host: int) -> None:
        LATE.by = timedelta(minutes=5)
        try:
            for i in range(400):
                draw_steps.enter("late", {f"account-{host}-{i}": f"fan{host}.{i}@example.com"})
                confirmed.append(f"account-{host}-{i}")
        except DrawRefused:
            pass
        finally:
            connection.close()

    def close() -> None:
        try:
            outcomes.append(draw_steps.close("late").checkpoint_note)
        except AlreadyTaken:
            outcomes.append("")
        finally:
            connection.close()

    hosts = [threading.Thread(target=come, args=(host,)) for host in range(8)]
    for host in hosts:
        host.start()
    enough = threading.Event()
    while len(confirmed) < 40 and any(host.is_alive() for host in hosts):
        enough.wait(0.005)
    at[0] = CLOSES + timedelta(seconds=1)
    closers = [threading.Thread(target=close) for _ in range(4)]
    for thread in closers:
        thread.start()
    for thread in [*hosts, *closers]:
        thread.join()
    rows = DrawEntry.objects.filter(draw__room="late")
    checkpoint = draw_steps.draw_of("late").closing.checkpoint
    told = {
        "confirmed": sorted(confirmed),
        "entered": sorted(rows.values_list("person", flat=True)),
        "size": checkpoint.size,
        "root is theirs": checkpoint.root == Roster(bytes.fromhex(row.entry) for row in rows).tree.root,
        "closings": [bool(note) for note in outcomes],
    }
    sys.stdout.write(json.dumps(told))
