"""The waiting page's question over HTTP, where it has no socket: where do I stand?"""

from tiketi.storm import contract
from tiketi.storm.browser import Browser
from tiketi.storm.contract import Notice, ProtocolViolation, Update
from tiketi.storm.exchange import Unanswered
from tiketi.storm.scene import Scene

BUSY = {429, 503}


async def ask(scene: Scene, browser: Browser) -> Update | Notice | None:
    """What the site says; None where it does not know or had no time, which is in the tally."""
    try:
        answer = await browser.fetch(contract.peek(scene.slug), {})
        said = contract.read_standing(answer.body)
    except (OSError, Unanswered, ProtocolViolation) as error:
        scene.tally.errors[f"poll: {type(error).__name__} {error}".strip()] += 1
        return None
    if answer.status not in BUSY:
        return said
    if answer.headers.get("retry-after", "").isdigit():
        scene.tally.retries[f"poll answered {answer.status}"] += 1
    else:
        scene.tally.errors[f"poll answered {answer.status} without Retry-After"] += 1
    return None
