"""Why a visitor is gone; the codes stand in Redis and in the Lua verbs."""

from enum import IntEnum

# The gone are scored by the instant in ms x REASONS + the reason's code.
REASONS = 16
# So many of a room are remembered, those who left last: some 20 MB.
MAX_GONE = 200_000


class Reason(IntEnum):
    """Why a place was given up; the sorted set of the gone keeps the code beside the instant."""

    LEFT = 1  # by the visitor's own wish
    ABSENT = 2  # waiting, unseen for longer than the grace period, or never seen again
    IDLE = 3  # active, without a page for too long
    UNCLAIMED = 4  # admitted, never came; or straight in, and the cookie never came back
    PAID = 5  # done: the order is paid
    DROPPED = 6  # sent out by an operator
    CLOSED = 7  # the room closed
    MERGED = 8  # the account had, or took, another place
    ABANDONED = 9  # the order was cancelled or its hold ran out
    STAYED = 10  # active, for the longest time the room allows
