"""A page's own scripts and styles: made small, and allowed by their hashes, which are the same for everybody."""

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

import rcssmin
import rjsmin

# Not what carries an attribute: `<script type="application/json">` holds data, which no policy needs to allow.
INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)
# Scripts with their names made short beforehand, by what they were made of: `make small` writes them.
PREPARED = Path(__file__).parent / "prepared"


def made_small(page: str) -> tuple[str, str]:
    """The page with its inline code minified, and the Content-Security-Policy that allows this code and no other."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}

    def small(found: re.Match[str]) -> str:
        kind, code = found.groups()
        code, source = _minified(kind, code)
        hashes[kind].append(source)
        return f"<{kind}>{code}</{kind}>"

    page = INLINE.sub(small, page)
    scripts, styles = (" ".join(sources) or "'none'" for sources in hashes.values())
    fetched = " 'strict-dynamic'" if hashes["script"] else ""  # by a script that is allowed, and by nothing else
    return page, (
        f"default-src 'none'; script-src {scripts}{fetched}; style-src {styles}; connect-src 'self'; "
        "img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


@lru_cache(maxsize=64)
def _minified(kind: str, code: str) -> tuple[str, str]:
    """The code made small, and its hash as a policy writes it."""
    code = rcssmin.cssmin(code) if kind == "style" else _prepared().get(digest(code)) or rjsmin.jsmin(code)
    return code, f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def digest(code: str) -> str:
    """What a script was made of, as the first line of a prepared one names it."""
    return hashlib.sha256(code.encode()).hexdigest()


@lru_cache(maxsize=1)
def _prepared() -> dict[str, str]:
    """A script that was changed since is not among them: it is minified as it is, somewhat larger."""
    heads = (path.read_text().partition("\n") for path in PREPARED.glob("*.js"))
    return {head.removeprefix("// "): code for head, _, code in heads}
