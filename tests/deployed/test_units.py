"""The units run what the Procfile says, and the scripts around them hold when a secret is missing, odd, or new."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.release import ROOT
from tests.conftest import missing
from tests.deployed.machine import Machine, read_unit
from tiketi.processes import read_procfile

UNITS = [*(ROOT / "deploy/systemd").glob("*.*"), *(ROOT / "deploy/aws").glob("*.service")]
PROCESSES = set(read_procfile(ROOT / "Procfile")) - {"redis"}  # a site has one Redis, for all its machines
NASTY = "p&a s's\"w\\ö$HOME`id`:/@#%"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine onto which this work tree's scripts were put; nothing is installed, nothing runs."""
    machine = Machine(tmp_path, 8000)
    machine.srv.mkdir(parents=True)
    shutil.copytree(ROOT / "deploy", machine.srv / "deploy")
    shutil.copy(ROOT / "Procfile", machine.srv)
    machine.move_in(machine.srv)
    machine.stand_in("systemctl", "exit 0")
    return machine


def unit(name: str) -> dict[str, list[str]]:
    return read_unit((ROOT / "deploy/systemd" / name).read_text())


# --- the units


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path):
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze checks the units: install systemd")
    for file in UNITS:  # where the programs are that they start
        (tmp_path / file.name).write_text(file.read_text().replace("/srv/tiketi", str(ROOT)))

    done = subprocess.run(
        ["systemd-analyze", "verify", *(f"./{file.name}" for file in UNITS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_machine_wants_a_web_for_each_core_and_each_other_process_of_the_procfile_once(machine: Machine):
    done = machine.run(machine.srv / "deploy/systemd/enable")
    wanted = [call.split()[2] for call in machine.called("systemctl") if call.startswith("add-wants tiketi.target ")]

    assert done.returncode == 0, done.stderr
    assert sorted(wanted) == sorted(
        ["tiketi-web@1.service", "tiketi-web@2.service"] + [f"tiketi@{name}.service" for name in PROCESSES - {"web"}]
    )
    assert {file.name for file in machine.units.iterdir()} == {
        file.name for file in UNITS if file.parent.name == "systemd"
    }


def test_the_units_have_no_command_line_of_their_own():
    assert unit("tiketi-web@.service")["ExecStart"] == ["/srv/tiketi/deploy/run web --fd 3"]
    assert unit("tiketi@.service")["ExecStart"] == ["/srv/tiketi/deploy/run %i"]


def test_a_process_is_given_longer_to_end_than_it_takes():
    graceful = re.search(r"--timeout-graceful-shutdown (\d+)", read_procfile(ROOT / "Procfile")["web"])

    assert graceful
    assert int(unit("tiketi-web@.service")["TimeoutStopSec"][0]) > int(graceful[1])


def test_every_process_comes_back_however_often_it_dies():
    for name in ("tiketi-web@.service", "tiketi@.service"):
        assert unit(name)["Restart"] == ["always"]
        assert unit(name)["StartLimitIntervalSec"] == ["0"]


# --- deploy/run


def echoing(machine: Machine, name: str) -> None:
    """Let a program print its arguments and its secrets instead of running."""
    machine.stand_in(name, 'printf "%s\\n" "$@" "$SECRET_KEY" "$DATABASE_URL"')


def test_run_becomes_the_procfiles_line_with_what_is_added(machine: Machine):
    echoing(machine, "uvicorn")

    done = machine.run(machine.srv / "deploy/run", "web", "--fd", "3", PORT="8123", SECRET_KEY="k", DATABASE_URL="d")

    line = read_procfile(ROOT / "Procfile")["web"].replace("${PORT:-8000}", "8123").split()
    words = done.stdout.splitlines()
    assert words[0] == line[1]
    assert words[-4:] == ["--fd", "3", "k", "d"]
    assert [word for word in words if word.isdigit()] == [
        word for word in [*line, "3"] if word.isdigit()
    ]  # expanded once, in order


def test_run_takes_anything_else_for_a_command(machine: Machine):
    assert machine.run(machine.srv / "deploy/run", "echo", "two words", "$HOME").stdout == "two words $HOME\n"


def test_secrets_reach_the_process_as_they_are_and_no_file(machine: Machine):
    echoing(machine, "uvicorn")
    machine.stand_in("secrets", f"cat <<'END'\nSECRET_KEY={NASTY}\nDATABASE_URL=a=b=c\nEND")

    done = machine.run(machine.srv / "deploy/run", "web", SECRETS_COMMAND="secrets")

    assert done.stdout.splitlines()[-2:] == [NASTY, "a=b=c"]
    machine.stand_in("secrets", "exit 0")  # the only file that names it was the stand-in itself
    machine.stand_in("uvicorn", "exit 0")
    assert not [file for file in machine.root.rglob("*") if file.is_file() and NASTY.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    "script", ["echo SECRET_KEY=k; exit 1", "exit 0", "echo oops", "echo 'An error occurred'", "echo"]
)
def test_secrets_that_cannot_be_had_whole_end_the_start(machine: Machine, script: str):
    machine.stand_in("uvicorn", "echo started")
    machine.stand_in("secrets", script)

    done = machine.run(machine.srv / "deploy/run", "web", SECRETS_COMMAND="secrets")

    assert done.returncode != 0
    assert "started" not in done.stdout


# --- deploy/systemd/rotation


def rotation(machine: Machine, **environment: str) -> subprocess.CompletedProcess[str]:
    return machine.run(machine.srv / "deploy/systemd/rotation", **{"SECRETS_COMMAND": "secrets", **environment})


def restarted(machine: Machine) -> list[str]:
    return [call.split()[1] for call in machine.called("systemctl") if call.startswith("try-restart")]


@pytest.fixture
def rotating(machine: Machine) -> Machine:
    """A machine with two processes, whose secrets were looked at once."""
    machine.stand_in(
        "systemctl", 'if [ "$1" = list-units ]; then echo "tiketi-web@1.service l"; echo "tiketi@beat.service l"; fi'
    )
    machine.stand_in("secrets", "echo SECRET_KEY=first")
    assert rotation(machine).returncode == 0
    return machine


def test_nothing_is_restarted_while_the_secrets_stay(rotating: Machine):
    assert rotation(rotating).returncode == 0

    assert restarted(rotating) == []


def test_a_changed_secret_restarts_every_process_once(rotating: Machine):
    rotating.stand_in("secrets", "echo SECRET_KEY=second")

    assert rotation(rotating).returncode == rotation(rotating).returncode == 0

    assert restarted(rotating) == ["tiketi-web@1.service", "tiketi@beat.service"]


def test_secrets_that_cannot_be_read_restart_nothing_and_are_no_change_afterwards(rotating: Machine):
    rotating.stand_in("secrets", "echo SECRET_KEY=half; exit 1")
    assert rotation(rotating).returncode != 0
    rotating.stand_in("secrets", "echo SECRET_KEY=first")
    assert rotation(rotating).returncode == 0

    assert restarted(rotating) == []


def test_a_site_that_has_its_secrets_from_elsewhere_is_left_alone(machine: Machine):
    assert rotation(machine, SECRETS_COMMAND="").returncode == 0


# --- deploy/aws/secrets

SECRETS = {
    "key": "k" * 64,
    "redis": NASTY,
    "database": json.dumps({"username": "tiketi", "password": NASTY}),
    "site": json.dumps({"EMAIL_URL": "smtp+tls://u:p@mail:587", "TOSS_SECRET": NASTY}),
}
VARIABLES = {
    "SECRET_KEY_ID": "key",
    "REDIS_SECRET_ID": "redis",
    "REDIS_ENDPOINT": "rediss://redis:6379/0",
    "DATABASE_SECRET_ID": "database",
    "DATABASE_ENDPOINT": "db:5432/tiketi",
    "SITE_SECRET_ID": "site",
}


def secrets(machine: Machine, held: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
    """What the command prints where Secrets Manager holds `held`."""
    folder = machine.root / "held"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, text in held.items():
        (folder / name).write_text(text + "\n")
    machine.stand_in("aws", f'[ "$1" = secretsmanager ] && exec cat "{folder}/$4"')
    return machine.run(machine.srv / "deploy/aws/secrets", **{**VARIABLES, **variables})


def test_the_secrets_of_aws_become_the_sites_variables(machine: Machine):
    found = dict(line.split("=", 1) for line in secrets(machine, SECRETS).stdout.splitlines())

    encoded = "p%26a%20s%27s%22w%5C%C3%B6%24HOME%60id%60%3A%2F%40%23%25"
    assert found == {
        "SECRET_KEY": "k" * 64,
        "REDIS_URL": f"rediss://:{encoded}@redis:6379/0",
        "DATABASE_URL": f"postgres://tiketi:{encoded}@db:5432/tiketi",
        "EMAIL_URL": "smtp+tls://u:p@mail:587",
        "TOSS_SECRET": NASTY,
    }


@pytest.mark.parametrize("lost", [*SECRETS, *VARIABLES])
def test_one_that_is_missing_is_named_and_nothing_is_printed(machine: Machine, lost: str):
    held = {name: text for name, text in SECRETS.items() if name != lost}
    blank = {lost: ""} if lost in VARIABLES else {}

    done = secrets(machine, held, **blank)

    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"secrets: .+\.\n", done.stderr, re.DOTALL)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("key", ""),
        ("database", "not JSON"),
        ("database", '["tiketi"]'),
        ("database", '{"username": "tiketi"}'),
        ("database", '{"username": "tiketi", "password": 7}'),
        ("site", "{}"),
        ("site", '{"EMAIL_URL": "smtp://x", "two\\nlines": "x"}'),
        ("site", '{"EMAIL_URL": "smtp://x", "TOSS": "two\\nlines"}'),
        ("site", '{"EMAIL_URL": "smtp://x", "TOSS": null}'),
    ],
)
def test_one_that_makes_no_sense_is_refused_without_being_shown(machine: Machine, name: str, text: str):
    done = secrets(machine, {**SECRETS, name: text})

    assert (done.returncode, done.stdout) == (1, "")
    assert not [secret for secret in (text, NASTY, "k" * 64) if secret and secret in done.stderr]


# --- deploy/aws/drain


def test_an_instance_leaves_in_order_and_tells_auto_scaling_when_it_has(machine: Machine):
    state = machine.root / "state"
    state.write_text("InService")
    machine.stand_in("curl", f'case "$*" in *api/token*) echo token ;; *target-lifecycle-state) cat {state} ;; esac')
    machine.stand_in("sleep", f'[ "$1" = 5 ] && echo Terminated > {state}')  # the next look sees it
    machine.stand_in("aws", f"[ -e {state}.tried ] || {{ touch {state}.tried; exit 1; }}")  # the hook is not there yet

    done = machine.run(
        machine.srv / "deploy/aws/drain", SCALING_GROUP="g", SCALING_INSTANCE="i-1", TERMINATING_HOOK="bye"
    )

    doings = [line.split()[0] for line in machine.calls.read_text().splitlines() if not line.startswith("curl")]
    assert done.returncode == 0, done.stderr
    assert doings == ["sleep", "sleep", "systemctl", "aws", "sleep", "aws"]
    assert machine.called("systemctl") == ["stop tiketi.target"]
    assert machine.called("aws")[0] == (
        "autoscaling complete-lifecycle-action --lifecycle-action-result CONTINUE "
        "--lifecycle-hook-name bye --auto-scaling-group-name g --instance-id i-1"
    )
