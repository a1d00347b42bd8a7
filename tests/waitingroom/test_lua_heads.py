"""The Lua verbs' heads: they say what the scripts do, and say it right."""

import re

import pytest

from waitingroom.keys import Keys
from waitingroom.reasons import Reason
from waitingroom.scripts import EVERY, FOLDER, PARTS, SHARED

FILES = sorted(path for path in FOLDER.glob("*.lua") if path.stem not in PARTS)
# In Redis since 6.2 or before, the oldest server the site runs on.
OLD_ENOUGH = re.findall(
    r"\w+",
    "DEL HDEL HGET HGETALL HINCRBY HKEYS HLEN HMGET HSET SADD SREM TIME ZADD ZCARD ZCOUNT ZMSCORE ZRANGE "
    "ZRANGEBYSCORE ZRANK ZREM ZSCORE EXISTS EXPIRE PEXPIRE SISMEMBER SCARD ZINCRBY ZREMRANGEBYSCORE ZREMRANGEBYRANK "
    "ZRANGESTORE ZINTERSTORE UNLINK XADD XRANGE XTRIM",
)


def head(source: str) -> str:
    """The comment the file opens with."""
    return "\n".join(re.match(r"(?:--.*\n)+", source)[0].splitlines())  # type: ignore[index]  # the test fails there


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_verb_opens_with_purpose_keys_arguments_and_answer(path):
    lines = head(path.read_text()).splitlines()

    assert re.fullmatch(rf"-- {path.stem}: \S.*[.;,:)\w]", lines[0])
    labels = [label for line in lines if (label := re.match(r"-- (KEYS|ARGV|RETURN) +\S", line))]
    assert [label[1] for label in labels] == ["KEYS", "ARGV", "RETURN"]


@pytest.mark.parametrize("script", EVERY, ids=lambda script: script.name)
def test_every_key_of_a_head_is_one_of_the_rooms_keys(script):
    assert script.name in ("alive", "now") or set(script.key_names) <= set(Keys.__slots__)
    assert len(set(script.key_names)) == len(script.key_names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_keys_are_unpacked_in_the_heads_order(path):
    source = path.read_text()
    named = re.search(r"^-- KEYS +(.+)$", source, re.MULTILINE)
    unpacked = re.search(r"^local (.+) = (?:unpack\(KEYS\)|KEYS\[1\])$", source, re.MULTILINE)

    assert named
    if unpacked:
        assert [name.rstrip("_") for name in unpacked[1].split(", ")] == named[1].split(", ")
    else:  # one key, used where it stands
        assert ", " not in named[1]


def test_every_file_is_loaded_under_its_own_name():
    assert sorted(script.name for script in EVERY) == [path.stem for path in FILES]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.lua")), ids=lambda path: path.stem)
def test_only_commands_that_the_oldest_redis_knows_are_called(path):
    assert set(re.findall(r"redis\.call\('(\w+)'", path.read_text())) <= set(OLD_ENOUGH)


def test_what_python_and_the_scripts_share_is_written_in_python_alone():
    """And is read by a script, or need not be shared."""
    lua = [path.read_text() for path in FOLDER.glob("*.lua")]

    assert not [
        name for source in lua for name in SHARED if re.search(rf"^local .*\b{name}\b.* =", source, re.MULTILINE)
    ]
    assert all(
        any(re.search(rf"\b{name}\b", source) for source in lua) for name in SHARED if name not in Reason.__members__
    )
