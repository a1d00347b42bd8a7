"""The one percentile of everything that is measured here."""

from collections.abc import Iterable
from math import ceil


def percentile(values: Iterable[float], share: float, otherwise: float = 0.0) -> float:
    """The nearest-rank percentile; `otherwise` of nothing."""
    ordered = sorted(values)
    return ordered[max(1, ceil(share * len(ordered) - 1e-9)) - 1] if ordered else otherwise
