"""Makes the scripts of the pages that a crowd loads small beforehand: `make small`, after a change to one of them.

Names are shortened here and not at run time: what does it is a Go library, and servers fork.
"""

from collections.abc import Iterator

import django
import minify
from django.template.loader import render_to_string

from waitingroom.inline_code import INLINE, PREPARED, digest

PAGES = ("waiting", "gathering")


def prepared() -> Iterator[tuple[str, str]]:
    """Each page's name, and the file that `prepared/` should hold for its script."""
    for page in PAGES:
        html = render_to_string(f"waitingroom/{page}.html", {"slug": "any"})
        (code,) = (code for kind, code in INLINE.findall(html) if kind == "script")
        yield page, f"// {digest(code)}\n{minify.string('application/javascript', code)}"


if __name__ == "__main__":
    django.setup()
    PREPARED.mkdir(exist_ok=True)
    for name, text in prepared():
        (PREPARED / f"{name}.js").write_text(text)
