"""The fleet's settings, read from the environment once, each with its bounds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from scaling.rules import QUIET_S, Rule, provisioned

NAMESPACE = "Tiketi/Queue"
# What CloudWatch takes as an alarm's period on a high-resolution metric, and on any.
PERIODS = (10, 30, 60)
# ap-northeast-2, us-gov-west-1, eusc-de-east-1: an availability zone, a city or a country is none.
REGION = re.compile(r"[a-z]{2}(sc-[a-z]{2})?(-gov|-iso[a-z]?)?-(north|south|east|west|central)+-\d{1,2}", re.ASCII)


class BadConfiguration(ValueError):
    """A setting of the fleet makes no sense; names the variable."""


def _from(least: float, most: float, default: Any) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


def _one_of(*choices: Any) -> Any:
    return field(default=choices[0], metadata={"choices": choices})


@dataclass(frozen=True, slots=True)
class Configuration:
    """Each field is the variable SCALING_<NAME>."""

    environment: str = "local"  # the dimension of every metric
    group: str = "tiketi-web"  # the Auto Scaling group, and the prefix of what is provisioned
    fleet: str = _one_of("local", "aws")
    policy: str = _one_of("alarm", "law")
    alarms: str = _one_of("here", "cloudwatch")  # who evaluates them; a moto server evaluates none
    minimum: int = _from(1, 1000, 2)
    maximum: int = _from(1, 1000, 10)
    crowd: int = _from(1, 10_000_000, 5000)  # more waiting than this alarm
    crowd_instances: int = _from(1, 1000, 7)
    period_s: int = field(default=10, metadata={"choices": PERIODS})
    boot_s: float = _from(0, 3600, 180)  # until boots were observed
    ramp_s: float = _from(0, 600, 30)
    drain_s: int = _from(0, 7200, 120)
    target_wait_s: float = _from(60, 86_400, 300)
    prewarm_instances: int = _from(1, 1000, 7)
    prewarm_lead_s: int = _from(0, 86_400, 600)
    prewarm_keep_s: int = _from(0, 86_400, 1800)
    topic: str = ""  # the SNS topic that alarms tell, by its ARN

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Configuration":
        """The settings in `environ`. Raises BadConfiguration.

        With AWS_ENDPOINT_URL the fleet defaults to aws there; without a fleet on real AWS, alarms are evaluated here.
        """
        values: dict[str, Any] = {"fleet": "aws" if environ.get("AWS_ENDPOINT_URL") else "local"}
        for one in fields(cls):
            name = f"SCALING_{one.name.upper()}"
            if environ.get(name):
                values[one.name] = _parsed(name, environ[name], one.metadata, type(one.default))
        on_aws = values["fleet"] == "aws" and not environ.get("AWS_ENDPOINT_URL")
        values.setdefault("alarms", "cloudwatch" if on_aws else "here")
        found = cls(**values)
        if found.minimum > found.maximum:
            raise BadConfiguration("SCALING_MINIMUM may not exceed SCALING_MAXIMUM.")
        return found

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The alarms and policies in force."""
        return provisioned(
            self.group,
            policy=self.policy,
            waiting=self.crowd,
            instances=self.crowd_instances,
            period_s=self.period_s,
            warm_up_s=round(self.boot_s),
        )

    @property
    def samples_s(self) -> int:
        """How far back the alarms look."""
        return max(QUIET_S, *(rule.alarm.range_s for rule in self.rules))


def region(environ: Mapping[str, str]) -> str:
    """Where AWS is asked: AWS_REGION, else AWS_DEFAULT_REGION. Raises BadConfiguration when neither names a region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if named := environ.get(name):
            if not REGION.fullmatch(named):
                raise BadConfiguration(f"{name} must be a region of AWS, such as ap-northeast-2, not {named!r}.")
            return named
    raise BadConfiguration("AWS_REGION must name the region of the fleet, such as ap-northeast-2.")


def _parsed(name: str, text: str, bounds: Mapping[str, Any], kind: type) -> Any:
    try:
        value = kind(text)
    except ValueError as error:
        raise BadConfiguration(f"{name} must be a number, not {text!r}.") from error
    if "choices" in bounds and value not in bounds["choices"]:
        raise BadConfiguration(f"{name} must be one of {', '.join(map(str, bounds['choices']))}, not {text!r}.")
    if "least" in bounds and not bounds["least"] <= value <= bounds["most"]:
        raise BadConfiguration(f"{name} must be from {bounds['least']:,} to {bounds['most']:,}, not {text}.")
    return value
