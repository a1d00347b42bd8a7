"""Over `rediss://` nobody believes a Redis whose certificate nobody vouches for: Celery's broker asks as well."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.release import ROOT
from tests.deployed.servers import locked_redis

CONNECT = """
import django; django.setup()
from tiketi.celery import app
app.connection().ensure_connection(max_retries=1, interval_start=0)
"""


@pytest.mark.parametrize("vouched_for", [True, False])
def test_celery_asks_redis_for_its_certificate(tmp_path: Path, vouched_for: bool):
    password = secrets.token_hex(16)
    with locked_redis(tmp_path, password) as port:
        env = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tiketi.settings",
            "TIKETI_LOCAL_DIR": str(tmp_path),
            "REDIS_URL": f"rediss://:{password}@127.0.0.1:{port}/0",
        }
        if vouched_for:
            env["SSL_CERT_FILE"] = str(tmp_path / "certificate")
        done = subprocess.run(
            [sys.executable, "-c", CONNECT], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
        )

    assert (done.returncode == 0) == vouched_for, done.stderr
    assert ("certificate verify failed" in done.stderr) != vouched_for
    assert "insecure" not in done.stderr
