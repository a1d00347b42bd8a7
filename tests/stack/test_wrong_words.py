"""What operators mistype: of every variable and every command one line that says what is wrong, and exit 2."""

import json
import re
import shlex
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.silence import mute_server
from tests.site import ROOT
from tests.stack.sink import sink
from tests.stack.test_command_line import COMMANDS, EXAMPLES, gala  # noqa: F401  (gala is pytest's fixture)
from tests.stack.test_environment import REAL, documented, named, started
from tiketi import environment, loopback
from tiketi.local_redis import LocalRedis
from tiketi.processes import read_procfile
from waitingroom.models import WaitingRoom

# A value that each variable cannot mean.
WRONG = {
    "DEBUG": "maybe",
    "SECRET_KEY": "short",
    "ALLOWED_HOSTS": "*",
    "SITE_ADDRESS": "tickets.example.com",
    "EMAIL_URL": "foo://",
    "PAYMENT_PROVIDERS": "paypal",
    "DATABASE_URL": "mysql://host/name",
    "REDIS_URL": "http://127.0.0.1:6379/0",
    "BROKER_URL": "redis+cluster://a",
    "TOSS_CLIENT_KEY": "key",
    "TOSS_SECRET_KEY": "key",
    "STRIPE_SECRET_KEY": "key",
    "STRIPE_WEBHOOK_SECRET": "key",
    "TOSS_API_URL": "toss",
    "TOSS_SDK_URL": "http://js.example.com",
    "STRIPE_API_URL": "ftp://stripe",
    "SECRET_KEY_FALLBACKS": "short",
    "TRUSTED_PROXIES": "balancer",
    "NEW_NAMES_PER_NETWORK": "-1",
    "NEW_NAMES_PER_PROCESS": "many",
    "REFUND_LIMIT_WON": "1e9",
    "DEFAULT_FROM_EMAIL": "tickets",
    "SELLER_NAME": " ",
    "SELLER_REPRESENTATIVE": "a\nb",
    "SELLER_REGISTRATION": "123-45-67890",
    "SELLER_MAIL_ORDER": "x" * 201,
    "SELLER_ADDRESS": "\t",
    "SELLER_PHONE": "a\rb",
    "SELLER_EMAIL": "help",
    "SELLER_HOSTING": "\x07",
    "REMIND_HOURS": "a day",
    "ACCOUNT_EMAIL_VERIFICATION": "perhaps",
    "STAFF_SECOND_FACTOR": "no",
    "KAKAO_CLIENT_ID": "a b",
    "KAKAO_SECRET": "a\nb",
    "NAVER_CLIENT_ID": "가",
    "NAVER_SECRET": "a b",
    "LISTEN_ADDRESS": "localhost",
    "PORT": "http",
    "HTTPS": "2",
    "HSTS_PRELOAD": "perhaps",
    "MAX_ADMITTED_BY_HAND": "many",
    "LOG_FORMAT": "xml",
    "LOG_LEVEL": "loud",
    "MAX_BODY_BYTES": "1",
    "MAX_UPLOAD_BYTES": "1 MB",
    "OPERATOR_TOKEN": "short",
    "DRAW_KEY": "secret",
    "PUSH_KEY": "secret",
    "PUSH_CONTACT": "ops",
    "PUSH_SERVICES": "https://push.example.com",
    "DRAND_RELAYS": "drand",
    "SCALING_FLEET": "gcp",
    "AWS_ENDPOINT_URL": "moto",
    "SCALING_ENVIRONMENT": "운영",
    "SCALING_GROUP": "가",
    "SCALING_POLICY": "luck",
    "SCALING_SHADOW": "maybe",
    "SCALING_ALARMS": "there",
    "SCALING_MINIMUM": "-1",
    "SCALING_MAXIMUM": "many",
    "SCALING_CROWD": "0",
    "SCALING_CROWD_INSTANCES": "1.5",
    "SCALING_PERIOD_S": "15",
    "SCALING_BOOT_S": "soon",
    "SCALING_RAMP_S": "-1",
    "SCALING_DRAIN_S": "1e99",
    "SCALING_TARGET_WAIT_S": "nan",
    "SCALING_PREWARM_INSTANCES": "0",
    "SCALING_PREWARM_LEAD_S": "an hour",
    "SCALING_PREWARM_KEEP_S": "inf",
    "SCALING_TOPIC": "alarms",
    "SENTRY_DSN": "https://sentry.example.com",
    "SENTRY_ENVIRONMENT": "a/b",
    "SENTRY_RELEASE": "a b",
    "SENTRY_TRACES_SAMPLE_RATE": "2",
    "OTEL_SDK_DISABLED": "perhaps",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "grpc://collector",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
    "OTEL_EXPORTER_OTLP_HEADERS": "key",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "soon",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "brotli",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere/there.pem",
    "OTEL_SERVICE_NAME": "a\nb",
    "OTEL_RESOURCE_ATTRIBUTES": "team",
    "OTEL_TRACES_SAMPLER": "sometimes",
    "OTEL_TRACES_SAMPLER_ARG": "-0.1",
    "OTEL_BSP_SCHEDULE_DELAY": "0",
    "OTEL_BSP_MAX_QUEUE_SIZE": "many",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "0",
}
# Of which one counts, and only where the fleet is AWS's.
REGIONS = {"AWS_REGION", "AWS_DEFAULT_REGION"}
# Names and paths, of which none is wrong by itself.
ANYTHING = {"TIKETI_LOCAL_DIR", "REDIS_SERVER", "SCALING_INSTANCE"}
# What may be typed in a word's place.
ODD = (
    "many", "-1", "1e9", "nan", "", " ", "٣", "9" * 5_000, "nowhere", "../x", "\udcff", "name=", "=value",
    "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00", "/nowhere/x", "drand:99999999",
)  # fmt: skip


def test_b25_every_variable_has_a_wrong_value_and_all_are_told_at_once():
    done = started("manage.py", "check", **WRONG)

    assert set(WRONG) | REGIONS | ANYTHING == documented()
    assert (done.returncode, done.stdout) == (2, "")
    first, *lines = done.stderr.splitlines()
    assert first == "TIKETI cannot run: the environment does not make a site:"
    assert sorted(set(named(done.stderr))) == sorted(WRONG)
    assert len(lines) == len(named(done.stderr))
    assert not any(secret in done.stderr for secret in ("drand\n", "'key'", "secret'"))


@pytest.mark.parametrize("name", sorted(REGIONS))
def test_b25_a_region_is_one_of_awss(name: str):
    done = started("manage.py", "check", **REAL | {"SCALING_FLEET": "aws", name: "seoul"})

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"TIKETI cannot run: {name} must be a region of AWS")


@pytest.mark.parametrize(
    "name", ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT", "OPERATOR_TOKEN", "SCALING_ENVIRONMENT", "AWS_ENDPOINT_URL"]
)
def test_b25_one_alone_is_one_line(name: str):
    done = started("manage.py", "check", **REAL | {name: WRONG[name]})

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"TIKETI cannot run: {name} ")


@pytest.mark.parametrize("name", ["web", "worker", "beat"])  # the other workers start as that one
def test_b25_no_process_of_the_site_ends_in_a_traceback(name: str):
    line = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", read_procfile(ROOT / "Procfile")[name])
    words = line.removeprefix("python ").split()

    done = started(
        *(words if words[0] == "-m" else ("-m", *words)), **REAL | {"DATABASE_URL": "junk://", "REDIS_URL": ""}
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"TIKETI cannot run: DATABASE_URL {environment.DATABASE_FORM}\n"


@contextmanager
def patience(seconds: int) -> Iterator[None]:
    """Fail what takes longer."""

    def end(*_: object) -> None:
        pytest.fail(f"it takes longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def ends(words: list[str]) -> str | None:
    """What a command says where it refuses; None where it goes well. Whatever else it raises is a traceback."""
    try:
        call_command(*words, stdout=StringIO(), stderr=StringIO())
    except CommandError as error:
        return str(error)
    except SystemExit as code:
        return f"exit {code.code}"
    return None


def short(words: list[str]) -> str:
    """What was typed, for who reads of it."""
    return " ".join(ascii(word)[:30] for word in words)


@pytest.mark.parametrize("name", COMMANDS)
def test_b24_whatever_is_typed_in_place_of_a_word_is_refused_in_a_line_or_goes_well(
    gala: WaitingRoom,  # noqa: F811  (pytest's fixture)
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfdbinary: Any,
):
    """Each word of each example, by each odd one; no site listens, and nothing is sent anywhere."""
    monkeypatch.setenv("PORT", str(loopback.free_port()))
    monkeypatch.chdir(tmp_path)
    wrong = []
    for _, command in [one for one in EXAMPLES if one[0] == name]:
        words = [word.replace("https://rehearsal.example.com", "http://127.0.0.1:9") for word in shlex.split(command)]
        for at in range(1, len(words)):
            for odd in ODD:
                typed = [*words[:at], odd, *words[at + 1 :]]
                key, equals, _ = words[at].partition("=")
                for one in (typed, [*words[:at], f"{key}={odd}", *words[at + 1 :]]) if equals else (typed,):
                    with patience(20):
                        try:
                            said = ends(one)
                        except Exception as error:
                            wrong.append((short(one), f"{type(error).__name__}: {error}"[:200]))
                        else:
                            if said is not None and "\n" in said:
                                wrong.append((short(one), said[:200]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    "command",
    [
        "storm gala --visitors many", "storm gala", "waitingroom admit gala -5", "waitingroom admit gala 1000000000",
        "waitingroom sing gala", "scaling history --limit all", "simulate --seeds 0", "draw announce gala",
        "export gala everything", "checkin CODE", "release --wait -1", "seed_demo now", "reset_second_factor kim",
    ],
)  # fmt: skip
def test_b24_a_wrong_option_is_one_line_and_exit_2(command: str):
    done = started("manage.py", *command.split())

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"manage.py {command.split()[0]}")
    assert done.stderr.endswith("; see --help\n")


# One of each command that asks the database, and of those that ask Redis.
ASK_DATABASE = (
    "waitingroom list", "scaling history", "checkin CODE --event gala", "export gala orders", "draw status gala",
    "reset_second_factor kim --reason lost", "storm gala --visitors 1", "simulate --replay gala", "seed_demo",
)  # fmt: skip
ASK_REDIS = (
    "waitingroom list",
    "waitingroom admit gala 1",
    "scaling status",
    "scaling set desired=3",
    "storm gala --visitors 1",
    "waitingroom pause gala",  # the mode is kept in the database; that it is not in force is said
)
ALL_OF_THEM = """
import io, json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
said = {}
for command in sys.argv[1:]:
    try:
        call_command(*command.split(), stdout=io.StringIO(), stderr=io.StringIO())
    except CommandError as error:
        said[command] = [error.returncode, str(error)]
print(json.dumps(said))
"""


WITH_A_ROOM = """
import django
django.setup()
from django.core.management import call_command
from waitingroom.models import WaitingRoom
call_command("migrate", verbosity=0)
WaitingRoom.objects.bulk_create([WaitingRoom(slug="gala")])
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, redis_server: LocalRedis) -> str:
    """The address of one that knows the room of the examples."""
    url = f"sqlite:///{tmp_path_factory.mktemp('database')}/x.sqlite3"
    variables = {"DJANGO_SETTINGS_MODULE": "tiketi.settings", "DATABASE_URL": url, "REDIS_URL": redis_server.url}
    assert started("-c", WITH_A_ROOM, **variables).stderr == ""
    return url


def all_of(commands: tuple[str, ...], **variables: str) -> dict[str, tuple[int, str]]:
    done = started(
        "-c", ALL_OF_THEM, *commands, DJANGO_SETTINGS_MODULE="tiketi.settings", LOG_LEVEL="CRITICAL", **variables
    )
    assert done.returncode == 0, done.stderr
    return {command: tuple(said) for command, said in json.loads(done.stdout.splitlines()[-1]).items()}


@pytest.mark.parametrize("how", ["empty", "refused", "no database"])
def test_b24_without_a_database_every_command_says_so_in_a_line(tmp_path: Path, how: str):
    url = {
        "empty": f"sqlite:///{tmp_path}/empty.sqlite3",
        "refused": f"postgres://tiketi:S3cret-word@127.0.0.1:{loopback.free_port()}/tiketi",
        "no database": "sqlite:////proc/nowhere/x.sqlite3",
    }[how]

    said = all_of(ASK_DATABASE, DATABASE_URL=url)

    assert set(said) == set(ASK_DATABASE)
    for code, line in said.values():
        assert (code, "\n" in line, "S3cret-word" in line) == (1, False, False)
        assert line.startswith("The database does not answer (")


@pytest.mark.parametrize("how", ["refused", "no Redis", "password", "silent"])
def test_b24_without_a_redis_every_command_says_so_in_a_line(database: str, how: str, redis_server: LocalRedis):
    with mute_server() as mute, speaking_http() as http:
        url = {
            "refused": f"redis://127.0.0.1:{loopback.free_port()}/0",
            "no Redis": f"redis://127.0.0.1:{http}/0",
            "password": redis_server.url.replace("redis://", "redis://:S3cret-word@"),
            "silent": f"redis://127.0.0.1:{mute}/0",
        }[how]

        said = all_of(ASK_REDIS, DATABASE_URL=database, REDIS_URL=url)

    assert set(said) == set(ASK_REDIS)
    for code, line in said.values():
        assert (code, "\n" in line, "S3cret-word" in line) == (1, False, False)
        assert re.search("Redis (does not answer|did not confirm)|the fleet cannot be read|is paused", line), line


@contextmanager
def speaking_http() -> Iterator[int]:
    """The port of something that is no Redis."""
    with sink() as kept:
        yield kept.port
