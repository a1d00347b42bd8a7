"""Pages on the wire: compressed once for everybody, and in each coding the page that the server rendered."""

import gzip
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.waitingroom.doors import Door, Gate
from waitingroom import page_cache
from waitingroom.models import WaitingRoom
from waitingroom.packed import brotli as packed_brotli
from waitingroom.packed.layout import WIDTHS, BadLayout, cut
from waitingroom.packed.page import BR, GZIP, PackedPage
from waitingroom.page_cache import SILENCE, STAFFS_WORDS, PageTemplate, _with_words, render
from waitingroom.visits import coding_of

READ = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}
TEMPLATES = ("waiting", "recovering", "closed", "unavailable", "preview", "work")
EVENT = {
    "title": "가을 밤의 <음악회> & more",
    "performers": "서울 시립 교향악단",
    "venue": "세종문화회관 대극장",
    "prices": [
        {"key": i, "name": f"{name}석", "costs": "154,000원", "left": 1234} for i, name in enumerate("VRSAB", 100)
    ],
    "parties": range(1, 5),
}
# As the server says them: numbers, texts with every kind of character, words of its own.
words = st.text("약 시간분초0123456789,–ax", max_size=10).map(str.encode)
values = st.fixed_dictionaries(
    {name: st.one_of(words, st.integers(0, 10**width - 1).map(b"%d".__mod__)) for name, width in WIDTHS.items()}
)
reasons = st.sampled_from([b"", b"&lt;sold out&gt;", "내일 다시 열립니다. ".encode() * 20])


class Meaning(HTMLParser):
    """What a browser makes of a page: tags with their attributes, and text, with spaces as they count."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(tag)

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)


def as_rendered(template: PageTemplate, said: dict[bytes, bytes]) -> bytes:
    """The page with its values and nothing else."""
    return b"".join(said[piece] if i % 2 else piece for i, piece in enumerate(template.pieces))


@pytest.fixture(scope="module", params=[(name, language) for name in TEMPLATES for language in ("ko", "en")])
def template(request: Any) -> PageTemplate:
    name, language = request.param
    return render(name, "autumn-night", language, EVENT)


@pytest.mark.parametrize("coding", [BR, GZIP])
@settings(max_examples=40, deadline=None)
@given(said=values, reason=reasons)
def test_a_packed_page_means_what_the_plain_one_does(
    template: PageTemplate, coding: bytes, said: dict[bytes, bytes], reason: bytes
):
    said |= {b"closed_reason": reason, b"announcement": reason, b"announced": reason[:3].hex().encode()}

    packed = READ[coding.decode()](template.fill(said, coding))

    assert packed == template.fill(said, b"")
    assert Meaning(packed).found == Meaning(as_rendered(template, said)).found


@pytest.mark.parametrize("template", [("waiting", "ko")], indirect=True)
@pytest.mark.parametrize("coding", [BR, GZIP])
def test_nothing_is_compressed_for_a_visitor(template: PageTemplate, coding: bytes, monkeypatch: pytest.MonkeyPatch):
    one = dict.fromkeys(WIDTHS, b"1") | dict.fromkeys(STAFFS_WORDS, b"")
    other = one | {name: b"7" * WIDTHS[name] for name in (b"position", b"position_text", b"wait_text")}
    sent = template.fill(one, coding)
    for compresses in ("waitingroom.packed.brotli.brotli", "waitingroom.packed.deflate.zlib.compress"):
        monkeypatch.setattr(compresses, None)

    assert len(template.fill(other, coding)) == len(sent)


@pytest.mark.parametrize("template", [("waiting", "ko"), ("waiting", "en")], indirect=True)
def test_the_waiting_page_is_small(template: PageTemplate):
    said = dict.fromkeys(WIDTHS, b"1") | dict.fromkeys(STAFFS_WORDS, b"")
    template.packed()
    template.pack_best()

    assert len(template.fill(said, BR)) < 8_900
    assert len(template.fill(said, GZIP)) < 9_980


@pytest.mark.parametrize("name", ["waiting", "gathering"])
def test_a_visitors_own_values_stand_in_few_gaps(name: str):
    """Each costs codes of its own, and a piece of every page that is joined."""
    pieces = render(name, "autumn-night", "ko", EVENT).pieces

    assert len(cut(_with_words(pieces, SILENCE))[1]) <= {"waiting": 3, "gathering": 6}[name]


@pytest.mark.parametrize("template", [("waiting", "ko"), ("waiting", "en"), ("closed", "en")], indirect=True)
def test_a_page_that_stays_is_compressed_better_and_reads_the_same(template: PageTemplate):
    said = dict.fromkeys(WIDTHS, b"1") | dict.fromkeys(STAFFS_WORDS, b"again and again")
    before = template.fill(said, BR)

    template.pack_best()

    assert len(template.fill(said, BR)) < len(before)
    assert brotli.decompress(template.fill(said, BR)) == brotli.decompress(before)


def test_a_page_that_was_rendered_the_same_again_is_compressed_better(make_room: Callable[..., WaitingRoom]):
    page = ("waiting", make_room().slug, "ko")
    said = dict.fromkeys(WIDTHS, b"1") | dict.fromkeys(STAFFS_WORDS, b"")
    first, second = (len(page_cache.rendered_now(page).fill(said, BR)) for _ in range(2))

    assert second < first


@pytest.mark.parametrize("coding", [BR, GZIP])
def test_a_page_that_shows_nobody_anything_of_their_own_is_one_piece(coding: bytes):
    page = PackedPage([b"<p>", b"mode", b"</p>"])

    assert READ[coding.decode()](page.fill({b"mode": b"open"}, coding)) == b"<p>open</p      >"


@pytest.mark.parametrize("coding", [BR, GZIP])
def test_what_is_alike_for_a_second_is_remembered_for_no_longer(coding: bytes):
    page = PackedPage([b"<p>", b"pending", b"</p><b>", b"position", b"</b>"])

    for second in range(40):
        read = READ[coding.decode()](page.fill({b"pending": b"%d" % second, b"position": b"7"}, coding))
        assert read.replace(b" ", b"") == b"<p>%d</p><b>7</b>" % second


def test_an_encoder_that_mixed_a_gap_with_the_page_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    real, seeds = packed_brotli.pack, list[int]()

    def once_broken(literals: Any, gaps: Any, quality: int, seed: int) -> list[bytes]:
        seeds.append(seed)
        return real(literals, gaps, quality, seed) if seed else [b"\x00" * 9 for _ in literals]

    monkeypatch.setattr("waitingroom.packed.brotli.pack", once_broken)
    page = PackedPage([b"<p>", b"mode", b"</p>"])

    assert brotli.decompress(page.fill({b"mode": b"open"}, BR)).replace(b" ", b"") == b"<p>open</p>"
    assert seeds == [0, 1]


def test_a_value_wider_than_its_gap_is_sent_whole():
    page = PackedPage([b"<p>", b"mode", b"</p>"])
    long = {b"mode": b"m" * 1000}

    assert [READ[c.decode()](page.fill(long, c)) for c in (BR, GZIP)] == [b"<p>" + b"m" * 1000 + b"</p>"] * 2


def test_an_encoder_that_mixes_gaps_with_the_page_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    broken = lambda literals, *_: [b"\x00" * 9 for _ in literals]  # noqa: E731
    monkeypatch.setattr("waitingroom.packed.brotli.pack", broken)

    page = PackedPage([b"<p>", b"mode", b"</p>"])

    assert brotli.decompress(page.fill({b"mode": b"open"}, BR)).replace(b" ", b"") == b"<p>open</p>"


@pytest.mark.parametrize("pieces", [[b"<p>", b"mode", b""], [b"", b"mode", b"<!-- -->"], [b"<br ", b"mode", b">"]])
def test_a_value_where_spaces_would_mean_something_is_refused(pieces: list[bytes]):
    with pytest.raises(BadLayout):
        cut(pieces)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", b""),
        ("identity", b""),
        ("gzip, deflate, br, zstd", b"br"),
        ("gzip, deflate", b"gzip"),
        ("br;q=0, gzip;q=0.5", b"gzip"),
        ("br;q=0.1, gzip;q=1.0", b"gzip"),
        ("GZIP", b"gzip"),
        ("gzip;q=0", b""),
        ("*", b"br"),
        ("*;q=0", b""),
        ("br;q=0,*", b"gzip"),
        ("gzip;q=x", b""),
        ("gzip ; q=0.000", b""),
        (";;,=,q=", b""),
    ],
)
def test_the_coding_is_the_one_that_the_browser_likes_best(header: str, coding: bytes):
    assert coding_of(header) == coding


@pytest.fixture
def full_room(make_room: Callable[..., WaitingRoom]) -> WaitingRoom:
    """A room with its one place taken."""
    room = make_room(threshold=1)
    Gate().ask(f"/events/{room.slug}/", visitor="first")
    return room


@pytest.mark.parametrize("coding", ["br", "gzip", None])
def test_the_page_comes_in_the_coding_asked_for(door: Door, full_room: WaitingRoom, coding: str | None):
    door.more = {"accept-encoding": coding} if coding else {}

    page = door.ask(f"/events/{full_room.slug}/", visitor="ann")

    assert page.headers.get("content-encoding") == coding
    assert page.headers["vary"] == "accept, accept-encoding, accept-language, cookie"
    assert b'id="position"' in READ[coding](page.body)
    assert int(page.headers["content-length"]) == len(page.body)


def test_what_machines_read_is_not_compressed(door: Door, full_room: WaitingRoom):
    door.more = {"accept-encoding": "br, gzip"}

    said = door.ask(f"/api/events/{full_room.slug}/", accept="application/json", visitor="ann")

    assert "content-encoding" not in said.headers
    assert said.json()["status"] == "queued"
