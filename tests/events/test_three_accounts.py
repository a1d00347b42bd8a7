"""Three accounts with one cookie, at a real web process (B10)."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from pathlib import Path

import pytest

from events.demo.rehearsal import sign_in
from events.models import Event, Hold
from tests.events.conftest import seats_of
from tests.patience import until
from tests.waitingroom.web import Web, serving
from waitingroom import admission

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6


class Browser:
    """One account's browser: its session, and whatever it was given, or took."""

    def __init__(self, web: Web, event: Event, jar: dict[str, str]) -> None:
        self.web, self.event, self.jar, self.own = web, event, dict(jar), dict(jar)

    def asks(self, rest: str = "", method: str = "GET", body: str = "") -> int:
        """The status of one answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in {**self.jar, "csrftoken": "c" * 32}.items()),
            "Accept": "application/json",
            "X-CSRFToken": "c" * 32,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, f"/events/{self.event.slug}/{rest}", body, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("set-cookie", []):
            for name, one in SimpleCookie(line).items():
                self.jar[name] = one.value
        answer.read()
        connection.close()
        return answer.status

    def steals(self, other: "Browser") -> None:
        """The other's cookies, all but the session."""
        self.jar = {**other.jar, "sessionid": self.own["sessionid"]}


@pytest.mark.parametrize("account_required", [True, False])
def test_b10_of_three_accounts_with_one_cookie_one_is_inside(event: Event, tmp_path: Path, account_required: bool):
    event.room.threshold = 1
    event.room.save()
    seat = seats_of(event)[0]
    with serving(tmp_path) as web:
        until(lambda: web.knows(event.slug))
        if account_required:
            event.room.account_required = True
            event.room.save()
            until(lambda: Browser(web, event, {}).asks("seats/state/") == 401)
        owner, *thieves = (Browser(web, event, jar) for jar in sign_in(3))
        assert [owner.asks(), owner.asks("seats/")] == [200, 200]

        served = []
        for _ in range(ROUNDS):
            for thief in thieves:
                thief.steals(owner)
            with ThreadPoolExecutor(3) as pool:
                answers = list(pool.map(lambda one: one.asks("seats/"), [owner, *thieves]))
            served.append(answers)
            assert all(thief.asks("hold/", "POST", f"seat={seat}") in (401, 403, 409) for thief in thieves)

        assert all(status == 200 for status, *_ in served), served
        assert all(status in (401, 403, 409) for _, *others in served for status in others), served
        assert owner.asks("hold/", "POST", f"seat={seat}") == 201
    assert Hold.objects.count() == 1
    assert admission.status([event.slug])[0].active == 1
