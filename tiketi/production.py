"""What a site for visitors must have: its start with DEBUG=0 and `manage.py check --deploy` ask here."""

import re
import zlib
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  (Django's word)
from django.http.request import validate_host
from django.utils.module_loading import import_string

from tiketi.environment import PRACTICE, Misconfigured

# A developer's key is of no worth to anybody; a real site must bring its own.
DEVELOPERS_KEY = "local-development-only-" + "0" * 40
SHORTEST_KEY = 50
# Fifty random hexadecimal digits do not compress below 48 bytes; words, rows of a keyboard and repetitions do.
LEAST_COMPRESSED = 46
PUBLISHED = ("local-development-only", "django-insecure-")
# These print mails, keep them, or lose them.
UNSENT = ("console", "dummy", "filebased", "locmem")
HOST = re.compile(r"\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)


def shortcomings(settings: Any) -> list[CheckMessage]:
    """What keeps these settings from being a site for visitors, or is no good idea there."""
    return [
        *_key(settings),
        *_addresses(settings),
        *_proxies(settings),
        *_mail(settings),
        *_money(settings),
        *_seller(settings),
        *_staff(settings),
        *_told_to_others(settings),
    ]


def check(**_: Any) -> list[CheckMessage]:
    """Django's check, for `check --deploy`."""
    from django.conf import settings  # this module is read while they are made

    return shortcomings(settings)


def faults(settings: Any) -> list[str]:
    """The shortcomings with which a site does not start, a line each."""
    return [f"{one.msg} {one.hint} ({one.id})" for one in shortcomings(settings) if isinstance(one, Error)]


def _key(settings: Any) -> Iterator[CheckMessage]:
    make = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    if not settings.SECRET_KEY:
        yield Error("SECRET_KEY is missing.", hint=make, id="tiketi.E001")
    elif why := weakness(settings.SECRET_KEY):
        yield Error(f"SECRET_KEY {why}.", hint=make, id="tiketi.E001")
    for number, key in enumerate(settings.SECRET_KEY_FALLBACKS, 1):
        if why := weakness(key):
            hint = "What it signed can be forged: leave it out."
            yield Error(f"SECRET_KEY_FALLBACKS: key {number} {why}.", hint=hint, id="tiketi.E002")


def weakness(key: str) -> str | None:
    """Why anybody could guess the key, if so."""
    if key.startswith(PUBLISHED):
        return "is published"
    if len(key) < SHORTEST_KEY:
        return f"has fewer than {SHORTEST_KEY} characters"
    if len(zlib.compress(key.encode(), 9)) < LEAST_COMPRESSED or key in (key + key)[1:-1]:
        return "repeats itself, or has too few different characters, to be random"
    return None


def _addresses(settings: Any) -> Iterator[CheckMessage]:
    hosts: Sequence[str] = settings.ALLOWED_HOSTS
    names = "Name the site's hosts, by comma, without '*', scheme or port: ALLOWED_HOSTS=tickets.example.com."
    if not hosts:
        yield Error("ALLOWED_HOSTS is missing.", hint=names, id="tiketi.E003")
    for host in hosts:
        if not HOST.fullmatch(host) or (host.startswith(".") and "." not in host[1:]):
            yield Error(f"ALLOWED_HOSTS: {host!r} is no host of one site.", hint=names, id="tiketi.E003")
    site = urlsplit(settings.SITE_ADDRESS)
    address = "Links in mails begin with it: SITE_ADDRESS=https://tickets.example.com."
    if not site.hostname:
        yield Error("SITE_ADDRESS is missing.", hint=address, id="tiketi.E004")
    elif is_here(site.hostname):
        yield Error("SITE_ADDRESS is this machine's own.", hint=address, id="tiketi.E004")
    elif not validate_host(site.hostname, hosts):
        hint = "Visitors who follow a mail's link would be refused."
        yield Error("SITE_ADDRESS is not among ALLOWED_HOSTS.", hint=hint, id="tiketi.E004")
    if site.scheme == "http" and settings.SECURE_SSL_REDIRECT:
        yield Error("SITE_ADDRESS begins with http://.", hint=address, id="tiketi.E004")


def _proxies(settings: Any) -> Iterator[CheckMessage]:
    if settings.SECURE_SSL_REDIRECT and not settings.WAITINGROOM_TRUSTED_PROXIES:  # then something in front ends TLS
        hint = "Name the networks that the balancer speaks from: TRUSTED_PROXIES=10.0.0.0/24,10.0.1.0/24."
        yield Warning("TRUSTED_PROXIES is missing: all visitors count as one network.", hint=hint, id="tiketi.W002")


def is_here(host: str) -> bool:
    """Whether the host is nobody's but this machine's."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".localdomain"))
    return address.is_loopback or address.is_unspecified


def _mail(settings: Any) -> Iterator[CheckMessage]:
    if settings.OUTBOX_BACKEND.split(".")[-2] in UNSENT:
        hint = "Name the mail server: EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587."
        yield Error("EMAIL_URL is missing, or sends no mail.", hint=hint, id="tiketi.E005")
    if is_here(parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]):
        hint = "Answers would go nowhere: DEFAULT_FROM_EMAIL='TIKETI <tickets@example.com>'."
        yield Error("DEFAULT_FROM_EMAIL is this machine's own.", hint=hint, id="tiketi.E006")


def _money(settings: Any) -> Iterator[CheckMessage]:
    providers = settings.PAYMENT_PROVIDERS
    only_practice = not set(providers) - set(PRACTICE)
    if not providers or (only_practice and settings.DEBUG):  # a developer's machine has it without asking
        hint = "PAYMENT_PROVIDERS=toss,stripe; or the word 'sandbox' for a rehearsal in which no money moves."
        yield Error("PAYMENT_PROVIDERS is missing: nobody takes money.", hint=hint, id="tiketi.E007")
    elif set(providers) & set(PRACTICE):
        hint = "Take 'sandbox' out of PAYMENT_PROVIDERS before tickets are sold."
        yield Warning("The practice provider gives tickets away for nothing.", hint=hint, id="tiketi.W001")
    for name in ("TOSS_CLIENT_KEY", "TOSS_SECRET_KEY", "STRIPE_SECRET_KEY"):
        if "test_" in getattr(settings, name):
            hint = "With the provider's test keys no money moves: tickets are given away for nothing."
            yield Warning(f"{name} is a test key.", hint=hint, id="tiketi.W003")


def _seller(settings: Any) -> Iterator[CheckMessage]:
    wanted = ("name", "representative", "registration", "mail_order", "address", "phone", "email")
    if missing := [f"SELLER_{name.upper()}" for name in wanted if not settings.SELLER[name]]:
        hint = "Korean law wants them on every page of a shop (전자상거래법 10조 and 13조); the footer shows them."
        yield Warning(f"{', '.join(missing)}: missing.", hint=hint, id="tiketi.W004")


def _staff(settings: Any) -> Iterator[CheckMessage]:
    if settings.STAFF_SECOND_FACTOR != "required":
        hint = "Whoever learns a password of staff's refunds in their name: leave STAFF_SECOND_FACTOR=optional out."
        yield Warning("Staff sign in by a password alone.", hint=hint, id="tiketi.W005")


def _told_to_others(settings: Any) -> Iterator[CheckMessage]:
    keys = {"SENTRY_DSN": settings.ERROR_REPORTS.dsn}
    if settings.TRACES.has_headers:
        keys["OTEL_EXPORTER_OTLP_HEADERS"] = settings.TRACES.endpoint
    for name, address in keys.items():
        parts = urlsplit(address)
        if parts.scheme == "http" and not is_here(parts.hostname or ""):
            hint = "Whoever sees it may send reports in the site's name: give an address that begins with https://."
            yield Warning(f"{name}: the key travels without TLS.", hint=hint, id="tiketi.W006")


def load_providers(settings: Any) -> None:
    """Have every provider's class at the start, not at the first payment. Raises Misconfigured."""
    from events.payments.provider import Provider  # needs the models, which Django has loaded by now

    verbs = [verb for verb in vars(Provider) if not verb.startswith("_")]
    found = []
    for name, path in settings.PAYMENT_PROVIDERS.items():
        try:
            provider = import_string(path)
        except ImportError as error:
            found.append(f"PAYMENT_PROVIDERS: {name} cannot be had: {error}.")
            continue
        if missing := [verb for verb in verbs if not callable(getattr(provider, verb, None))]:
            found.append(f"PAYMENT_PROVIDERS: {path} is no provider, it lacks {', '.join(missing)}.")
    if found:
        raise Misconfigured(found)
