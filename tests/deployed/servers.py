"""The servers that a deployed site speaks to: real, each asking for a password, Redis over TLS as well."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from tests import postgres
from tests.conftest import missing
from tests.patience import until
from tiketi import loopback, tether


@contextmanager
def locked_redis(folder: Path, password: str) -> Iterator[int]:
    """Debian's Redis on a port of its own, with a password and TLS; `folder`/certificate is whom to trust."""
    if (program := shutil.which("redis-server")) is None or shutil.which("openssl") is None:
        missing("redis-server and openssl: a Redis that speaks TLS")
    certificate, key = folder / "certificate", folder / "key"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=redis",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            certificate,
        ],
        check=True,
        capture_output=True,
    )
    port = loopback.free_port()
    settings = {
        "port": 0, "tls-port": port, "bind": "127.0.0.1", "requirepass": password, "dir": folder, "save": "",
        "tls-cert-file": certificate, "tls-key-file": key, "tls-auth-clients": "no", "maxmemory-policy": "noeviction",
    }  # fmt: skip
    command = [str(word) for name, value in settings.items() for word in (f"--{name}", value)]
    with (folder / "redis.log").open("wb") as log:
        server = subprocess.Popen([program, *command], preexec_fn=tether.die_with_parent, stdout=log, stderr=log)
    try:
        client = redis.Redis("127.0.0.1", port, ssl=True, ssl_ca_certs=str(certificate), password=password)
        until(lambda: _answers(client))
        client.close()
        yield port
    finally:
        server.kill()
        server.wait()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@contextmanager
def locked_postgres(password: str) -> Iterator[str]:
    """A PostgreSQL that asks the site's user for a password; its administrator's address."""
    try:
        server = postgres.start()
    except postgres.PostgresUnavailable as reason:
        missing(str(reason))
    try:
        (server.folder / "data/pg_hba.conf").write_text(
            "host all site 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"
        )
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(f"CREATE ROLE site LOGIN PASSWORD '{password}'")
            connection.execute("CREATE DATABASE tiketi OWNER site")
        yield server.url
    finally:
        server.stop()
