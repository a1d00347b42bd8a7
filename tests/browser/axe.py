"""axe, asked for all it knows: every impact, best practices too, and the rules that are off unless somebody asks."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCRIPT: str = Axe().axe_script
# All that another colour scheme can change.
OF_COLOURS = ("color-contrast", "link-in-text-block")
# A button on its way from one colour to another has neither, and what inherits a colour follows. What moves for ever is
# as it is.
AT_REST = """async () => {
  const moves = (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity;
  for (let moving; (moving = document.getAnimations().filter(moves)).length; ) {
    await Promise.allSettled(moving.map((one) => one.finished));
  }
}"""
RUN = """async (only) => {
  const options = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  if (only) options.runOnly = { type: "rule", values: only };
  const { violations } = await axe.run(options);
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${id} (${impact}): ${html}`));
}"""


def load(page: Page) -> None:
    """Bring axe into the page, once for each time it is loaded."""
    page.evaluate(SCRIPT)


def found(page: Page, *only: str) -> list[str]:
    """What axe finds wrong with the page once it is at rest; by these rules alone, if there are any."""
    page.evaluate(AT_REST)
    said: list[str] = page.evaluate(RUN, list(only) or None)
    return said
