"""What a page asked and was not told yet: it comes in real time, and who moves the page's clock on waits for it."""

from playwright.sync_api import Error, Page

# Questions are answered in their order: what was asked before `/after` is told before it.
SCRIPT = """
{
  const ask = window.fetch.bind(window), open = new Set();
  const task = () => new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = done;
    port2.postMessage(0);
  });
  window.fetch = (...what) => {
    const answer = ask(...what);
    const told = answer.then((said) => said.clone().arrayBuffer()).catch(() => {}).finally(() => open.delete(told));
    open.add(told);
    return answer;
  };
  window.allTold = async (rounds) => {
    while (open.size && rounds-- > 0) {
      await ask("/after").then((said) => said.text()).catch(() => {});
      await task();
      await task();
    }
  };
}
"""
# A question that no test answers is not waited for longer.
ROUNDS = 5


def settles(page: Page) -> None:
    """Wait until what the page asked is told, and what it does then is done; `/after` must be answered."""
    try:
        page.evaluate("rounds => allTold(rounds)", ROUNDS)
    except Error:  # it was loading anew
        page.wait_for_load_state()
        page.evaluate("rounds => allTold(rounds)", ROUNDS)
