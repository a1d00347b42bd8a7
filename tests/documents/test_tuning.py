"""The table of a room's settings has what operators may set, and nothing else."""

import re

from tests.documents.pages import DOCS
from waitingroom.management.commands.waitingroom import SETTINGS
from waitingroom.models import Mode


def tuning() -> str:
    """The page."""
    return (DOCS / "tune.md").read_text()


def test_every_setting_of_a_room_is_told_and_none_besides():
    heads = re.findall(r"^\| (`.+?`) \|", tuning(), re.MULTILINE)

    assert sorted(name for head in heads for name in re.findall(r"`(\w+)`", head)) == sorted(SETTINGS)


def test_every_mode_is_told():
    (row,) = re.findall(r"^\| `mode` \| (.+?) \|", tuning(), re.MULTILINE)

    assert set(re.findall(r"`(\w+)`", row)) == set(Mode)
