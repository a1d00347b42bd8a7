"""What the environment must say: nonsense is one line, and a site for visitors starts whole or not at all."""

import itertools
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import Warning  # noqa: A004  (Django's word)

from scaling.configuration import Configuration
from tests.deployed.cloudformation import ATTRIBUTES, PARAMETERS, Stack
from tests.deployed.machine import environment_file
from tests.site import FOREIGN, ROOT
from tiketi import environment, production
from tiketi.environment import BadValue
from tiketi.telemetry import ErrorReports, Traces

KEY = secrets.token_urlsafe(50)
REAL = {
    "DEBUG": "0",
    "SECRET_KEY": KEY,
    "ALLOWED_HOSTS": "tickets.example.com",
    "SITE_ADDRESS": "https://tickets.example.com",
    "EMAIL_URL": "smtp+tls://user:word@mail.example.com:587",
    "PAYMENT_PROVIDERS": "stand-in=tests.events.stand_in.StandIn",
    "TRUSTED_PROXIES": "10.0.0.0/24",
    "SELLER_NAME": "TIKETI",
    "SELLER_REPRESENTATIVE": "Kim",
    "SELLER_REGISTRATION": "124-81-00998",
    "SELLER_MAIL_ORDER": "2026-0001",
    "SELLER_ADDRESS": "Seoul",
    "SELLER_PHONE": "02-123-4567",
    "SELLER_EMAIL": "help@example.com",
}
PARTICULARS = ("name", "representative", "registration", "mail_order", "address", "phone", "email", "hosting")
READING = re.compile(r"(?:environ(?:\.get\(|\[)|\.(?:read|flag)\()\s*\"([A-Z][A-Z_]+)\"")
EVERYWHERE = "0.0.0.0"  # noqa: S104  (nobody listens there in a test)
EVERYTHING_MISSING = ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_ADDRESS", "EMAIL_URL", "PAYMENT_PROVIDERS"]


def started(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What a command of ours does in an environment that holds nothing else of the site's."""
    plain = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=plain | variables, capture_output=True, text=True, check=False
    )


def named(output: str) -> list[str]:
    """The variables that the lines of a refusal begin with."""
    return re.findall(r"^  ([A-Z_]+)", output, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "junk://"),
        ("EMAIL_URL", "foo://"),
        ("DRAW_KEY", "secret"),
        ("DRAND_RELAYS", "https://api.drand.sh,drand"),
        ("PUSH_KEY", "secret"),
        ("PUSH_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("PUSH_CONTACT", "ops@example.com"),
        ("PUSH_CONTACT", "mailto:ops"),
        ("PUSH_CONTACT", "http://example.com"),
        ("PUSH_SERVICES", "https://push.example.com"),
        ("PUSH_SERVICES", "push.example.com:8443"),
        ("PUSH_SERVICES", "127.0.0.1"),
        ("PUSH_SERVICES", "localhost"),
        ("LOG_LEVEL", "loud"),
        ("PORT", "http"),
        ("REDIS_URL", "http://127.0.0.1:6379/0"),
        ("SCALING_BOOT_S", "soon"),
        ("AWS_REGION", "seoul"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, somewhere"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("NEW_NAMES_PER_NETWORK", "-1"),
        ("NEW_NAMES_PER_PROCESS", "many"),
        ("PAYMENT_PROVIDERS", "here=tests.events.stand_in.Nobody"),
        ("PAYMENT_PROVIDERS", "here=events.models.Payment"),
    ],
)
def test_b25_a_variable_that_makes_no_sense_is_one_line_and_exit_2(name: str, value: str):
    fleet = {"SCALING_FLEET": "aws"} if name == "AWS_REGION" else {}

    done = started("manage.py", "waitingroom", "list", **fleet, **{name: value})

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"TIKETI cannot run: {name}")
    assert done.stderr.count("\n") == 1


def test_b25_debug_0_names_everything_that_is_missing_at_once():
    done = started("manage.py", "check", DEBUG="0")

    assert done.returncode == 2
    assert named(done.stderr) == EVERYTHING_MISSING
    assert "Traceback" not in done.stderr


def test_as_long_as_debug_is_unclear_nothing_of_a_developers_machine_is_on():
    done = started("manage.py", "check", DEBUG="maybe")

    assert done.returncode == 2
    assert named(done.stderr) == ["DEBUG", *EVERYTHING_MISSING]
    assert started("manage.py", "check", **REAL | {"DEBUG": "maybe"}).stderr == (
        "TIKETI cannot run: DEBUG must be 1 or 0, not 'maybe'.\n"
    )


KEYS = {
    "TOSS_CLIENT_KEY": "live_ck_1",
    "TOSS_SECRET_KEY": "live_sk_1",
    "STRIPE_SECRET_KEY": "sk_live_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_push_key_without_somebody_to_reach_or_the_reverse_is_refused(debug: str):
    pushing = {"PUSH_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "PUSH_CONTACT": "mailto:ops@example.com"}
    for missing in pushing:
        done = started("manage.py", "check", **REAL | pushing | {"DEBUG": debug, missing: ""})
        assert done.returncode == 2
        assert done.stderr.startswith(f"TIKETI cannot run: {missing} is missing")
    assert started("manage.py", "check", **REAL | pushing | {"DEBUG": debug}).returncode == 0


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_provider_without_its_keys_is_refused_and_each_is_named(debug: str):
    both = REAL | {"DEBUG": debug, "PAYMENT_PROVIDERS": "toss,stripe"}

    assert named(started("manage.py", "check", **both).stderr) == list(KEYS)
    one = started("manage.py", "check", **both | KEYS | {"TOSS_SECRET_KEY": ""})
    assert one.stderr == "TIKETI cannot run: TOSS_SECRET_KEY is missing: PAYMENT_PROVIDERS names toss.\n"
    assert started("manage.py", "check", **both | KEYS).returncode == 0


def test_a_key_in_anothers_place_is_refused_and_not_repeated():
    wrong = REAL | KEYS | {"PAYMENT_PROVIDERS": "toss,stripe"}
    wrong |= {"TOSS_CLIENT_KEY": "live_sk_1", "STRIPE_SECRET_KEY": "pk_1"}

    done = started("manage.py", "check", **wrong)

    assert named(done.stderr) == ["TOSS_CLIENT_KEY", "STRIPE_SECRET_KEY"]
    assert "live_sk_1" not in done.stderr


def test_the_stack_says_the_same_and_starts_nothing(tmp_path: Path):
    done = started("-m", "tiketi.stack", DEBUG="0", TIKETI_LOCAL_DIR=str(tmp_path), PORT="8999")

    assert done.returncode == 1
    assert named(done.stderr) == EVERYTHING_MISSING
    assert not (tmp_path / "supervisord.conf").exists()


def test_check_deploy_says_the_same_on_a_developers_machine():
    done = started("manage.py", "check", "--deploy")

    assert done.returncode == 1
    for number in (1, 4, 5, 7):
        assert f"(tiketi.E00{number})" in done.stderr
    assert "HINT: Name the mail server" in done.stderr


def test_a_whole_environment_is_a_site_and_practice_in_it_is_a_warning():
    deploy = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert started(*deploy, **REAL).returncode == 0
    rehearsal = started(*deploy, **REAL | {"PAYMENT_PROVIDERS": "sandbox"})
    assert (rehearsal.returncode, "(tiketi.W001)" in rehearsal.stderr) == (1, True)
    assert started("manage.py", "check", **REAL | {"PAYMENT_PROVIDERS": "sandbox"}).returncode == 0


@pytest.mark.parametrize(
    ("said", "preload"), [({}, False), ({"HSTS_PRELOAD": "1"}, True), ({"HSTS_PRELOAD": "0"}, False)]
)
def test_the_whole_domain_is_promised_to_browsers_lists_by_name_alone(said: dict[str, str], preload: bool):
    told = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS > 0, s.SECURE_HSTS_PRELOAD)"

    done = started("manage.py", "shell", "--no-imports", "-c", told, **REAL, **said)

    assert done.stdout.split() == ["True", str(preload)]


def test_what_the_template_sets_is_a_whole_environment():
    """The launch script's own lines, with values for what only AWS knows, and the secrets that every start asks for."""
    stack = Stack(PARAMETERS | {"PaymentProviders": REAL["PAYMENT_PROVIDERS"]}, ATTRIBUTES)
    script = str(stack.properties("Template")["LaunchTemplateData"]["UserData"])
    lines = re.search(r"cat > /etc/tiketi/environment <<EOF\n(.*?)\nEOF", script, re.DOTALL)
    assert lines
    variables = dict(environment_file(lines[1].replace("$instance", "i-0123456789abcdef0")))
    assert "$" not in "".join(variables.values())
    variables |= {name: text for name, text in REAL.items() if name in ("SECRET_KEY", "EMAIL_URL") or "SELLER" in name}
    variables |= {"DATABASE_URL": "postgres://site:p%2Fw@database/tiketi", "REDIS_URL": "rediss://:p%2Fw@redis:6379/0"}

    done = started("manage.py", "check", "--deploy", "--fail-level", "WARNING", **variables)

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (1 silenced).\n")


def settings(**changed: Any) -> SimpleNamespace:
    """The settings of a whole site, but for these."""
    whole = {
        "DEBUG": False,
        "SECRET_KEY": KEY,
        "SECRET_KEY_FALLBACKS": [],
        "ALLOWED_HOSTS": ["tickets.example.com"],
        "SITE_ADDRESS": "https://tickets.example.com",
        "SECURE_SSL_REDIRECT": True,
        "OUTBOX_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "DEFAULT_FROM_EMAIL": "TIKETI <tickets@tickets.example.com>",
        "PAYMENT_PROVIDERS": {"stand-in": "tests.events.stand_in.StandIn"},
        "WAITINGROOM_TRUSTED_PROXIES": ["10.0.0.0/24"],
        "SELLER": dict.fromkeys(PARTICULARS, "said"),
        "STAFF_SECOND_FACTOR": "required",
        "ERROR_REPORTS": ErrorReports(),
        "TRACES": Traces(),
        **dict.fromkeys(KEYS, ""),
    }
    return SimpleNamespace(**whole | changed)


def test_a_whole_site_has_no_shortcomings():
    assert production.shortcomings(settings()) == []


@pytest.mark.parametrize(
    "draw", [lambda: secrets.token_hex(25), lambda: secrets.token_hex(32), lambda: secrets.token_urlsafe(38)]
)
def test_a_random_key_is_good(draw: Callable[[], str]):
    key = draw()
    assert production.shortcomings(settings(SECRET_KEY=key, SECRET_KEY_FALLBACKS=[KEY])) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        secrets.token_hex(24),
        production.DEVELOPERS_KEY,
        production.DEVELOPERS_KEY + "1",
        "django-insecure-" + secrets.token_urlsafe(50),
        "a" * 60,
        "ab" * 30,
        "0123456789" * 6,
        "abcdefghij" * 8,
        "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
        "tiketi-secret-" * 5,
        "password-password-password-password-password-passw0rd",
    ],
    ids=itertools.count(),  # some are drawn anew by each worker
)
def test_a_key_that_anybody_could_guess_is_none(key: str):
    found = [one.id for one in production.shortcomings(settings(SECRET_KEY=key))]
    fallen_back_on = [one.id for one in production.shortcomings(settings(SECRET_KEY_FALLBACKS=[KEY, key]))]

    assert (found, fallen_back_on) == (["tiketi.E001"], ["tiketi.E002"])


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({"ALLOWED_HOSTS": []}, ["tiketi.E003", "tiketi.E004"]),
        *(
            ({"ALLOWED_HOSTS": ["tickets.example.com", host]}, ["tiketi.E003"])
            for host in ("*", ".", "*.example.com", ".com", "https://a.example", "a.example:80", "a b", "a/")
        ),
        ({"ALLOWED_HOSTS": [".example.com", "10.0.0.1", "[::1]"]}, []),
        ({"SITE_ADDRESS": ""}, ["tiketi.E004"]),
        *(
            ({"SITE_ADDRESS": f"https://{host}", "ALLOWED_HOSTS": ["localhost", "127.0.0.2"]}, ["tiketi.E004"])
            for host in (
                "localhost",
                "localhost:8000",
                "127.0.0.2",
                "[::1]",
                EVERYWHERE,
                "a.localhost",
                "other.example",
            )
        ),
        ({"SITE_ADDRESS": "http://tickets.example.com"}, ["tiketi.E004"]),
        ({"SITE_ADDRESS": "http://tickets.example.com", "SECURE_SSL_REDIRECT": False}, []),
        *(
            ({"OUTBOX_BACKEND": f"django.core.mail.backends.{name}.EmailBackend"}, ["tiketi.E005"])
            for name in ("console", "dummy", "locmem", "filebased")
        ),
        ({"DEFAULT_FROM_EMAIL": "TIKETI <tickets@localhost>"}, ["tiketi.E006"]),
        ({"PAYMENT_PROVIDERS": {}}, ["tiketi.E007"]),
        ({"PAYMENT_PROVIDERS": environment.PRACTICE, "DEBUG": True}, ["tiketi.E007"]),
        ({"PAYMENT_PROVIDERS": environment.PRACTICE}, ["tiketi.W001"]),
        ({"WAITINGROOM_TRUSTED_PROXIES": []}, ["tiketi.W002"]),
        (
            {
                "WAITINGROOM_TRUSTED_PROXIES": [],
                "SECURE_SSL_REDIRECT": False,
                "SITE_ADDRESS": "http://tickets.example.com",
            },
            [],
        ),
        ({"SELLER": dict.fromkeys(PARTICULARS, "")}, ["tiketi.W004"]),
        ({"SELLER": dict.fromkeys(PARTICULARS, "said") | {"phone": ""}}, ["tiketi.W004"]),
        ({"SELLER": dict.fromkeys(PARTICULARS, "said") | {"hosting": ""}}, []),
        ({"STAFF_SECOND_FACTOR": "optional"}, ["tiketi.W005"]),
        ({"PAYMENT_PROVIDERS": {"real": "shop.Real"} | environment.PRACTICE}, ["tiketi.W001"]),
        ({"TOSS_CLIENT_KEY": "test_ck_1", "TOSS_SECRET_KEY": "live_sk_1"}, ["tiketi.W003"]),
        ({"STRIPE_SECRET_KEY": "rk_test_1"}, ["tiketi.W003"]),
        ({"TOSS_CLIENT_KEY": "live_ck_1", "TOSS_SECRET_KEY": "live_sk_1", "STRIPE_SECRET_KEY": "sk_live_1"}, []),
        ({"ERROR_REPORTS": ErrorReports("http://key@sentry.example.com/1")}, ["tiketi.W006"]),
        ({"ERROR_REPORTS": ErrorReports("https://key@sentry.example.com/1")}, []),
        ({"ERROR_REPORTS": ErrorReports("http://key@127.0.0.1:9000/1")}, []),
        ({"TRACES": Traces("http://collector.example.com/v1/traces", has_headers=True)}, ["tiketi.W006"]),
        ({"TRACES": Traces("http://collector.example.com/v1/traces")}, []),
    ],
)
def test_each_shortcoming_has_its_id_and_a_hint(changed: dict[str, Any], ids: list[str]):
    found = production.shortcomings(settings(**changed))

    assert [one.id for one in found] == ids
    assert all(one.hint for one in found)
    assert len(production.faults(settings(**changed))) == sum(not isinstance(one, Warning) for one in found)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *((environment.flag, text, True) for text in ("1", "true", "True", "YES", "on")),
        *((environment.flag, text, False) for text in ("0", "false", "no", "OFF", " 0 ")),
        (environment.names, " a.example , ,b.example,", ["a.example", "b.example"]),
        (environment.one_of(*environment.LEVELS), "debug", "DEBUG"),
        (environment.address, EVERYWHERE, EVERYWHERE),
        (environment.registration, "1248100998", "124-81-00998"),
        (environment.registration, "124-81-00998", "124-81-00998"),
        (environment.line, " (주)티케티 ", "(주)티케티"),
        (environment.address, "::", "::"),
        (environment.site_address, "https://tickets.example.com/", "https://tickets.example.com"),
        (environment.site_address, "http://localhost:8000", "http://localhost:8000"),
        (environment.sender, "티케티 <tickets@example.com>", "티케티 <tickets@example.com>"),
        *(
            (environment.redis, url, url)
            for url in (
                "rediss://:p%2Fw@redis.internal:6380/1",
                "redis://h",
                "redis://h/",
                "redis+sentinel://a,b:26380,[::1]:1/line/2?sentinel_password=p%2Fw",
                "redis+cluster://user:p%2Fw@a,b:6380",
                "rediss+cluster://a/0?ssl_cert_reqs=none&ssl_check_hostname=0",
            )
        ),
        (environment.broker, "redis+sentinel://a/line", "redis+sentinel://a/line"),
        (environment.providers, "sandbox", environment.PRACTICE),
        (environment.providers, "toss,stripe", environment.ADAPTERS),
        (environment.key("test_sk_", "live_sk_"), "live_sk_a1", "live_sk_a1"),
        (environment.provider_address, "https://api.example/", "https://api.example"),
        (environment.provider_address, "http://127.0.0.1:9/v2", "http://127.0.0.1:9/v2"),
        (environment.providers, "toss=shop.Toss, sandbox", {"toss": "shop.Toss"} | environment.PRACTICE),
    ],
)
def test_what_makes_sense_is_read(kind: Any, text: str, value: Any):
    assert kind(text) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (environment.flag, ["", "maybe", "2", "-1", "tru", "１", "0x0"]),
        (environment.one_of(*environment.LEVELS), ["loud", "10", "INFO,DEBUG"]),
        (environment.port, ["", "http", "0", "65536", "-1", "８０００", "9" * 9999]),
        (environment.address, ["localhost", "0", "256.1.1.1", "127.0.0.1:80", "*"]),
        (
            environment.site_address,
            [
                "tickets.example.com", "//tickets.example.com", "ftp://a.example", "https://", "https://a.example/shop",
                "https://a:b@a.example", "https://a.example?x", "https://a.example:port", "https://a.example:99999",
                "https://a .example", "https://[::1",
            ],
        ),
        (environment.sender, ["tickets", "TIKETI", "a@b", "a@example.com\nBcc: b@example.com"]),
        (
            environment.redis,
            [
                "redis", "http://127.0.0.1", "redis://", "redis:///0", "redis://h/zero", "redis://h:port", "redis://h/-1",
                "redis://:p#w@h/0", "unix:///redis", "redis://h/0?socket_timeout=soon",
                "redis+sentinel://h", "redis+sentinel://h/", "redis+sentinel:///line", "redis+sentinel://h,/line",
                "redis+sentinel://h/line/x", "redis+sentinel://h/line/0/0", "redis://a,b/0", "redis+cluster://a,b/1",
                "redis+cluster://a:x,b", "redis+other://h", "rediss+x://h",
                "redis://h/0?ssl_ca_certs=/etc/passwd", "rediss://h/0?ssl_ca_certs=/nowhere", "rediss://h/0?ssl_cert_reqs=perhaps",
                "rediss://h/0?ssl_check_hostname=perhaps", "redis://h/0?sentinel_password=x", "redis://h/0?db=1", "redis://[::1",
            ],
        ),
        (environment.broker, ["redis+cluster://a", "http://h"]),
        (environment.key("sk_"), ["pk_p#w", "sk_a b", "sk_가", "whsec_p#w"]),
        (environment.provider_address, ["http://api.example", "api.example", "https://", "https://a:p#w@h", "https://[h"]),
        (
            environment.database,
            [
                "junk", "junk://", "mysql://h/n", "postgres://", "postgres://h", "postgres://u:p#w@h/n",
                "postgres://u:p/w@h/n", "postgres://h:port/n", "postgres://h:99999/n", "sqlite://", "sqlite://:memory:",
                "sqlite:///",
            ],
        ),
        (
            environment.mail,
            ["mail", "foo://", "smtp://", "smtp://h:port", "smtp://u:p#w@h", "smtp://u:p/w@h:25", "amazonses://", "smtp://[h"],
        ),
        (
            environment.providers,
            [
                "paypal", "toss=Toss", "toss=shop.", "=shop.Toss", "Toss=shop.Toss", "a=b.C,a=b.D", "sandbox=shop.Toss",
                "toss=events.payments.sandbox.provider.Sandbox", "sandbox,sandbox", "a=b.c d",
            ],
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused_and_no_password_repeated(kind: Any, texts: list[str]):
    for text in texts:
        with pytest.raises(BadValue) as refused:
            kind(text)
        assert "p#w" not in str(refused.value)


def test_a_cluster_without_a_broker_is_refused_in_a_line():
    alone = started("manage.py", "check", REDIS_URL="redis+cluster://127.0.0.1:1")
    beside = started("manage.py", "check", REDIS_URL="redis+cluster://127.0.0.1:1", BROKER_URL="redis://127.0.0.1:1/0")

    assert (alone.returncode, beside.returncode) == (2, 0)
    assert "BROKER_URL is missing, or a Cluster" in alone.stderr


def documented() -> set[str]:
    """The variables in the tables of docs/operations.md."""
    rows = re.findall(r"^\| (`[A-Z].*?) \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}


def test_every_variable_that_is_read_is_documented_and_none_besides():
    read = set()
    for folder in ("tiketi", "events", "scaling", "waitingroom"):
        for file in (ROOT / folder).rglob("*.py"):
            read |= set(READING.findall(file.read_text()))
    read |= set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "Procfile").read_text()))
    read |= {f"SCALING_{one.name.upper()}" for one in fields(Configuration)}
    read |= {f"{name}_{what}" for name in ("KAKAO", "NAVER") for what in ("CLIENT_ID", "SECRET")}

    assert documented() == read - {"PATH", "LANG"} | {"AWS_REGION", "AWS_DEFAULT_REGION"}
