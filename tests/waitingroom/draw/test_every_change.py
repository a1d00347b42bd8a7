"""Nothing of a bundle or a receipt can be changed without the verifier saying so, and nothing makes it stumble."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.waitingroom.draw.evening import SIGNER, Evening
from waitingroom.draw.verify import verify

EVENING = Evening(people=[f"fan{i}@example.com" for i in range(5)])
BUNDLE, RECEIPT = EVENING.bundle, EVENING.receipt(2)
# Without a checkpoint a receipt is one from before the closing.
FREE = {("checkpoint",)}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.just("\ud800"),
    st.just({}),
    st.just([[]]),
    st.floats(),
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in the file."""
    members = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [*([path] if path else []), *(place for name, value in members for place in places(value, (*path, name)))]


def at(content: Any, place: tuple[Any, ...]) -> Any:
    for name in place:
        content = content[name]
    return content


def replaced(content: Any, place: tuple[Any, ...], value: Any) -> Any:
    made = copy.deepcopy(content)
    at(made, place[:-1])[place[-1]] = value
    return made


def mutated(data: st.DataObject, value: Any) -> Any:
    """Something else: junk, a letter changed, an element less or twice."""
    if isinstance(value, str) and value and data.draw(st.booleans()):
        i = data.draw(st.integers(0, len(value) - 1))
        return value[:i] + data.draw(st.characters()) + value[i + 1 :]
    if isinstance(value, list) and value and data.draw(st.booleans()):
        i = data.draw(st.integers(0, len(value) - 1))
        return [*value[:i], *value[i + 1 :]] if data.draw(st.booleans()) else [*value[:i], value[i], *value[i:]]
    return data.draw(JUNK)


@given(st.data())
def test_whatever_is_changed_in_a_bundle_is_refused(data: st.DataObject):
    place = data.draw(st.sampled_from(places(BUNDLE)))
    bundle = replaced(BUNDLE, place, mutated(data, at(BUNDLE, place)))
    same = bundle == BUNDLE and type(at(bundle, place)) is type(at(BUNDLE, place))

    found = verify(bundle, [RECEIPT], key=str(SIGNER.key), email="fan2@example.com")

    assert (found.verdict == "holds") == same, (place, found.lines)


@given(st.data())
def test_whatever_is_changed_in_a_receipt_is_refused(data: st.DataObject):
    place = data.draw(st.sampled_from([place for place in places(RECEIPT) if place not in FREE]))
    receipt = replaced(RECEIPT, place, mutated(data, at(RECEIPT, place)))
    same = receipt == RECEIPT and type(at(receipt, place)) is type(at(RECEIPT, place))

    found = verify(BUNDLE, [receipt], key=str(SIGNER.key), email="fan2@example.com")

    assert (found.verdict == "holds") == same, (place, found.lines)
