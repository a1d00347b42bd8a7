"""Debian's Chromium under Playwright."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, BrowserType, expect, sync_playwright

from tests.patience import until
from tests.site import ROOT

# Two cores carry the site, its clock, its crowd and more than one browser: so long may what is to be seen take, and a
# page or an element that something is done with.
expect.set_options(timeout=20_000)
PATIENCE_MS = 60_000
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


def path() -> str | None:
    """Where Chromium is installed, if it is."""
    return shutil.which("chromium")


@contextmanager
def launched() -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path(), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def window_with_tabs(playwright: BrowserType, folder: Path) -> Iterator[BrowserContext]:
    """A window as people have it: of its tabs one is seen, and the others are hidden and soon slowed down.

    The pages of Playwright's own browsers all believe that they are seen.
    """
    slowed_soon = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"
    own = [f"--user-data-dir={folder}", "--remote-debugging-port=0", slowed_soon]
    tethered = [sys.executable, "-I", str(ROOT / "tiketi" / "tether.py")]
    process = subprocess.Popen(
        [*tethered, str(path()), *ARGUMENTS, *own, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    told = folder / "DevToolsActivePort"
    try:
        until(lambda: told.exists() and "\n" in told.read_text(), within=60)
        port = told.read_text().splitlines()[0]
        browser = playwright.connect_over_cdp(f"http://127.0.0.1:{port}", no_defaults=True)
        yield browser.contexts[0]
        browser.close()
    finally:
        process.terminate()
        process.wait(20)
