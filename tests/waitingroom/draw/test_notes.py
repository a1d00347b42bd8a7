"""Signed notes as C2SP has them: its own example, and what is no note."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waitingroom.draw import verify
from waitingroom.draw.errors import BadNote
from waitingroom.draw.note import Key, Signer, opened

SIGNER = Signer("tiketi.example/draw", sha256(b"key").digest())
NOTE = SIGNER.sign("one\n\ntwo\n")
# The key and note of the Go module's documentation, where the format comes from.
GO_KEY = Key.read("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_that_go_signed_is_read():
    assert opened(f"{GO_TEXT}\n{GO_SIGNED}", GO_KEY) == GO_TEXT


def test_a_key_is_written_as_gos_tools_write_it():
    assert str(GO_KEY) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_what_was_signed_is_opened_again():
    assert opened(NOTE, SIGNER.key) == "one\n\ntwo\n"
    assert Key.read(str(SIGNER.key)) == SIGNER.key


def test_a_signature_has_one_spelling():
    """Its last letter has two bits that mean nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters.index(NOTE[-3])
    assert NOTE.endswith("=\n")

    for letter in {letters[last ^ bits] for bits in (1, 2, 3)}:
        with pytest.raises(BadNote):
            opened(f"{NOTE[:-3]}{letter}=\n", SIGNER.key)
        with pytest.raises(verify.Malformed):
            verify.signed_text(f"{NOTE[:-3]}{letter}=\n", str(SIGNER.key), "note")


@given(st.integers(0, len(NOTE) - 1), st.characters(exclude_categories=["Cs"]))
def test_no_letter_of_a_note_can_be_changed(at: int, letter: str):
    changed = NOTE[:at] + letter + NOTE[at + 1 :]
    if changed == NOTE:
        return

    with pytest.raises(BadNote):
        opened(changed, SIGNER.key)


def test_signatures_of_others_beside_it_do_not_matter():
    other = Signer("witness.example", bytes(32)).sign("one\n\ntwo\n").rpartition("\n\n")[2]
    body, _, own = NOTE.rpartition("\n\n")

    assert opened(f"{body}\n\n{other}{own}", SIGNER.key) == "one\n\ntwo\n"


@pytest.mark.parametrize("name", ["tiketi.example/draw", "another"])
def test_another_keys_signature_is_refused(name: str):
    other = Signer(name, bytes(32))

    with pytest.raises(BadNote):
        opened(other.sign("one\n"), SIGNER.key)


@pytest.mark.parametrize("text", ["", "no end", "bell\a\n", "carriage\r\n", "nul\0\n"])
def test_a_text_that_is_none_is_not_signed(text: str):
    with pytest.raises(BadNote):
        SIGNER.sign(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\tbed", "new\nline"])
def test_a_key_has_a_name_without_spaces(name: str):
    with pytest.raises(BadNote):
        Signer(name, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+!",
    ],
)
def test_a_key_that_is_none_is_refused(text: str):
    with pytest.raises(BadNote):
        Key.read(text)
