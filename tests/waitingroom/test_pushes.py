"""Web Push to who waits: asked for by who really waits there, told once, and nothing stays behind."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client

from tests.emulators.push import CONTACT, HOST, Browser, PushService, decoded, pushing
from tests.waitingroom.doors import Gate
from tests.waitingroom.line import Line
from tiketi import loopback
from waitingroom import admission, push_sending, pushes, scripts, slips
from waitingroom.cookie_names import visitor_cookie
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.more_script import edition_of, more_of
from waitingroom.reasons import Reason
from waitingroom.redis import client

HELD = ("pushes", "rings", "rung")
Rooms = Callable[..., WaitingRoom]


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """The site pushes, to this service alone."""
    with pushing(settings, monkeypatch) as service:
        yield service


@pytest.fixture
def room(make_room: Rooms) -> WaitingRoom:
    """A room with its one place taken."""
    room = make_room(threshold=1, claim_seconds=60)
    for _ in range(2):  # a stranger, whose cookie came back
        Gate().ask(f"/events/{room.slug}/", visitor="inside")
    return room


def browser_of(visitor: str, language: str = "ko") -> Client:
    """A browser with the visitor's cookie."""
    browser = Client(HTTP_ACCEPT_LANGUAGE=language)
    browser.cookies[visitor_cookie()] = slips.sign_visitor(visitor)
    return browser


def wait(room: WaitingRoom, visitor: str) -> None:
    Gate().ask(f"/events/{room.slug}/", visitor=visitor)


def ask(room: WaitingRoom, visitor: str, subscription: Any, language: str = "ko") -> Any:
    return browser_of(visitor, language).post(f"/line/{room.slug}/push/", subscription, content_type="application/json")


def admit_next(room: WaitingRoom, leaving: str = "inside") -> list[str]:
    admission.leave(room.slug, leaving, Reason.LEFT)
    return admission.admit(room.slug, 1)


def kept(slug: str) -> list[int]:
    """How much Redis holds in each key of pushes."""
    keys = keys_of(slug)
    found = client()
    return [found.hlen(keys.pushes), found.zcard(keys.rings), found.hlen(keys.rung)]  # type: ignore[list-item]


@pytest.mark.parametrize(("language", "said"), [("ko", "입장할 차례예요!"), ("en", "It is your turn!")])
def test_who_asked_is_told_of_the_turn_once_in_their_language(
    room: WaitingRoom, service: PushService, language: str, said: str
):
    for i in range(12):  # far enough behind not to be near
        wait(room, f"before-{i}")
    wait(room, "ann")
    assert ask(room, "ann", service.browser("ann").subscription, language).status_code == 204
    pushes.push_due()
    assert service.pushed == []
    for i in range(12):
        admission.leave(room.slug, f"before-{i}", Reason.LEFT)

    assert admit_next(room) == ["ann"]
    pushes.push_due()
    pushes.push_due()

    (told,) = service.pushed
    assert told.message == {"title": said, "body": said, "path": f"/events/{room.slug}/"}
    assert 50 <= told.ttl <= 60, "as long as the claim period"
    assert (told.claims["aud"], told.claims["sub"]) == (f"https://{HOST}", CONTACT)


def test_that_the_turn_is_near_is_told_once_as_well(room: WaitingRoom, service: PushService):
    wait(room, "ann")
    ask(room, "ann", service.browser("ann").subscription, "en")

    pushes.push_due()
    ask(room, "ann", service.browser("ann").subscription, "en")  # after a reload
    pushes.push_due()

    assert [one.message["body"] for one in service.pushed] == ["You are nearly there: fewer than ten are ahead of you."]


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_no_more_is_forgotten(room: WaitingRoom, service: PushService, status: int):
    wait(room, "ann")
    ask(room, "ann", service.browser("ann").subscription)
    service.gone["ann"] = status

    pushes.push_due()

    assert kept(room.slug) == [0, 0, 0]


def test_a_service_in_trouble_keeps_nobody_else_waiting_and_is_asked_again(room: WaitingRoom, service: PushService):
    for visitor in ("ann", "bob"):
        wait(room, visitor)
        ask(room, visitor, service.browser(visitor).subscription)
    service.mischief.append("away")

    pushes.push_due()  # both are near

    assert len(service.pushed) == 1
    assert admit_next(room) == ["ann"]
    service.mischief.append("lost")
    before = len(service.pushed)
    pushes.push_due()
    assert len(service.pushed) == before + 1, "done, and its answer was lost"
    noted: Any = client().hgetall(keys_of(room.slug).rung)
    assert noted[b"ann"] == b"near", "so it is not taken for told"


def due(line: Line) -> list[tuple[str, str, int]]:
    found = pushes.read_due(line.slug, line.run(scripts.RING, 100, 60_000, line.now_us))
    return [(one.visitor, one.what, one.worth_ms) for one in found]


def subscribed(line: Line, visitor: str, text: str = "{}") -> int:
    found: int = line.run(scripts.SUBSCRIBE, visitor, text, 60_000, line.now_us)
    return found


@pytest.fixture
def waiting(make_line: Callable[..., Line]) -> Line:
    """Ann waits behind Zoe, who is inside."""
    line = make_line(threshold=1, claim_seconds=60)
    line.enter("zoe")
    line.enter("ann")
    return line


def let_in(line: Line) -> None:
    """Zoe leaves, and who waits behind her is admitted."""
    line.leave("zoe")
    while not line.live_s(1):
        pass


def test_a_turn_that_is_not_told_is_tried_a_few_times_within_the_claim_period(waiting: Line):
    assert subscribed(waiting, "ann") == 1
    assert due(waiting) == [("ann", "near", 60_000)]
    let_in(waiting)

    tries = []
    for second in range(120):
        tries += [(second, what, worth_ms) for _, what, worth_ms in due(waiting)]
        waiting.pass_s(1)

    assert tries == [(0, "turn", 60_000), (12, "turn", 48_000), (24, "turn", 36_000), (48, "turn", 12_000)]


def test_what_was_told_is_not_tried_again_until_the_next_turn(waiting: Line):
    subscribed(waiting, "ann")
    due(waiting)
    let_in(waiting)
    assert due(waiting) == [("ann", "turn", 60_000)]
    waiting.run(scripts.RUNG, "ann", "{}", "told")

    for _ in range(59):
        assert due(waiting) == []
        waiting.pass_s(1)


def test_who_came_in_or_left_leaves_nothing_behind(waiting: Line):
    subscribed(waiting, "ann")
    let_in(waiting)
    due(waiting)
    waiting.enter("ann")
    waiting.pass_s(12)
    due(waiting)
    assert kept(waiting.slug) == [0, 0, 0]

    waiting.enter("bob")
    subscribed(waiting, "bob")
    waiting.leave("bob")
    assert kept(waiting.slug) == [0, 0, 0]


def test_who_is_dropped_for_being_away_leaves_nothing_behind(waiting: Line):
    subscribed(waiting, "ann")
    due(waiting)
    client().zrem(waiting.keys.queue, "ann")

    waiting.pass_s(60)
    due(waiting)

    assert kept(waiting.slug) == [0, 0, 0]


def test_all_of_it_expires_by_itself(waiting: Line):
    subscribed(waiting, "ann")

    assert all(0 < int(client().pttl(getattr(waiting.keys, name))) <= 60_000 for name in ("pushes", "rings"))  # type: ignore[arg-type]


def test_who_signs_in_while_waiting_is_told_as_before(waiting: Line):
    subscribed(waiting, "ann")
    due(waiting)
    waiting.run(scripts.TAKE_OVER, "ann", "account-1", int(Reason.MERGED), waiting.now_us)
    let_in(waiting)

    assert due(waiting) == [("account-1", "turn", 60_000)]
    assert kept(waiting.slug) == [1, 1, 1]


def test_before_the_opening_nobody_is_near(make_line: Callable[..., Line]):
    line = make_line(threshold=1)
    line.enter("zoe")
    line.enter("ann")
    subscribed(line, "ann")
    client().hset(line.keys.config, "opens_us", str(line.now_us + 60_000_000))

    assert due(line) == []


def test_one_subscription_a_visitor_and_a_late_answer_removes_no_newer_one(waiting: Line):
    subscribed(waiting, "ann", '{"old": 1}')
    subscribed(waiting, "ann", '{"new": 1}')
    assert kept(waiting.slug) == [1, 1, 0]

    assert waiting.run(scripts.RUNG, "ann", '{"old": 1}', "gone") == 0
    assert kept(waiting.slug) == [1, 1, 0]


def test_only_who_waits_there_is_pushed_to(room: WaitingRoom, service: PushService, make_room: Rooms):
    wait(room, "ann")
    subscription = service.browser("ann").subscription

    for visitor, there in (("inside", room), ("stranger", room), ("ann", make_room())):
        assert ask(there, visitor, subscription).status_code == 403
        assert kept(there.slug) == [0, 0, 0]
    forged = Client()
    forged.cookies[visitor_cookie()] = slips.sign_visitor("ann")[:-2] + "xx"
    for browser in (forged, Client()):
        answer = browser.post(f"/line/{room.slug}/push/", subscription, content_type="application/json")
        assert answer.status_code == 403
    assert kept(room.slug) == [0, 0, 0]


def test_no_other_site_asks_in_a_visitors_name_and_the_page_gets_what_it_needs(room: WaitingRoom, service: PushService):
    wait(room, "ann")
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = browser_of("ann").cookies
    subscription = service.browser("ann").subscription
    path = f"/line/{room.slug}/push/"

    assert careful.post(path, subscription, content_type="application/json").status_code == 403
    assert careful.delete(path).status_code == 403
    offer = careful.get(path).json()
    assert len(decoded(offer["key"])) == 65

    token = {"HTTP_X_CSRFTOKEN": offer["token"]}
    assert careful.post(path, subscription, content_type="application/json", **token).status_code == 204
    assert kept(room.slug) == [1, 1, 0]
    assert careful.delete(path, **token).status_code == 204
    assert kept(room.slug) == [0, 0, 0]


@pytest.mark.parametrize("body", ["", "x", "[]", "null", "{}", "[" * 2000, '{"endpoint": "https://push.example.com/"}'])
def test_what_is_no_subscription_is_refused(room: WaitingRoom, service: PushService, body: str):
    wait(room, "ann")

    assert ask(room, "ann", body).status_code == 400
    assert kept(room.slug) == [0, 0, 0]


def test_more_than_two_kilobytes_are_refused(room: WaitingRoom, service: PushService):
    wait(room, "ann")

    assert ask(room, "ann", json.dumps(service.browser("ann").subscription | {"x": "x" * 2048})).status_code == 413
    assert kept(room.slug) == [0, 0, 0]


def test_an_endpoint_elsewhere_is_refused_and_one_that_was_kept_is_not_asked(
    room: WaitingRoom, service: PushService, settings: Any
):
    wait(room, "ann")
    subscription = service.browser("ann").subscription
    assert ask(room, "ann", subscription | {"endpoint": "https://elsewhere.example.com/"}).status_code == 400
    assert ask(room, "ann", subscription).status_code == 204
    settings.WAITINGROOM_PUSH_SERVICES = ["fcm.googleapis.com"]

    pushes.push_due()

    assert (service.calls, kept(room.slug)) == ([], [0, 0, 0])


def test_a_service_that_leads_elsewhere_is_not_followed(service: PushService):
    service.gone["ann"] = 307

    outcome, why = push_sending.send(service.browser("ann").subscription, {"title": "x"}, 60)

    assert (outcome, why, service.calls) == (push_sending.Outcome.FAILED, "status 307", ["POST /v1/ann"])


def test_while_redis_is_away_that_is_said(room: WaitingRoom, service: PushService, settings: Any):
    ours, settings.REDIS_URL = settings.REDIS_URL, f"redis://127.0.0.1:{loopback.free_port()}/0"
    client.cache_clear()
    try:
        answer = ask(room, "ann", service.browser("ann").subscription)
    finally:
        settings.REDIS_URL = ours
        client.cache_clear()

    assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")


def test_a_site_without_a_key_offers_none(room: WaitingRoom):
    more_of.cache_clear()
    wait(room, "ann")

    assert ask(room, "ann", Browser("ann").subscription).status_code == 404
    assert browser_of("ann").get(f"/line/{room.slug}/push/").status_code == 404
    assert browser_of("ann").get("/line/push-worker.js").status_code == 404
    assert "pushManager" not in browser_of("ann").get(f"/line/more.ko.{edition_of('ko')}.js").content.decode()
    pushes.push_due()


def test_a_site_with_a_key_offers_them(room: WaitingRoom, service: PushService):
    assert "pushManager" in browser_of("ann").get(f"/line/more.ko.{edition_of('ko')}.js").content.decode()
    worker = browser_of("ann").get("/line/push-worker.js")
    assert (worker.status_code, worker["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert browser_of("ann").get("/line/nowhere/push/").status_code == 404


def test_the_emulator_reads_the_rfcs_own_example():
    """RFC 8291, appendix A: so that it is no echo of the library that encrypts."""
    private = int.from_bytes(decoded("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    browser = Browser("rfc", ec.derive_private_key(private, ec.SECP256R1()))
    browser.auth = decoded("BTBZMqHH6r4Tts7J_aSIgg")

    assert (
        browser.read(
            decoded(
                "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
                "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
            )
        )
        == b"When I grow up, I want to be a watermelon"
    )
