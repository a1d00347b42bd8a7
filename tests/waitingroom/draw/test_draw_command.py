"""manage.py draw: an evening by the operator's hand, and what is refused. drand's relays are the one thing made up."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.waitingroom.draw.evening import CLOSES, FAN_CLUB, ROUND, SIGNATURE, secret_party
from waitingroom import draw_steps
from waitingroom.draw.verify import verify
from waitingroom.draw_records import Draw, DrawReveal
from waitingroom.models import WaitingRoom

pytestmark = pytest.mark.django_db(transaction=True)
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)
Rooms = Callable[..., WaitingRoom]


def said(*words: str) -> str:
    out = StringIO()
    call_command("draw", *words, stdout=out)
    return out.getvalue()


def table(slug: str) -> dict[str, str]:
    return {line[:10].strip(): line[10:] for line in said("status", slug).splitlines()}


class Host:
    """The host's clock."""

    at = CLOSES - timedelta(minutes=20)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(draw_steps, "timezone", SimpleNamespace(now=lambda: host.at))
    return host


@contextmanager
def relay(content: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A relay of drand that answers everything so; its address and what it was asked."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def announce(slug: str, *sources: str) -> str:
    words = [word for source in sources for word in ("--source", source)]
    opens = CLOSES - timedelta(hours=1)
    return said("announce", slug, "--opens", opens.isoformat(), "--closes", CLOSES.isoformat(), *words)


def test_an_evening_by_hand(make_room: Rooms, host: Host, settings: Any):
    slug = make_room(account_required=True).slug
    # The real round that is 30 minutes after the closing; `drand` alone names the first after ten.
    draw_steps.announce(
        WaitingRoom.objects.get(slug=slug),
        opens_at=CLOSES - timedelta(hours=1),
        closes_at=CLOSES,
        sources=[PARTY, ROUND],
    )
    draw_steps.enter(slug, {f"account-{i}": f"fan{i}@example.com" for i in range(12)})
    assert table(slug)["state"] == "gathering"
    assert table(slug)["entries"] == "12"
    host.at = CLOSES + timedelta(seconds=1)

    checkpoint = said("close", slug)
    assert checkpoint.splitlines()[1] == "12"
    assert table(slug)["state"] == "closed"
    assert table(slug)["awaited"] == "팬클럽 하늘, drand 657413"
    with (
        relay(b'{"error": "no such round"}', 404) as (absent, _),
        relay(json.dumps({"signature": SIGNATURE}).encode()) as (
            good,
            asked,
        ),
    ):
        settings.WAITINGROOM_DRAND_RELAYS = [absent, good]
        assert said("reveal", slug).splitlines() == ["drand 657413 has spoken.", "Awaited: 팬클럽 하늘"]
    assert asked == [f"/{ROUND.chain.hash}/public/657413"]
    assert "The draw is done: seed" in said("reveal", slug, "팬클럽 하늘", FAN_CLUB.hex())

    assert table(slug)["state"] == "seeded"
    bundle = json.loads(said("bundle", slug))
    report = verify(bundle, [json.loads(said("receipt", slug, "account-3"))], email="fan3@example.com")
    assert report.verdict == "holds"
    assert said("verify", slug, "--language", "ko").splitlines()[-1] == "OK  확인할 수 있는 것은 모두 맞습니다."
    draw_steps.line_of(draw_steps.draw_of(slug), 1_900_000_000_000_000, 0)
    assert table(slug)["state"] == "drawn"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"signature": 1}', b'{"signature": "ab"}', json.dumps({"signature": SIGNATURE[:-1] + "c"}).encode()],
)
def test_a_relay_that_lies_or_is_broken_is_not_believed(make_room: Rooms, host: Host, settings: Any, content: bytes):
    room = make_room()
    draw_steps.announce(room, opens_at=CLOSES - timedelta(hours=1), closes_at=CLOSES, sources=[ROUND])
    host.at = CLOSES + timedelta(seconds=1)
    said("close", room.slug)

    with relay(content) as (address, _):
        settings.WAITINGROOM_DRAND_RELAYS = [address]
        with pytest.raises(CommandError, match="No relay gave drand 657413"):
            said("reveal", room.slug)

    assert not DrawReveal.objects.exists()


def test_without_a_network_the_round_is_typed_in(make_room: Rooms, host: Host, settings: Any):
    room = make_room()
    draw_steps.announce(room, opens_at=CLOSES - timedelta(hours=1), closes_at=CLOSES, sources=[ROUND])
    host.at = CLOSES + timedelta(seconds=1)
    said("close", room.slug)
    settings.WAITINGROOM_DRAND_RELAYS = ["http://127.0.0.1:9"]
    with pytest.raises(CommandError, match="No relay"):
        said("reveal", room.slug)

    assert "The draw is done" in said("reveal", room.slug, "drand 657413", SIGNATURE)


def test_the_machines_own_chance_is_for_demonstrations(make_room: Rooms, host: Host):
    slug = make_room().slug
    announce(slug, "local")
    host.at = CLOSES + timedelta(seconds=1)
    said("close", slug)
    said("reveal", slug)

    with pytest.raises(SystemExit) as left:
        said("verify", slug)

    assert left.value.code == 3


def test_sources_are_named_by_what_they_are(make_room: Rooms, host: Host):
    rule = announce(make_room().slug, "drand", "drand:15", f"party:{PARTY.name}:{PARTY.commitment}")

    lines = [line for line in rule.splitlines() if line.startswith("source")]
    assert [line.split()[-1] for line in lines[:2]] == ["657412", "657112"]  # 30 and 15 minutes after the closing
    assert lines[2] == f"source {PARTY.line}"


def test_a_draw_by_drand_leaves_time_for_closing(make_room: Rooms, host: Host):
    slug = make_room().slug
    announce(slug, "drand")
    host.at = CLOSES + timedelta(minutes=19)

    assert said("close", slug).splitlines()[1] == "0"


@pytest.mark.parametrize(
    ("words", "said_"),
    [
        (("announce", "nowhere", "--closes", "2030-01-01", "--source", "local"), "There is no room 'nowhere'"),
        (("announce", "ROOM", "--closes", "soon", "--source", "local"), "'soon' is no instant"),
        (("announce", "ROOM", "--closes", "2030-13-01T00:00Z", "--source", "local"), "is no instant"),
        (("announce", "ROOM", "--closes", "2030-01-01T00:00Z", "--source", "dice"), "'dice': drand"),
        (("announce", "ROOM", "--closes", "2030-01-01T00:00Z", "--source", "party:a:b"), "'party:a:b': drand"),
        (("announce", "ROOM", "--closes", "2020-01-01T00:00Z", "--source", "local"), "closes after it opens"),
        (
            ("announce", "ROOM", "--closes", "2030-01-01T00:00Z", "--source", "local", "--source", "drand"),
            "spoils any other",
        ),
        (("announce", "ROOM", "--closes", "2030-01-01T00:00Z", "--source", "drand:10"), "less than 11 minutes"),
        (("status", "ROOM"), "There is no draw of"),
        (("close", "ROOM"), "There is no draw of"),
        (("bundle", "nowhere"), "There is no draw of"),
    ],
)
def test_bad_words_are_refused_and_change_nothing(make_room: Rooms, words: tuple[str, ...], said_: str):
    slug = make_room().slug

    with pytest.raises(CommandError, match=said_):
        said(*(slug if word == "ROOM" else word for word in words))

    assert not Draw.objects.exists()


def test_what_comes_too_early_is_refused_with_the_reason(make_room: Rooms):
    slug = make_room().slug
    closes = timezone.now() + timedelta(hours=1)
    said("announce", slug, "--closes", closes.isoformat(), "--source", "local")

    for words, why in {
        ("close", slug): "Entries are taken until",
        ("reveal", slug): "The roster is not closed",
        ("reveal", slug, "local", "ab" * 32): "The roster is not closed",
        ("reveal", slug, "dice", "1"): "The rule names no source 'dice'",
        ("bundle", slug): "nothing to publish yet",
        ("verify", slug): "nothing to publish yet",
        ("receipt", slug, "account-1"): "has not entered",
        ("announce", slug, "--closes", closes.isoformat(), "--source", "drand"): "There is a draw of",
    }.items():
        with pytest.raises(CommandError, match=why):
            said(*words)

    assert not DrawReveal.objects.exists()
