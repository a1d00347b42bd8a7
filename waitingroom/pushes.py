"""Web Push to who waits and asked for it: that the turn has come, once, and that it is near, once."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from waitingroom import push_sending, scripts
from waitingroom.alive import rooms_known_alive
from waitingroom.conf import conf
from waitingroom.errors import LineUnavailable
from waitingroom.push_sending import AT_ONCE, Outcome
from waitingroom.redis import answers_now, run_now
from waitingroom.slips import KEPT_SECONDS

log = logging.getLogger(__name__)

# Of one room in one turn; the rest a second later.
MAX_DUE = 100
KEPT_MS = 1000 * KEPT_SECONDS


class Due(NamedTuple):
    """A push that is due."""

    room: str
    visitor: str
    what: str  # "turn" or "near"
    worth_ms: int  # for so long it is worth telling
    subscription: str  # JSON, as it was brought


def is_on() -> bool:
    """Whether the site pushes at all."""
    return bool(conf.WAITINGROOM_PUSH_KEY)


def subscribe(room: str, visitor: str, subscription: dict[str, Any] | None) -> bool:
    """Push to the visitor there, or (None) no more; whether it counts: only who waits is pushed to.

    Raises LineUnavailable.
    """
    text = "" if subscription is None else json.dumps(subscription)
    return bool(run_now([scripts.SUBSCRIBE.call(room, visitor, text, KEPT_MS, "")])[0])


def push_due() -> None:
    """Tell everybody to whom a push is due, in all rooms. Raises LineUnavailable where Redis is away."""
    if not is_on():
        return
    rooms = sorted(rooms_known_alive() or ())
    answers = answers_now([scripts.RING.call(room, MAX_DUE, KEPT_MS, "") for room in rooms])
    due = [one for room, answer in zip(rooms, answers, strict=True) for one in read_due(room, answer)]
    if not due:
        return
    words = {key: _words(*key) for key in {(one.room, one.what, _language(one)) for one in due}}
    with ThreadPoolExecutor(min(AT_ONCE, len(due))) as pool:
        list(pool.map(lambda one: _tell(one, words[one.room, one.what, _language(one)]), due))


def read_due(room: str, answer: Any) -> list[Due]:
    """The pushes in ring.lua's answer; none where Redis failed in this room, or has no settings of it."""
    if isinstance(answer, LineUnavailable) or answer == [b"unknown"]:
        return []
    parts: Sequence[str] = [part.decode() for part in answer]
    return [Due(room, parts[i], parts[i + 1], int(parts[i + 2]), parts[i + 3]) for i in range(0, len(parts), 4)]


def _language(one: Due) -> str:
    return str(json.loads(one.subscription)["language"])


def _tell(one: Due, words: dict[str, str]) -> None:
    outcome, why = push_sending.send(json.loads(one.subscription), words, max(1, one.worth_ms // 1000))
    if outcome is Outcome.FAILED:
        _note_failure(one.room, why)
        return
    if outcome is Outcome.TOLD and one.what == "near":
        return  # ring.lua noted it
    run_now([scripts.RUNG.call(one.room, one.visitor, one.subscription, outcome.value)])


def _note_failure(room: str, why: str) -> None:
    log.info("a push of %s failed: %s", room, why, extra={"room": room})


def _words(room: str, what: str, language: str) -> dict[str, str]:
    """The notification, in the visitor's language; nothing in it is about the visitor."""
    with override(language):
        said = _("It is your turn!") if what == "turn" else _("You are nearly there: fewer than ten are ahead of you.")
        return {"title": _title(room) or said, "body": said, "path": f"/events/{room}/"}


def _title(room: str) -> str:
    try:
        return str(import_string(settings.WAITINGROOM_PAGE_CONTEXT)(room).get("title", ""))
    except DatabaseError as error:
        log.warning("a push does without the event: %s", error)
        return ""
