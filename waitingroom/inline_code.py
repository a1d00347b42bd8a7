"""A page's own scripts and styles: made small, and allowed by their hashes, which are the same for everybody."""

import base64
import hashlib
import re
from functools import lru_cache

import rcssmin
import rjsmin

# Not what carries an attribute: `<script type="application/json">` holds data, which no policy needs to allow.
_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
_MINIFIERS = {"script": rjsmin.jsmin, "style": rcssmin.cssmin}


def made_small(page: str) -> tuple[str, str]:
    """The page with its inline code minified, and the Content-Security-Policy that allows this code and no other."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}

    def small(found: re.Match[str]) -> str:
        kind, code = found.groups()
        code, source = _minified(kind, code)
        hashes[kind].append(source)
        return f"<{kind}>{code}</{kind}>"

    page = _INLINE.sub(small, page)
    scripts, styles = (" ".join(sources) or "'none'" for sources in hashes.values())
    return page, (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


@lru_cache(maxsize=64)
def _minified(kind: str, code: str) -> tuple[str, str]:
    """The code made small, and its hash as a policy writes it."""
    code = _MINIFIERS[kind](code)
    return code, f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
