"""The template as CloudFormation would read it, for as many of its functions as ours uses."""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import yaml

from deploy.release import ROOT

TEMPLATE = ROOT / "deploy/tiketi.yaml"


class Tagged(yaml.SafeLoader):
    """YAML in which `!Sub x` is {"Fn::Sub": x}, as JSON writes it."""


def _function(loader: Tagged, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        assert isinstance(node, yaml.SequenceNode)
        value = loader.construct_sequence(node, deep=True)
    return {tag if tag == "Ref" else f"Fn::{tag}": value}


Tagged.add_multi_constructor("!", _function)


class Stack:
    """The template with its parameters given.

    `attributes` are what only the account knows, by the words that the template names them with ("Redis.Port", "Logs"
    for what a Ref gives, "AWS::Region"). What nobody gave is a KeyError.
    """

    def __init__(self, parameters: Mapping[str, str], attributes: Mapping[str, str]) -> None:
        self.template: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=Tagged)  # noqa: S506 (a safe loader)
        defaults = {name: one["Default"] for name, one in self.template["Parameters"].items() if "Default" in one}
        self._values = {**attributes, **defaults, **parameters}

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties, resolved."""
        found: dict[str, Any] = self.resolve(self.template["Resources"][name]["Properties"])
        return found

    def resolve(self, value: Any) -> Any:
        """A part of the template with its functions done."""
        if isinstance(value, list):
            return [done for one in value if (done := self.resolve(one)) is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (name := next(iter(value))) in self._functions:
            return self._functions[name](self, value[name])
        return {name: self.resolve(one) for name, one in value.items()}

    def _ref(self, name: str) -> Any:
        return None if name == "AWS::NoValue" else self._values[name]

    def _sub(self, given: Any) -> str:
        text, own = (given, {}) if isinstance(given, str) else (given[0], self.resolve(given[1]))
        return re.sub(r"\$\{([\w.:]+)\}", lambda found: str({**self._values, **own}[found[1]]), text)

    def _if(self, given: list[Any]) -> Any:
        return self.resolve(given[1] if self.resolve(self.template["Conditions"][given[0]]) else given[2])

    def _select(self, given: list[Any]) -> Any:
        return self.resolve(given[1])[given[0]]

    def _split(self, given: list[Any]) -> list[str]:
        return str(self.resolve(given[1])).split(given[0])

    def _equals(self, given: list[Any]) -> bool:
        return bool(self.resolve(given[0]) == self.resolve(given[1]))

    _functions: ClassVar[dict[str, Callable[..., Any]]] = {
        "Ref": _ref,
        "Fn::Sub": _sub,
        "Fn::GetAtt": _ref,
        "Fn::If": _if,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::Equals": _equals,
        "Fn::Base64": resolve,
    }


# As an operator would fill it in; the account's own words are made up.
PARAMETERS = {
    "ReleaseUrl": "s3://releases/site/tiketi.tar.gz",
    "ReleaseSha256": "0" * 64,
    "HostName": "tickets.example.com",
    "CertificateArn": "arn:aws:acm:ap-northeast-2:111122223333:certificate/c",
    "Sender": "tickets@example.com",
    "PaymentProviders": "sandbox",
    "SiteSecretArn": "arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:site-AbCdEf",
    "AlarmTopicArn": "arn:aws:sns:ap-northeast-2:111122223333:alarms",
    "VpcId": "vpc-1",
    "PublicSubnets": "subnet-1,subnet-2",
    "BalancerNetworks": "10.0.0.0/24,10.0.1.0/24",
    "PrivateSubnets": "subnet-3,subnet-4",
}
ATTRIBUTES = {
    "AWS::Partition": "aws",
    "AWS::Region": "ap-northeast-2",
    "AWS::AccountId": "111122223333",
    "AWS::StackName": "tiketi",
    "AWS::StackId": "arn:aws:cloudformation:ap-northeast-2:111122223333:stack/tiketi/1",
    "Servers": "tiketi-web",
    "ScaleOut": "arn:scale-out",
    "ScaleIn": "arn:scale-in",
    "Targets": "arn:targets",
    "Template": "lt-1",
    "Template.LatestVersionNumber": "1",
    "Logs": "/tiketi/tiketi",
    "Logs.Arn": "arn:logs",
    "WebGroup.GroupId": "sg-1",
    "BalancerGroup.GroupId": "sg-2",
    "DataGroup.GroupId": "sg-3",
    "Profile.Arn": "arn:profile",
    "SecretKey": "arn:aws:secretsmanager:secret:key",
    "RedisPassword": "arn:aws:secretsmanager:secret:redis",
    "RedisParameters": "parameters",
    "RedisSubnets": "subnets",
    "DatabaseSubnets": "subnets",
    "Redis.PrimaryEndPoint.Address": "redis.internal",
    "Redis.PrimaryEndPoint.Port": "6379",
    "Database.MasterUserSecret.SecretArn": "arn:aws:secretsmanager:secret:database",
    "Database.Endpoint.Address": "database.internal",
    "Database.Endpoint.Port": "5432",
}
