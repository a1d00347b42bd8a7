"""`manage.py release`: one instance migrates, the others wait for it, and not for ever."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.patience import until
from tests.site import ROOT
from tiketi.release import LOCK

both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of the kind asked for."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/site.sqlite3"
    url: str = request.getfixturevalue("postgres_url")
    name = f"release_{tmp_path.name.replace('-', '_').rstrip('_')}"[:60].lower()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rsplit('/', 1)[0]}/{name}"


def release(database: str, *arguments: str) -> subprocess.Popen[str]:
    """An instance that comes up; developer's settings, so nothing but the database matters."""
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": database, "TIKETI_LOCAL_DIR": os.environ["TIKETI_LOCAL_DIR"]}
    return subprocess.Popen(
        [sys.executable, "manage.py", "release", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its end: exit code, and all it said."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out + err


@contextmanager
def held(database: str) -> Iterator[None]:
    """Another instance at the release."""
    if database.startswith("postgres"):
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield
        return
    # In a process of its own: a lock of this one would be the test's whole doing.
    lock = f"import fcntl, sys; f = open('{database.removeprefix('sqlite:///')}.release', 'w'); fcntl.flock(f, 2); "
    with subprocess.Popen(
        [sys.executable, "-c", f"{lock}print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout
        other.stdout.readline()
        yield
        other.kill()


def asks_for_the_lock(database: str, pid: int) -> bool:
    """Whether somebody waits for the lock: PostgreSQL knows, and Linux knows which files a process has open."""
    if database.startswith("postgres"):
        with psycopg.connect(database) as connection:
            found = connection.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()
        return found is not None
    asks = False
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            asks |= str(fd.readlink()).endswith(".sqlite3.release")
    return asks


@both
def test_three_at_once_on_an_empty_database_make_it_once(database: str):
    ends = [output(process) for process in [release(database) for _ in range(3)]]

    assert ends == [(0, "The database is as this release wants it.\n")] * 3
    assert output(release(database)) == (0, "The database is as this release wants it.\n")


@both
def test_whoever_waits_goes_on_when_the_other_is_done(database: str):
    with held(database):
        waiting = release(database)
        until(lambda: asks_for_the_lock(database, waiting.pid))

    assert output(waiting)[0] == 0


@both
def test_a_wait_has_an_end_and_says_so_in_one_line(database: str):
    with held(database):
        code, words = output(release(database, "--wait", "1"))

    assert (code, words) == (1, "CommandError: another process has been at this release for 1 s.\n")


def test_a_database_that_does_not_answer_is_one_line():
    code, words = output(release("postgres://tiketi@127.0.0.1:1/tiketi"))

    assert code == 1
    assert words.startswith("CommandError: the database does not answer or cannot be written: ")
    assert words.count("\n") == 1


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_lock_goes_with_its_holder(database: str):
    with closing(psycopg.connect(database, autocommit=True)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        pid = other.info.backend_pid
        waiting = release(database)
        until(lambda: asks_for_the_lock(database, waiting.pid))
        with psycopg.connect(database, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [pid])

    assert output(waiting)[0] == 0
