"""Every command in the documents is one, and those of the evening run, in their order, on a real sale."""

import re
import shlex
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.core.management.base import BaseCommand

from scaling import autoscaling, control_loop, store
from scaling.configuration import Configuration
from scaling.models import ArrivalBin
from waitingroom.models import Mode, WaitingRoom

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("moto")]
DOCS = Path(__file__).resolve().parents[2] / "docs"
COMMAND = re.compile(r"(?:^    (?:\S*python )?|`)manage\.py ([a-z_]+(?: [^`\n]*)?)", re.MULTILINE)


def commands(text: str) -> list[list[str]]:
    """The words of every command in the text, without the optional parts in brackets."""
    whole = re.sub(r" *\\\n +", " ", text)  # a line that goes on
    return [shlex.split(re.sub(r"\[[^]]*\]| > \S+", "", found), comments=True) for found in COMMAND.findall(whole)]


def the_evening() -> str:
    return (DOCS / "run-a-sale.md").read_text().partition("## The evening")[2].partition("\n## ")[0]


ALL = sorted({tuple(words) for page in DOCS.glob("*.md") for words in commands(page.read_text())})


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_command_of_the_documents_is_there(words: tuple[str, ...]):
    name, *rest = words
    command = load_command_class(get_commands()[name], name)
    assert isinstance(command, BaseCommand)
    parser = command.create_parser("manage.py", name)
    if not rest or (len(rest) == 1 and rest[0].isalpha() and rest[0].islower()):
        assert not rest or rest[0] in parser.format_help()  # only named in the text
        return
    parser.parse_args([word.replace("<slug>", "SLUG") for word in rest])  # a refusal raises


def test_the_evening_goes_as_it_is_written(aws: Configuration, room: WaitingRoom):
    room.opens_at = datetime.now(UTC) + timedelta(hours=20)
    room.save()
    ArrivalBin.objects.create(room=room.slug, begins_at=int(store.now()) - 86_400, visitors=900)
    call_command("scaling", "provision", "--apply", stdout=StringIO())
    control_loop.turn(store.now())
    ran = []

    for words in commands(the_evening()):
        name, *rest = (room.slug if word == "SLUG" else word for word in words)
        refused = ""
        try:
            call_command(name, *rest, stdout=StringIO(), stderr=StringIO())
        except CommandError as refusal:
            refused = str(refusal)
        # A test's machine has neither mail server nor web processes, and no Redis lost anything.
        assert not refused or rest[0] == "preflight" or "recover" in refused, words
        ran.append(rest[0])
        if rest[:2] == ["set", "desired=9"]:
            assert autoscaling.describe(aws.group)["DesiredCapacity"] == 9

    assert {"preflight", "status", "pin", "set", "history", "pause", "open", "close", "provision"} <= {*ran}
    room.refresh_from_db()
    assert room.mode == Mode.CLOSED
    assert autoscaling.describe(aws.group)["MinSize"] == 2  # the pin is off
