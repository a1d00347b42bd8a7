"""The environment's variables, each read by what it must be; what makes no sense is collected, and told all at once."""

import os
import re
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from email.utils import parseaddr
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from waitingroom import push_services
from waitingroom.redis_address import BadAddress, RedisAddress, Topology

T = TypeVar("T")

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
POSTGRES = ("postgres", "postgresql", "psql", "pgsql")
# The provider for practice moves no money; it goes by this word, and by no other.
PRACTICE = {"sandbox": "events.payments.sandbox.provider.Sandbox"}
# Those whose adapters are here, and the keys that each needs.
ADAPTERS = {"toss": "events.payments.toss.Toss", "stripe": "events.payments.stripe_checkout.StripeCheckout"}
PROVIDER_KEYS = {
    "toss": ("TOSS_CLIENT_KEY", "TOSS_SECRET_KEY"),
    "stripe": ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
}
DATABASE_FORM = "must be postgres://USER:PASSWORD@HOST:PORT/NAME or sqlite:////PATH; all but letters and digits as %2F."
REDIS_FORM = (
    "must be redis://HOST:PORT/NUMBER, redis+sentinel://HOST:PORT,HOST:PORT/SERVICE/NUMBER or "
    "redis+cluster://HOST:PORT,HOST:PORT, with rediss for TLS; a password has all but letters and digits as %2F."
)
BROKER_FORM = (
    "is missing, or a Cluster: with REDIS_URL a Cluster, tasks, hints and the cache need another Redis, "
    "BROKER_URL=redis://HOST:PORT/NUMBER or redis+sentinel://."
)
SHORTEST_TOKEN = 16
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
MAIL_FORM = "must be smtp+tls://USER:PASSWORD@HOST:PORT, smtp+ssl:// or smtp://; consolemail:// prints mails only."


class BadValue(ValueError):
    """What a variable must be; begins behind its name. Values that may hold a password are not repeated."""


class Misconfigured(ImproperlyConfigured):
    """The environment does not make a site; says everything that is wrong with it, a line each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = list(faults)
        several = "the environment does not make a site:" + "".join(f"\n  {fault}" for fault in self.faults)
        super().__init__(self.faults[0] if len(self.faults) == 1 else several)


def end_plainly(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    """In place of a traceback, which tells an operator nothing: what is wrong, and exit 2. Everything else as ever."""
    if not isinstance(error, Misconfigured):
        sys.__excepthook__(kind, error, where)
        return
    sys.stderr.write(f"TIKETI cannot run: {error}\n")
    sys.stderr.flush()
    os._exit(2)  # the interpreter's own is 1, and nothing has begun that would want to end in order


class Environment:
    """Reads variables; what is not set is the default, what makes no sense is a fault, and the default for now."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables
        self.faults: list[str] = []

    def read(self, name: str, kind: Callable[[str], T], default: T) -> T:
        """The variable as `kind` reads it; set to nothing is not set."""
        text = self.variables.get(name, "")
        return self._tried(name, kind, text, default) if text else default

    def flag(self, name: str, *, default: bool, unclear: bool) -> bool:
        """The variable as 1 or 0; `unclear` until a fault is mended. Set to nothing is neither."""
        text = self.variables.get(name)
        return default if text is None else self._tried(name, flag, text, unclear)

    def add(self, faults: Iterable[str]) -> None:
        """More faults, except of variables that have theirs."""
        named = {fault.split()[0] for fault in self.faults}
        self.faults += [fault for fault in faults if fault.split()[0] not in named]

    def _tried(self, name: str, kind: Callable[[str], T], text: str, default: T) -> T:
        try:
            return kind(text)
        except BadValue as error:
            self.faults.append(f"{name} {error}")
            return default


def flag(text: str) -> bool:
    """1 or 0, or a word for it. Raises BadValue."""
    if (word := text.strip().lower()) not in TRUE | FALSE:
        raise BadValue(f"must be 1 or 0, not {text!r}.")
    return word in TRUE


def names(text: str) -> list[str]:
    """What stands between the commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def one_of(*words: str) -> Callable[[str], str]:
    """One of the words, however it is capitalised. Raises BadValue."""

    def kind(text: str) -> str:
        for word in words:
            if word.lower() == text.strip().lower():
                return word
        raise BadValue(f"must be one of {', '.join(words)}, not {text!r}.")

    return kind


def port(text: str) -> int:
    """A TCP port. Raises BadValue."""
    if not text.isascii() or not text.isdigit() or len(text) > 5 or not 0 < int(text) < 65_536:
        raise BadValue(f"must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def size(text: str) -> int:
    """A number of bytes, a kilobyte at least and a gigabyte at most. Raises BadValue."""
    if not text.isascii() or not text.isdigit() or len(text) > 10 or not 1024 <= int(text) <= 1 << 30:
        raise BadValue(f"must be a number of bytes from 1024 to {1 << 30}, not {text!r}.")
    return int(text)


def number(text: str) -> int:
    """Zero or more. Raises BadValue."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadValue(f"must be a number, 0 or more, not {text!r}.")
    return int(text)


def networks(text: str) -> list[str]:
    """Addresses or networks, by comma. Raises BadValue."""
    try:
        return [str(ip_network(name)) for name in names(text)]
    except ValueError as error:
        raise BadValue(f"must be addresses or networks such as 10.0.0.0/16, by comma, not {text!r}.") from error


def address(text: str) -> str:
    """An address of this machine to listen on. Raises BadValue."""
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise BadValue(f"must be an address such as 127.0.0.1 or 0.0.0.0, not {text!r}.") from error


def site_address(text: str) -> str:
    """Where the site is found, without a slash at its end. Raises BadValue."""
    form = f"must be https://HOST, the address that visitors type, not {text!r}."
    try:
        parts = urlsplit(text)
        whole = parts.hostname and (parts.port is None or parts.port) and parts.scheme in ("https", "http")
    except ValueError as error:
        raise BadValue(form) from error
    if not whole or "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment or " " in text:
        raise BadValue(form)
    return f"{parts.scheme}://{parts.netloc}"


def provider_address(text: str) -> str:
    """Where a provider's API is: anywhere by HTTPS, or on this machine. Raises BadValue."""
    form = "must be https://HOST, without a query."
    try:
        parts = urlsplit(text)
        whole = parts.hostname and (parts.port is None or parts.port) and not parts.query and not parts.fragment
    except ValueError as error:
        raise BadValue(form) from error
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if not whole or "@" in parts.netloc or not (here or parts.scheme == "https"):
        raise BadValue(form)
    return text.rstrip("/")


def key(*beginnings: str) -> Callable[[str], str]:
    """A provider's key, by how it begins. Raises BadValue."""

    def kind(text: str) -> str:
        if not text.isascii() or not text.isprintable() or " " in text or not text.startswith(beginnings):
            raise BadValue(f"must be the key that begins with {' or '.join(beginnings)}.")
        return text

    return kind


def word(text: str) -> str:
    """A word as others give it out: no spaces, nothing that a terminal added. Not repeated. Raises BadValue."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise BadValue("must be letters, digits and signs of ASCII, without spaces.")
    return text


def token(text: str) -> str:
    """A word that nobody guesses. Raises BadValue."""
    if len(word(text)) < SHORTEST_TOKEN:
        raise BadValue(f"must have {SHORTEST_TOKEN} characters or more: `openssl rand -hex 32` makes one.")
    return text


def signing_key(text: str) -> str:
    """32 secret bytes in base64. Raises BadValue."""
    try:
        secret = b64decode(text, validate=True)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise BadValue("must be 32 bytes in base64: `openssl rand -base64 32` makes them.")
    return text


def push_key(text: str) -> str:
    """A private key of P-256, 32 bytes in base64. Raises BadValue."""
    try:
        push_services.key_of(signing_key(text))
    except ValueError as error:
        raise BadValue("must be 32 bytes in base64: `openssl rand -base64 32` makes them.") from error
    return text


def push_contact(text: str) -> str:
    """Where those who run push services reach the site's. Raises BadValue."""
    try:
        if text.startswith("mailto:"):
            validate_email(text.removeprefix("mailto:"))
            return text
    except ValidationError as error:
        raise BadValue("must be mailto:ADDRESS or https://HOST.") from error
    if not text.startswith("https://"):
        raise BadValue("must be mailto:ADDRESS or https://HOST.")
    return site_address(text)


def push_services_named(text: str) -> list[str]:
    """Hosts of push services, by comma; *.HOST for all below it. Raises BadValue."""
    found = names(text.lower())
    if not found or not all(push_services.SERVICE.fullmatch(one) for one in found):
        raise BadValue(f"must be hosts such as fcm.googleapis.com or *.notify.windows.com, by comma, not {text!r}.")
    return found


def provider_addresses(text: str) -> list[str]:
    """Other sites' addresses, by comma. Raises BadValue."""
    return [provider_address(one) for one in names(text)]


def sender(text: str) -> str:
    """An email address, with or without a name. Raises BadValue."""
    try:
        validate_email(parseaddr(text)[1])
    except ValidationError as error:
        raise BadValue(f"must be an address such as 'TIKETI <tickets@example.com>', not {text!r}.") from error
    if not text.isprintable():
        raise BadValue("must be one line.")
    return text


def line(text: str) -> str:
    """One line of text, as people read it. Raises BadValue."""
    if not text.strip() or not text.isprintable() or len(text) > 200:
        raise BadValue("must be one line of up to 200 letters.")
    return text.strip()


def registration(text: str) -> str:
    """A Korean business registration number, by its check digit; written 123-45-67890. Raises BadValue."""
    digits = text.strip().replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10 and is_registration(digits)):
        raise BadValue(f"must be a business registration number such as 123-45-67891, not {text!r}.")
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def is_registration(digits: str) -> bool:
    """Whether the last of ten digits is the check of the others, by the tax service's weights."""
    weights = (1, 3, 7, 1, 3, 7, 1, 3, 5)
    summed = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) + int(digits[8]) * 5 // 10
    return (10 - summed % 10) % 10 == int(digits[9])


def redis(text: str) -> str:
    """The URL of a Redis. Raises BadValue."""
    try:
        address = RedisAddress.parse(text)
    except ValueError as error:
        raise BadValue(f"{error}; it {REDIS_FORM}" if isinstance(error, BadAddress) else REDIS_FORM) from error
    for name, value in address.options.items():
        if name in FILES and not Path(value).is_file():
            raise BadValue(f"has {name}, where there is no file: {value}")
    return text


def broker(text: str) -> str:
    """The URL of a Redis that is no Cluster. Raises BadValue."""
    if RedisAddress.parse(redis(text)).topology is Topology.CLUSTER:
        raise BadValue(BROKER_FORM)
    return text


def database(text: str) -> dict[str, Any]:
    """Django's settings of the database with that URL. Raises BadValue."""
    scheme, _, rest = text.partition("://")
    local = scheme == "sqlite" and rest.startswith("/") and rest.strip("/")
    if not local and scheme not in POSTGRES:
        raise BadValue(DATABASE_FORM)
    try:
        found: dict[str, Any] = environ.Env.db_url_config(text)
    except ValueError as error:
        raise BadValue(DATABASE_FORM) from error
    if not found["NAME"] or "/" in found["HOST"] or (not local and "#" in text):
        raise BadValue(DATABASE_FORM)
    return found


def mail(text: str) -> dict[str, Any]:
    """Django's settings of the mail server with that URL. Raises BadValue."""
    try:
        found: dict[str, Any] = environ.Env.email_url_config(text)
    except (ValueError, ImproperlyConfigured) as error:
        raise BadValue(MAIL_FORM) from error
    if text.startswith("smtp") and (not found["EMAIL_HOST"] or "#" in text):
        raise BadValue(MAIL_FORM)
    return found


def providers(text: str) -> dict[str, str]:
    """Who takes payments, name to class; the first takes new ones. Raises BadValue."""
    found: dict[str, str] = {}
    for entry in names(text):
        name, _, path = entry.partition("=")
        if entry in PRACTICE | ADAPTERS:
            path = (PRACTICE | ADAPTERS)[name]
        elif name in PRACTICE or path in PRACTICE.values():
            raise BadValue("names the practice provider by the one word 'sandbox'.")
        if name in found or not re.fullmatch(r"[a-z][a-z0-9-]{0,19}=[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", f"{name}={path}"):
            raise BadValue(
                f"must be toss, stripe, sandbox or NAME=DOTTED.CLASS by comma, each name once, not {entry!r}."
            )
        found[name] = path
    return found
