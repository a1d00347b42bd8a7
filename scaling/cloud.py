"""How AWS is asked: where, bounded in time and tries; its many errors told as one."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from scaling.configuration import region

# A turn of ten seconds asks twice, of whatever hangs: it is over in time for the next.
BOUNDS: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 2,
    "retries": {"total_max_attempts": 2, "mode": "standard"},
}

logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells of every client where its address came from


class CloudUnavailable(Exception):
    """AWS does not answer, refuses, or is not configured; says which call and why."""


_making = Lock()  # boto3's clients may be used by many threads, and made by one at a time


@cache
def client(service: str) -> Any:
    """The process's client of a service, configured by AWS's own variables, in the region that boto3 does not read from
    AWS_REGION, within the bounds. Raises BadConfiguration."""
    make = cast("Any", boto3.client)  # its types know only the services whose stubs are installed
    with _making:
        return make(service, config=Config(region_name=region(os.environ), **BOUNDS))


@contextmanager
def aws_call(call: str) -> Iterator[None]:
    """Name a call, and raise whatever goes wrong within as CloudUnavailable."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise CloudUnavailable(f"{call}: {error}") from error
