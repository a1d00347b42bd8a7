"""What of a draw anybody can fetch, and from when on."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client

from tests.waitingroom.draw.evening import CLOSES, FAN_CLUB, ROUND, SIGNATURE, secret_party
from waitingroom import draw_steps
from waitingroom.cookie_names import visitor_cookie
from waitingroom.draw.note import Key, opened
from waitingroom.models import WaitingRoom
from waitingroom.slips import sign_visitor

pytestmark = pytest.mark.django_db(transaction=True)
PARTY = secret_party("팬클럽 하늘", FAN_CLUB)


class Host:
    """The host's clock."""

    at = CLOSES - timedelta(minutes=20)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()
    monkeypatch.setattr(draw_steps, "timezone", SimpleNamespace(now=lambda: host.at))
    return host


@pytest.fixture
def room(make_room: Callable[..., WaitingRoom], host: Host) -> str:
    """A room whose draw seven have entered."""
    room = make_room(account_required=True)
    draw_steps.announce(room, opens_at=CLOSES - timedelta(hours=1), closes_at=CLOSES, sources=[PARTY, ROUND])
    draw_steps.enter(room.slug, {f"account-{i}": f"fan{i}@example.com" for i in range(7)})
    return room.slug


def test_the_checkpoint_is_public_before_the_seed_is(client: Client, room: str, host: Host):
    assert client.get(f"/draws/{room}/checkpoint").status_code == 404
    assert client.get(f"/draws/{room}/bundle.json").status_code == 404
    host.at = CLOSES + timedelta(seconds=1)

    draw_steps.close(room)

    shown = client.get(f"/draws/{room}/checkpoint")
    key = Key.read(draw_steps.draw_of(room).key)
    assert opened(shown.text, key).splitlines()[1] == "7"
    assert shown["Cache-Control"] == "public, max-age=5"
    early = client.get(f"/draws/{room}/bundle.json").json()
    assert "seed" not in early
    assert early["reveals"] == [None, None]
    assert len(early["roster"]) == 7

    draw_steps.reveal(room, 0, FAN_CLUB.hex())
    draw_steps.reveal(room, 1, SIGNATURE)

    done = client.get(f"/draws/{room}/bundle.json").json()
    assert done["checkpoint"] == early["checkpoint"] == shown.text
    assert sorted(done["ranks"]) == [1, 2, 3, 4, 5, 6, 7]


def test_the_rule_is_public_from_the_announcement_on(client: Client, room: str):
    note = client.get(f"/draws/{room}/rule").text

    assert f"source {PARTY.line}\n" in opened(note, Key.read(draw_steps.draw_of(room).key))


def test_whoever_has_only_what_is_public_and_a_receipt_can_check(client: Client, room: str, host: Host, tmp_path: Path):
    host.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)
    draw_steps.reveal(room, 0, FAN_CLUB.hex())
    draw_steps.reveal(room, 1, SIGNATURE)
    client.cookies[visitor_cookie()] = sign_visitor("account-3")
    for address in (f"/draws/{room}/bundle.json", f"/draws/{room}/receipt.json", "/draws/verify.py"):
        (tmp_path / address.rpartition("/")[2]).write_bytes(client.get(address).getvalue())
    words = ["verify.py", "bundle.json", "receipt.json", "--email", "fan3@example.com", "--language", "en"]

    done = subprocess.run([sys.executable, "-I", *words], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert "Your rank: " in done.stdout


def test_a_receipt_is_its_owners_alone(client: Client, room: str, host: Host):
    assert client.get(f"/draws/{room}/receipt.json").status_code == 404  # who is this?
    client.cookies[visitor_cookie()] = sign_visitor("account-99")
    assert client.get(f"/draws/{room}/receipt.json").status_code == 404
    client.cookies[visitor_cookie()] = sign_visitor("account-3").replace("account-3", "account-4")
    assert client.get(f"/draws/{room}/receipt.json").status_code == 404
    client.cookies[visitor_cookie()] = sign_visitor("account-3")

    early = client.get(f"/draws/{room}/receipt.json")

    assert early.json()["identity"] == "fan3@example.com"
    assert "proof" not in early.json()
    assert "private" in early["Cache-Control"]
    assert "no-store" in early["Cache-Control"]
    host.at = CLOSES + timedelta(seconds=1)
    draw_steps.close(room)
    assert len(client.get(f"/draws/{room}/receipt.json").json()["proof"]) >= 2


def test_the_verifiers_are_given_to_be_saved(client: Client):
    for name in ("verify.py", "verify.html"):
        answer = client.get(f"/draws/{name}")

        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert len(answer.getvalue()) > 10_000


@pytest.mark.parametrize(
    "path",
    [
        "sources.py",
        "../settings.py",
        "%2e%2e",
        "nowhere/rule",
        "nowhere/checkpoint",
        "nowhere/bundle.json",
        "nowhere/receipt.json",
    ],
)
def test_nothing_else_is(client: Client, path: str):
    assert client.get(f"/draws/{path}").status_code == 404


def test_asking_changes_nothing(client: Client, room: str):
    for address in (
        f"/draws/{room}/rule",
        f"/draws/{room}/checkpoint",
        f"/draws/{room}/bundle.json",
        "/draws/verify.py",
    ):
        assert client.post(address).status_code == 405
