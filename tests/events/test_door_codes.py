"""A ticket's code: what its picture says, on what keyboards it is read, and which keys may change."""

import unicodedata

import pytest
from django.test import override_settings

from events.door import checkin, not_admitted
from events.door.codes import code_of, qr_svg, read_code
from events.door.event_keys import parsed, signed_by, signed_code
from events.door.keyboards import keys_of, spelled, unspelled
from events.door.offline_list import named
from events.models import EventDoor, Ticket, Why
from events.models.door import door_of
from events.sale.orders import cancel_order
from tests.events.conftest import around, buy, seats_of
from tests.events.door_cases import drawings, old_code, pictured

pytestmark = pytest.mark.django_db(transaction=True)

COMPOSED = {  # what a Korean keyboard makes of the keys; each letter on its own, then as it puts them together
    "dkssud": "안녕",
    "TmfRl": "쓸끼",
    "rkqt": "값",
    "ghkl": "화ㅣ",
    "dOs": "얜",
    "ekfr": "닭",
}


@pytest.fixture
def ticket(tonight, buyer) -> Ticket:
    return Ticket.objects.get(line__order=buy(tonight, buyer, seats_of(tonight)[0]))


def hangul(keys: str) -> str:
    """What the keys of a code type where Hangul is on: single letters, put together as far as Unicode does."""
    jamo = {"c": "ᄎ", "b": "ᅲ", "d": "ᄋ", "e": "ᄃ", "f": "ᄅ", "g": "ᄒ", "h": "ᅩ", "i": "ᅣ", "j": "ᅥ", "k": "ᅡ"}
    jamo |= {"l": "ᅵ", "n": "ᅮ", "r": "ᄀ", "t": "ᄉ", "u": "ᅧ", "v": "ᄑ"}
    return unicodedata.normalize("NFC", "".join(jamo[key] for key in keys.lower()))


def test_the_picture_on_the_ticket_says_the_code_that_opens_the_door(browser, ticket, tonight):
    (drawing,) = drawings(browser.get(ticket.get_absolute_url()).content.decode())

    assert checkin.check_in(pictured(drawing), event=tonight, by=None) == ticket


def test_each_ticket_of_an_order_has_the_picture_of_its_own(browser, tonight, buyer):
    bought = buy(tonight, buyer, *seats_of(tonight)[:3])
    page = browser.get(f"/orders/{bought.number}/tickets/").content.decode()

    seats = [checkin.check_in(pictured(drawing), event=tonight, by=None).line.label for drawing in drawings(page)]
    assert seats == [line.label for line in bought.lines.all()]
    assert len(set(seats)) == 3


def test_the_picture_says_nothing_of_its_bearer(ticket, buyer):
    read = parsed(pictured(qr_svg(ticket)))

    assert read is not None
    assert read.serial == ticket.serial
    assert buyer.username not in unspelled(pictured(qr_svg(ticket))).decode("latin-1")


def test_a_void_ticket_has_no_picture(browser, ticket, buyer):
    cancel_order(ticket.line.order_id, by=buyer, why=Why.BY_STAFF)

    page = browser.get(ticket.get_absolute_url())
    assert page.status_code == 200
    assert "취소" in page.content.decode()
    assert drawings(page.content.decode()) == []


def test_a_picture_has_a_name_for_who_does_not_see_it(ticket):
    assert f"<title>{ticket}</title>" in qr_svg(ticket)


def test_codes_have_only_letters_that_lie_alike_on_keyboards_and_pack_tightly(ticket):
    code = code_of(ticket)

    assert set(code) <= set("CBDEFGHIJKLNRTUV")
    assert len(code) <= 178  # what a code of version 7 holds: 45 modules a side
    assert 'viewBox="0 0 51 51"' in qr_svg(ticket)


@pytest.mark.parametrize("keys", COMPOSED)
def test_hangul_is_undone_to_the_keys_that_were_pressed(keys):
    assert keys_of(COMPOSED[keys]) == keys
    assert keys_of(unicodedata.normalize("NFD", COMPOSED[keys])) == keys


@pytest.mark.parametrize(
    "typed",
    [
        str.lower,
        str.swapcase,
        str.title,
        lambda code: f" {code}\r\n",
        hangul,
        lambda code: unicodedata.normalize("NFD", hangul(code)),
        lambda code: "".join(chr(ord(letter) + 0xFEE0) for letter in code),  # full width
    ],
)
def test_a_code_is_read_however_a_keyboard_types_it(ticket, tonight, typed):
    assert checkin.check_in(typed(code_of(ticket)), event=tonight, by=None) == ticket


@pytest.mark.parametrize("bytes_", [b"", b"\0", bytes(range(256)), bytes(range(99, 0, -1))])
def test_spelling_loses_nothing(bytes_):
    assert unspelled(spelled(bytes_)) == bytes_
    assert unspelled(spelled(bytes_).lower()) == bytes_


def test_the_code_of_another_events_key_is_forged(ticket, tonight, make_event):
    other = make_event(**around(tonight.starts_at))
    forged = signed_code(door_of(other), ticket.serial)

    for at in (tonight, other):
        with pytest.raises(not_admitted.Forged):
            checkin.check_in(forged, event=at, by=None)


def test_every_bit_of_a_code_counts(ticket, tonight):
    data = unspelled(code_of(ticket))
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(not_admitted.Forged):
            checkin.check_in(spelled(bytes(changed)), event=tonight, by=None)


def test_each_event_has_a_key_of_its_own_that_stays(tonight, event):
    ours, other = door_of(tonight), door_of(event)

    assert bytes(ours.seed) != bytes(other.seed)
    assert bytes(door_of(tonight).seed) == bytes(ours.seed)
    code = parsed(signed_code(ours, "x"))
    assert code is not None
    assert signed_by(ours, code)
    assert not signed_by(other, code)


def test_the_key_is_in_no_history_and_on_no_page(admin_client, tonight):
    door = door_of(tonight)
    door.reentry = True
    door.save()

    assert "seed" not in {field.name for field in EventDoor.history.model._meta.get_fields()}
    page = admin_client.get(f"/admin/events/event/{tonight.pk}/door/", follow=True)
    assert page.status_code == 200
    assert "seed" not in page.content.decode()


def test_d17_codes_outlive_a_new_key_of_the_site_without_the_old_one(ticket, tonight):
    code = code_of(ticket)

    with override_settings(SECRET_KEY="another-key-of-the-site" * 3, SECRET_KEY_FALLBACKS=[]):
        assert checkin.check_in(code, event=tonight, by=None) == ticket


def test_d17_codes_printed_before_events_had_keys_outlive_a_new_key_of_the_site(ticket, tonight):
    code = old_code(ticket, key="the key that leaked")

    assert checkin.check_in(code, event=tonight, by=None) == ticket


@pytest.mark.parametrize(
    "typed",
    [
        str.swapcase,
        str.lower,
        lambda code: code.replace("~", "^"),
        lambda code: code.replace("~", "°").replace("-", "ß").replace("_", "?"),
        lambda code: code.translate(str.maketrans("-_", "_-")),
        lambda code: code.lower().translate(str.maketrans("adks", "ㅁㅇㅏㄴ")),
    ],
)
def test_old_codes_are_read_on_other_keyboards_too(ticket, tonight, typed):
    ticket.serial = "aD-kS_u" + ticket.serial[:13].replace("-", "x").replace("_", "y")
    ticket.save()

    assert checkin.check_in(typed(old_code(ticket)), event=tonight, by=None) == ticket


def test_a_new_ticket_is_not_opened_by_a_code_of_the_old_form(ticket, tonight):
    code = old_code(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(old_code=False)

    with pytest.raises(not_admitted.Forged):
        checkin.check_in(code, event=tonight, by=None)


@pytest.mark.parametrize(
    "serial", ["-" * 20, "." * 20, "a-------------------", "%" * 20, "[a-z]{20}...........", "ㅎ" * 20]
)
def test_signs_alone_find_no_old_ticket(ticket, tonight, serial):
    old_code(ticket)

    with pytest.raises(not_admitted.Forged):
        checkin.check_in(serial + "~" + "x" * 43, event=tonight, by=None)


def test_the_list_on_a_device_names_no_serial(ticket):
    assert ticket.serial not in named(ticket.serial)
    assert read_code(code_of(ticket)).serial == ticket.serial
