"""How AWS is asked: where, bounded in time and tries; its many errors told as one."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from scaling.configuration import region

# A turn of ten seconds asks twice, of whatever hangs: it is over in time for the next.
BOUNDS: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 2,
    "retries": {"total_max_attempts": 2, "mode": "standard"},
}


def options() -> dict[str, Any]:
    """What every client of AWS is made with: the region, which boto3 does not read from AWS_REGION, and the bounds.

    Raises BadConfiguration.
    """
    return {"region_name": region(os.environ), **BOUNDS}


logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of every client where its address came from


class CloudUnavailable(Exception):
    """AWS does not answer, refuses, or is not configured; says which call and why."""


def aws_calls(*errors: type[Exception]) -> Callable[[str], AbstractContextManager[None]]:
    """A context that names a call, and raises what of `errors` goes wrong within as CloudUnavailable."""

    @contextmanager
    def aws_call(call: str) -> Iterator[None]:
        try:
            yield
        except errors as error:
            raise CloudUnavailable(f"{call}: {error}") from error

    return aws_call
