"""Who may enter a draw now: those who gathered and have shown themselves, and by what their entries are made."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from django.contrib.auth import get_user_model
from redis.exceptions import RedisError

from waitingroom.draw.rule import Identity
from waitingroom.errors import NotAsked
from waitingroom.keys import keys_of
from waitingroom.redis import client
from waitingroom.slips import ACCOUNT

# In one question to Redis, and in one transaction of the database.
MAX_AT_ONCE = 1000


def shown_since(room: str, since_ms: int) -> list[tuple[str, int]]:
    """Visitors in line and their last sign of life, Unix milliseconds, those from `since_ms` on, the oldest first.

    MAX_AT_ONCE of them at most, and all of the last millisecond. Who drew a number and never brought the cookie back is
    none. Raises NotAsked.
    """
    keys, bound = keys_of(room), "+inf"
    try:
        found: Any = client().zrange(
            keys.seen, since_ms, bound, byscore=True, offset=0, num=MAX_AT_ONCE, withscores=True
        )
        if len(found) == MAX_AT_ONCE:  # no millisecond is cut in two: the next question begins after it
            last = int(found[-1][1])
            found = [pair for pair in found if int(pair[1]) < last]
            found += cast("Any", client().zrange(keys.seen, last, last, byscore=True, withscores=True))
    except (RedisError, OSError) as error:
        raise NotAsked(error) from error
    return [(visitor.decode(), int(at)) for visitor, at in found]


def last_seen_ms(room: str, visitors: Sequence[str]) -> dict[str, int]:
    """The last sign of life of those in line, Unix milliseconds. Raises NotAsked."""
    found: dict[str, int] = {}
    try:
        for start in range(0, len(visitors), MAX_AT_ONCE):
            names = list(visitors[start : start + MAX_AT_ONCE])
            scores: Any = client().zmscore(keys_of(room).seen, names)
            found |= {name: int(at) for name, at in zip(names, scores, strict=True) if at is not None}
    except (RedisError, OSError) as error:
        raise NotAsked(error) from error
    return found


def identities(identity: Identity, visitors: Collection[str]) -> Mapping[str, str]:
    """By visitor what their entry is made of: the address of their account ("" for none), or their random name."""
    if identity is Identity.NAME:
        return {visitor: visitor for visitor in visitors}
    model = get_user_model()
    keys = {visitor: visitor.removeprefix(ACCOUNT) for visitor in visitors if visitor.startswith(ACCOUNT)}
    numbers = [int(key) for key in keys.values() if key.isdecimal()]
    field = model.get_email_field_name()
    addresses = {
        str(pk): address for pk, address in model._default_manager.filter(pk__in=numbers).values_list("pk", field)
    }
    return {visitor: addresses.get(keys.get(visitor, ""), "") or "" for visitor in visitors}
