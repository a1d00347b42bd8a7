"""The one-command stack: it serves, respawns what dies, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import site as stack
from tests.patience import until
from tests.site import ROOT, Site, lives

WORKERS = ["draw", "worker", "fleet", "money", "mail", "push"]


def started_in(site: Site, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tiketi.stack"]
    return subprocess.run(
        command, cwd=ROOT, env={**site.env, **environment}, capture_output=True, text=True, check=False, timeout=120
    )


def listening(pids: set[int]) -> set[tuple[str, int]]:
    """The TCP addresses on which these processes listen."""
    descriptors = (fd for pid in pids for fd in Path(f"/proc/{pid}/fd").iterdir())
    sockets = {str(fd.readlink()) for fd in descriptors if fd.is_symlink()}
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
            address, port = fields[1].split(":")
            found.add((address, int(port, 16)))
    return found


def test_it_serves_and_says_where(site: Site):
    assert site.answers()
    assert f"http://127.0.0.1:{site.port}/" in site.output()
    assert "staff / " in site.output()


def test_it_runs_everything_that_the_procfile_names(site: Site):
    until(lambda: set(site.processes()) == {"redis", "web", "clock", *WORKERS, "beat"})


def test_only_web_and_redis_listen_and_on_loopback_only(site: Site):
    addresses = listening(site.family())

    assert {address for address, _ in addresses} == {"0100007F"}  # 127.0.0.1, as Linux writes it
    assert len(addresses) == 2
    assert site.port in {port for _, port in addresses}


def test_it_listens_where_the_deployment_says_and_redis_stays_on_loopback(tmp_path: Path):
    with stack.running(tmp_path, LISTEN_ADDRESS="0.0.0.0") as site:  # noqa: S104  (for the length of this test)
        web, others = "00000000", "0100007F"

        assert {(address == web, port == site.port) for address, port in listening(site.family())} == {
            (True, True),
            (False, False),
        }
        assert {address for address, _ in listening(site.family())} == {web, others}
        assert f"{site.url}/" in site.output()


def test_f32_a_second_start_on_the_same_folder_says_where_it_runs(site: Site):
    second = started_in(site)

    assert second.returncode == 1
    assert second.stderr == (
        f"TIKETI cannot run: it runs from this folder already, at {site.url}/ (process {site.manager.pid}).\n"
    )


def test_f32_a_taken_port_is_one_clear_line(site: Site, tmp_path: Path):
    second = started_in(site, TIKETI_LOCAL_DIR=str(tmp_path / "elsewhere"))

    assert second.returncode == 1
    assert second.stderr == (
        f"TIKETI cannot run: port {site.port} is taken; choose another: make run PORT={site.port + 1}\n"
    )


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "８０００"])
def test_a_port_that_is_none_is_one_clear_line(site: Site, tmp_path: Path, port: str):
    second = started_in(site, TIKETI_LOCAL_DIR=str(tmp_path), PORT=port)

    assert second.stderr == f"TIKETI cannot run: PORT must be a number from 1 to 65535, not {port!r}.\n"


@pytest.mark.parametrize("address", ["localhost", "203.0.113.7"])
def test_an_address_that_is_none_of_ours_is_one_clear_line(site: Site, tmp_path: Path, address: str):
    second = started_in(site, TIKETI_LOCAL_DIR=str(tmp_path), PORT="", LISTEN_ADDRESS=address)

    assert second.stderr.startswith("TIKETI cannot run: LISTEN_ADDRESS must be an address ")
    assert second.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_clear_line(site: Site, tmp_path: Path):
    (tmp_path / "file").write_text("")
    second = started_in(site, TIKETI_LOCAL_DIR=str(tmp_path / "file" / "local"))

    assert second.stderr == f"TIKETI cannot run: {tmp_path}/file/local cannot be written: Not a directory.\n"


def test_a_redis_url_where_nobody_answers_is_one_clear_line(site: Site, tmp_path: Path):
    second = started_in(site, TIKETI_LOCAL_DIR=str(tmp_path), PORT="", REDIS_URL="redis://127.0.0.1:1/0")

    assert second.stderr.startswith("TIKETI cannot run: no Redis answers at REDIS_URL: ")
    assert second.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["web", "clock", *WORKERS, "beat", "redis"])
def test_a_killed_process_is_back_in_seconds(site: Site, name: str):
    until(lambda: name in site.processes())
    killed = site.processes()[name]

    os.kill(killed, signal.SIGKILL)

    until(lambda: site.processes().get(name, killed) != killed)
    until(lambda: site.answers("/readyz"), within=60)


def test_f32_ctrl_c_leaves_no_process_and_keeps_the_data(tmp_path: Path):
    with stack.running(tmp_path) as site:
        slug = json.loads(site.manage("waitingroom", "list", "--json"))[0]["slug"]
        site.manage("waitingroom", "set", slug, "threshold=77")
        family = site.family()
        site.manager.send_signal(signal.SIGINT)
        site.manager.wait(60)
        assert not any(map(lives, family))
        assert site.output().endswith(f"TIKETI has stopped; the data is kept in {tmp_path}\n")

    with stack.running(tmp_path) as site:
        assert json.loads(site.manage("waitingroom", "show", slug, "--json"))["threshold"] == 77


def test_a_closed_terminal_ends_everything(tmp_path: Path):
    with stack.running(tmp_path) as site:
        family = site.family()

        site.manager.send_signal(signal.SIGHUP)
        site.manager.wait(60)

        assert not any(map(lives, family))


def test_f32_kill_9_of_the_manager_leaves_no_process(tmp_path: Path):
    with stack.running(tmp_path) as site:
        family = site.family()

        site.manager.kill()
        site.manager.wait()

        until(lambda: not any(map(lives, family)))
