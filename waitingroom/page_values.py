"""What a page shows: what all have alike within a second is worked out once, the rest for each visitor."""

import html
from collections.abc import Mapping
from functools import lru_cache

from waitingroom.gathering import Gathering
from waitingroom.page_cache import clock_text, exact_text, range_text
from waitingroom.place import Phase, Place
from waitingroom.room_registry import room_registry
from waitingroom.snapshot import Snapshot
from waitingroom.visits import Visit

# By name, as text in HTML.
Values = dict[bytes, bytes]
_UNTOLD = "–".encode()


def of_nobody(visit: Visit, snapshot: Snapshot | None, language: str) -> Values:
    """What is shown to who has no place."""
    values = (_nothing(language) if snapshot is None else _alike(snapshot, language)).copy()
    if visit.is_account:
        values[b"who"] = b"account"
    if visit.slip:
        values[b"held"] = b"yes"
    return values


def of_place(visit: Visit, place: Place, snapshot: Snapshot, language: str) -> Values:
    """What is shown to who has a number."""
    values = of_nobody(visit, snapshot, language)
    position, held = place.position, visit.slip
    values[b"position"] = text = b"%d" % position
    values[b"position_text"] = grouped = f"{position:,}".encode()
    if position > snapshot.total:  # came since that look
        values[b"total"], values[b"total_text"] = text, grouped
    if position:
        least, most = snapshot.ranges.of(position)
        values[b"estimated_wait"] = b"%d" % snapshot.forecast.wait_s(position)
        values[b"wait_most"] = b"%d" % most
        values[b"wait_text"] = range_text(least, most, language).encode()
    start = held.start if held and held.queue_number == place.queue_number else position
    if start > position:
        values[b"start"], values[b"percent"] = b"%d" % start, b"%d" % (100 * (start - position) // start)
    else:
        values[b"start"] = text
    values[b"mode"] = place.mode.encode()
    if place.missed or place.reason:
        values[b"left"] = b"missed" if place.missed or not place.reason else place.reason.name.lower().encode()
    if gathering := gathering_of(visit.room, place):
        values |= _of_gathering(place, gathering)
    elif place.recovering_s and place.phase is not Phase.CLOSED:
        values |= _of_recovery(visit, place, language)
    return values


def gathering_of(room: str, place: Place) -> Gathering | None:
    """What is told of the opening to who waits for it."""
    if not place.gathers:
        return None
    return Gathering.of(place.opens_in_ms, place.total, room_registry.opening(room), place.recovering_s)


def _of_gathering(place: Place, gathering: Gathering) -> Values:
    """Before the opening the page counts down to it; no position is told that is not true."""
    told = {b"stage": place.stage.encode(), b"opens_in": b"%d" % gathering.opens_in_ms}
    told[b"opens_text"] = clock_text(gathering.opens_in_ms).encode()
    if gathering.drawn:
        told[b"order"] = b"draw"
    if gathering.position(place.position) == 0:
        told |= {b"position": b"0", b"start": b"0", b"position_text": _UNTOLD}
    return told


def _of_recovery(visit: Visit, place: Place, language: str) -> Values:
    """While the room recovers there is no position to tell."""
    left_s, whole_s = place.recovering_s, room_registry.recovery_s(visit.room)
    return dict.fromkeys((b"position_text", b"total_text", b"wait_text"), _UNTOLD) | {
        b"mode": b"recovering",
        b"recovery_text": exact_text(left_s, language).encode(),
        b"recovery_done": b"%d" % max(0, whole_s - left_s),
    }


def _alike(snapshot: Snapshot, language: str) -> Values:
    found = snapshot.page_values.get(language)
    if found is None:
        scaling, total = snapshot.scaling, snapshot.total
        found = snapshot.page_values[language] = _nothing(language) | {
            b"total": b"%d" % total,
            b"total_text": f"{total:,}".encode(),
            b"in_service": b"%d" % scaling["inService"],
            b"pending": b"%d" % scaling["pending"],
            b"mode": snapshot.mode.encode(),
            b"closed_reason": _words(snapshot.closed_reason, language),
            b"announcement": _words(snapshot.announcement.texts, language),
            b"announced": snapshot.announcement.mark.encode(),
        }
    return found


def _words(by_language: Mapping[str, str], language: str) -> bytes:
    return html.escape(by_language.get(language, "")).encode()


@lru_cache(maxsize=16)
def _nothing(language: str) -> Values:
    zeros = ("position", "total", "percent", "start", "estimated_wait", "in_service", "pending", "wait_most")
    empty = ("recovery_text", "mode", "closed_reason", "announcement", "announced", "left", "challenge", "opens_text")
    return {
        **{name.encode(): b"0" for name in (*zeros, "position_text", "total_text", "recovery_done", "opens_in")},
        **{name.encode(): b"" for name in empty},
        b"wait_text": range_text(0, 0, language).encode(),
        b"who": b"browser",
        b"held": b"no",
        b"stage": b"open",
        b"order": b"arrival",
    }
