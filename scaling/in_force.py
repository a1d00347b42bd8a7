"""The fleet's settings in force: the deployment's, and over them what staff tuned."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from scaling import store
from scaling.configuration import Configuration

log = logging.getLogger(__name__)

_known: dict[str, Any] = {}  # what this process read last


def deployed() -> Configuration:
    """The settings that the deployment brought."""
    found: Configuration = settings.SCALING
    return found


def configuration() -> Configuration:
    """The settings in force, as staff saved them; while Redis is silent, as this process knew them last."""
    return framed(deployed(), tuned())


def tuned() -> dict[str, Any]:
    """What staff tuned, by the settings' names."""
    try:
        found = store.tuned()
    except (RedisError, OSError) as error:
        log.debug("what this process knew last stands: %s", error)
        found = None
    if found is not None:
        _known.clear()
        _known.update(found)
    return dict(_known)


def overlaid(frame: Configuration, tuned: Mapping[str, Any]) -> Configuration:
    """The deployment's settings with those tuned in their place."""
    return replace(frame, **tuned)


def framed(frame: Configuration, tuned: Mapping[str, Any]) -> Configuration:
    """The same within the frame and without contradiction, whatever another deployment made of what was saved."""
    c = overlaid(frame, tuned)
    maximum = min(max(c.maximum, frame.minimum), frame.maximum)
    return replace(
        c,
        maximum=maximum,
        minimum=min(max(c.minimum, frame.minimum), maximum),
        crowd_instances=min(c.crowd_instances, maximum),
        prewarm_instances=min(c.prewarm_instances, maximum),
        prewarm_lead_s=max(c.prewarm_lead_s, round(c.boot_s)) if "prewarm_lead_s" in tuned else c.prewarm_lead_s,
    )
