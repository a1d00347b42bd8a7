"""Scripts of the pages that a crowd loads: made small beforehand, and never older than what they were made of."""

import pytest

from tests.waitingroom.small import PAGES, prepared
from waitingroom.inline_code import PREPARED, made_small

SCRIPT = "<script>const answer = 42;\nconsole.log(answer);</script>"


@pytest.mark.parametrize(("page", "text"), list(prepared()), ids=PAGES)
def test_the_prepared_scripts_are_of_the_pages_as_they_are(page: str, text: str):
    assert (PREPARED / f"{page}.js").read_text() == text, "`make small` writes them"


def test_a_script_that_is_not_prepared_is_minified_as_it_is():
    page, policy = made_small(SCRIPT)

    assert page == "<script>const answer=42;console.log(answer);</script>"
    assert "script-src 'sha256-" in policy


def test_scripts_are_fetched_by_a_script_of_the_pages_own_and_by_nothing_else():
    """A page without a script of its own fetches none."""
    assert "'strict-dynamic'" in made_small(SCRIPT)[1]
    assert "script-src 'none'" in made_small("<p>words</p>")[1]
    assert "script-src 'none' 'strict" not in made_small("<p>words</p>")[1]
