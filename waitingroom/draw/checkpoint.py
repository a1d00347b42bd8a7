"""The closed roster in one signed note (c2sp.org/tlog-checkpoint): size, root, the rule it is under."""

from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime

from waitingroom.draw.errors import BadDraw
from waitingroom.draw.instants import read, written
from waitingroom.draw.roster import Roster
from waitingroom.draw.rule import Rule


@dataclass(frozen=True)
class Checkpoint:
    """What is shown to everybody before the seed exists."""

    log: str
    size: int
    root: bytes
    rule: str
    closed_at: datetime

    @property
    def text(self) -> str:
        """What is signed, and what the seed is made of."""
        root = b64encode(self.root).decode()
        return f"{self.log}\n{self.size}\n{root}\nrule {self.rule}\nclosed {written(self.closed_at)}\n"


def checkpoint_of(rule: Rule, roster: Roster, at: datetime) -> Checkpoint:
    """The roster closed at `at`."""
    return Checkpoint(rule.log, len(roster.ids), roster.tree.root, rule.hash, at)


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that has this text. Raises BadDraw."""
    lines = text.split("\n")
    if len(lines) != 6 or not lines[1].isdecimal():
        raise BadDraw("That is no checkpoint of a draw.")
    log, size, root, rule, closed, _ = lines
    try:
        found = Checkpoint(
            log,
            int(size),
            b64decode(root, validate=True),
            rule.removeprefix("rule "),
            read(closed.removeprefix("closed ")),
        )
    except (Error, ValueError) as error:
        raise BadDraw("That is no checkpoint of a draw.") from error
    if found.text != text or len(found.root) != 32:
        raise BadDraw("That is no checkpoint of a draw.")
    return found
