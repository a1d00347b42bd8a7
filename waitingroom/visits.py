"""A request as the waiting room sees it: which room, who, and in what form the answer is wanted."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from waitingroom import slips
from waitingroom.conf import conf
from waitingroom.cookie_names import slip_cookie, visitor_cookie
from waitingroom.crawlers import is_crawler
from waitingroom.languages import language_of
from waitingroom.networks import network_of
from waitingroom.packed.page import BR, GZIP
from waitingroom.slips import ACCOUNT, NO_SIGN_IN, Slip

LONGEST_COOKIES = 16_384  # characters; Redis is not asked for who sends more
MAX_KEPT_PATH = 200  # characters; longer ones are nobody's but who wants to fill the memory
POLL = re.compile(r"/queue/?$")
SAFE = ("GET", "HEAD")
# Where the told-elsewhere page sends its button.
TAKE = re.compile(r"/use-here/$")
# Where the waiting page's forms go: to give the number up, and to line up in another room instead.
GIVE_UP = re.compile(r"/give-up/(?:(?P<room>[-\w]+)/)?$")


# In these browsers say that nobody looks yet; the later ones are older browsers'.
PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
# The headers a visit is read from, besides the cookies, each with what it is read as; lower case, as ASGI has them.
READ = {
    name: name
    for name in (
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"user-agent",
        b"x-forwarded-for",
        b"x-proof-of-work",
    )
} | dict.fromkeys(PURPOSES, PURPOSES[0])


class Passing(StrEnum):
    """Who looks in without a place, and how."""

    NO = ""
    LOOKS = "looks"  # a crawler, a link preview, a monitor; or HEAD
    PREFETCHES = "prefetches"  # a browser, for somebody who may come


class Visit(NamedTuple):
    """One request of a protected path."""

    room: str
    visitor: str  # a new one, if `known` is false
    known: bool
    slip: Slip | None
    path: str
    method: str
    wants_json: bool
    polls: bool  # asks only for the place, joins nobody
    chosen_language: str  # on the site, by cookie; empty if never
    accept_language: str
    oversized: bool  # more cookies than anybody reads
    held: str  # the slip's cookie, unread
    to_renew: bool  # the visitor's cookie or slip counts, but is to be signed anew
    passing: Passing = Passing.NO
    network: str = ""  # of a new visitor, where it can be told
    accept_encoding: str = ""
    cookies: Mapping[str, str] = MappingProxyType({})  # all there are
    solution: str = ""  # of a challenge (work.py), unread
    sign_in: str = NO_SIGN_IN  # an account's

    @property
    def is_account(self) -> bool:
        """Whether the visitor is an account, rather than a browser."""
        return self.visitor.startswith(ACCOUNT)

    @property
    def proof(self) -> Slip | None:
        """The slip, also of a poll: read where Redis does not know the visitor."""
        return self.slip or (slips.read(self.held, room=self.room, visitor=self.visitor) if self.held else None)

    @property
    def language(self) -> str:
        """The language the visitor chose on the site, else the browser's."""
        return language_of(self.chosen_language, self.accept_language)

    @property
    def coding(self) -> bytes:
        """In which a page is wanted; b"": as it is. Polls and JSON never ask."""
        return coding_of(self.accept_encoding[:200])

    @property
    def opens_page(self) -> bool:
        """Whether somebody goes from page to page, rather than an open page asks by itself, or a program."""
        return self.method == "GET" and not self.wants_json and not watches(self.path)

    @property
    def takes(self) -> bool:
        """Whether the visitor wants the place for this browser."""
        return self.method == "POST" and TAKE.search(plain(self.path)) is not None

    @property
    def gives_up(self) -> bool:
        """Whether the visitor gives the place up."""
        return self.method == "POST" and GIVE_UP.search(plain(self.path)) is not None

    @property
    def is_lines_own(self) -> bool:
        """Whether the line itself is asked, rather than what lies behind it: the site has nothing there."""
        return self.polls or self.takes or self.gives_up

    @property
    def goes_to(self) -> str:
        """The room that the visitor lines up in instead; empty where none is named."""
        found = GIVE_UP.search(plain(self.path))
        return (found["room"] or "").lower() if found else ""

    @property
    def safe(self) -> bool:
        """Whether the method asks for a page, rather than for a change."""
        return self.method in SAFE


@lru_cache(maxsize=3)
def _patterns(protected: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.IGNORECASE) for pattern in protected]


def plain(path: str) -> str:
    """The path without what could dodge a pattern: repeated slashes, dots as steps, a missing last slash."""
    if "//" in path or "/." in path or "\\" in path:
        steps: list[str] = []
        for step in path.replace("\\", "/").split("/"):
            if step == "..":
                steps = steps[:-1]
            elif step not in ("", "."):
                steps.append(step)
        path = "/" + "/".join(steps) + "/"
    return path if path.endswith("/") else path + "/"


def room_of(path: str) -> str | None:
    """The room that protects `path` (decoded, without query), or None."""
    return _room_of(path) if len(path) <= MAX_KEPT_PATH else _room_of.__wrapped__(path)


@lru_cache(maxsize=4096)
def _room_of(path: str) -> str | None:
    for pattern in _patterns(tuple(conf.WAITINGROOM_PROTECTED)):
        if match := pattern.match(plain(path)):
            return match["room"].lower()
    return None


def watches(path: str) -> bool:
    """Whether pages ask for `path` by themselves, as long as they are open."""
    return _watches(path) if len(path) <= MAX_KEPT_PATH else _watches.__wrapped__(path)


@lru_cache(maxsize=4096)
def _watches(path: str) -> bool:
    return any(pattern.match(plain(path)) for pattern in _patterns(tuple(conf.WAITINGROOM_WATCHED)))


def shows(path: str) -> bool:
    """Whether `path` is everybody's to read while nobody can line up."""
    if not conf.WAITINGROOM_SHOWN:
        return False
    return _shows(path) if len(path) <= MAX_KEPT_PATH else _shows.__wrapped__(path)


@lru_cache(maxsize=4096)
def _shows(path: str) -> bool:
    return any(pattern.match(plain(path)) for pattern in _patterns(tuple(conf.WAITINGROOM_SHOWN)))


def form_of(path: str) -> tuple[bool, bool]:
    """Whether the path is the API's, and whether it is the poll."""
    return _form_of(path) if len(path) <= MAX_KEPT_PATH else _form_of.__wrapped__(path)


@lru_cache(maxsize=4096)
def _form_of(path: str) -> tuple[bool, bool]:
    api = plain(path).lower().startswith("/api/")
    return api, api and POLL.search(path) is not None


@lru_cache(maxsize=1024)
def coding_of(header: str) -> bytes:
    """The coding that suits an Accept-Encoding header (RFC 9110, 12.5.3) best; b"" where it names none of ours."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        try:
            weights[coding.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
    rest = weights.get("*", 0)
    best = max((BR, GZIP), key=lambda coding: weights.get(coding.decode(), rest))
    return best if weights.get(best.decode(), rest) > 0 else b""


def cookies_in(header: str) -> dict[str, str]:
    """The cookies of a Cookie header; the first of a name counts, as the more specific path comes first."""
    found: dict[str, str] = {}
    if len(header) > LONGEST_COOKIES:
        return found
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found


def _passing(method: str, user_agent: str, purpose: str, *, known: bool, polls: bool) -> Passing:
    if "prefetch" in purpose or "preview" in purpose:
        return Passing.PREFETCHES
    if polls or method not in SAFE:
        return Passing.NO
    looks = method == "HEAD" or (not known and is_crawler(user_agent))
    return Passing.LOOKS if looks else Passing.NO


def _visit(room: str, path: str, method: str, cookie: str, said: Mapping[bytes, str], peer: str) -> Visit:
    cookies = cookies_in(cookie) if cookie else {}
    own = cookies.get(visitor_cookie()) if cookies else None
    named = slips.read_visitor_cookie(own) if own else None
    visitor = named.visitor if named else None
    api, polls = form_of(path)
    polls = polls and method in SAFE
    held = cookies.get(slip_cookie(room), "") if visitor else ""
    slip = slips.read(held, room=room, visitor=visitor) if held and visitor and not polls else None
    passing = _passing(
        method, said.get(b"user-agent", ""), said.get(PURPOSES[0], "").lower(), known=visitor is not None, polls=polls
    )
    # Who holds a slip has a place to look at. But what a browser fetches ahead takes no admission up: nobody is there.
    if slip and (passing is Passing.LOOKS or slip.kind == slips.ADMITTED):
        passing = Passing.NO
    accept = said.get(b"accept", "")
    return Visit(  # by position: names cost half as much again as the visit itself
        room,
        visitor or slips.new_visitor(),
        visitor is not None,
        slip,
        path,
        method,
        api or ("application/json" in accept and "text/html" not in accept),
        polls,
        cookies.get(conf.LANGUAGE_COOKIE_NAME, "") if cookies else "",
        said.get(b"accept-language", ""),
        len(cookie) > LONGEST_COOKIES,
        held,
        named is not None and (named.to_renew or (slip is not None and slips.is_by_old_key(held))),
        passing,
        "" if visitor else network_of(peer, said.get(b"x-forwarded-for", "")),
        said.get(b"accept-encoding", ""),
        cookies,
        said.get(b"x-proof-of-work", ""),
        named.sign_in if named else NO_SIGN_IN,
    )


def from_scope(room: str, scope: Mapping[str, Any]) -> Visit:
    """The visit an ASGI scope describes."""
    cookie = b""
    said: dict[bytes, str] = {}
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for name, value in headers:
        if name == b"cookie":
            cookie = cookie + b"; " + value if cookie else value
        elif (key := READ.get(name)) is not None:
            text = value.decode("latin-1")
            said[key] = f"{said[key]},{text}" if key in said else text  # a proxy may add a line of its own
    peer = (scope.get("client") or ("",))[0]
    return _visit(room, scope["path"], scope["method"], cookie.decode("latin-1"), said, peer)


def from_environ(room: str, meta: Mapping[str, Any], path: str, method: str) -> Visit:
    """The visit a WSGI environment (`request.META`) describes; its cookies as the gate would read them."""
    said: dict[bytes, str] = {}
    for name, key in READ.items():
        if text := meta.get("HTTP_" + name.decode().upper().replace("-", "_")):
            said[key] = f"{said[key]},{text}" if key in said else text
    return _visit(room, path, method, meta.get("HTTP_COOKIE", ""), said, meta.get("REMOTE_ADDR", ""))
