"""Queue numbers of a draw's entrants: one after the other by rank, all ahead of who comes later."""

MAX_SIZE = 1_000_000


def queue_number(rank: int, size: int, opened_us: int) -> int:
    """The number of `rank` (from 1) among `size`, in microseconds: the last is one below the opening instant.

    Who arrives at or after the opening draws Redis's clock, which is no smaller than `opened_us`. Raises ValueError.
    """
    if not 1 <= rank <= size <= MAX_SIZE:
        raise ValueError(f"rank {rank} of {size}")
    return opened_us - 1 - size + rank
