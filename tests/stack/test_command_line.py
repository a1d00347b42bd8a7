"""What operators type: every command shows how, says its faults in one English line, and ends as a shell expects."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command, load_command_class
from django.utils.translation import override

from tests.patience import until
from tests.site import ROOT
from tests.stack.test_environment import started
from waitingroom import configure
from waitingroom.models import WaitingRoom
from waitingroom.operator_command import DJANGOS, OperatorCommand

APPS = ("waitingroom", "events", "scaling", "tiketi")
COMMANDS = {
    file.stem: app
    for app in APPS
    for file in (Path(apps.get_app_config(app).path) / "management" / "commands").glob("[a-z]*.py")
}
EXAMPLES = [
    (name, command)
    for name, app in COMMANDS.items()
    for command, _ in load_command_class(app, name).examples  # type: ignore[attr-defined]  # a test says that all are ours
]
# What only looks, or may be done again and again.
HARMLESS = [
    (name, command)
    for name, command in EXAMPLES
    if command.split()[:2] in (["waitingroom", "list"], ["waitingroom", "show"], ["scaling", "status"], ["seed_demo"])
    or command in ("scaling history --limit 5", "release", "simulate --policy law --boot 300 --stay 120 --json")
]


@pytest.fixture
def gala(transactional_db: None) -> Iterator[WaitingRoom]:
    """The room that the examples name."""
    room = WaitingRoom.objects.create(slug="gala")
    yield room
    configure.remove("gala")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_examples_and_djangos_options_apart(name: str):
    command = load_command_class(COMMANDS[name], name)
    assert isinstance(command, OperatorCommand)
    assert command.examples

    text = command.create_parser("manage.py", name).format_help()

    own, djangos = text.split(f"\n{DJANGOS}:\n")
    djangos, examples = djangos.split("\nexamples:\n")
    for option in ("--settings", "--traceback", "--verbosity", "--skip-checks"):
        assert option in djangos
        assert option not in own.partition("\n\n")[2]
    assert len(re.findall(rf"^  manage\.py {name}\b", examples, re.MULTILINE)) == len(command.examples)


@pytest.mark.parametrize(("name", "command"), EXAMPLES, ids=[command for _, command in EXAMPLES])
def test_every_example_is_what_its_command_takes(name: str, command: str):
    load_command_class(COMMANDS[name], name).create_parser("manage.py", name).parse_args(shlex.split(command)[1:])


@pytest.mark.parametrize(("name", "command"), HARMLESS, ids=[command for _, command in HARMLESS])
def test_examples_that_harm_nobody_do_what_they_say(gala: WaitingRoom, name: str, command: str):
    out = StringIO()

    call_command(name, *shlex.split(command)[1:], stdout=out)

    assert out.getvalue().strip()
    if "--json" in command:
        json.loads(out.getvalue())


def test_show_speaks_in_words(gala: WaitingRoom):
    out = StringIO()

    call_command("waitingroom", "show", "gala", stdout=out)

    assert not re.search(r"[(){}\[\]]|None|True|False|\.\d{2}", out.getvalue())
    assert re.search(r"^  account_required +no$", out.getvalue(), re.MULTILINE)
    assert re.search(r"^arrivals +0 in the last minute or so$", out.getvalue(), re.MULTILINE)


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["waitingroom", "set", "gala", "threshold=0"], 2),
        (["waitingroom", "set", "gala", "threshold=many"], 2),
        (["waitingroom", "set", "gala", "treshold=5"], 2),
        (["waitingroom", "set", "gala", "mode=sideways"], 2),
        (["waitingroom", "set", "gala", "idle_seconds=10", "claim_seconds=60"], 2),
        (["waitingroom", "admit", "gala", "0"], 2),
        (["waitingroom", "drop", "gala", "nobody"], 1),
        (["waitingroom", "show", "nowhere"], 1),
        (["scaling", "set", "desired=many"], 2),
        (["scaling", "set", "desird=3"], 2),
        (["scaling", "pin", "floor=7", "until=soon", "why=x"], 2),
        (["scaling", "pin", "off"], 1),
        (["draw", "announce", "gala", "--closes", "soon", "--source", "local"], 2),
        (["draw", "announce", "gala", "--closes", "2026-12-01T10:00", "--source", "dice"], 2),
    ],
)
def test_e2_a_fault_is_one_english_line_with_exit_2_for_what_makes_no_sense(
    gala: WaitingRoom, words: list[str], code: int, language: str
):
    with override(language), pytest.raises(CommandError) as fault:
        call_command(*words, stdout=StringIO())

    assert fault.value.returncode == code
    assert "\n" not in str(fault.value)
    assert re.search("[가-힣]", str(fault.value)) is None


@pytest.mark.parametrize("command", [["simulate", "--policy", "law"], ["simulate", "--help"]])
def test_a_reader_that_has_read_enough_is_no_fault(command: list[str]):
    reads, writes = os.pipe()
    os.close(reads)

    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, stdout=writes, stderr=subprocess.PIPE, check=False
    )
    os.close(writes)

    assert done.stderr == b""
    assert done.returncode == (0 if "--help" in command else 141)  # argparse looks away by itself


def test_ctrl_c_ends_a_command_in_a_word(tmp_path: Path):
    environment = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3"}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", "--seeds", "100"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: _is_at_work(process.pid), within=60)
    process.send_signal(signal.SIGINT)

    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("", "\nStopped.\n", 130)


def _is_at_work(pid: int) -> bool:
    """Whether it has computed for longer than starting takes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK") > 3


def test_b24_a_redis_of_a_wrong_scheme_is_a_line_and_exit_2_for_every_command():
    for name in COMMANDS:
        done = started("manage.py", name, "--help", REDIS_URL="http://127.0.0.1:6379/0")
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_every_command_and_each_verb_stands_in_the_operators_table():
    text = (ROOT / "docs" / "operations.md").read_text().partition("\n## Commands\n")[2].partition("\n## ")[0]
    rows = {row[1]: row[2] for row in re.finditer(r"^\| `manage\.py (\w+)[^`]*` \|(.*)$", text, re.MULTILINE)}

    assert set(rows) == set(COMMANDS)
    for name, row in rows.items():
        parser = load_command_class(COMMANDS[name], name).create_parser("manage.py", name)
        verbs = [action.choices for action in parser._actions if action.dest == "verb"]
        assert {verb for choices in verbs for verb in choices or ()} == set(re.findall(r"`(\w[\w-]*)`", row)), name
