"""First paint of the list and of the waiting page in a browser on a slow phone: `python -m benchmarks.first_paint`.

Chromium by its debugging protocol: slow 4G (1.6 Mbit/s down, 750 kbit/s up, 150 ms), a processor four times as slow,
nothing in its cache. It needs Debian's `chromium`. The latency is the browser's own, added to each request; what DNS
and TLS take comes on top.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks import sites

ROUNDS = 5
PHONE = ViewportSize(width=390, height=844)
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
SLOWER = 4
# Name, language, most milliseconds to the first paint.
GOALS = (
    ("list", "ko-KR", 1800),
    ("list", "en-US", 1800),
    ("waiting page", "ko-KR", 1200),
    ("waiting page", "en-US", 1200),
)
PAINTS = """() => new Promise(told => new PerformanceObserver(list => told({
  first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  largest: list.getEntries().at(-1).startTime,
  load: performance.getEntriesByType("navigation")[0].loadEventEnd,
})).observe({ type: "largest-contentful-paint", buffered: true }))"""


def looked_at(browser: Browser, address: str, locale: str) -> dict[str, float]:
    """One load by somebody new: milliseconds to the paints and the load, requests and bytes on the wire."""
    context = browser.new_context(viewport=PHONE, locale=locale, is_mobile=True, device_scale_factor=3)
    page = context.new_page()
    wire = context.new_cdp_session(page)
    seen = {"requests": 0.0, "bytes": 0.0}

    def finished(said: dict[str, Any]) -> None:
        seen["requests"] += 1
        seen["bytes"] += said["encodedDataLength"]

    wire.on("Network.loadingFinished", finished)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.send("Network.emulateNetworkConditions", SLOW_4G)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load")
    seen |= page.evaluate(PAINTS)
    context.close()
    return seen


def main() -> None:
    """Look at each page several times, and say what the median was; exit 1 where it is beyond the goal."""
    found = []
    with tempfile.TemporaryDirectory(prefix="tiketi-paint-") as folder, sites.ours(Path(folder)) as ours:
        ours.line.lengthen(1_000)
        with ours.serve(settings="benchmarks.with_static") as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for name, locale, most in GOALS:
                address = f"http://127.0.0.1:{server.port}{'/' if name == 'list' else ours.page_path}"
                looked_at(browser, address, locale)  # the site's own first time
                rounds = [looked_at(browser, address, locale) for _ in range(ROUNDS)]
                middle = {key: round(statistics.median(one[key] for one in rounds)) for key in rounds[0]}
                spread = [round(min(one["first"] for one in rounds)), round(max(one["first"] for one in rounds))]
                found.append({"page": name, "language": locale[:2], "goal": most, **middle, "spread": spread})
            browser.close()
    table = Table("page", "language", "requests", "bytes", "first paint, ms", "largest, ms", "load, ms", "goal, ms")
    for one in found:
        first = f"{one['first']} ({one['spread'][0]}–{one['spread'][1]})"
        table.add_row(
            *(
                str(cell)
                for cell in (
                    one["page"],
                    one["language"],
                    one["requests"],
                    one["bytes"],
                    first,
                    one["largest"],
                    one["load"],
                    one["goal"],
                )
            )
        )
    Console().print(table)
    print(json.dumps(found))
    if late := [f"{one['page']} ({one['language']})" for one in found if one["first"] > one["goal"]]:
        sys.exit(f"too late: {', '.join(late)}")


if __name__ == "__main__":
    main()
