"""A page in which all is filled in that a crowd has alike; left are gaps with the values of a visitor's own."""

from collections.abc import Mapping, Sequence
from operator import itemgetter

from waitingroom.packed.layout import Gap

_BETWEEN = b"\xff"  # in no UTF-8, so in no value


class Filling:
    """Pieces of a page, packed or plain, with nothing between them where a gap is left."""

    def __init__(self, literals: Sequence[bytes], gaps: Sequence[Gap], shared: Mapping[bytes, bytes]) -> None:
        """`shared` has every value but OWN."""
        self.pieces = [literals[0]]
        self.length = sum(map(len, literals)) + sum(gap.width for gap in gaps)  # unless a value is wider than its gap
        forms, names, self._widths = list[bytes](), list[bytes](), list[int]()
        for gap, literal in zip(gaps, literals[1:], strict=True):
            form, own = gap.form(shared)
            if own:
                forms.append(form)
                names += own
                self._widths.append(gap.width)
                self.pieces += (b"", literal)
            else:
                self.pieces[-1] += (form % ()).ljust(gap.width) + literal
        self._form = _BETWEEN.join(forms)
        self._own = itemgetter(*names) if names else None

    def texts(self, values: Mapping[bytes, bytes]) -> list[bytes]:
        """What stands in the gaps that are left; too long where a value is wider than its gap."""
        if self._own is None:
            return []
        return list(map(bytes.ljust, (self._form % self._own(values)).split(_BETWEEN), self._widths))

    def whole(self, texts: Sequence[bytes]) -> bytes:
        """The page with these texts in its gaps."""
        pieces = self.pieces.copy()
        pieces[1::2] = texts
        return b"".join(pieces)

    def middle(self, texts: Sequence[bytes]) -> bytes:
        """The same from the first gap to the last."""
        pieces = self.pieces[1:-1]
        pieces[::2] = texts
        return b"".join(pieces)
