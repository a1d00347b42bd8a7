"""The local Redis: started, adopted, killed, restarted, refused."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tiketi.local_redis import LocalRedis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalRedis]:
    with LocalRedis(tmp_path / "redis") as server:
        yield server


def test_it_answers_on_the_loopback_interface_only(server: LocalRedis):
    config = server.client().config_get("*")

    assert config["bind"] == "127.0.0.1"
    assert config["maxmemory-policy"] == "noeviction"
    assert (config["appendonly"], config["appendfsync"], config["aof-load-truncated"]) == ("yes", "everysec", "yes")


def test_what_was_acknowledged_survives_kill_9_on_the_same_port(server: LocalRedis):
    address = server.url
    for number in range(1_000):
        server.client().rpush("line", number)

    server.kill()
    server.start()

    assert server.url == address
    assert server.client().llen("line") == 1_000


def test_a_second_start_adopts_the_running_server_and_leaves_it_running(server: LocalRedis):
    second = LocalRedis(server.folder).start()

    assert second.adopted
    assert second.pid == server.pid
    second.stop()
    assert server.answers()


def test_a_stale_pid_file_is_cleared(tmp_path: Path):
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "redis.pid").write_text(f"{os.getpid()}\n")

    with LocalRedis(folder) as server:
        assert not server.adopted
        assert server.pid != os.getpid()
