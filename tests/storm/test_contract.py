"""What the site says, read strictly; and the cookies, kept like a browser does."""

import pytest

from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.contract import Notice, ProtocolViolation, Update
from tiketi.storm.site import BadAddress, Site
from waitingroom import slips
from waitingroom.slips import Slip


def test_a_place_and_a_call_are_read():
    place = b'{"type":"queue-position-update","position":3,"total":9,"estimatedWait":12,"scaling":{}}'

    assert contract.read_message(place) == Update(3, 9, 12)
    assert contract.read_message('{"type":"queue-enter","message":"입장"}'.encode()) == Notice("queue-enter")
    assert contract.read_message(b'{"type":"queue-left","reason":"dropped"}') == Notice("queue-left", "dropped")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"[]",
        b"\xff",
        b'"queue-enter"',
        b'{"type":["queue-enter"]}',
        b'{"type":"queue-jump"}',
        b'{"type":"queue-position-update","position":1,"total":1}',
        b'{"type":"queue-position-update","position":0,"total":1,"estimatedWait":1}',
        b'{"type":"queue-position-update","position":2,"total":1,"estimatedWait":1}',
        b'{"type":"queue-position-update","position":true,"total":1,"estimatedWait":1}',
        b'{"type":"queue-position-update","position":1,"total":1,"estimatedWait":-1}',
        b'{"type":"queue-position-update","position":1,"total":1,"estimatedWait":"soon"}',
    ],
)
def test_anything_else_violates_the_contract(message: bytes):
    with pytest.raises(ProtocolViolation):
        contract.read_message(message)


def test_the_slip_is_read_as_the_room_writes_it():
    slip = slips.sign(Slip(slips.WAITING, "vivi-7_x", "my-room", "e1", 1_795_480_661_275_993, 12, 2_000_000_000))

    assert contract.read_slip(slip) == ("vivi-7_x", 1_795_480_661_275_993)
    straight_in = slips.sign(Slip(slips.ADMITTED, "vivi-7_x", "my-room", "e1", 1_795_480_661_275_993, 0, 2_000_000_000))
    assert contract.read_slip(straight_in) == ("vivi-7_x", 0)
    with pytest.raises(ProtocolViolation):
        contract.read_slip("w.what.ever")


def test_cookies_are_kept_replaced_and_deleted():
    browser = Browser(Site.at("http://127.0.0.1:1"))

    browser.keep("visitor=abc.def; Max-Age=100; Path=/; HttpOnly")
    browser.keep('messages=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/')
    browser.keep("visitor=ghi; Path=/")

    assert browser.cookies == {"visitor": "ghi"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8000",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/x",
        "http://a b",
        "http://no.such.host.invalid",
    ],
)
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(BadAddress):
        Site.at(url)


def test_a_loopback_site_is_called_from_many_addresses():
    site = Site.at("http://localhost:8000")

    assert len({site.caller() for _ in range(1000)}) == 200
    assert Site.at("http://192.0.2.1").caller() is None
