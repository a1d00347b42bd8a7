"""What is told of the site to others, if anything: errors to a Sentry, traces to an OpenTelemetry collector.

The variables alone: what does the telling (errors_told.py, traces.py) is imported only where these ask for it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from tiketi import environment
from tiketi.environment import BadValue, Environment

# What Sentry takes as the names of a release and of an environment.
RELEASE, ENVIRONMENT = re.compile(r"[^\s/\\]{1,200}"), re.compile(r"[^\s/]{1,64}")
SAMPLERS = ("always_on", "always_off", "traceidratio")
TRACES_PATH = "/v1/traces"
UNRELEASED = "unreleased"
# As the SDK has them where nothing is said.
QUEUE, BATCH = 2048, 512


@dataclass(frozen=True, slots=True)
class ErrorReports:
    """Where errors are told, and as whose; nowhere without a `dsn`."""

    dsn: str = ""
    environment: str = ""
    release: str = ""
    traces_sample_rate: float = 0.0  # of requests and tasks that are told as well

    def __bool__(self) -> bool:
        return bool(self.dsn)


@dataclass(frozen=True, slots=True)
class Traces:
    """Where traces are sent, and as whose; nowhere without an `endpoint`."""

    endpoint: str = ""
    service: str = ""
    environment: str = ""
    release: str = ""
    has_headers: bool = False  # by which the collector knows the site

    def __bool__(self) -> bool:
        return bool(self.endpoint)


def error_reports(env: Environment, *, site: str, version: str) -> ErrorReports:
    """What SENTRY_... say; `site` names the environment and `version` the release where they do not."""
    return ErrorReports(
        env.read("SENTRY_DSN", sentry_dsn, ""),
        env.read("SENTRY_ENVIRONMENT", _name(ENVIRONMENT, "up to 64 characters without spaces and /"), _told(site)),
        env.read(
            "SENTRY_RELEASE", _name(RELEASE, "up to 200 characters without spaces, / and \\"), f"tiketi@{version}"
        ),
        env.read("SENTRY_TRACES_SAMPLE_RATE", share, 0.0),
    )


def traces(env: Environment, *, site: str, version: str) -> Traces:
    """What OpenTelemetry's own variables say; all is read, so that nonsense is told at the start, and not by a thread.

    The SDK reads those again that are not part of the answer.
    """
    base = env.read("OTEL_EXPORTER_OTLP_ENDPOINT", collector_address, "")
    exact = env.read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", collector_address, "")
    off = env.read("OTEL_SDK_DISABLED", environment.flag, False)  # noqa: FBT003  (the default, by its place)
    env.read("OTEL_EXPORTER_OTLP_PROTOCOL", environment.one_of("http/protobuf"), "")
    headers = env.read("OTEL_EXPORTER_OTLP_HEADERS", pairs, "")
    env.read("OTEL_EXPORTER_OTLP_TIMEOUT", seconds, 0.0)
    env.read("OTEL_EXPORTER_OTLP_COMPRESSION", environment.one_of("none", "gzip", "deflate"), "")
    env.read("OTEL_EXPORTER_OTLP_CERTIFICATE", file, "")
    service = env.read("OTEL_SERVICE_NAME", environment.line, "tiketi")
    env.read("OTEL_RESOURCE_ATTRIBUTES", pairs, "")
    env.read("OTEL_TRACES_SAMPLER", environment.one_of(*SAMPLERS, *(f"parentbased_{one}" for one in SAMPLERS)), "")
    env.read("OTEL_TRACES_SAMPLER_ARG", share, 1.0)
    env.read("OTEL_BSP_SCHEDULE_DELAY", positive, 0)
    queue = env.read("OTEL_BSP_MAX_QUEUE_SIZE", positive, QUEUE)
    batch = env.read("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", positive, BATCH)  # as the SDK has it, whatever the queue
    if batch > queue:
        env.add([f"OTEL_BSP_MAX_EXPORT_BATCH_SIZE must be at most OTEL_BSP_MAX_QUEUE_SIZE, {queue}."])
    endpoint = exact or (f"{base.rstrip('/')}{TRACES_PATH}" if base else "")
    return Traces("" if off else endpoint, service, site, version, bool(headers))


def version(root: Path) -> str:
    """That of the release in this folder, as its MANIFEST says it (deploy/release.py)."""
    try:
        with (root / "MANIFEST").open() as manifest:
            found = re.fullmatch(r"# tiketi (\S+)\n", manifest.readline())
    except OSError:
        return UNRELEASED
    return found[1] if found else UNRELEASED


def sentry_dsn(text: str) -> str:
    """Where a Sentry takes a project's errors. Raises BadValue."""
    parts = _parts(text)
    project = parts.path.rpartition("/")[2] if parts else ""
    if (
        parts is None
        or not parts.username
        or parts.query
        or parts.fragment
        or not (project.isascii() and project.isdigit())
    ):
        raise BadValue("must be https://KEY@HOST/NUMBER, as the project's page at Sentry has it.")
    return text


def collector_address(text: str) -> str:
    """Where an OpenTelemetry collector takes OTLP over HTTP. Raises BadValue."""
    parts = _parts(text)
    if parts is None or parts.username or parts.password or parts.query or parts.fragment:
        raise BadValue("must be http://HOST:4318 or https://HOST, where OTLP is taken over HTTP; keys go into headers.")
    return text


def share(text: str) -> float:
    """A number from 0 to 1. Raises BadValue."""
    if not re.fullmatch(r"[01]|0?\.[0-9]{1,9}|[01]\.0{0,9}|0\.[0-9]{1,9}", text, re.ASCII):
        raise BadValue(f"must be a number from 0 to 1, not {text!r}.")
    return float(text)


def seconds(text: str) -> float:
    """A duration of up to a minute. Raises BadValue."""
    if not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text, re.ASCII) or not 0 < float(text) <= 60:
        raise BadValue(f"must be seconds, above 0 and up to 60, not {text!r}.")
    return float(text)


def positive(text: str) -> int:
    """A whole number from 1. Raises BadValue."""
    if not environment.number(text):
        raise BadValue("must be 1 or more.")
    return int(text)


def pairs(text: str) -> str:
    """NAME=VALUE by comma, the values percent-encoded; they may be keys, and are not repeated. Raises BadValue."""
    for pair in text.split(","):
        name, equals, value = pair.strip().partition("=")
        if (
            not equals
            or not re.fullmatch(r"[\w.-]+", name, re.ASCII)
            or not (value.isascii() and unquote(value).isprintable())
        ):
            raise BadValue("must be NAME=VALUE by comma, other than letters and digits in a value as %20.")
    return text


def file(text: str) -> str:
    """The path of a file that is there. Raises BadValue."""
    if not Path(text).is_file():
        raise BadValue(f"must name a file, and there is none: {text}")
    return text


def _name(form: re.Pattern[str], told: str) -> Callable[[str], str]:
    def kind(text: str) -> str:
        if not form.fullmatch(text) or not text.isprintable() or text in (".", ".."):
            raise BadValue(f"must be {told}, not {text!r}.")
        return text

    return kind


def _told(site: str) -> str:
    """A name of the site's as Sentry takes it."""
    return re.sub(r"[\s/]", "-", site)[:64]


def _parts(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("https", "http") and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        return None
    return parts if whole and text.isascii() and text.isprintable() and " " not in text else None
