"""A Redis that is no place for a line: one line says so at the start, and `/readyz` whenever it is asked."""

from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.patience import until
from tests.redis_servers import Server, server
from tests.waitingroom.web import serving
from tiketi import preparation, readiness, redis_fitness
from tiketi.asgi import lifespan
from tiketi.redis_fitness import Fitness, fitness
from waitingroom.redis import client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def given(tmp_path: Path, settings: Any, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The site's Redis, set up as somebody did."""
    ours = settings.REDIS_URL
    with server(tmp_path / "given", *request.param) as one:
        settings.REDIS_URL = one.url
        client.cache_clear()
        yield one
    settings.REDIS_URL = ours
    client.cache_clear()


BAD = ("--maxmemory-policy", "allkeys-lru", "--appendonly", "no")
GOOD = ("--maxmemory-policy", "noeviction", "--appendonly", "yes")


@pytest.mark.parametrize("given", [BAD], indirect=True)
def test_what_is_unwise_is_one_line_at_the_start_and_in_readyz(given: Server, tmp_path: Path):
    with serving(tmp_path, {"REDIS_URL": given.url}):
        lines = (tmp_path / "output").read_text().splitlines()
    (said,) = [line for line in lines if "no safe place for a line" in line]
    assert f"127.0.0.1:{given.port}: maxmemory-policy is allkeys-lru, not noeviction" in said
    assert "appendonly is off" in said

    readiness.forget()
    assert "allkeys-lru" in readiness.looking().answer().result(5).told()["redis_unwise"]


@pytest.mark.parametrize("given", [GOOD], indirect=True)
def test_what_is_wise_is_not_talked_about(given: Server, tmp_path: Path):
    with serving(tmp_path, {"REDIS_URL": given.url}):
        assert "no safe place" not in (tmp_path / "output").read_text()
    assert fitness() == Fitness()


@pytest.mark.parametrize("given", [BAD], indirect=True)
def test_a_redis_that_was_away_at_the_start_is_looked_at_later(given: Server, tmp_path: Path, monkeypatch: Any):
    given.client.execute_command("CLIENT", "PAUSE", 3000, "ALL")
    with serving(tmp_path, {"REDIS_URL": given.url}):
        until(lambda: "no safe place for a line" in (tmp_path / "output").read_text(), within=20)


@pytest.mark.parametrize(("version", "old"), [("6.0.16", True), ("5.0.7", True), ("6.2.0", False), ("7.2.4", False)])
def test_a_redis_older_than_the_scripts_commands_is_refused(version: str, old: bool, monkeypatch: Any, settings: Any):
    """No such old server runs here: a stand-in says its version."""
    told = SimpleNamespace(info=lambda: {"redis_version": version, "maxmemory_policy": "noeviction", "aof_enabled": 1})
    monkeypatch.setattr(redis_fitness, "servers", lambda: {"redis:6379": told})
    monkeypatch.setenv("REDIS_URL", settings.REDIS_URL)

    assert bool(fitness().too_old) == old
    if old:
        assert fitness().too_old == f"redis:6379 is Redis {version}, and must be 6.2 or newer"
        with pytest.raises(preparation.CannotPrepare, match=r"must be 6\.2 or newer"):
            preparation.prepare(Path())


async def test_a_web_process_does_not_start_on_a_redis_too_old(monkeypatch: Any):
    told = SimpleNamespace(info=lambda: {"redis_version": "5.0.7"})
    monkeypatch.setattr(redis_fitness, "servers", lambda: {"redis:6379": told})
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await lifespan({}, receive, send)

    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "Redis 5.0.7" in sent[0]["message"]


def test_who_may_not_ask_hears_nothing(settings: Any):
    client().execute_command("ACL", "SETUSER", "modest", "on", ">word", "~*", "+@all", "-info")
    ours = settings.REDIS_URL
    settings.REDIS_URL = ours.replace("redis://", "redis://modest:word@")
    client.cache_clear()
    try:
        assert fitness() == Fitness()
    finally:
        settings.REDIS_URL = ours
        client.cache_clear()
        client().execute_command("ACL", "DELUSER", "modest")
