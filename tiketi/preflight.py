"""What of a sale is nobody's but the whole site's: holds, mail, money, Redis, the database, clocks, its own work."""

import socket
import time
from collections.abc import Iterator, Mapping
from math import ceil
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils.translation import gettext as _

from events.models import Event, EventState, Payment
from events.payments.provider import ProviderUnavailable
from events.payments.registry import default_provider, provider_named
from scaling import store
from scaling.preflight.findings import Check, Finding, Sale, fault, ok, unknown, warning
from tiketi.environment import PRACTICE
from tiketi.production import UNSENT
from tiketi.question import within
from tiketi.readiness import looking
from tiketi.redis_fitness import fitness
from tiketi.threads import THREADS
from waitingroom.redis import clock_s, servers

PATIENCE_S = 4
# Slips are believed up to a minute of skew.
SKEW_S, MUCH_SKEW_S = 5.0, 60.0
# Of one server, with one web process and every worker, once all its threads have had something to do.
LEAST_CONNECTIONS = THREADS + 6
# Each visitor waiting, in Redis (docs/operations.md).
VISITOR_BYTES = 300


def holds(sale: Sale) -> Iterator[Finding]:
    """Who holds seats keeps the place until they are paid."""
    event = Event.objects.filter(room=sale.room).first()
    if event is None:
        yield fault(_("no event is sold behind this room"), _("Make the event."))
        return
    hold_s, idle_s = event.hold_minutes * 60, sale.room.idle_seconds
    told = {"hold": hold_s, "idle": idle_s, "claim": sale.room.claim_seconds}
    if idle_s < hold_s:
        text = _("a hold lasts %(hold)d s, and who does nothing for %(idle)d s loses the place")
        yield warning(text % told, _("Raise idle_seconds, or shorten the hold."))
    if event.called_off_at:
        yield fault(_("the show is called off"), "")
    if event.state() is EventState.DRAFT:
        yield fault(_("the event is a draft"), _("Publish it."))
    if event.stopped_at:
        yield fault(_("the sale is stopped"), _("Go on selling, on the event's page of its state."))
    if not event.section_prices.exists():
        yield fault(_("no section is on sale"), _("Give the plan's sections prices."))
    yield ok(_("a hold lasts %(hold)d s, a place %(idle)d s, an admission is kept for %(claim)d s") % told)


def mail(_sale: Sale) -> Iterator[Finding]:
    """The mail server takes this site's mails."""
    if settings.OUTBOX_BACKEND.split(".")[-2] in UNSENT:
        yield warning(_("mails are printed or kept, not sent"), _("Name the mail server: EMAIL_URL"))
        return
    server = get_connection(settings.OUTBOX_BACKEND, timeout=PATIENCE_S)
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        server.open()
    except OSError as error:  # smtplib's errors are such
        text = _("the mail server %(where)s does not take mails: %(error)s")
        yield fault(text % {"where": where, "error": error}, _("See EMAIL_URL, or its operators."))
        return
    server.close()
    yield ok(_("the mail server %(where)s takes mails") % {"where": where})


def payment(_sale: Sale) -> Iterator[Finding]:
    """Who takes the money answers: asked how the last payment stands, or, before the first, at its own hosts."""
    name = default_provider()
    if name in PRACTICE:
        yield warning(_("the practice provider gives tickets away"), _("Name a provider: PAYMENT_PROVIDERS"))
        return
    provider, last = provider_named(name), Payment.objects.filter(provider=name).order_by("-pk").first()
    todo = _("See whether it is down, or the way out.")
    if last is not None:
        try:
            provider.status(last)
        except ProviderUnavailable as error:
            yield fault(_("%(name)s does not answer: %(error)s") % {"name": name, "error": error}, todo)
            return
        yield ok(_("%(name)s tells how the last payment stands") % {"name": name})
        return
    hosts = sorted({host for those in provider.hosts().values() for host in those if "." in host and "*" not in host})
    if not hosts:
        text = _("%(name)s was never asked for a payment, and names no host")
        yield unknown(text % {"name": name}, _("Buy a ticket, and refund it."))
    for host in hosts:
        where = urlsplit(host if "//" in host else f"//{host}")
        try:
            socket.create_connection((where.hostname or "", where.port or 443), timeout=PATIENCE_S).close()
        except OSError as error:
            text = _("%(name)s at %(host)s does not answer: %(error)s")
            yield fault(text % {"name": name, "host": host, "error": error}, todo)
        else:
            yield ok(_("%(name)s answers at %(host)s") % {"name": name, "host": host})


def redis(sale: Sale) -> Iterator[Finding]:
    """The line's Redis forgets nobody, and has room for the crowd."""
    found = fitness()
    if found.too_old:
        yield fault(found.too_old, _("Use a newer Redis or Valkey."))
    if found.unwise:
        yield fault(found.unwise, _("Set maxmemory-policy noeviction and appendonly yes."))
    for where, server in servers().items():
        memory = server.info("memory")
        most, used = memory.get("maxmemory", 0), memory.get("used_memory", 0)  # type: ignore[union-attr]  # redis-py's type allows for async
        needed = VISITOR_BYTES * (sale.expected_visitors or 0)
        told = {"where": where, "free": (most - used) // 1_000_000, "needed": needed // 1_000_000}
        if most and most - used < needed:
            text = _("%(where)s has %(free)d MB left, and the crowd takes %(needed)d MB")
            yield fault(text % told, _("Give it more memory."))
    if not (found.too_old or found.unwise):
        yield ok(_("Redis keeps what it is given"))


def database(sale: Sale) -> Iterator[Finding]:
    """The database takes the connections of the whole fleet."""
    if connection.vendor != "postgresql":
        yield warning(_("the database is a file on one machine"), _("Name PostgreSQL: DATABASE_URL"))
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
            " count(*), count(*) FILTER (WHERE datname = current_database()) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend'"
        )
        most, used, own = cursor.fetchone()
    view = store.last_view()
    there = max(1, view.in_service if view else 1)
    needed = used - own + ceil(max(own / there, LEAST_CONNECTIONS) * sale.configuration.maximum)
    told = {"most": most, "own": own, "there": there, "needed": needed, "maximum": sale.configuration.maximum}
    if needed > most:
        text = _("%(there)d servers hold %(own)d connections now; %(maximum)d would need %(needed)d of %(most)d")
        yield fault(text % told, _("Raise max_connections, or put a pooler in between."))
    elif needed > 0.8 * most:
        text = _("%(maximum)d servers would need %(needed)d of %(most)d connections")
        yield warning(text % told, _("Raise max_connections, or put a pooler in between."))
    else:
        yield ok(_("%(maximum)d servers would need %(needed)d of %(most)d connections") % told)


def clocks(_sale: Sale) -> Iterator[Finding]:
    """This machine's clock is Redis's and the database's."""
    before = time.time()
    skews = {"Redis": clock_s() - (before + time.time()) / 2}
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            before = time.time()
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
            skews["PostgreSQL"] = cursor.fetchone()[0] - (before + time.time()) / 2
    for whose, skew_s in skews.items():
        if abs(skew_s) > SKEW_S:
            text = _("this machine's clock and that of %(whose)s differ by %(skew).1f s")
            tell = fault if abs(skew_s) > MUCH_SKEW_S else warning
            yield tell(text % {"whose": whose, "skew": abs(skew_s)}, _("Let both follow NTP."))
    if max(map(abs, skews.values())) <= SKEW_S:
        yield ok(_("the clocks agree within %(skew).1f s") % {"skew": max(map(abs, skews.values()))})


def work(_sale: Sale) -> Iterator[Finding]:
    """What must happen every few seconds does."""
    seen = within(looking().answer(), PATIENCE_S)
    if seen is None:
        yield unknown(_("no answer"))
        return
    for name in seen.late:
        text = _("%(name)s is late, or never happened") % {"name": name}
        yield fault(text, _("See which process does it: docs/when-things-break.md."))
    if seen.rows.mails.get("given_up"):
        yield warning(_("mails were given up"), _("See them in the console."))
    if not seen.late:
        yield ok(_("nothing that happens by itself is late"))


def telemetry(_sale: Sale) -> Iterator[Finding]:
    """Those whom errors and traces are told to can be reached."""
    told = {"Sentry": settings.ERROR_REPORTS.dsn, "OpenTelemetry": settings.TRACES.endpoint}
    for name, address in told.items():
        if not address:
            continue
        where = urlsplit(address)
        host = (where.hostname or "", where.port or (443 if where.scheme == "https" else 80))
        try:
            socket.create_connection(host, timeout=PATIENCE_S).close()
        except OSError as error:
            text = _("%(name)s at %(host)s does not answer: %(error)s")
            todo = _("The sale goes on without it; see the way out.")
            yield warning(text % {"name": name, "host": host[0], "error": error}, todo)
        else:
            yield ok(_("%(name)s answers at %(host)s") % {"name": name, "host": host[0]})
    if not any(told.values()):
        yield ok(_("errors stand in the log alone, and nothing is traced"))


CHECKS: Mapping[str, Check] = {
    "holds": holds, "mail": mail, "payment": payment, "redis": redis, "database": database, "clocks": clocks,
    "work": work, "telemetry": telemetry,
}  # fmt: skip
