"""Whether the account lets the fleet grow as far as the sale may need; where AWS does not say, that is said."""

from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any

from django.utils.translation import gettext as _

from scaling import autoscaling
from scaling.cloud import CloudUnavailable, aws_call, client
from scaling.preflight.findings import Check, Finding, Sale, fault, ok, unknown, warning

# "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", in vCPUs.
STANDARD, STANDARD_FAMILIES = "L-1216C47A", "acdhimrtz"


def on_aws(check: Check) -> Check:
    """The check where there is an account; the emulated fleet has none."""

    @wraps(check)
    def checked(sale: Sale) -> Iterator[Finding]:
        if sale.configuration.fleet != "aws":
            yield ok(_("the fleet is emulated: there is no account to ask"))
        else:
            yield from check(sale)

    return checked


def template(group: str) -> dict[str, Any]:
    """What the group launches, as its launch template says. Raises CloudUnavailable."""
    found = autoscaling.describe(group)
    chosen = found.get("LaunchTemplate") or found.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get(
        "LaunchTemplateSpecification"
    )
    if not chosen:
        raise CloudUnavailable("the group has no launch template")
    with aws_call("describe_launch_template_versions"):
        versions = client("ec2").describe_launch_template_versions(
            LaunchTemplateId=chosen["LaunchTemplateId"], Versions=[chosen.get("Version") or "$Default"]
        )["LaunchTemplateVersions"]
    if not versions:
        raise CloudUnavailable("the launch template has no such version")
    return dict(versions[0]["LaunchTemplateData"])


@on_aws
def region(sale: Sale) -> Iterator[Finding]:
    """The group is where the site looks for it, and its servers are healthy."""
    try:
        group = autoscaling.describe(sale.configuration.group)
    except CloudUnavailable as error:
        yield fault(str(error), _("See AWS_REGION, SCALING_GROUP and the credentials."))
        return
    sick = [one["InstanceId"] for one in group["Instances"] if one.get("HealthStatus", "Healthy") != "Healthy"]
    if sick:
        yield warning(_("unhealthy: %(names)s") % {"names": ", ".join(sick[:5])}, _("Auto Scaling replaces them."))
    where = client("autoscaling").meta.region_name
    yield ok(_("the group %(group)s answers in %(region)s") % {"group": sale.configuration.group, "region": where})


@on_aws
def image(sale: Sale) -> Iterator[Finding]:
    """What is launched can be launched."""
    data = template(sale.configuration.group)
    name = data.get("ImageId", "")
    if name.startswith("resolve:"):
        yield unknown(_("the image is looked up at each launch: %(name)s") % {"name": name})
        return
    todo = _("Make a launch template with an image that is there.")
    try:
        with aws_call("describe_images"):
            found = client("ec2").describe_images(ImageIds=[name])["Images"]
    except CloudUnavailable as error:
        if "InvalidAMIID" not in str(error):
            raise
        found = []
    if not found:
        yield fault(_("the image %(name)s is not there") % {"name": name}, todo)
    elif found[0].get("State", "available") != "available":
        yield fault(_("the image %(name)s is %(state)s") % {"name": name, "state": found[0]["State"]}, todo)
    else:
        yield ok(_("the image %(name)s is there") % {"name": name})


@on_aws
def quota(sale: Sale) -> Iterator[Finding]:
    """The account's quota of processors holds the whole fleet."""
    kind = template(sale.configuration.group).get("InstanceType", "")
    if not kind or kind[0] not in STANDARD_FAMILIES:
        yield unknown(_("no quota is known for the type %(kind)s") % {"kind": kind or "–"}, _("See Service Quotas."))
        return
    with aws_call("describe_instance_types"):
        cores = client("ec2").describe_instance_types(InstanceTypes=[kind])["InstanceTypes"][0]["VCpuInfo"]
    needed = cores["DefaultVCpus"] * sale.configuration.maximum
    try:
        with aws_call("get_service_quota"):
            answer = client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=STANDARD)
    except CloudUnavailable as error:
        text = _("the whole fleet needs %(needed)d vCPUs, and the quota is not told: %(error)s")
        yield unknown(text % {"needed": needed, "error": error}, _("See Service Quotas, EC2, L-1216C47A."))
        return
    told = {"needed": needed, "quota": answer["Quota"]["Value"]}
    if needed > told["quota"]:
        text = _("the whole fleet needs %(needed)d vCPUs, and the quota is %(quota)d")
        yield fault(text % told, _("Ask AWS for more, days ahead."))
    else:
        yield ok(_("the whole fleet needs %(needed)d of %(quota)d vCPUs; what else runs there is not counted") % told)


@on_aws
def addresses(sale: Sale) -> Iterator[Finding]:
    """The subnets have an address for every server to come."""
    group = autoscaling.describe(sale.configuration.group)
    names = [name for name in group.get("VPCZoneIdentifier", "").split(",") if name]
    if not names:
        yield unknown(_("the group names no subnets"))
        return
    with aws_call("describe_subnets"):
        found = client("ec2").describe_subnets(SubnetIds=names)["Subnets"]
    told = {
        "free": sum(subnet["AvailableIpAddressCount"] for subnet in found),
        "needed": max(0, sale.configuration.maximum - len(group["Instances"])),
    }
    if told["free"] < told["needed"]:
        text = _("%(free)d addresses are left, and %(needed)d servers may come")
        yield fault(text % told, _("Give the group another subnet."))
    else:
        yield ok(_("%(free)d addresses are left for %(needed)d servers") % told)


@on_aws
def topic(sale: Sale) -> Iterator[Finding]:
    """Somebody hears the alarms."""
    name = sale.configuration.topic
    if not name:
        yield fault(_("alarms tell nobody: SCALING_TOPIC names no topic"), _("Name one, and subscribe to it."))
        return
    try:
        with aws_call("list_subscriptions_by_topic"):
            pages = client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=name)
            found = [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"]]
    except CloudUnavailable as error:
        if "NotFound" not in str(error):
            raise
        yield fault(_("the topic %(name)s is not there") % {"name": name}, _("Make it, and subscribe to it."))
        return
    confirmed = [one for one in found if one.startswith("arn:")]
    if not confirmed:
        text = _("nobody has subscribed to %(name)s, or confirmed it")
        yield fault(text % {"name": name}, _("Subscribe, and confirm by the mail that comes."))
    else:
        yield ok(_("%(count)d subscriptions hear the alarms") % {"count": len(confirmed)})


CHECKS: Mapping[str, Check] = {
    "region": region, "image": image, "quota": quota, "addresses": addresses, "topic": topic,
}  # fmt: skip
