"""What the steps of a draw say is read here in English."""

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Whatever a page that was served in the test's thread left behind."""
    with translation.override("en"):
        yield
