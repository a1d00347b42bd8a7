"""The shop that people would run instead: pretix, its tables, one process of it."""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import cores
from benchmarks.rows import Unmeasured
from benchmarks.servers import ROOT, Server, running
from tiketi.loopback import free_port

HOME = ROOT / "benchmarks" / "shop"
SLUG = "hall/concert"
SETTINGS = """
[pretix]
instance_name=bench
url=http://127.0.0.1:{port}
currency=KRW
datadir={folder}/data
[database]
backend=postgresql
name={name}
user={database.username}
host={database.hostname}
port={database.port}
[redis]
location={redis}
sessions=true
[mail]
host=127.0.0.1
port=1
[django]
secret=it-signs-cookies-for-some-minutes-on-this-machine-alone
"""
THREADS = 4  # as many as ours
ROWS = """
from datetime import timedelta
from decimal import Decimal

from django.utils.timezone import now
from django_scopes import scopes_disabled
from pretix.base.models import Event, Item, Organizer, Quota

with scopes_disabled():
    organizer = Organizer.objects.create(slug="hall", name="Hall")
    event = Event.objects.create(
        organizer=organizer,
        name="Concert",
        slug="concert",
        currency="KRW",
        date_from=now() + timedelta(days=30),
        live=True,
        plugins="pretix.plugins.manualpayment",
    )
    for name in ("public_name", "checkout_description", "email_instructions", "pending_description"):
        event.settings.set(f"payment_manual_{name}", "Pay")
    event.settings.set("payment_manual__enabled", True)
    item = Item.objects.create(event=event, name="Ticket", default_price=Decimal(110_000), admission=True)
    quota = Quota.objects.create(event=event, name="all", size=1_000_000)
    quota.items.add(item)
"""


def installed() -> Path:
    """The Python that has it. Raises Unmeasured."""
    home = HOME / ".venv"
    python = home / "bin" / "python"
    wanted = (HOME / "requirements.txt").read_text()
    done = home / "requirements.txt"
    if not done.exists() or done.read_text() != wanted:
        venv.create(home, with_pip=True, clear=True)
        asked = [str(python), "-m", "pip", "install", "-q", "-r", str(HOME / "requirements.txt")]
        if subprocess.run(asked, timeout=900).returncode:
            raise Unmeasured("pretix could not be installed")
        done.write_text(wanted)
    return python


@contextmanager
def serving(folder: Path, database_url: str, redis_url: str) -> Iterator[Server]:
    """One process on the server's core, as its administrators run it: gunicorn, Redis for sessions and cache.

    No Celery runs, so it does its tasks in the request, as a small installation of it does. Raises Unmeasured.
    """
    python = installed()
    folder.mkdir(parents=True)
    port, database = free_port(), urlsplit(database_url)
    file = folder / "pretix.cfg"
    file.write_text(
        SETTINGS.format(port=port, folder=folder, database=database, name=database.path[1:], redis=redis_url)
    )
    env = {"PRETIX_CONFIG_FILE": str(file), "DJANGO_SETTINGS_MODULE": "pretix.settings"}
    for words, fed in ((["migrate"], None), (["shell"], ROWS.encode())):
        command = [str(python), "-m", "pretix", *words]
        with (folder / "prepare.log").open("ab") as log:
            done = subprocess.run(command, env={**os.environ, **env}, input=fed, stdout=log, stderr=log, timeout=600)
        if done.returncode:
            words = (folder / "prepare.log").read_text(errors="replace").splitlines()[-3:]
            raise Unmeasured(f"pretix could not be prepared: {' '.join(words)}")
    gunicorn = ["-m", "gunicorn", "pretix.wsgi", "-b", f"127.0.0.1:{port}", "-w", "1", "--threads", str(THREADS)]
    with running([str(python), *gunicorn], port=port, env=env, log=folder / "web.log", on=(cores.SERVER,)) as server:
        yield server
