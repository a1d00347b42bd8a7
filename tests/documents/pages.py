"""The documents: what the project says of itself in Markdown."""

import re
from pathlib import Path

from tests.site import ROOT

DOCS = ROOT / "docs"
# Those that tell of the past name what is no more.
HISTORY = [ROOT / "CHANGELOG.md", *sorted((DOCS / "decisions").glob("*.md"))]
PAGES = [ROOT / "README.md", ROOT / "waitingroom" / "README.md", *sorted(DOCS.glob("*.md")), *HISTORY]
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
# A link or a picture: its address, without a title behind it.
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)")


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return FENCED.sub("", page.read_text())


def links(page: Path) -> list[str]:
    """Where the page leads to on this machine: paths and anchors, as written."""
    return [found for found in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", found)]


def anchors(page: Path) -> set[str]:
    """The page's headings as GitHub names them in addresses."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        while name in found:
            name += "-1"
        found.add(name)
    return found


def name(page: Path) -> str:
    """The page as people call it."""
    return str(page.relative_to(ROOT))
