"""What the browser showed when a test failed, for who reads of it afterwards on another machine."""

from playwright.sync_api import Browser, Error, Page

# Where it was, how its document came, and what it says.
TOLD = """() => {
  const [came] = performance.getEntriesByType("navigation");
  const took = came ? `${came.responseStatus} after ${Math.round(came.responseStart)} ms, ${document.readyState}` : "";
  return `${location.href} (${took})\\n${document.title}\\n${document.body ? document.body.innerText : ""}`;
}"""
LENGTH = 1500  # characters of a page
WITHIN_MS = 5_000


def last_seen(browser: Browser) -> str:
    """Every page that is open."""
    return "\n\n".join(_told(page) for context in browser.contexts for page in context.pages)


def _told(page: Page) -> str:
    try:
        return str(page.locator("html").evaluate(TOLD, timeout=WITHIN_MS))[:LENGTH]
    except Error as reason:
        return f"{page.url}: {reason}"
