"""The WebSocket: a visitor's live place in line."""

import asyncio
import json
import logging
import resource
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer

from waitingroom.announcement import MARK_LENGTH
from waitingroom.errors import LineUnavailable, RoomGone, RoomsUnknown
from waitingroom.hub import hub
from waitingroom.jobs.tell import CLOSE_CLOSED, CLOSE_NO_ROOM, CLOSE_TOO_MANY, CLOSE_UNKNOWN
from waitingroom.room import Room
from waitingroom.room_cache import with_settings_restored
from waitingroom.room_registry import RoomConfig, room_registry
from waitingroom.slips import NamedVisitor
from waitingroom.sockets import PUSH, Socket
from waitingroom.visitors import of_scope, proof_of_scope

log = logging.getLogger(__name__)

CLOSE_BAD_MESSAGE, CLOSE_AWAY = 4400, 1013
# The server's own code for its end, RFC 6455's registry.
SERVICE_RESTART = 1012
# A page sends one message in its life; who sends this many means no good.
MAX_MESSAGES = 20
# Sockets are refused long before pages are: a page that is told to poll must be able to. Of all file descriptors a
# fifth stays for pages, Redis and the database, and some hundred where there are few.
SPARE_FILES, SPARE_PART = 400, 0.2
LEFT_FRAME = json.dumps({"type": "queue-left", "reason": "left"})

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ServerEnds(Exception):
    """It is the server that closed the socket."""


class QueueConsumer(AsyncConsumer):  # type: ignore[misc]  # channels has no types
    """One socket of ten thousand. It needs no channel layer and no database, so it takes neither."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the socket until it closes."""
        await receive()  # websocket.connect
        room: str = scope["url_route"]["kwargs"]["room"]
        named = of_scope(scope)
        found = await self._room_or_refusal(room, named)
        if found == CLOSE_NO_ROOM and _waits_out_of_sight(scope, room, named):
            found = CLOSE_CLOSED  # it was withdrawn, and may be published again: the page goes on by polls
        await send({"type": "websocket.accept"})
        if named is None or isinstance(found, int):
            await send({"type": "websocket.close", "code": found})
            return
        push, slip = scope.get("extensions", {}).get(PUSH), proof_of_scope(scope, found.slug, named.visitor)
        socket = Socket(
            asyncio.get_running_loop(), found.slug, named.visitor, send, push, slip, named.sign_in, _announced_to(scope)
        )
        hub().add(socket)
        depart = hub().release  # a server that ends, or fails, says no good-bye for its visitors
        try:
            await self._listen(socket, receive)
            depart = hub().remove
        except ServerEnds:
            pass
        finally:
            depart(socket)

    async def _room_or_refusal(self, room: str, named: NamedVisitor | None) -> RoomConfig | int:
        """The room, or the close code for who may not be served."""
        if named is None:
            return CLOSE_UNKNOWN
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if len(hub()) >= files - max(SPARE_FILES, files * SPARE_PART):
            return CLOSE_TOO_MANY
        try:
            return await room_registry.find(room) or CLOSE_NO_ROOM
        except RoomsUnknown:
            return CLOSE_AWAY

    async def _listen(self, socket: Socket, receive: Receive) -> None:
        for _ in range(MAX_MESSAGES):
            message = await receive()
            if message["type"] == "websocket.disconnect":
                if message.get("code") == SERVICE_RESTART:
                    raise ServerEnds
                return
            if not wants_to_leave(message.get("text")):
                socket.finish(CLOSE_BAD_MESSAGE)
                continue
            try:
                give_up = partial(Room(socket.room).give_up, socket.visitor, socket.slip)
                await with_settings_restored(socket.room, give_up)
            except (LineUnavailable, RoomGone):
                socket.finish(CLOSE_AWAY)
                continue
            socket.entered = True  # nothing to miss any more
            socket.tell(LEFT_FRAME)
            socket.finish(1000)
        socket.finish(CLOSE_TOO_MANY)


def _waits_out_of_sight(scope: dict[str, Any], room: str, named: NamedVisitor | None) -> bool:
    return named is not None and room_registry.hides(room) and bool(proof_of_scope(scope, room, named.visitor))


def _announced_to(scope: Mapping[str, Any]) -> str:
    """The mark of the word of staff's that the page has, as it names it in the socket's address; "" for none."""
    query: bytes = scope.get("query_string", b"")
    (told, *_) = parse_qs(query.decode("latin-1")).get("announced", [""])
    return told[:MARK_LENGTH]


def wants_to_leave(text: str | None) -> bool:
    """Whether a message is the one a page may send: {"type": "leave"}."""
    try:
        message = json.loads(text or "")
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("type") == "leave"
