"""The image, the compose file and the manifests say the same site as the Procfile; nobody here can run them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.release import ROOT
from scaling.configuration import Configuration
from tests.deployed.machine import read_unit
from tiketi.processes import read_procfile

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
BIN = Path(sys.executable).parent
PROCFILE = read_procfile(ROOT / "Procfile")
PROCESSES = set(PROCFILE) - {"redis"}
GRACEFUL_S = int(re.findall(r"--timeout-graceful-shutdown (\d+)", PROCFILE["web"])[0])
WEB_UNIT = read_unit((DEPLOY / "systemd/tiketi-web@.service").read_text())


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], dict[str, Any]]:
    """Every object of the manifests, by kind and name."""
    every = [one for file in MANIFESTS for one in yaml.safe_load_all(file.read_text())]
    return {(one["kind"], one["metadata"]["name"]): one for one in every}


def pod(objects: dict[tuple[str, str], dict[str, Any]], name: str) -> dict[str, Any]:
    found: dict[str, Any] = objects["Deployment", name]["spec"]["template"]["spec"]
    return found


def test_hadolint_has_nothing_to_say():
    done = subprocess.run([BIN / "hadolint", DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_a_release_installed_and_starts_as_the_units_do():
    text = (DEPLOY / "Containerfile").read_text()

    assert "/srv/tiketi/deploy/install" in text
    assert 'ENTRYPOINT ["/srv/tiketi/deploy/run"]\nCMD ["web"]' in text
    (kept,) = [setting for setting in WEB_UNIT["Environment"] if "KEEP_ALIVE" in setting]
    assert kept in text
    assert "LISTEN_ADDRESS=0.0.0.0" in text
    assert not re.search(r"^USER (root|0)", text, re.MULTILINE)


# KEDA's kinds are no part of Kubernetes: a test of their own looks at them.
@pytest.mark.parametrize("file", [one for one in MANIFESTS if one.name != "scaling.yaml"], ids=lambda one: one.name)
def test_kubernetes_knows_every_field_of_the_manifests(file: Path):
    done = subprocess.run([BIN / "kubernetes-validate", "--strict", file], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_registry_is_named():
    files = [DEPLOY / "Containerfile", DEPLOY / "compose.yaml", *MANIFESTS]
    images = re.findall(r"(?:^FROM|image:) (\S+)", "".join(file.read_text() for file in files), re.MULTILINE)

    assert len(images) >= 8
    assert not [image for image in images if "/" in image]


def test_compose_runs_every_process_of_the_procfile_and_two_of_web(compose: dict[str, Any]):
    ours = {name: one for name, one in compose["services"].items() if str(one["image"]).startswith("tiketi:")}

    assert {name: one["command"] for name, one in ours.items()} == {
        "release": ["python", "manage.py", "release"],
        **{name: [name] for name in PROCESSES},
    }
    assert ours["web"]["deploy"]["replicas"] == 2
    for name in PROCESSES:
        assert ours[name]["depends_on"]["release"] == {"condition": "service_completed_successfully"}, name


def test_compose_gives_processes_time_and_files_and_its_redis_a_password_and_no_eviction(compose: dict[str, Any]):
    services = compose["services"]

    assert int(services["web"]["stop_grace_period"].rstrip("s")) > GRACEFUL_S
    assert services["web"]["ulimits"]["nofile"] == int(WEB_UNIT["LimitNOFILE"][0])
    redis = services["redis"]["command"][-1]
    assert "--requirepass" in redis
    assert "--maxmemory-policy noeviction" in redis
    assert "--appendonly yes" in redis
    published = [name for name, one in services.items() if "ports" in one]
    assert published == ["proxy"]


def test_the_proxy_says_that_it_ended_tls_and_lets_sockets_through():
    text = (DEPLOY / "proxy.conf").read_text()

    for line in (
        "proxy_set_header X-Forwarded-Proto https;",
        "proxy_set_header Host $host;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_set_header Connection $connection_header;",
        "gzip_proxied any;",
    ):
        assert line in text


def test_kubernetes_runs_every_process_of_the_procfile(objects: dict[tuple[str, str], dict[str, Any]]):
    containers = pod(objects, "web")["containers"] + pod(objects, "work")["containers"]

    assert sorted((one["name"], one["args"]) for one in containers) == sorted((name, [name]) for name in PROCESSES)
    for name in ("web", "work"):
        assert pod(objects, name)["initContainers"][0]["args"] == ["python", "manage.py", "release"]


def test_kubernetes_lets_a_web_pod_leave_in_order(objects: dict[tuple[str, str], dict[str, Any]]):
    spec = pod(objects, "web")
    (web,) = spec["containers"]

    assert web["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert spec["terminationGracePeriodSeconds"] > 5 + GRACEFUL_S
    for probe in ("readinessProbe", "livenessProbe"):
        assert web[probe]["httpGet"]["path"] == "/healthz"


def test_keda_asks_the_site_and_never_orders_fewer_while_it_does_not_know(
    objects: dict[tuple[str, str], dict[str, Any]],
):
    settings = objects["ConfigMap", "tiketi"]["data"]
    scaled = objects["ScaledObject", "web"]["spec"]
    (trigger,) = scaled["triggers"]
    service = objects["Service", "tiketi"]
    host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"

    assert trigger["metadata"]["url"] == f"http://{host}:{service['spec']['ports'][0]['port']}/api/scaling/desired"
    assert host in settings["ALLOWED_HOSTS"].split(",")
    assert trigger["metadata"]["valueLocation"] == "desired"
    assert (trigger["metricType"], trigger["metadata"]["targetValue"]) == ("AverageValue", "1")
    assert objects["TriggerAuthentication", "operator"]["spec"]["secretTargetRef"][0]["key"] == "OPERATOR_TOKEN"
    assert "replicas" not in objects["Deployment", "web"]["spec"]
    assert scaled["fallback"]["behavior"] == "currentReplicasIfHigher"
    read = Configuration.read(settings)
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (read.minimum, read.maximum)
