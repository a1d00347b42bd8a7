"""Programs that say who they are: search engines, link previews, monitors. They look in, and want no place."""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

# Whoever drives a browser or an HTTP library may well want a place.
VISITORS = {"http-library", "browser-automation"}
LONGEST = 256  # characters; whoever is a crawler says so by then
AT_ONCE = 25  # in one pattern; a single one of them all is slower

# What their owners document, and the list does not have: link previews, monitors, balancers' checks.
MORE = [
    "kakaotalk-scrap",
    "Blueno/",
    "Daumoa",
    "Cardyb/",
    "FeedFetcher-Google",
    "ELB-HealthChecker/",
    "Amazon-Route53-Health-Check-Service",
    "CloudWatchSynthetics",
    "Edge Health Probe",
    "kube-probe/",
    "^Prometheus/",
    "[Cc]heckmk",
    "NewRelicPinger",
    "Datadog/Synthetics",
]

_listed = [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA if not VISITORS.intersection(entry["tags"])]
_patterns = _listed + MORE
_known = [re.compile("|".join(_patterns[i : i + AT_ONCE])) for i in range(0, len(_patterns), AT_ONCE)]


def is_crawler(user_agent: str) -> bool:
    """Whether the User-Agent header names a known crawler; a tenth of a millisecond for one not seen before."""
    return _is_crawler(user_agent[:LONGEST])  # so that nobody fills the memory with long ones


@lru_cache(maxsize=4096)
def _is_crawler(user_agent: str) -> bool:
    return any(pattern.search(user_agent) for pattern in _known)
