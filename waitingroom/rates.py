"""Pure: how many visitors the instances let in; prelude.lua and admit.lua do the same sums on Redis's clock."""

# A second's worth, and a quarter for the jitter of a one-second clock.
BURST_SECONDS = 1.25
FLEET_STALE_MS = 60_000
# An open door lets in so many a tick, and an operator's hand so many at once.
MAX_ADMITTED = 4000
# So long, and of so many, it is remembered what an operator's request came to: as the instant x this + the count.
BY_HAND_MS = 3_600_000
MAX_BY_HAND = 1000
BY_HAND_COUNTS = 4096


def in_service(reported: float | None, reported_at_ms: float, minimum: float, now_ms: float) -> float:
    """Instances that count: those reported, the minimum if none were within the last minute."""
    if reported is None:
        return minimum
    return minimum if now_ms - reported_at_ms > FLEET_STALE_MS else reported


def threshold(fixed: int, threshold_per_instance: float, in_service: float) -> int:
    """The threshold in force: it follows the fleet where there is one per instance."""
    return int(threshold_per_instance * in_service) if threshold_per_instance else fixed


def per_second(in_service: float, users_per_minute_per_instance: float, multiplier: float = 1.0) -> float:
    """Visitors a second that so many servers take in; `multiplier` of it while those inside wait too long."""
    return in_service * users_per_minute_per_instance / 60 * multiplier


def grown(tokens: float, elapsed_s: float, rate: float) -> float:
    """The tokens after `elapsed_s` at `rate` a second: fractions carry over, and no more than one burst gathers."""
    return min(tokens + max(0.0, elapsed_s) * rate, max(1.0, rate * BURST_SECONDS))


def admissible(tokens: float, vacancy: int) -> int:
    """How many may be admitted now: whole tokens, never more than the vacancy."""
    return max(0, min(int(tokens), vacancy))
