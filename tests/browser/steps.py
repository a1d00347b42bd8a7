"""A document's steps, as tests walk them: what they have a reader open, type and click is read from the text."""

import re
from enum import Enum, auto
from typing import NamedTuple

PART = re.compile(
    r"```sh\n(?P<block>.*?)```|^- (?P<instruction>.+?)$|!\[[^]]*\]\(images/(?P<picture>[^)]+)\)",
    re.DOTALL | re.MULTILINE,
)


class Kind(Enum):
    """What a reader does with a part of a step."""

    COMMAND = auto()  # a line for a terminal
    INSTRUCTION = auto()  # a line of a list
    PICTURE = auto()  # a file below docs/images/: what is seen now


class Part(NamedTuple):
    """A part of a step."""

    text: str
    kind: Kind


class Steps:
    """A document's steps by name. Each link, command and instruction is to be used; `left` has those that were not."""

    def __init__(self, text: str, head: str, port: int) -> None:
        """`head` matches where a step begins, with its name in a group; the reader's site is at `port`."""
        found = re.split(head, text.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), flags=re.MULTILINE)[1:]
        self._texts = dict(zip(found[::2], found[1::2], strict=True))
        self.left = {
            part for text in self._texts.values() for part in [*_links(text), *(one.text for one in _parts(text))]
        }

    @property
    def names(self) -> list[str]:
        """The steps, in their order."""
        return list(self._texts)

    def link(self, step: str) -> str:
        """The one link of the step's prose."""
        (found,) = _links(self._texts[step])
        self.left.discard(found)
        return found

    def commands(self, step: str) -> list[str]:
        """The lines to type."""
        return [part.text for part in self.parts(step) if part.kind is Kind.COMMAND]

    @property
    def pictures(self) -> set[str]:
        """The files that are shown."""
        return {part.text for text in self._texts.values() for part in _parts(text) if part.kind is Kind.PICTURE}

    def parts(self, step: str) -> list[Part]:
        """What the step has its reader do, in its order."""
        found = _parts(self._texts[step])
        self.left -= {part.text for part in found}
        return found


def _links(text: str) -> list[str]:
    """The links of the prose; those of a list are part of its instructions."""
    return re.findall(r"<(http://\S+)>", re.sub(r"^- .*$", "", text, flags=re.MULTILINE))


def _parts(text: str) -> list[Part]:
    found = []
    for match in PART.finditer(text):
        if match["instruction"]:
            found.append(Part(match["instruction"], Kind.INSTRUCTION))
        elif match["picture"]:
            found.append(Part(match["picture"], Kind.PICTURE))
        else:
            lines = (line.partition("  #")[0].strip() for line in match["block"].splitlines())
            found += [Part(line, Kind.COMMAND) for line in lines if line]
    return found
