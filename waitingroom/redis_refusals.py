"""What Redis says when it did nothing, and a new connection may find a server that will."""

import re

from redis.exceptions import BusyLoadingError, MasterDownError, ReadOnlyError

# A primary that became a replica and kept its connections; one that reads its data, lost its primary, or lost the
# replicas that it must have. Redis 6.2 says so within a script's error.
_WORDS = re.compile(r"(^|-)(READONLY|LOADING|MASTERDOWN|NOREPLICAS) ")
_ERRORS = (ReadOnlyError, BusyLoadingError, MasterDownError)  # redis-py takes the word off


def may_be_done_elsewhere(error: Exception) -> bool:
    """Whether the server refused the whole command for what the server is, not for what was asked."""
    return isinstance(error, _ERRORS) or _WORDS.search(str(error)) is not None
