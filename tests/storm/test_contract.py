"""What the site says, read strictly; and the cookies, kept like a browser does."""

import re
from pathlib import Path

import pytest

import waitingroom
from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.contract import Notice, ProtocolViolation, Update, Word
from tiketi.storm.site import BadAddress, Site
from waitingroom import slips
from waitingroom.causes import Cause
from waitingroom.models import Mode
from waitingroom.reasons import Reason
from waitingroom.slips import Slip

PLACE = (
    b'{"type":"queue-position-update","position":3,"total":9,"estimatedWait":12,'
    b'"scaling":{"inService":2,"pending":0,"readyInSeconds":0}}'
)


def test_a_place_and_a_call_are_read():
    assert contract.read_message(PLACE) == Update(3, 9, 12)
    assert contract.read_message('{"type":"queue-enter","message":"입장"}'.encode()) == Notice(Word.ENTER)
    assert contract.read_message(b'{"type":"queue-left","reason":"dropped"}') == Notice(Word.LEFT, "dropped")


def test_what_is_no_place_but_a_state_is_read():
    assert contract.read_message(b'{"type":"queue-recovering","endsInSeconds":45}') == Notice(Word.RECOVERING)
    assert contract.read_message(b'{"type":"queue-closed","message":"","closedReason":{}}') == Notice(Word.CLOSED)
    assert contract.read_message(b'{"type":"queue-announcement","text":"hello"}') == Notice(Word.ANNOUNCEMENT)
    paused = PLACE.replace(b'"scaling"', b'"mode":"paused","cause":"pause","scaling"')
    assert contract.read_message(paused) == Update(3, 9, 12, "pause", "paused")


def test_a_gathering_is_read_and_no_position_before_a_draw():
    frame = b'{"type":"queue-gathering","opensInMs":1500,"order":"arrival","position":3,"total":9}'
    assert contract.read_message(frame) == Notice(Word.GATHERING, opens_in_s=1.5)
    standing = b'{"status":"queued","position":0,"total":9,"gathering":{"opensInMs":0,"order":"draw"}}'
    assert contract.read_standing(standing) == Notice(Word.GATHERING)
    for wrong in (
        frame.replace(b"arrival", b"draw"),
        frame.replace(b"arrival", b"lottery"),
        frame.replace(b'"position":3', b'"position":10'),
        frame.replace(b"1500", b"-1"),
    ):
        with pytest.raises(ProtocolViolation):
            contract.read_message(wrong)


def test_the_storm_knows_every_word_of_the_server_and_no_other():
    """A word that the server learns is one that clients must have agreed to."""
    assert {reason.name.lower() for reason in Reason} == contract.REASONS
    assert {cause.value for cause in Cause} == contract.CAUSES
    assert {mode.value for mode in Mode} == contract.MODES
    said = "".join(path.read_text() for path in Path(waitingroom.__file__).parent.rglob("*.py"))
    words = set(re.findall(r'"type": ?"(queue-[a-z-]+)"', said))
    assert words == {*Word, contract.PLACE}


def test_a_poll_tells_the_same_states():
    place = PLACE.replace(b'"type":"queue-position-update"', b'"status":"queued"')

    assert contract.read_standing(place) == Update(3, 9, 12)
    assert contract.read_standing(place.replace(b"}}", b'},"recovering":9}')) == Notice(Word.RECOVERING)
    assert contract.read_standing(b'{"status":"active","message":""}') == Notice(Word.ENTER)
    assert contract.read_standing(b'{"status":"closed"}') == Notice(Word.CLOSED)
    assert contract.read_standing(b'{"status":"none","reason":"absent"}') == Notice(Word.LEFT, "absent")
    assert contract.read_standing(b'{"status":"none"}') is None
    for answer in (b'{"status":"perhaps"}', b"{}", b"<html>", b'{"status":"queued"}'):
        with pytest.raises(ProtocolViolation):
            contract.read_standing(answer)


@pytest.mark.parametrize(
    "message",
    [
        b'{"type":"queue-paused"}',
        b'{"type":"queue-unavailable"}',
        b'{"type":"queue-recovering"}',
        b'{"type":"queue-recovering","endsInSeconds":-1}',
        b'{"type":"queue-left"}',
        b'{"type":"queue-left","reason":"bored"}',
        b'{"type":"queue-announcement"}',
        PLACE.replace(b'"scaling"', b'"cause":"weather","scaling"'),
        PLACE.replace(b'"scaling"', b'"mode":"sleepy","scaling"'),
        PLACE.replace(b'"pending":0,', b""),
        PLACE.replace(b'"estimatedWait":12', b'"estimatedWait":Infinity'),
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


def test_the_slip_is_found_whatever_its_cookie_is_called_and_beside_others():
    mine = slips.sign(Slip(slips.WAITING, "vivi-7_x", "my-room", "e1", 1_795_480_661_275_993, 12, 2_000_000_000))
    other = slips.sign(Slip(slips.WAITING, "vivi-7_x", "my-room-2", "e1", 1_795_480_661_275_994, 12, 2_000_000_000))

    assert contract.slip(["abc.def", other, mine], "my-room") == mine
    assert contract.slip([f"{other}~{mine}"], "my-room") == mine
    assert contract.slip([f"{mine}|{other}"], "my-room") == mine
    assert contract.slip(["abc.def", other], "my-room") == ""


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
