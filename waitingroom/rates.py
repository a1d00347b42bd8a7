"""Pure: how many visitors the servers let in; admit.lua does the same sums on Redis's clock."""

# A second's worth, and a quarter for the jitter of a one-second clock.
BURST_SECONDS = 1.25


def per_second(in_service: float, users_per_minute_per_instance: float) -> float:
    """Visitors a second that so many servers take in."""
    return in_service * users_per_minute_per_instance / 60


def grown(tokens: float, elapsed_s: float, rate: float) -> float:
    """The tokens after `elapsed_s` at `rate` a second: fractions carry over, and no more than one burst gathers."""
    return min(tokens + max(0.0, elapsed_s) * rate, max(1.0, rate * BURST_SECONDS))


def admissible(tokens: float, vacancy: int) -> int:
    """How many may be admitted now: whole tokens, never more than the vacancy."""
    return max(0, min(int(tokens), vacancy))
