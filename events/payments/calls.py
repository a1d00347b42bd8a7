"""Calling a provider: never for long, never with every thread at once, and with one error for whatever goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import requests
import stripe

from events.payments.provider import ProviderUnavailable

# Seconds to connect, and for each word of an answer: a card company takes some.
TIMEOUT = (3.0, 10.0)
# A process has a few threads for all its pages: of a provider that hangs, no more than so many wait.
MAX_AT_ONCE = 2
PATIENCE_S = 0.5
_turns = BoundedSemaphore(MAX_AT_ONCE)

# What tells nothing of how the payment stands.
UNANSWERED = (
    requests.RequestException,
    stripe.APIConnectionError,
    stripe.APIError,
    stripe.AuthenticationError,
    stripe.IdempotencyError,
    stripe.PermissionError,
    stripe.RateLimitError,
)


@contextmanager
def calling(provider: str) -> Iterator[None]:
    """Around one call. Raises ProviderUnavailable; what the provider refuses is the caller's to understand."""
    if not _turns.acquire(timeout=PATIENCE_S):
        raise ProviderUnavailable(f"{provider} is slow, and enough wait for it")
    try:
        yield
    except UNANSWERED as error:
        raise ProviderUnavailable(f"{provider}: {type(error).__name__}: {error}"[:200]) from error
    finally:
        _turns.release()
