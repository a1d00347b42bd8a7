"""The rule of a draw, signed before the first entry: who may enter until when, and where chance will come from."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from waitingroom.draw.errors import BadDraw
from waitingroom.draw.instants import read, written
from waitingroom.draw.sources import Drand, Local, Party, Source, read_source

HEAD = "tiketi-draw-rule-v1"
# So long the closed roster is shown, and anybody may object, before a source named by its instant speaks.
LEAD = timedelta(minutes=10)
# Closing takes its time as well.
MIN_AFTER_CLOSING = LEAD + timedelta(minutes=1)
MAX_SOURCES = 16
_ORIGIN = re.compile(r"[a-z0-9.-]+(:\d+)?")
_EVENT = re.compile(r"[-\w]{1,80}", re.ASCII)


class Identity(StrEnum):
    """What an entry is made of besides its nonce."""

    EMAIL = "e-mail"
    NAME = "name"  # a browser's random one, given by the site: it could give it to two


@dataclass(frozen=True)
class Rule:
    """What is promised beforehand; every receipt and the checkpoint name its hash."""

    origin: str  # the site's host
    event: str  # the room's name
    identity: Identity
    opens_at: datetime
    closes_at: datetime
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        """Raises BadDraw."""
        if not _ORIGIN.fullmatch(self.origin) or not _EVENT.fullmatch(self.event):
            raise BadDraw("A rule names the site's host, and an event by its address name.")
        if self.opens_at >= self.closes_at:
            raise BadDraw("The gathering closes after it opens.")
        if not 0 < len(self.sources) <= MAX_SOURCES:
            raise BadDraw(f"A rule names 1 to {MAX_SOURCES} sources of chance.")
        lines = [source.line for source in self.sources]
        parties = [source.name for source in self.sources if isinstance(source, Party)]
        if len(set(lines)) < len(lines) or len(set(parties)) < len(parties):
            raise BadDraw("A rule names no source twice.")
        if len(self.sources) > 1 and any(isinstance(source, Local) for source in self.sources):
            # It could be drawn again until the sum of both pleased.
            raise BadDraw("This machine's own chance spoils any other: name it alone, or not at all.")
        for source in self.sources:
            if isinstance(source, Drand) and source.at < self.closes_at + MIN_AFTER_CLOSING:
                raise BadDraw(f"{source.name} comes less than 11 minutes after the closing.")

    @property
    def log(self) -> str:
        """The origin line of the draw's notes: no other draw has it."""
        return f"{self.origin}/draw/{self.event}"

    @property
    def chance_at(self) -> datetime:
        """When the chance can be there: not before the closing, nor before the last source that has an instant."""
        return max([self.closes_at, *(source.at for source in self.sources if isinstance(source, Drand))])

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [
            HEAD,
            self.log,
            f"identity {self.identity}",
            f"opens {written(self.opens_at)}",
            f"closes {written(self.closes_at)}",
            *(f"source {source.line}" for source in self.sources),
        ]
        return "\n".join(lines) + "\n"

    @property
    def hash(self) -> str:
        """SHA-256 of the text, in hexadecimal digits."""
        return sha256(self.text.encode()).hexdigest()


def read_rule(text: str) -> Rule:
    """The rule that has this text. Raises BadDraw."""
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 6 or lines[0] != HEAD:
        raise BadDraw("That is no rule of a draw.")
    origin, _, event = lines[1].partition("/draw/")
    words = [line.split(" ", 1) for line in lines[2:]]
    names = [word[0] for word in words]
    if (
        names[:3] != ["identity", "opens", "closes"]
        or set(names[3:]) != {"source"}
        or words[0][-1] not in list(Identity)
    ):
        raise BadDraw("That is no rule of a draw.")
    (_, identity), (_, opens), (_, closes), *sources = words
    rule = Rule(
        origin, event, Identity(identity), read(opens), read(closes), tuple(read_source(one[-1]) for one in sources)
    )
    if rule.text != text:
        raise BadDraw("That is no rule of a draw.")
    return rule
