"""A mail server that accepts and says nothing, on the whole site: everything but the mail goes on, and it is said."""

import json
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from tests import site as stack
from tests.patience import until
from tests.silence import mute_server
from tests.site import ROOT, Site
from tests.stack.test_alive import quickest_s


def readyz(site: Site) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{site.url}/readyz", timeout=5) as answer:
            return answer.status, json.load(answer)
    except HTTPError as answer:
        return answer.code, json.load(answer)


def test_orders_are_bought_holds_end_and_turns_are_taken_while_the_mail_server_hangs(tmp_path: Path):
    with mute_server() as port, stack.running(tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{port}") as site:
        until(lambda: readyz(site)[0] == 200, within=60)  # a normal start becomes ready
        slug = json.loads(site.manage("waitingroom", "list", "--json"))[0]["slug"]
        storm = ["storm", slug, "--visitors", "12", "--arrive-in", "2", "--stay", "5", "--buy", "--url", site.url]
        bought = subprocess.run(
            [sys.executable, "manage.py", *storm, "--json"], cwd=ROOT, env=site.env, stdout=subprocess.PIPE, check=False
        )
        assert json.loads(bought.stdout)["orders"] == 12

        def held() -> int:
            with closing(sqlite3.connect(tmp_path / "tiketi.sqlite3")) as database:
                return int(database.execute("SELECT count(*) FROM events_hold").fetchone()[0])

        with closing(sqlite3.connect(tmp_path / "tiketi.sqlite3", timeout=20)) as database, database:
            (account, event) = database.execute("SELECT account_id, event_id FROM events_order LIMIT 1").fetchone()
            database.execute(
                "INSERT INTO events_hold (event_id, account_id, visitor, expires_at, made_at)"
                " VALUES (?, ?, '', '2026-01-01 00:00:00', '2026-01-01 00:00:00')",
                (event, account),
            )
        until(lambda: held() == 0, within=20)

        until(lambda: readyz(site)[1]["late"], within=90)
        status, told = readyz(site)
        assert (status, told["late"], told["mails"]["waiting"]) == (503, ["mail"], 12)
        assert quickest_s(int(site.url.rpartition(":")[2])) < 1
