"""One admission serves one browser at a time; the last one to use it wins (B10)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils.translation import override

from tests.waitingroom.doors import JSON, Door, Gate, Reply
from tests.waitingroom.line import NOON, Line
from waitingroom import admission, slips
from waitingroom.cookie_names import slip_cookie
from waitingroom.keys import keys_of
from waitingroom.models import WaitingRoom
from waitingroom.place import Phase
from waitingroom.reasons import Reason
from waitingroom.redis import client
from waitingroom.timing import RETURN_MS

Rooms = Callable[..., WaitingRoom]


class Browser:
    """Keeps what it is told to keep, and shows it."""

    def __init__(self, door: Door, room: WaitingRoom, jar: dict[str, str] | None = None) -> None:
        self.door, self.room, self.jar = door, room, dict(jar or {})

    def copy(self, *names: str) -> "Browser":
        """Another browser with these cookies, or all."""
        return Browser(self.door, self.room, {name: self.jar[name] for name in names or self.jar})

    def asks(self, rest: str = "", method: str = "GET", *, accept: str = "text/html", hears: bool = True) -> Reply:
        """One request; without `hears` the answer is lost on the way."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        reply = self.door.ask(f"/events/{self.room.slug}/{rest}", method, accept=accept, cookie=cookie)
        if hears:
            self.keep(reply)
        return reply

    def keep(self, reply: Reply) -> None:
        for name, one in reply.cookies.items():
            self.jar.pop(name, None)
            if one["max-age"] != "0":
                self.jar[name] = one.value

    def is_inside(self) -> bool:
        """Whether a page of the sale is shown."""
        return self.asks().is_inside


@pytest.fixture
def room(make_room: Rooms) -> WaitingRoom:
    return make_room(threshold=1)


@pytest.fixture
def inside(door: Door, room: WaitingRoom) -> Browser:
    """The browser that was let in, and has been back."""
    browser = Browser(door, room)
    assert all(browser.is_inside() for _ in range(3))
    return browser


def active(room: WaitingRoom) -> int:
    return admission.status([room.slug])[0].active


def test_b10_of_a_browser_and_its_copy_the_last_one_wins_and_the_other_is_told(inside: Browser, room: WaitingRoom):
    copy = inside.copy()

    assert copy.is_inside()
    assert copy.is_inside()
    told = inside.asks()

    assert (told.status, told.phase, told.is_inside) == (409, "elsewhere", False)
    assert inside.asks("seats/", accept=JSON).json()["status"] == "elsewhere"
    assert inside.asks("hold/", "POST", accept=JSON).status == 409
    assert copy.is_inside()
    assert active(room) == 1


def test_b10_two_that_take_turns_are_not_inside_together_for_more_than_one_page(inside: Browser):
    copy = inside.copy()

    seen = [(one is copy, one.is_inside()) for _ in range(5) for one in (copy, inside)]

    assert [came_in for is_copy, came_in in seen if not is_copy][1:] == [False] * 4
    assert all(came_in for is_copy, came_in in seen if is_copy)


def test_b10_of_twenty_copies_one_is_inside(inside: Browser):
    copies = [inside.copy() for _ in range(20)]

    rounds = [[one.is_inside() for one in (*copies, inside)] for _ in range(3)]

    assert rounds[1].count(True) == rounds[2].count(True) == 1


def test_b10_who_brings_the_name_alone_takes_the_place_over_and_not_again_at_once(inside: Browser, room: WaitingRoom):
    first, second = inside.copy("visitor"), inside.copy("visitor")

    assert first.is_inside()
    assert not inside.is_inside()
    assert not second.is_inside()  # a place does not change hands with every request
    assert first.is_inside()
    strippers = [inside.copy("visitor").is_inside() for _ in range(10)]
    assert not any(strippers)
    assert active(room) == 1


def test_the_button_takes_the_place_back(inside: Browser, room: WaitingRoom):
    copy = inside.copy()
    assert copy.is_inside()
    assert copy.is_inside()
    page = inside.asks().body.decode()
    assert f'action="/events/{room.slug}/use-here/"' in page

    answer = inside.asks("use-here/", "POST")

    assert (answer.status, answer.headers["location"]) == (303, f"/events/{room.slug}/")
    assert inside.is_inside()
    assert not copy.is_inside()
    assert inside.is_inside()
    assert copy.asks("use-here/", "POST", accept=JSON).json() == {"status": "active", "message": "입장 완료"}
    assert not inside.is_inside()


def test_the_page_says_so_in_both_languages(inside: Browser):
    copy = inside.copy()
    assert copy.is_inside()
    assert copy.is_inside()

    for language, heading, button in [
        ("ko", "다른 브라우저에서 이용 중입니다", "여기서 이용하기"),
        ("en", "Open in another browser", "Use my place here"),
    ]:
        with override(language):
            inside.jar["django_language"] = language
            page = inside.asks().body.decode()
        assert heading in page
        assert button in page


def test_the_button_gives_nobody_a_place(door: Door, room: WaitingRoom, inside: Browser):
    stranger = Browser(door, room)

    answer = stranger.asks("use-here/", "POST", accept=JSON)

    assert answer.status == 403
    assert stranger.asks("use-here/", "POST").headers["location"] == f"/events/{room.slug}/"
    assert active(room) == 1
    assert inside.is_inside()


def test_answers_that_were_lost_cost_nobody_the_place(inside: Browser):
    for _ in range(4):
        assert inside.asks(hears=False).is_inside
    assert inside.is_inside()
    assert inside.asks("hold/", "POST", hears=False).is_inside
    assert inside.is_inside()


def test_the_first_answer_may_be_lost_too(door: Door, room: WaitingRoom):
    browser = Browser(door, room, {"visitor": slips.sign_visitor("ann")})

    for _ in range(3):
        assert browser.asks(hears=False).is_inside
    assert browser.is_inside()
    assert browser.is_inside()


def test_pages_that_load_at_once_in_one_browser_are_one_browser(inside: Browser):
    """Whatever the order in which their answers come, and though their pages ask by themselves meanwhile."""
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        replies = [inside.asks(hears=False) for _ in range(3)]
        assert all(reply.is_inside for reply in replies)
        for i in order:
            inside.keep(replies[i])
            assert inside.asks("seats/state/", accept=JSON).is_inside
        assert inside.is_inside()


@pytest.mark.parametrize(
    ("path", "method", "accept"),
    [("seats/state/", "GET", JSON), ("seats/state/", "GET", "*/*"), ("here/", "GET", JSON), ("hold/", "POST", JSON)],
)
def test_what_a_page_asks_by_itself_may_be_answered_after_its_reader_went_on(
    inside: Browser, path: str, method: str, accept: str
):
    """On a telephone an answer takes a third of a second, and a map asks every three: many a buyer holds meanwhile."""
    late = inside.asks(path, method, accept=accept, hears=False)
    assert inside.asks("hold/", "POST").is_inside

    inside.keep(late)

    assert inside.is_inside()
    late = inside.asks(path, method, accept=accept, hears=False)
    assert inside.is_inside()
    assert inside.asks("hold/", "POST").is_inside
    inside.keep(late)
    assert inside.is_inside()


def test_tabs_go_on_in_turn(inside: Browser):
    """Tabs share the cookies; what one page asks by itself changes nothing for the other."""
    for path, method in [
        ("", "GET"),
        ("seats/", "GET"),
        ("hold/", "POST"),
        ("seats/state/", "GET"),
        ("checkout/", "GET"),
    ]:
        assert inside.asks(path, method).is_inside


def test_a_client_that_keeps_its_first_cookies_for_ever_stays(door: Door, room: WaitingRoom):
    client_ = Browser(door, room)
    client_.asks()

    assert all(client_.asks(accept=JSON, hears=False).is_inside for _ in range(5))


def test_polls_tell_a_copy_nothing_else_and_renew_nothing(inside: Browser, room: WaitingRoom):
    copy = inside.copy()
    assert copy.is_inside()
    assert copy.is_inside()
    place = (keys_of(room.slug).active, slips.read_visitor(inside.jar["visitor"]) or "")
    before = client().zscore(*place)

    assert not inside.is_inside()

    cookie = "; ".join(f"{name}={value}" for name, value in inside.jar.items())
    assert inside.door.ask(f"/api/events/{room.slug}/queue/", cookie=cookie).json()["status"] == "active"
    assert client().zscore(*place) == before


def test_who_leaves_and_comes_again_comes_with_any_slip(inside: Browser, room: WaitingRoom):
    copy = inside.copy()
    visitor = slips.read_visitor(inside.jar["visitor"])
    assert visitor is not None
    assert copy.is_inside()
    assert copy.is_inside()
    admission.leave(room.slug, visitor, Reason.LEFT)
    assert not client().hexists(keys_of(room.slug).marks, visitor)

    assert inside.is_inside()
    assert inside.is_inside()


def test_after_redis_lost_everything_the_browser_goes_on(inside: Browser, room: WaitingRoom):
    client().unlink(*keys_of(room.slug).all())
    admission.tick(WaitingRoom.objects.filter(pk=room.pk))
    copy = inside.copy()

    assert inside.is_inside()
    assert inside.is_inside()
    assert not copy.is_inside()


def test_a_failover_that_lost_the_last_writes_turns_nobody_away(inside: Browser, room: WaitingRoom):
    """And the copies of before stay told."""
    marks = keys_of(room.slug).marks
    replicated = client().hgetall(marks)
    copy = inside.copy()
    assert all(inside.is_inside() for _ in range(4))

    client().hset(marks, mapping=replicated)  # type: ignore[arg-type]  # as it was read

    assert inside.is_inside()
    assert inside.is_inside()
    assert not copy.is_inside()


def test_a_mark_is_signed(inside: Browser, room: WaitingRoom):
    copy, name = inside.copy(), slip_cookie(room.slug)
    assert copy.is_inside()
    assert copy.is_inside()
    fields, _, told = inside.jar[name].rpartition(".")
    _, _, signature = told.rpartition("-")
    mark, before, _ = copy.jar[name].rpartition(".")[2].split("-")

    inside.jar[name] = f"{fields}.{mark}-{before}-{signature}"

    assert slips.read(inside.jar[name], room=room.slug, visitor=fields.split(".")[1]) is None
    assert inside.is_inside()  # as one without a slip, who takes the place over
    assert not copy.is_inside()


def test_a_slip_reads_as_before_for_whoever_reads_it(inside: Browser, room: WaitingRoom):
    kind, visitor, slug, *_, start, expires, _ = inside.jar[slip_cookie(room.slug)].split(".")

    assert (kind, visitor, slug, start) == ("a", slips.read_visitor(inside.jar["visitor"]), room.slug, "0")
    assert expires.isdigit()


def come(line: Line, how: str, brought: str = "") -> list[Any]:
    from waitingroom import scripts

    answer = line.run(scripts.ENTER, line.now_us, "ann", how, brought)
    return answer[:4]  # type: ignore[no-any-return]  # Redis's own types


def test_without_a_slip_a_place_changes_browsers_only_so_often(line: Line):
    line.enter("ann")
    slip = line.due_slip(line.enter("ann"), "ann")
    assert slip is not None
    line.enter("ann", slip)
    assert line.now_us == NOON

    assert line.enter("ann").phase is Phase.ACTIVE  # taken over
    assert line.enter("ann").phase is Phase.ELSEWHERE
    line.pass_s(RETURN_MS / 1000 - 1)
    assert line.enter("ann").phase is Phase.ELSEWHERE
    line.pass_s(2)
    assert line.enter("ann").phase is Phase.ACTIVE
    assert line.enter("ann").phase is Phase.ELSEWHERE


def test_who_never_brings_a_slip_has_the_claim_period(line: Line):
    for _ in range(5):
        assert line.enter("ann").phase is Phase.ACTIVE
    line.pass_s(line.settings.claim_seconds + 1)

    assert line.enter("ann").phase is Phase.ACTIVE
    assert line.enter("ann").phase is Phase.ELSEWHERE


def test_expiry_and_taking_over_forget_the_mark(line: Line):
    line.enter("ann")
    line.enter("ann")
    assert client().hexists(line.keys.marks, "ann")
    line.live_s(line.settings.idle_seconds + 2)
    assert not client().exists(line.keys.marks)


def test_a_solution_brought_from_inside_is_no_slip(line: Line):
    line.enter("ann")

    assert come(line, "join", "p,abc123,99999999999999")[0] == b"active"


def test_every_door_says_it_alike(make_room: Rooms):
    room = make_room(threshold=1)
    first = Browser(Gate(), room)
    first.asks()
    first.asks()
    copy = first.copy()
    copy.asks()
    copy.asks()

    told = first.asks(accept=JSON)

    assert json.loads(told.body) == {"status": "elsewhere", "message": "다른 브라우저에서 이용 중입니다"}
    assert told.headers["cache-control"] == "no-store"
