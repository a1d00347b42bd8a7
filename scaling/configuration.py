"""The fleet's settings, read from the environment once, each with its bounds."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from math import ceil
from typing import Any

from scaling.rules import QUIET_S, Rule, provisioned

NAMESPACE = "Tiketi/Queue"
# What CloudWatch takes as an alarm's period on a high-resolution metric, and on any.
PERIODS = (10, 30, 60)
# ap-northeast-2, us-gov-west-1, eusc-de-east-1: an availability zone, a city or a country is none.
REGION = re.compile(r"[a-z]{2}(sc-[a-z]{2})?(-gov|-iso[a-z]?)?-(north|south|east|west|central)+-\d{1,2}", re.ASCII)

# A host as it stands in a URL, with its port and perhaps a path: botocore takes no other.
ADDRESS = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(/[!-~]*)?", re.ASCII | re.IGNORECASE)


class BadConfiguration(ValueError):
    """Settings of the fleet make no sense; each of `faults` names its variable."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two settings that cannot both be meant: `field` must be at most, or at least, what `other` is."""

    field: str
    relation: str  # "at most" or "at least"
    other: str
    limit: float


TOPIC = {
    "form": r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}",
    "example": "arn:aws:sns:ap-northeast-2:123456789012:alarms",
}


# CloudWatch takes ASCII as a dimension's value, and Auto Scaling as a group's name.
NAME = {"form": r"[!-~]([ -~]{0,253}[!-~])?", "example": "tiketi-web, in ASCII"}


def _from(least: float, most: float, default: Any) -> Any:
    return field(default=default, metadata={"least": least, "most": most})


def _one_of(*choices: Any) -> Any:
    return field(default=choices[0], metadata={"choices": choices})


@dataclass(frozen=True, slots=True)
class Configuration:
    """Each field is the variable SCALING_<NAME>."""

    environment: str = field(default="local", metadata=NAME)  # the dimension of every metric
    group: str = field(default="tiketi-web", metadata=NAME)  # the Auto Scaling group, and what is provisioned begins so
    fleet: str = _one_of("local", "aws")
    policy: str = _one_of("alarm", "law")
    shadow: str = _one_of("off", "on")  # on: decide and write, order nothing
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
    topic: str = field(default="", metadata=TOPIC)  # the SNS topic that alarms tell

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Configuration":
        """The settings in `environ`. Raises BadConfiguration, with everything that is wrong.

        With AWS_ENDPOINT_URL the fleet defaults to aws there; without a fleet on real AWS, alarms are evaluated here.
        What is not set keeps within what is: a crowd's instances within the maximum, the lead beyond the boot.
        """
        faults = [*misspelt(environ)]
        if (elsewhere := environ.get("AWS_ENDPOINT_URL", "")) and not ADDRESS.fullmatch(elsewhere):
            faults.append("AWS_ENDPOINT_URL must be http://HOST:PORT or https://HOST.")
        values: dict[str, Any] = {"fleet": "aws" if elsewhere else "local"}
        for one in fields(cls):
            name = f"SCALING_{one.name.upper()}"
            if environ.get(name):
                try:
                    values[one.name] = parsed(name, environ[name], one.metadata, type(one.default))
                except BadConfiguration as error:
                    faults += error.faults
        on_aws = values["fleet"] == "aws" and not elsewhere
        values.setdefault("alarms", "cloudwatch" if on_aws else "here")
        most = values.get("maximum", cls().maximum)
        for name in ("crowd_instances", "prewarm_instances"):
            values.setdefault(name, min(getattr(cls(), name), most))
        values.setdefault("prewarm_lead_s", max(cls().prewarm_lead_s, ceil(2 * values.get("boot_s", 0))))
        found = cls(**values)
        faults += [
            f"SCALING_{one.field.upper()} must be {one.relation} SCALING_{one.other.upper()}, {one.limit:g}."
            for one in found.contradictions()
        ]
        if (found.fleet, found.alarms) == ("local", "cloudwatch"):
            faults.append("SCALING_ALARMS=cloudwatch needs SCALING_FLEET=aws: CloudWatch orders nothing here.")
        here, there = _named_region(environ), found.topic.split(":")[3] if found.topic else ""
        if found.fleet == "aws" and here and there not in ("", here):
            faults.append(
                f"SCALING_TOPIC is in {there}, and the alarms in {here} tell topics of their own region only."
            )
        if faults:
            raise BadConfiguration(*faults)
        return found

    def contradictions(self) -> Iterator[Contradiction]:
        """The settings that contradict each other."""
        for name, relation, other in (
            ("minimum", "at most", "maximum"),
            ("crowd_instances", "at most", "maximum"),
            ("prewarm_instances", "at most", "maximum"),
            ("prewarm_lead_s", "at least", "boot_s"),  # or the servers come after the crowd
        ):
            value, limit = getattr(self, name), getattr(self, other)
            if value > limit if relation == "at most" else value < limit:
                yield Contradiction(name, relation, other, limit)

    @property
    def out_of_reach(self) -> bool:
        """Whether the law can keep the target wait by no order, since a boot takes longer: only by prewarming."""
        return self.policy == "law" and self.target_wait_s <= self.boot_s

    @property
    def in_shadow(self) -> bool:
        """Whether nothing is ordered."""
        return self.shadow == "on"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The alarms and policies that decide."""
        return provisioned(
            self.group,
            policy=self.policy,
            waiting=self.crowd,
            instances=self.crowd_instances,
            period_s=self.period_s,
            warm_up_s=round(self.boot_s),
        )

    @property
    def rules_on_aws(self) -> tuple[Rule, ...]:
        """The same as the account should have them: in shadow mode every alarm only tells."""
        return tuple(replace(rule, policy=None) for rule in self.rules) if self.in_shadow else self.rules

    @property
    def evaluates_here(self) -> bool:
        """Whether the site evaluates the alarms; in shadow mode nobody else would."""
        return self.alarms == "here" or self.in_shadow

    @property
    def samples_s(self) -> int:
        """How far back the alarms look."""
        return max(QUIET_S, *(rule.alarm.range_s for rule in self.rules))


def _named_region(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""


def region(environ: Mapping[str, str]) -> str:
    """Where AWS is asked: AWS_REGION, else AWS_DEFAULT_REGION. Raises BadConfiguration when neither names a region."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if named := environ.get(name):
            if not REGION.fullmatch(named):
                raise BadConfiguration(f"{name} must be a region of AWS, such as ap-northeast-2, not {named!r}.")
            return named
    raise BadConfiguration("AWS_REGION must name the region of the fleet, such as ap-northeast-2.")


def misspelt(environ: Mapping[str, str]) -> Iterator[str]:
    """What is meant for the fleet, and is none of its variables: a line each, with the one that may be meant."""
    known = {f"SCALING_{one.name.upper()}" for one in fields(Configuration)} | {"SCALING_INSTANCE"}
    for name in sorted(environ.keys() - known):
        likely = get_close_matches(name.upper(), known, 1, 0.6 if name.upper().startswith("SCALING") else 0.9)
        if likely or name.startswith("SCALING_"):
            yield f"{name} is no setting of the fleet{f'; {likely[0]} is' if likely else ''}."


def parsed(name: str, text: str, bounds: Mapping[str, Any], kind: type) -> Any:
    """The setting's value within its bounds. Raises BadConfiguration."""
    if kind is not str and not re.fullmatch(r"[+-]?[0-9.]+(e[0-9]+)?", text.strip(), re.ASCII):
        raise BadConfiguration(f"{name} must be a number, not {text!r}.")
    try:
        value = kind(text)
    except ValueError as error:
        raise BadConfiguration(f"{name} must be a {'whole ' if kind is int else ''}number, not {text!r}.") from error
    if "choices" in bounds and value not in bounds["choices"]:
        raise BadConfiguration(f"{name} must be one of {', '.join(map(str, bounds['choices']))}, not {text!r}.")
    if "least" in bounds and not bounds["least"] <= value <= bounds["most"]:
        raise BadConfiguration(f"{name} must be from {bounds['least']:,} to {bounds['most']:,}, not {text}.")
    if "form" in bounds and not re.fullmatch(bounds["form"], value, re.ASCII):
        raise BadConfiguration(f"{name} must be such as {bounds['example']}, not {text!r}.")
    return value
