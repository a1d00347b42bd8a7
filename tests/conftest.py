"""What every test stands on: a real Redis of its own, and, for those who ask, a real PostgreSQL."""

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any, NoReturn

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.utils import translation

from scaling import in_force, store
from tests import postgres
from tests import site as stack
from tests.emptied import put_back
from tiketi.local_redis import LocalRedis
from tiketi.redis_binary import RedisUnavailable
from waitingroom.redis import client
from waitingroom.sign_ins import sign_ins

# How long a test's own process waits for Redis and the database.
PATIENCE_S = 10.0
SITE_WORDS = 3000  # characters of the site's output beside a failure
# What Redis holds of the fleet.
FLEET = (
    store.GROUP, store.VIEW, store.SAMPLES, store.ALARMS, store.BOOTS, store.SERVERS, store.HEALTH, store.TUNED,
    store.DRIFT, store.HELD_BACK, store.PRESSURE, store.ROOMS, store.ESTIMATES,
)  # fmt: skip


def missing(what: str) -> NoReturn:
    """Skip for want of `what` on somebody's machine; fail in CI, where it must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def pytest_configure() -> None:
    """Let `TEST_REDIS=system` try the engine on the distribution's server instead of the wheel's."""
    if os.environ.get("TEST_REDIS", "wheel") == "system":
        os.environ["REDIS_SERVER"] = shutil.which("redis-server") or "redis-server"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of the shared site to one worker: two cores carry one such site, not two."""
    for item in items:
        if isinstance(item, pytest.Function) and "site" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("site"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say of a failure in a browser what it showed, and what the site said of itself."""
    report = yield
    found: dict[str, Any] = item.funcargs if isinstance(item, pytest.Function) else {}
    if report.failed and report.when == "call" and "chromium" in found:
        from tests.browser.last_seen import last_seen  # who has no browser has no Playwright to import

        report.sections.append(("what the browser showed", last_seen(found["chromium"])))
        if "site" in found:
            report.sections.append(("what the site said last", found["site"].output()[-SITE_WORDS:]))
    return report


def pytest_unconfigure() -> None:
    """Clear the run's folder away, once every worker is done."""
    if "PYTEST_XDIST_WORKER" not in os.environ and "TIKETI_TEST_DIR" in os.environ:
        shutil.rmtree(os.environ.pop("TIKETI_TEST_DIR"), ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def redis_server() -> Iterator[LocalRedis]:
    """The tests' Redis, at `settings.REDIS_URL`; one for each test process."""
    server = LocalRedis(settings.LOCAL_DIR / "redis")
    try:
        server.start()
    except RedisUnavailable as reason:
        missing(str(reason))
    assert server.url == settings.REDIS_URL
    yield server
    server.stop()


@pytest.fixture(scope="session", autouse=True)
def rows_put_back() -> Iterator[None]:
    """What every database has from the beginning is not worked out again after each test."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flush, "emit_post_migrate_signal", put_back)
        yield


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is told otherwise, or not at all, where Redis or the database is slow to answer, as on a busy machine.

    When a process gives up is for those tests to see that are marked so.
    """
    from tiketi import cache_connections
    from waitingroom import page_cache, redis_connection, redis_pipe, room_cache, room_registry

    if request.node.get_closest_marker("gives_up") is None:
        for module in (cache_connections, redis_pipe):
            monkeypatch.setattr(module, "ANSWER_SECONDS", PATIENCE_S)
        for module in (page_cache, room_cache, room_registry):
            monkeypatch.setattr(module, "PATIENCE_SECONDS", PATIENCE_S)
        monkeypatch.setattr(redis_connection, "CONNECT_SECONDS", PATIENCE_S)


@pytest.fixture(autouse=True)
def in_korean() -> Iterator[None]:
    """Each test begins in the site's language: a page served in the test's thread leaves its own behind."""
    with translation.override("ko"):
        yield


@pytest.fixture(autouse=True)
def no_page_of_before() -> None:
    """Nor are its pages: what a test rolls back changes nothing, so that no new edition says so."""
    from events.front.edition import edition  # models are known by now, and not before
    from events.front.kept import kept

    kept.clear()
    edition.forget()


@pytest.fixture(autouse=True)
def no_fleet_of_before() -> None:
    """Nor is what they read of a fleet, or tuned of it: the tests of a process share its Redis."""
    client().delete(*FLEET)
    in_force._known.clear()


@pytest.fixture(autouse=True)
def no_sign_in_of_before() -> None:
    """Accounts of the last test are not this one's, though their numbers may be."""
    sign_ins.forget()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real PostgreSQL whose user may create databases."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    try:
        server = postgres.start()
    except postgres.PostgresUnavailable as reason:
        missing(str(reason))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.Site]:
    """The whole running site, on a free port, with a Redis, a database and the demo season of its own."""
    with stack.running(tmp_path_factory.mktemp("site")) as site:
        yield site
