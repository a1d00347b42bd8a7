"""Debian's Prometheus, as deploy/prometheus configures it, that asks a site on this machine; and the panels."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from benchmarks.servers import ROOT, NotStarted
from tiketi import loopback

CONFIGURATION = ROOT / "deploy" / "prometheus" / "prometheus.yml"
RULES = CONFIGURATION.with_name("rules.yml")
DASHBOARD = ROOT / "deploy" / "grafana" / "tiketi.json"
STARTS_WITHIN = 30.0


@dataclass(frozen=True)
class Prometheus:
    """The running program, and how often it asks."""

    url: str
    every_s: float

    def ask(self, expression: str) -> list[Any]:
        """What an expression is now. Raises HTTPError for one that cannot be evaluated."""
        return cast("list[Any]", self._answer("query", query=self.filled(expression))["result"])

    def ask_over(self, expression: str, start: float, end: float) -> list[Any]:
        """What it was between two instants, as a panel asks. Raises HTTPError for one that cannot be evaluated."""
        step = max(self.every_s, (end - start) / 300)
        return cast(
            "list[Any]",
            self._answer("query_range", query=self.filled(expression), start=start, end=end, step=step)["result"],
        )

    def values_of(self, label: str, series: str) -> list[str]:
        """A label's values, as the dashboard's lists ask for them."""
        return cast("list[str]", self._answer(f"label/{label}/values", **{"match[]": self.filled(series)}))

    def alerts(self) -> dict[str, dict[str, Any]]:
        """The alert rules as they are evaluated, by name: `health`, `lastError`, `state`."""
        groups = self._answer("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def filled(self, expression: str) -> str:
        """The expression with what Grafana would put in for its variables, everything being chosen."""
        known = {"$__rate_interval": f"{4 * self.every_s:g}s", "$environment": ".*", "$room": ".*"}
        for name, value in known.items():
            expression = expression.replace(name, value)
        return expression

    def _answer(self, what: str, **parameters: object) -> Any:
        address = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return json.load(answer)["data"]


def panels() -> list[tuple[str, str]]:
    """Each question of the dashboard, by its panel's title."""
    found = json.loads(DASHBOARD.read_text())["panels"]
    return [(panel["title"], target["expr"]) for panel in found for target in panel["targets"]]


def variables() -> dict[str, str]:
    """The series in which the dashboard looks for each of its variables' values."""
    known = json.loads(DASHBOARD.read_text())["templating"]["list"]
    asked = {one["name"]: one["definition"] for one in known if one["type"] == "query"}
    return {name: text.removeprefix("label_values(").rpartition(",")[0] for name, text in asked.items()}


def rules() -> dict[str, str]:
    """Each alert's expression."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


@contextmanager
def prometheus(folder: Path, scraped: int, token: str, every_s: float | None = None) -> Iterator[Prometheus]:
    """The program, from its first answer on; it asks the site at the port `scraped`. Raises NotStarted."""
    program = shutil.which("prometheus")
    if program is None:
        raise NotStarted("Debian's package `prometheus` is needed")
    folder.mkdir(parents=True, exist_ok=True)
    configuration = _configuration(folder, scraped, token, every_s)
    every = float(configuration["global"]["scrape_interval"].removesuffix("s"))
    found = Prometheus(f"http://127.0.0.1:{loopback.free_port()}", every)
    command = [
        program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={urllib.parse.urlsplit(found.url).netloc}", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "output").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        _wait_for(found, process, folder / "output")
        yield found
    finally:
        process.terminate()
        process.wait(20)


def _configuration(folder: Path, scraped: int, token: str, every_s: float | None) -> Mapping[str, Any]:
    """The deployment's, written into the folder, with this machine's addresses."""
    known: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text())
    (folder / "token").write_text(token)
    known["rule_files"] = [str(RULES)]
    (job,) = known["scrape_configs"]
    job["authorization"]["credentials_file"] = str(folder / "token")
    job["static_configs"] = [{"targets": [f"127.0.0.1:{scraped}"]}]
    if every_s is not None:
        known["global"] = dict.fromkeys(known["global"], f"{every_s:g}s")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(known))
    return known


def _wait_for(found: Prometheus, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{found.url}/-/ready", timeout=5).close()
        except (urllib.error.HTTPError, OSError):  # it reads its folder, or does not listen yet
            time.sleep(0.1)
        else:
            return
    raise NotStarted("prometheus: " + " ".join(output.read_text(errors="replace").splitlines()[-3:]))
