"""docs/redis.md: it tells every key of keys.py, as keys.py does."""

import re

from tests.site import ROOT
from waitingroom.keys import ALIVE, Keys, keys_of

SOURCE = (ROOT / "waitingroom" / "keys.py").read_text()
DOC = (ROOT / "docs" / "redis.md").read_text()


def told_in_source() -> dict[str, tuple[str, str]]:
    """Each key's attribute: its type and meaning."""
    found = re.findall(r'self\.(\w+) = f".*"\n +"""(ZSET|HASH|SET|STREAM) +([^"]+)"""', SOURCE)
    return {name: (kind, " ".join(meaning.split())) for name, kind, meaning in found}


def test_every_key_is_told_with_its_type_and_meaning():
    rows = dict.fromkeys(re.findall(r"^\| `(\w+):\{<slug>\}` \| (\w+) \| (.+) \|$", DOC, re.MULTILINE))

    assert {name: (kind, meaning) for name, kind, meaning in rows} == told_in_source()
    assert set(told_in_source()) == set(Keys.__slots__)


def test_the_sites_own_key_is_told_as_well():
    (meaning,) = re.findall(r'^ALIVE = "rooms:alive"\n"""(.+)"""$', SOURCE, re.MULTILINE)

    kind, words = meaning.split(maxsplit=1)
    assert f"| `{ALIVE}` | {kind} | {words} |" in DOC


def test_every_key_carries_the_rooms_hash_tag():
    keys = keys_of("some-room")

    assert all(key == f"{name}:{{some-room}}" for name, key in zip(Keys.__slots__, keys.all(), strict=True))
