"""A visitor's browser: its own cookies, pages and sockets."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urljoin, urlsplit

from tiketi.storm import exchange, websocket
from tiketi.storm.contract import CSRF_COOKIE
from tiketi.storm.exchange import Answer
from tiketi.storm.site import Site
from tiketi.storm.websocket import Socket

REDIRECTS = {301, 302, 303, 307, 308}
MOST_REDIRECTS = 5
ALWAYS = {"User-Agent": "tiketi-storm", "Accept-Language": "ko"}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class TooManyRedirects(Exception):
    """The site sends its visitors in circles, or away."""


class Browser:
    """Remembers the cookies of one visitor, and shows them."""

    __slots__ = ("cookies", "site")

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cookies: dict[str, str] = {}

    async def load(self, path: str) -> Answer:
        """The page at `path`, redirects followed."""
        return await self._follow(path, await self._ask("GET", path, {}))

    async def fetch(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The JSON at `path`, as a script on a page would fetch it."""
        return await self._ask("GET", path, {"Accept": "application/json", **headers})

    async def submit(self, path: str, form: Mapping[str, str | list[str]], came_from: str) -> Answer:
        """The plain answer to a form, posted as a script on the page at `came_from` would post it."""
        fields = {"csrfmiddlewaretoken": self.cookies.get(CSRF_COOKIE, ""), **form}
        headers = {**FORM, "Origin": self.site.origin, "Referer": self.site.origin + came_from}
        return await self._ask("POST", path, headers, urlencode(fields, doseq=True).encode())

    async def listen(self, path: str, heard: Callable[[bytes], None], ended: Callable[[int], None]) -> Socket:
        """An open WebSocket to `path`."""
        return await websocket.connect(self.site, path, self._with_cookies({}), heard, ended)

    async def _follow(self, path: str, answer: Answer) -> Answer:
        for _ in range(MOST_REDIRECTS):
            if answer.status not in REDIRECTS:
                return answer
            target = urlsplit(urljoin(self.site.origin + path, answer.headers.get("location", "")))
            if f"{target.scheme}://{target.netloc}" != self.site.origin:
                break
            path = target.path + (f"?{target.query}" if target.query else "")
            answer = await self._ask("GET", path, {})
        raise TooManyRedirects(path)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        answer = await exchange.ask(
            self.site, method, path, self._with_cookies({"Accept": "text/html", **headers}), body
        )
        for line in answer.cookies:
            self.keep(line)
        return answer

    def _with_cookies(self, headers: Mapping[str, str]) -> dict[str, str]:
        whole = {**ALWAYS, **headers}
        if self.cookies:
            whole["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return whole

    def keep(self, line: str) -> None:
        """One Set-Cookie line. Every cookie of the site is for the whole site, so the path is not looked at."""
        pair, _, attributes = line.partition(";")
        name, _, value = pair.strip().partition("=")
        if "max-age=0" in attributes.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
